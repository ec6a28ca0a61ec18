"""Log density of a mixture at many points: ours, and the peers that people use for it.

A peer is a function of the points alone: what depends on the mixture only (factors, validation) is done beforehand, while
ours starts from weights, means and covariances every time.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.timing import Table, alternate, goal, ratio, threads
from bounds.gmm_entropy.mixture import log_density, sample

SIZES = ((2, 2, 1_000_000), (8, 16, 200_000), (16, 64, 50_000))  # K, m, N
ROUNDS = 9

Density = Callable[[np.ndarray], np.ndarray]


def blobs(K: int, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (K,), means (K, m), covariances (K, m, m) of overlapping components with full covariances."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(K, m, m))
    cov = factor @ factor.transpose(0, 2, 1) / m + 0.1 * np.eye(m)
    return rng.dirichlet(np.full(K, 5.0)), 2 * rng.normal(size=(K, m)), cov


def of_scikit_learn(w: np.ndarray, mu: np.ndarray, cov: np.ndarray) -> Density:
    from sklearn.mixture import GaussianMixture

    peer = GaussianMixture(len(w))
    peer.weights_, peer.means_, peer.covariances_ = w, mu, cov
    peer.precisions_cholesky_ = np.linalg.inv(np.linalg.cholesky(cov)).transpose(0, 2, 1)
    score: Density = peer.score_samples
    return score


def of_scipy(w: np.ndarray, mu: np.ndarray, cov: np.ndarray) -> Density:
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    components = [multivariate_normal(mean, covariance) for mean, covariance in zip(mu, cov, strict=True)]
    log_w = np.log(w)

    def density(x: np.ndarray) -> np.ndarray:
        return np.asarray(logsumexp(np.stack([component.logpdf(x) for component in components]) + log_w[:, None], axis=0))

    return density


def of_torch(w: np.ndarray, mu: np.ndarray, cov: np.ndarray) -> Density:
    """In float64, without gradients and without validation: as fast as it goes."""
    import torch
    from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

    label = Categorical(probs=torch.tensor(w), validate_args=False)
    component = MultivariateNormal(torch.tensor(mu), covariance_matrix=torch.tensor(cov), validate_args=False)
    peer = MixtureSameFamily(label, component, validate_args=False)

    def density(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(peer.log_prob(torch.from_numpy(x)).numpy())  # type: ignore[no-untyped-call]

    return density


PEERS = {"scikit-learn": of_scikit_learn, "scipy": of_scipy, "torch": of_torch}


def measure() -> list[Table]:
    found = [race(*size, count) for count in (1, 2) for size in SIZES]
    goals = "Goal: scikit-learn / ours at least 2 and torch / ours at least 1. By the clock: medians, and medians of ratios."
    below = (
        "One thread, medians of the processor's time, which other work lengthens less than the clock's. Flops of the "
        "triangular factors, squares and sums at the rate of a product of two 512 × 512 matrices; points in and densities "
        "out at the rate of a copy of 64 MB; the floor is the larger of the two. Beside it, what K exponentials for each "
        "point cost."
    )
    return [
        Table("Log density of a mixture", goals, found),
        Table("Distance from the floor", below, [floor(*size) for size in SIZES]),
    ]


def race(K: int, m: int, N: int, count: int) -> dict[str, Any]:
    """Ours and the peers at N points of one mixture, with so many threads; they must agree first."""
    w, mu, cov = blobs(K, m)
    x = sample(w, mu, cov, N, np.random.default_rng(1))
    with threads(count):
        peers = {name: make(w, mu, cov) for name, make in PEERS.items()}
        ours = partial(log_density, w, mu, cov)
        for name, density in peers.items():
            np.testing.assert_allclose(density(x), ours(x), rtol=1e-9, atol=1e-9, err_msg=name)
        times = alternate({"ours": partial(ours, x)} | {name: partial(density, x) for name, density in peers.items()}, ROUNDS)
    ratios = {name: ratio(times[name], times["ours"]) for name in peers}
    row: dict[str, Any] = {"K": K, "m": m, "N": N, "threads": count}
    row |= {f"{name}, ms": times[name].clock_ms for name in times} | {f"{name} / ours": v for name, v in ratios.items()}
    return row | {"goal": goal(ratios["scikit-learn"] >= 2, ratios["torch"] >= 1)}


def floor(K: int, m: int, N: int) -> dict[str, Any]:
    """Ours against what the machine could do at best: nobody can do without these flops and bytes."""
    w, mu, cov = blobs(K, m)
    x = sample(w, mu, cov, N, np.random.default_rng(1))
    flops, traffic = N * K * (m * (m + 1) + 2 * m), 8 * N * (m + 1)
    square = np.random.default_rng(0).normal(size=(512, 512))
    product, source, target = np.empty_like(square), np.ones(2**23), np.ones(2**23)
    small = np.linspace(-20, 0, 8192)
    out = np.empty_like(small)

    def exponentials() -> None:
        for _ in range(N * K // len(small)):
            np.exp(small, out=out)

    jobs: dict[str, Callable[[], object]] = {
        "ours": partial(log_density, w, mu, cov, x),
        "GEMM": partial(np.matmul, square, square, out=product),
        "copy": partial(np.copyto, target, source),
        "exp": exponentials,
    }
    with threads(1):
        ms = {name: times.processor_ms for name, times in alternate(jobs, 2 * ROUNDS).items()}
    flops_per_ms, bytes_per_ms = 2 * 512**3 / ms["GEMM"], 2 * source.nbytes / ms["copy"]  # a copy reads and writes
    arithmetic, moving = flops / flops_per_ms, traffic / bytes_per_ms
    return {
        "K": K,
        "m": m,
        "N": N,
        "GEMM, Gflop/s": flops_per_ms / 1e6,
        "copy, GB/s": bytes_per_ms / 1e6,
        "flops, ms": arithmetic,
        "bytes, ms": moving,
        "exp, ms": ms["exp"],
        "ours, ms": ms["ours"],
        "ours / floor": ms["ours"] / max(arithmetic, moving),
        "ours / (floor + exp)": ms["ours"] / (max(arithmetic, moving) + ms["exp"]),
    }
