"""Time to know the gap to 1 %: the bounded importance sampler against naive Monte Carlo with the fastest peer's density.

Naive, by entropy: H̃ + mean log q(X), as one would estimate H. By label: the mean of log q(X) - log A_k(X) for X drawn from
component k, whose log A_k costs nothing: the best that can be done with draws from q, a few hundred times better.
"""

import math
import statistics
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.gmm_density import PEERS, Density, blobs
from benchmarks.timing import Table, alternate, goal, ratio, threads
from bounds.gmm_entropy.importance import gap_importance_sample
from bounds.gmm_entropy.mixture import Mixture, entropy_approximation, mixture
from bounds.gmm_entropy.pair_gap import pair_gaps
from bounds.gmm_entropy.sandwich import log_gap_sandwich, log_pair_sum

ACCURACY, SIGMAS = 0.01, 1.959964  # 1 %, with 95 %
BATCH, ROUNDS, PILOT = 200_000, 7, 2000
SIZES = ((2, 2), (8, 16))  # K, m
SMALL = (-12, -100, -1000)  # decimal logarithms of gaps
LOG_10 = math.log(10)


class Sampled(NamedTuple):
    log_gap: float
    relative_error: float  # one standard error
    draws: int


def separated(K: int, m: int, log10_gap: float) -> Mixture:
    """The blobs of the density benchmark, moved apart until the pair gaps sum to 10^log10_gap; for K = 2 the gap is that sum.

    ValueError where even coincident means leave a smaller gap.
    """
    w, mu, cov = blobs(K, m)
    low, high = 1e-3, 1e4
    for _ in range(60):
        scale = math.sqrt(low * high)
        wide = log_pair_sum(pair_gaps(w, scale * mu, cov)) > log10_gap * LOG_10
        low, high = (scale, high) if wide else (low, scale)
    if low == 1e-3:
        raise ValueError(f"No distance of the {K} components in {m} dimensions gives a gap of 1e{log10_gap}")
    return mixture(w, high * mu, cov)


def draws_needed(values: np.ndarray, mean: float) -> float:
    """Independent draws until the mean of such values is known to 1 % with 95 %."""
    return float((SIGMAS / ACCURACY) ** 2 * values.var() / mean**2)


def ours(q: Mixture, rng: np.random.Generator) -> Sampled:
    """A pilot says how many draws are needed; then those."""
    pilot = gap_importance_sample(q.w, q.mu, q.cov, PILOT, rng, "saddle")
    n = max(PILOT, math.ceil(draws_needed(pilot.psi, pilot.psi.mean())))
    log_s, psi, _ = gap_importance_sample(q.w, q.mu, q.cov, n, rng, "saddle")
    mean = float(psi.mean())
    return Sampled(log_s + math.log(mean), float(psi.std()) / mean / math.sqrt(n), n)


