"""How much information do k units of a trained network lose, by each way of choosing them, and what was promised?

Pixel digits, IRNNs of 128 units, τ = 0, losses Tr S_J as shares of Tr Σ. For k = 1..64: greedy; the mean φ_k of sets drawn by
determinants (SP-8); k λ_k with N(λ_k) = k, which φ_k does not exceed (SP-8); the promise of k leverage draws with probability
1/2 (SP-6, t = 3/4); the tail of the spectrum, which no set can go below (SP-5). For some k: look-ahead, which is run for each
k anew and does not exceed φ_k (SP-9), and branch and bound with at most 2,000 nodes. Losses below 1e-12 are rounding noise.

A unit is one network, or one network and one k. The full form takes about a minute on one core; the quick one seconds (rows of
8 pixels, 24 units).
"""

from typing import Any

import numpy as np

from bounds import spectral_pruning as sp
from bounds.spectral_pruning.information import spectrum
from experiments.spectral_pruning_comparison import base_of

SEEDS = (0, 1, 2)
SEARCHED = (2, 4, 8, 12, 16, 24, 32, 42, 48)
NODES = 2000
T, DELTA = 0.75, 0.5


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"name": "row_digits", "seed": 0, "k": k, "most": 8} for k in (0, 4)]
    return [{"name": "pixel_digits", "seed": seed, "k": k, "most": 64} for seed in SEEDS for k in (0, *SEARCHED)]


def work(name: str, seed: int, k: int, most: int) -> list[dict[str, Any]]:
    """All curves at k = 1..most if k is 0, otherwise look-ahead and branch and bound at k."""
    Sig = base_of(name, seed).Sig
    Sig = Sig / np.trace(Sig)
    if k:
        found = sp.branch_and_bound(Sig, k, max_nodes=NODES)
        ahead = float(sp.lookahead_selection(Sig, k)[1][-1])
        return [_row(name, seed, k, lookahead=ahead, best_found=found.loss, no_set_below=found.lower)]
    mu = spectrum(Sig)
    rank = int(np.count_nonzero(mu > 1e-13))
    greedy = sp.greedy_selection(Sig, most)[1]
    rows = []
    for j in range(1, most + 1):
        dof = j * (T + (1 - T) * np.log(1 - T)) / np.log(rank / DELTA)  # the N(λ) that j draws pay for
        lam = sp.lambda_for_dof(mu[:rank], dof)
        rows.append(
            _row(
                name,
                seed,
                j,
                greedy=float(greedy[min(j, len(greedy) - 1)]),  # it stops where nothing is left to explain
                mean_by_determinants=float(sp.dpp_mean_loss(mu, j)),
                best_lambda=j * sp.lambda_for_dof(mu[:rank], j) if j < rank else 0.0,
                leverage_draws=lam * dof / (1 - T),
                tail=float(mu[j:].sum()),
            )
        )
    return rows


CURVES = ("leverage_draws", "best_lambda", "mean_by_determinants", "greedy", "lookahead", "best_found", "no_set_below", "tail")
SHORT = {  # for 80 columns
    "leverage_draws": "SP-6",
    "mean_by_determinants": "φ_k",
    "greedy": "greedy",
    "lookahead": "look-ahead",
    "best_found": "best",
    "tail": "tail",
}


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The curves at the k of branch and bound, for the first network, and what a better set could still save."""
    name, seed = rows[0]["task"], rows[0]["seed"]
    here = [row for row in rows if (row["task"], row["seed"]) == (name, seed)]
    table = []
    for k in sorted({row["k"] for row in here if row["best_found"] is not None}):
        found = {curve: row[curve] for row in here if row["k"] == k for curve in CURVES if row[curve] is not None}
        line = {short: f"{found[curve]:.1e}" for curve, short in SHORT.items() if curve in found}
        table.append({"k": k} | line | {"gap": f"{100 * (1 - found['no_set_below'] / found['best_found']):.2f} %"})
    return table


def _row(name: str, seed: int, k: int, **values: float) -> dict[str, Any]:
    return {"task": name, "seed": seed, "k": k} | {curve: values.get(curve) for curve in CURVES}
