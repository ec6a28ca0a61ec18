import numpy as np
import pytest

from bounds.gmm_entropy.mixture import pair_spectrum
from bounds.gmm_entropy.separation_alpha import separation, separations

FIRST = np.array([[2, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 0.5]])
SECOND = np.array([[1, -0.25, 0.125], [-0.25, 1.5, 0], [0.125, 0, 3]])


def test_golden_values():
    assert separation([9.0], [4.0]).alpha == pytest.approx(1, abs=1e-15)  # sd 1 and 3 at distance 4 meet at 1
    plane = separation([0, 0], np.eye(2), [3, 3], np.diag([1, 4]))
    assert plane.alpha == pytest.approx(1.7819891631334, abs=1e-13)
    assert plane.t == pytest.approx(0.546898638, abs=1e-9)
    space = separation([0, 0, 0], FIRST, [2, -1, 1.5], SECOND)
    assert space.alpha == pytest.approx(1.15337244409944, abs=1e-14)
    assert space.t == pytest.approx(0.616885108, abs=1e-9)
    # in standard deviations, distance / (sum of sds) beyond the first: exceeds half the distance seen from the wide one
    assert separation([1 / 9], [4 / 3]).alpha == pytest.approx(1, abs=1e-15)
    assert separation([1e4], [2020.0]).alpha == pytest.approx(20, abs=1e-13)


def test_isotropic_and_equal_covariances_have_closed_forms():
    result = separation([0.0, 0.0], 4 * np.eye(2), [3.0, 4.0], 9 * np.eye(2))
    assert result.alpha == pytest.approx(5 / (2 + 3), rel=1e-14)
    assert result.t == pytest.approx(3 / (2 + 3), rel=1e-14)
    equal = separation([0, 0, 0], FIRST, [1, 2, 3], FIRST)
    assert equal.alpha == pytest.approx(0.5 * np.sqrt([1, 2, 3] @ np.linalg.solve(FIRST, [1, 2, 3])), rel=1e-13)
    assert equal.t == pytest.approx(0.5, abs=1e-12)


def test_equal_means_touch_at_once():
    assert separation([4.0, 0.1], [0.0, 0.0])[:3] == (0.0, 0.5, (0.0, 0.0))


@pytest.mark.parametrize("seed", range(20))
def test_the_certificates_are_what_they_say_and_agree_to_twelve_digits(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 9))
    turn, _ = np.linalg.qr(rng.normal(size=(m, m)))
    other, _ = np.linalg.qr(rng.normal(size=(m, m)))
    first = (turn * np.exp(rng.uniform(-4, 4, m))) @ turn.T
    second = (other * np.exp(rng.uniform(-4, 4, m))) @ other.T
    here, there = rng.normal(size=m), rng.normal(size=m) * 5
    result = separation(here, first, there, second)
    lower, upper = result.certified
    assert lower <= result.alpha <= upper <= lower * (1 + 1e-9)
    v, x = result.v, result.x
    by_plane = abs(v @ (there - here)) / (np.sqrt(v @ first @ v) + np.sqrt(v @ second @ v))
    radius = [np.sqrt((x - mean) @ np.linalg.solve(cov, x - mean)) for mean, cov in ((here, first), (there, second))]
    assert by_plane == pytest.approx(result.alpha, rel=1e-11)
    np.testing.assert_allclose(radius, result.alpha, rtol=1e-9)
    spectral = separation(*pair_spectrum(here, first, there, second))
    assert spectral.certified[1] / spectral.certified[0] - 1 < 1e-12
    assert spectral.alpha == pytest.approx(result.alpha, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_alpha_is_the_largest_value_of_the_concave_function(seed):
    rng = np.random.default_rng(seed)
    lam, d = np.exp(rng.uniform(-12, 12, 5)), rng.normal(size=5) * np.exp(rng.uniform(-12, 12))
    result = separation(lam, d)
    t = 1 / (1 + np.exp(-np.linspace(-14, 14, 20_001)))[:, None]
    g = np.sum(t * (1 - t) * d * d / (t + (1 - t) * lam), axis=1).max()
    assert g <= result.certified[1] ** 2
    assert result.alpha**2 == pytest.approx(g, rel=1e-6)
    assert result.certified[0] <= result.alpha <= result.certified[1]


def test_alpha_lies_between_the_bounds_by_norms():
    rng = np.random.default_rng(3)
    lam, d = np.exp(rng.uniform(-5, 5, (50, 4))), rng.normal(size=(50, 4)) * 3
    alpha, t = separations(lam, d)
    distance = np.linalg.norm(d, axis=1)
    assert np.all(distance / (1 + np.sqrt(lam.max(axis=1))) <= alpha * (1 + 1e-14))
    assert np.all(alpha <= np.sqrt(np.sum(d * d / (1 + lam), axis=1)) * (1 + 1e-14))
    assert np.all((t > 0) & (t < 1))


def test_exchanging_the_components_keeps_alpha_and_mirrors_t():
    there, back = separation([0, 0, 0], FIRST, [2, -1, 1.5], SECOND), separation([2, -1, 1.5], SECOND, [0, 0, 0], FIRST)
    assert there.alpha == pytest.approx(back.alpha, rel=1e-13)
    assert there.t == pytest.approx(1 - back.t, rel=1e-11)
    np.testing.assert_allclose(there.x, back.x, rtol=1e-11)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="takes"):
        separation([1.0], [1.0], [1.0])
    with pytest.raises(ValueError, match="lam must be positive"):
        separation([0.0], [1.0])
    with pytest.raises(ValueError, match="vectors of one length"):
        separation([[1.0]], [[1.0]])
    with pytest.raises(ValueError, match="positive definite"):
        separation([0.0], [[-1.0]], [1.0], [[1.0]])
