"""Our own Newton steps find what the plain semidefinite program of the statement has, and ball arithmetic proves it."""

import math
from fractions import Fraction

import numpy as np
import pytest

from benchmarks.lstm_lmi import plain
from bounds import lstm_recovery as R
from bounds.lstm_recovery import verification as V
from bounds.lstm_recovery.interval_box import gate_ranges, widths
from bounds.lstm_recovery.multiplier_search import TOLL, Search, cheapest_at, fastest
from bounds.lstm_recovery.multipliers import sectors
from tests.lstm_recovery.oracles import E1, G0, G1, NETS


@pytest.mark.parametrize(("name", "rho"), [("G0", 0.75), ("G0", 0.9), ("G1", 0.87), ("G2", 0.93)])
def test_the_cheapest_solution_is_that_of_the_semidefinite_program(name, rho):
    net, box = NETS[name], R.proved_box(NETS[name])
    ours, peer = R.lmi_certificate(net, box, rho), plain(net, box, rho)
    assert ours.kappa == pytest.approx(peer[3], rel=2e-3)
    assert V.verify_lmi(net, box, ours.P, ours.lam, rho, ours.p, ours.sector) == (True, "every pivot is positive")


def test_multipliers_of_signals_that_vanish_stay_finite():
    """E1 has no recurrent weights: four of six multipliers may be as large as they like, and general solvers give up."""
    box = R.proved_box(E1)
    found = R.lmi_certificate(E1, box, 0.885)
    assert found.lam.max() < 100 / TOLL
    assert V.verify_lmi(E1, box, found.P, found.lam, Fraction("0.885"), found.p, found.sector)[0]


@pytest.mark.parametrize(("name", "below", "above"), [("G0", 0.70, 0.73), ("G1", 0.83, 0.862), ("G2", 0.89, 0.92)])
def test_both_find_the_same_rates_in_and_out_of_reach(name, below, above):
    net, box = NETS[name], R.proved_box(NETS[name])
    assert R.lmi_certificate(net, box, below) is None
    assert plain(net, box, below) is None
    assert R.lmi_certificate(net, box, above) is not None
    assert plain(net, box, above) is not None


def test_the_fastest_rate_is_within_the_precision_asked_for():
    box = R.proved_box(G1)
    found, *above = fastest(G1, sectors(G1, box)[None], widths(box), precision=0.01)
    assert [f.rho for f in above] == sorted(f.rho for f in above)
    assert (np.diff([f.p @ widths(box) ** 2 for f in (found, *above)]) < 0).all()
    assert plain(G1, box, math.sqrt(1 - (1 - found.rho**2) * 1.03)) is None
    assert V.verify_lmi(G1, box, found.P, found.lam[0], Fraction(found.rho), found.p, sectors(G1, box))[0]
    assert not V.verify_lmi(G1, box, found.P, found.lam[0], Fraction(found.rho) - Fraction(1, 20), found.p, sectors(G1, box))[0]


def test_a_net_that_does_not_contract_has_no_rate():
    r3 = R.random_net(3, 4, 1, 0.3, 0.5, 0.3, 0.5)
    box = R.proved_box(r3)
    assert fastest(r3, sectors(r3, box)[None], widths(box)) == []


def test_a_cell_counted_twice_changes_nothing():
    box = R.proved_box(G0)
    sector = sectors(G0, box)[None]
    one, two = (cheapest_at(G0, np.repeat(sector, k, axis=0), widths(box), 0.8) for k in (1, 2))
    assert two.p @ widths(box) ** 2 == pytest.approx(one.p @ widths(box) ** 2, rel=2e-3)


def test_narrower_sectors_give_a_smaller_rate():
    box = R.proved_box(G1)
    wide = sectors(G1, box)
    middle = wide.mean(axis=0)
    narrow = np.stack([(wide[0] + middle) / 2, (wide[1] + middle) / 2])
    floor = float(gate_ranges(G1, box)["f"][0].min())
    rates = [fastest(G1, s[None], widths(box), least=floor)[0].rho for s in (wide, narrow)]
    assert rates[1] < rates[0] - 0.01


def test_newton_steps_are_those_of_the_barrier():
    """Gradient and curvature along the step, by differences of the barrier: the decrement is -g'x, and x'Hx once more."""
    net, box = G1, R.proved_box(G1)
    for metric in (None, np.eye(4)):
        search = Search(net, np.repeat(sectors(net, box)[None], 2, axis=0), widths(box))
        for _ in range(8):
            search.newton(search.price * 50)
        before = search.P.copy(), search.lam.copy(), search.p.copy()
        weight = 3.0
        decrement, sigma = search.newton(search.price * 50, weight, metric)
        step = [a - b for a, b in zip((search.P, search.lam, search.p), before, strict=True)]

        def along(s, before=before, step=step, sigma=sigma, metric=metric, search=search, weight=weight):
            P, lam, p = (b + s * x for b, x in zip(before, step, strict=True))
            shift = 0 if metric is None else s * sigma * metric
            value = search._barrier(P, lam, p, search.r * P + shift)
            return value + 50 * search.price @ p + weight * s * sigma + TOLL * lam.sum()

        h = 1e-3
        low, here, high = along(-h), along(0.0), along(h)
        slope, bend = (high - low) / (2 * h), (high - 2 * here + low) / h**2
        share = -slope / decrement  # of the full step
        assert 0 < share <= 1 + 1e-6
        assert bend == pytest.approx(share**2 * decrement, rel=2e-3)
