import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.separation_duality import CLAIM, dual_values, guess, left, primal_value, right
from proofs_check.points import draws

POINTS = [guess(**point) for point in draws(CLAIM.space, 3, "fifty digits", range(25))]


@pytest.mark.parametrize("g", POINTS)
def test_values_at_any_guess_contain_their_fifty_digit_values(g):
    with mp.workdps(50):
        (k, l), (mu_k, mu_l) = (mp.matrix(c.tolist()) for c in g.case.cov), (mp.matrix(r.tolist()) for r in g.case.mu)
        t, v, x, shift = mp.mpf(g.t), mp.matrix(g.v.tolist()), mp.matrix(g.x.tolist()), mu_l - mu_k

        def form(y, matrix):
            return (y.T * matrix * y)[0]

        root_g = mp.sqrt(t * (1 - t) * form(shift, (t * k + (1 - t) * l) ** -1))
        by_plane = abs((v.T * shift)[0]) / (mp.sqrt(form(v, k)) + mp.sqrt(form(v, l)))
        by_point = mp.sqrt(max(form(x - mu_k, k**-1), form(x - mu_l, l**-1)))
        low, high = left(g), right(g)
        for value, enclosure, i in ((root_g, low, 0), (by_plane, low, 1), (by_point, high, 2)):
            assert mp.mpf(float(enclosure.lo[i])) <= value <= mp.mpf(float(enclosure.hi[i]))
        assert max(root_g, by_plane) <= by_point * (1 + mp.mpf(10) ** -40)  # weak duality needs no optimum


def test_on_the_line_the_optimum_is_known_by_hand():
    both = guess(t=0.25, v=[1.0], x=[0.0], near=False, **at(4.0, (3.0, 1.0)))
    assert dual_values(both) == pytest.approx([1.0, 1.0], rel=1e-14)
    assert primal_value(both).lo == pytest.approx(1.0, rel=1e-12)
    assert both.best.t == pytest.approx(0.25, rel=1e-12)


def at(distance, sd):
    from bounds.gmm_entropy.instances import on_first_axis

    return on_first_axis(distance, sd=sd)


@pytest.mark.parametrize("seed", range(6))
def test_a_fine_grid_of_hyperplanes_and_of_points_closes_in_on_alpha(seed):
    rng = np.random.default_rng(seed)
    point = at(1.0, (1.0, 1.0)) | {"m": 2, "mean": rng.uniform(-3, 3, (2, 2)), "sd": rng.uniform(0.3, 2, (2, 2))}
    g = guess(t=0.5, v=np.ones(2), x=np.zeros(2), near=False, **(point | {"shear": rng.uniform(-1, 1, (2, 2, 2))}))
    (k, l), (mu_k, mu_l) = g.case.cov, g.case.mu
    angle = np.linspace(0, np.pi, 4001)
    v = np.stack([np.cos(angle), np.sin(angle)])
    widths = sum(np.sqrt(np.einsum("in,ij,jn->n", v, cov, v)) for cov in (k, l))
    best = np.max(np.abs((mu_l - mu_k) @ v) / widths)
    assert best <= g.best.alpha * (1 + 1e-12)
    assert best == pytest.approx(g.best.alpha, rel=1e-5)
    grid = g.best.x[:, None] + 1e-3 * rng.normal(size=(2, 4000))  # around the touching point every other is worse
    norms = [
        np.sqrt(np.einsum("in,ij,jn->n", grid - mu[:, None], np.linalg.inv(cov), grid - mu[:, None]))
        for mu, cov in ((mu_k, k), (mu_l, l))
    ]
    assert np.min(np.maximum(*norms)) >= g.best.alpha * (1 - 1e-12)


def test_open_ellipsoids_just_above_alpha_meet_and_at_alpha_do_not():
    for g in POINTS:
        norms = [
            np.sqrt((g.best.x - mu) @ np.linalg.solve(cov, g.best.x - mu))
            for mu, cov in zip(g.case.mu, g.case.cov, strict=True)
        ]
        assert max(norms) <= g.best.alpha * (1 + 1e-9) + 1e-12