def naive(density: Density, q: Mixture, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Terms (n,) whose means are the gap: by entropy, by label."""
    label = rng.choice(len(q.w), size=n, p=q.w)
    z = rng.standard_normal((n, q.mu.shape[1]))
    peak = np.log(q.w) - 0.5 * q.log_det - 0.5 * q.mu.shape[1] * math.log(2 * math.pi)
    own = peak[label] - 0.5 * np.einsum("ni,ni->n", z, z)
    for k in range(len(q.w)):
        chosen = label == k
        z[chosen] = q.mu[k] + z[chosen] @ q.cholesky[k].T
    log_q = density(z)
    return entropy_approximation(q.w, q.mu, q.cov) + log_q, log_q - own


def fastest_peer(q: Mixture) -> tuple[str, Density]:
    x = np.random.default_rng(0).standard_normal((BATCH, q.mu.shape[1]))
    peers = {name: make(q.w, q.mu, q.cov) for name, make in PEERS.items()}
    times = alternate({name: partial(density, x) for name, density in peers.items()}, 5)
    name = min(peers, key=lambda name: times[name].processor_ms)
    return name, peers[name]


def measure() -> list[Table]:
    against = (
        "Goal: naive / ours at least 100, either way. One thread; ratios by the clock. Ours is run to the end, set-up and "
        f"pilot included. Naive is run for {ROUNDS + 1} × {BATCH} draws: its time is that of a draw times the draws that its "
        "variance asks for. `within 1 %`: share of 200 of our runs that are; 95 % were asked for."
    )
    unseen = (
        "Goal: under 1 s each, one thread, medians of the processor's time (other work lengthens the clock's more). "
        "The contour formula is the gap for two components; for more, its pair gaps enclose it (sandwich). Sampler: 1 % with "
        "95 %. Beside them what naive Monte Carlo with the fastest peer's density says after a million draws: rounding, noise."
    )
    with threads(1):
        return [
            Table("Time to 1 % of a gap near 1e-3", against, [against_naive(K, m) for K, m in SIZES]),
            Table("Gaps that no peer sees", unseen, [where_no_peer_answers(K, m, e) for K, m in SIZES for e in SMALL]),
        ]


def against_naive(K: int, m: int) -> dict[str, Any]:
    q = separated(K, m, -3)
    peer, density = fastest_peer(q)
    rng, other = np.random.default_rng(0), np.random.default_rng(1)
    results: list[Sampled] = []
    terms: list[tuple[np.ndarray, np.ndarray]] = []
    jobs = {"ours": lambda: results.append(ours(q, rng)), "naive": lambda: terms.append(naive(density, q, BATCH, other))}
    times = alternate(jobs, ROUNDS)
    log_gap = reference(q)
    results += [ours(q, rng) for _ in range(200 - len(results))]
    row: dict[str, Any] = {
        "K": K,
        "m": m,
        "gap": math.exp(log_gap),
        "ours, draws": int(statistics.median(found.draws for found in results)),
        "ours, ms": times["ours"].clock_ms,
        "within 1 %": float(np.mean([abs(math.expm1(found.log_gap - log_gap)) < ACCURACY for found in results])),
        "peer": peer,
    }
    gains = []
    for kind, values in zip(("entropy", "label"), map(np.concatenate, zip(*terms, strict=True)), strict=True):
        batches = draws_needed(values, math.exp(log_gap)) / BATCH
        gains.append(batches * ratio(times["naive"], times["ours"]))
        row |= {
            f"by {kind}, draws": batches * BATCH,
            f"by {kind}, s": batches * times["naive"].clock_ms / 1e3,
            f"by {kind} / ours": gains[-1],
        }
    return row | {"goal": goal(min(gains) >= 100)}


def reference(q: Mixture) -> float:
    """log gap: the contour formula for a pair, a million draws for more components."""
    if len(q.w) == 2:
        return float(pair_gaps(q.w, q.mu, q.cov)[0, 1])
    log_s, psi, _ = gap_importance_sample(q.w, q.mu, q.cov, 1_000_000, np.random.default_rng(2), "saddle")
    return log_s + math.log(psi.mean())


def where_no_peer_answers(K: int, m: int, log10_gap: int) -> dict[str, Any]:
    q = separated(K, m, log10_gap)
    peer, density = fastest_peer(q)
    rng = np.random.default_rng(0)
    results: list[Sampled] = []
    formula = "contour" if K == 2 else "sandwich"
    jobs = {formula: lambda: log_gap_sandwich(q.w, q.mu, q.cov), "sampler": lambda: results.append(ours(q, rng))}
    times = alternate(jobs, ROUNDS)
    known, found = log_gap_sandwich(q.w, q.mu, q.cov), results[-1]
    slack = 6 * found.relative_error
    if not known.lo - slack < found.log_gap < known.hi + slack:
        raise ArithmeticError(f"sampler and {formula} disagree at a gap of 1e{log10_gap}: {found}, {known}")
    lo, hi, middle = known.lo / LOG_10, known.hi / LOG_10, found.log_gap / LOG_10
    row: dict[str, Any] = {
        "K": K,
        "m": m,
        f"log10 gap, {formula}": f"[{lo:.5f}, {hi:.5f}]",
        "log10 gap, sampler": f"{middle:.5f} ± {SIGMAS * found.relative_error / LOG_10:.5f}",
        f"{formula}, ms": times[formula].processor_ms,
        "draws": found.draws,
        "sampler, ms": times["sampler"].processor_ms,
        "sampler by the clock, ms": times["sampler"].clock_ms,
        "peer": peer,
    }
    draws = 1_000_000
    for kind, values in zip(("entropy", "label"), naive(density, q, draws, rng), strict=True):
        row[f"peer by {kind}"] = f"{values.mean():.1e} ± {SIGMAS * values.std() / math.sqrt(draws):.1e}"
    return row | {"goal": goal(*(one.processor_ms < 1000 for one in times.values()))}
