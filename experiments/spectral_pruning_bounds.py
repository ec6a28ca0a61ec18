"""How far are the guarantees from the truth on a trained network, and which of them say anything?

Pixel digits, IRNNs of 128 units (three seeds) cut to k units by greedy selection and ridge reconstruction from the training
states, τ = 1e-8 Tr Σ/m (at k = 42 also 1e-4). On the 360 test sequences: the error ‖y − y#‖_{n,T}, the bounds B0 to B4 on it
(SP-10, SP-11), and with what they are to be compared, ‖y‖_{n,T}: the error of a network that always answers 0. A bound above
that is vacuous. Also, for the same k: SP-12 with k leverage draws (paid for with probability 1/2, t = 3/4); the slack of SP-13
with the radii of the pruned network rounded up to quarters, for 1,200 sequences and losses in [0, 1], vacuous from 1 on; and
the upper end of SP-14 for the test errors (δ = 0.05). No bound is left out because it is large; `inf` is an overflow.

A unit is one pruned network. The full form takes about a minute on one core; the quick one seconds (rows of 8 pixels).
"""

from typing import Any

import numpy as np

from bounds import spectral_pruning as sp
from bounds.spectral_pruning.accumulation import compress_rnn, operator_norm
from bounds.spectral_pruning.information import spectrum
from bounds.spectral_pruning.training import accuracy
from experiments.nets import task, trained
from experiments.spectral_pruning_comparison import base_of

SEEDS = (0, 1, 2)
KEPT = (8, 16, 24, 32, 42, 48, 56, 64)
RIDGE, LARGE = 1e-8, 1e-4  # times Tr Σ/m; the larger one at k = 42 only
T, HALF, DELTA = 0.75, 0.5, 0.05
BOUNDS = ("B0", "B1", "B2", "B3", "B4")


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"name": "row_digits", "seed": 0, "k": k, "tau": RIDGE} for k in (8, 16)]
    pairs = [*((k, RIDGE) for k in KEPT), (42, LARGE)]
    return [{"name": "pixel_digits", "seed": s, "k": k, "tau": tau} for s in SEEDS for k, tau in pairs]


def work(name: str, seed: int, k: int, tau: float) -> list[dict[str, Any]]:
    params = {key: value.astype(float) for key, value in trained(name, seed).items()}
    base, data = base_of(name, seed), task(name)
    x = data.test.x.astype(float)
    J = sp.greedy_selection(base.Sig, k, tau * base.ridge)[0]
    A = sp.ridge_reconstruction(base.Sig, J, tau * base.ridge)
    small = compress_rnn(params, J, A)
    y, y_small = sp.rnn_forward(params, x)[1], sp.rnn_forward(small, x)[1]
    found = sp.error_bounds(params, J, A, x)
    wrong = round(len(x) * (1 - accuracy(y_small[:, -1], data.test.targets)))
    return [
        {
            "task": name,
            "seed": seed,
            "k": k,
            "tau": tau,
            "loss": float(sp.information_loss(base.Sig, J, tau * base.ridge) / np.trace(base.Sig)),
            "test_accuracy": 1 - wrong / len(x),
            "output": sp.rms_norm(y),
            "error": sp.rms_norm(y - y_small),
            **{key: found[key] for key in (*BOUNDS, "q", "q_D")},
            "share_flipped": found["n_flips"] / (x.shape[0] * x.shape[1] * k),
            "SP12": _end_to_end(params, x, k, seed),
            "SP13_slack": _slack(small, x, len(data.train.x)),
            "SP14_upper": float(sp.clopper_pearson_upper(wrong, len(x), DELTA)),
        }
    ]


def _end_to_end(params: dict[str, np.ndarray], x: np.ndarray, k: int, seed: int) -> float:
    """SP-12's sharper bound for k leverage draws on these very sequences; it holds on the event of SP-6."""
    h = sp.rnn_forward(params, x)[0]
    Sig = sp.time_mean_covariance(h)
    mu = spectrum(Sig)
    rank = int(np.count_nonzero(mu > 1e-13 * mu[0]))
    lam = sp.lambda_for_dof(mu[:rank], k * (T + (1 - T) * np.log(1 - T)) / np.log(rank / HALF))
    J, _, tau = sp.leverage_sampling(Sig, lam, k, np.random.default_rng(seed))
    return float(sp.end_to_end_bound(params, Sig, J, sp.ridge_reconstruction(Sig, J, tau), lam, T, x.shape[1])[0])


def _slack(small: dict[str, np.ndarray], x: np.ndarray, n: int) -> float:
    """SP-13 for the pruned network, the best of 25 values of ε: a norm is rounded up to i/4 and paid for with weight
    1/((i + 1)(i + 2)), and k is one of 128."""
    names = {"h": "Wh", "i": "Wi", "b": "b", "o": "Wo", "c": "bo"}
    radii = {key: np.ceil(4 * operator_norm(np.atleast_2d(small[name]))) / 4 for key, name in names.items()}
    (k, d_x), d_y = small["Wi"].shape, len(small["bo"])
    R_x = float(np.sqrt(d_x))  # pixels lie in [0, 1]
    grid = np.log(128) + sum(float(np.log((4 * r + 1) * (4 * r + 2))) for r in radii.values())
    return min(
        float(sp.generalization_slack(k, d_x, d_y, radii, R_x, x.shape[1], n, DELTA, eps, extra_nats=grid))
        for eps in 10.0 ** -np.linspace(0, 12, 25)
    )


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At k = 42 (or the largest k): every guarantee over the seeds, with what it is compared, and whether it says anything."""
    k = 42 if any(row["k"] == 42 for row in rows) else max(row["k"] for row in rows)
    table = []
    for tau in sorted({row["tau"] for row in rows if row["k"] == k}):
        here = [row for row in rows if row["k"] == k and row["tau"] == tau]
        for statement in ("error", *BOUNDS, "SP12", "SP13_slack", "SP14_upper"):
            values = [row[statement] for row in here]
            limits = [1.0 if statement in ("SP13_slack", "SP14_upper") else row["output"] for row in here]
            vacuous = sum(value >= limit for value, limit in zip(values, limits, strict=True))
            table.append(
                {
                    "k": k,
                    "tau": tau,
                    "statement": "measured error" if statement == "error" else statement,
                    "median": float(np.median(values)),
                    "least": min(values),
                    "largest": max(values),
                    "vacuous from": float(np.median(limits)),
                    "vacuous for": f"{vacuous} of {len(here)}",
                }
            )
    return table
