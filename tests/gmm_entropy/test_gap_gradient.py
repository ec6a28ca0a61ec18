"""Derivatives of the gap: golden values, fifty digits, the algorithm's own formulas, and where the constant ½ is attained."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.gap_gradient import BEST_RATIO, Moved, log_bounds, log_derivatives, moved
from bounds.gmm_entropy.gap_gradient_formula import budgets, by_flow, differences
from bounds.gmm_entropy.gradient import gap_gradient_bounds, gap_gradient_on_line

GOLDEN = Moved(np.array([0.3, 0.3, 0.4]), np.array([0.0, 1.5, 4.0]), np.array([1.0, 0.5, 2.0]))


def two(delta: float, w: float = 0.5) -> Moved:
    return Moved(np.array([w, 1 - w]), np.array([0.0, delta]), np.ones(2))


def random(seed: int, K: int = 3) -> Moved:
    rng = np.random.default_rng(seed)
    return moved(K, rng.uniform(-4, 4, K), rng.uniform(-1, 1, K), 3.0, np.exp(rng.uniform(-1, 1, K)), alike=False)


def derivatives_50_digits(x: Moved) -> list[list[mp.mpf]]:
    """∫ ∂A_k log(q/A_k) dx by a trapezoidal rule in fifty digits; error about e^(-2π·(distance of a zero of q)/step)."""
    with mp.workdps(50):
        w, mean, sd = ([mp.mpf(float(v)) for v in side] for side in (x.w, x.mean, x.sd))
        step, reach = min(sd) / 24, 14 * max(sd)
        lo, hi = min(mean) - reach, max(mean) + reach
        out = [[mp.mpf(0)] * len(w) for _ in range(3)]
        for i in range(int((hi - lo) / step) + 1):
            z = [(lo + i * step - m) / s for m, s in zip(mean, sd, strict=True)]
            a = [p / (s * mp.sqrt(2 * mp.pi)) * mp.exp(-v * v / 2) for p, s, v in zip(w, sd, z, strict=True)]
            q = mp.fsum(a)
            for k, (p, s) in enumerate(zip(w, sd, strict=True)):
                term = a[k] * mp.log(q / a[k]) * step
                out[0][k] += term * z[k] / s
                out[1][k] += term * (z[k] ** 2 - 1) / s
                out[2][k] += term / p
        return out


def test_the_golden_derivatives() -> None:
    mean, deviation, weight = GOLDEN.derivatives[0]
    assert mean == pytest.approx([0.180791978, -0.056371161, -0.124420817], abs=1e-9)
    assert deviation == pytest.approx([0.166648928, 0.365773061, 0.116352276], abs=1e-9)
    assert weight == pytest.approx([0.499441876, 0.501880732, 0.431427037], abs=1e-9)
    assert GOLDEN.w @ weight == pytest.approx(0.47296759709336, abs=1e-13)


def test_two_close_halves_attain_the_constant_one_half() -> None:
    x = two(0.1)
    assert abs(x.derivatives[0][0]) == pytest.approx([0.0249377] * 2, abs=5e-8)
    assert np.exp(log_bounds(x).lo[:2]) / 2 == pytest.approx([0.0124844] * 2, abs=5e-8)
    assert np.ptp([log_derivatives(two(1e-3)).lo[0], log_bounds(two(1e-3)).lo[0]]) < 1e-5


def test_one_covariance_gives_the_mean_of_a_hyperbolic_cosine() -> None:
    delta, w = 3.0, 0.9
    y, step = np.linspace(-9, 9, 721, retstep=True)
    L = np.log(w / (1 - w))
    mean = np.exp(-(y**2) / 2) @ (0.5 / np.cosh((delta * y - L) / 2)) * step / np.sqrt(2 * np.pi)
    size = delta * np.sqrt(w * (1 - w)) * np.exp(-(delta**2) / 8) * mean  # the gap falls when the means part
    assert two(delta, w).derivatives[0][0] == pytest.approx([size, -size], rel=1e-12)


def test_coincident_components_are_as_surprising_as_their_weight() -> None:
    x = moved(**BEST_RATIO)
    assert x.derivatives[0][2] == pytest.approx(-np.log(x.w), rel=1e-13)
    assert log_bounds(x).lo[5] == pytest.approx(log_derivatives(x).lo[5], abs=2e-9)  # κ attained by the lighter one
    assert np.all(np.abs(x.derivatives[0][0]) <= x.derivatives[1][0])


def test_one_component_has_nothing_to_move() -> None:
    x = moved(1, [0.0], [1.0], 2.0, [0.7], alike=False)
    assert log_derivatives(x).hi.max() == log_bounds(x).hi.max() == -np.inf
    assert differences(x).hi.max() == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_enclosures_contain_the_derivatives_of_fifty_digits(seed: int) -> None:
    x = random(seed)
    value, off = x.derivatives
    truth = derivatives_50_digits(x)
    for i in range(3):
        for k in range(3):
            assert abs(mp.mpf(float(value[i, k])) - truth[i][k]) <= off[i, k]


@pytest.mark.parametrize("seed", range(6))
def test_the_package_s_derivatives_and_bounds_are_these(seed: int) -> None:
    x = random(seed, K=2 + seed % 3)
    line = gap_gradient_on_line(x.w, x.mean, x.sd**2)
    value, off = x.derivatives
    assert np.all(np.abs(np.stack(line) - value) <= off + 1e-13)
    bounds = gap_gradient_bounds(x.w, x.mean[:, None], (x.sd**2)[:, None, None])
    mine = np.exp(log_bounds(x).lo).reshape(4, -1)
    assert bounds.mean == pytest.approx(mine[0], rel=1e-8)
    assert bounds.factor == pytest.approx(mine[1], rel=1e-8)
    assert bounds.weight == pytest.approx(mine[2:].min(axis=0), rel=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_both_formulas_agree_far_within_their_budget(seed: int) -> None:
    x = random(seed)
    assert np.all(differences(x).hi <= budgets(x).lo / 5)
    assert np.all(budgets(x).lo < 1e-7)
    assert by_flow(x)[0].sum() == pytest.approx(0, abs=1e-12)  # moving all means together changes nothing
