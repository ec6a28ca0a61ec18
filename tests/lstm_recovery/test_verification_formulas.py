"""The verifier writes every formula a second time, in balls; on drawn nets both versions must agree, and balls lie above."""

import math
from itertools import pairwise

import flint
import numpy as np
import pytest

from bounds import lstm_recovery as R
from bounds.lstm_recovery import elementwise, gate_coupling, joint_maximum, ladder, layers, reach_tube, transient
from bounds.lstm_recovery import verification as V
from bounds.lstm_recovery.interval_box import gate_ranges, widths


def drawn_nets(count=24):
    """Nets of one to three units and one or two inputs, from calm to wild, with their proved boxes."""
    rng = np.random.default_rng(20)
    for k in range(count):
        n, m, size = 1 + k % 3, 1 + k % 2, (0.3, 1.0, 3.0)[k // 3 % 3]
        W, U, b = (size * rng.standard_normal(shape) for shape in ((4, n, m), (4, n, n), (4, n)))
        b[3] *= 3  # candidates that keep their sign
        net = R.LSTMNet(W / 2, U, b)
        yield net, R.proved_box(net, -0.5, 1.0), rng


def numbers(xs):
    return np.array([float(x) for x in xs])


def points(xs):
    return [V.point(float(x)) for x in xs]


@pytest.fixture(autouse=True)
def two_hundred_bits():
    with flint.ctx.workprec(V.BITS):
        yield


def test_maps_agree_on_drawn_nets():
    for net, box, rng in drawn_nets():
        holds, exact = V.verify_box(net, box)
        assert holds
        r, w = gate_ranges(net, box), widths(box)
        np.testing.assert_allclose(numbers(exact.widths), w, rtol=1e-9, atol=1e-14)
        floats = {
            "lipschitz": lambda d, net=net, box=box: elementwise.lipschitz_matrix(net, box) @ d,
            "jacobian": lambda d, net=net, box=box: elementwise.jacobian_matrix(net, box) @ d,
            "coupled": gate_coupling.psi(net, r),
            "transient": transient.phi(net, r, w),
        }
        for method, step in floats.items():
            balls = V.map_of(net, method, exact, exact.widths)
            for size in (0.01, 0.3, 10.0):
                d = rng.exponential(size, 2 * net.n) * (rng.random(2 * net.n) < 0.8)
                np.testing.assert_allclose(numbers(balls(points(d))), step(d), rtol=1e-9, atol=1e-13, err_msg=method)


def test_joint_and_single_maxima_agree_on_drawn_rectangles():
    rng = np.random.default_rng(21)
    for k in range(400):
        y1, y2 = rng.exponential((1, 8, 0.1)[k % 3]) * (k % 7 > 0), rng.exponential(2) * (k % 5 > 0)
        (l, u), (low, high) = np.sort(rng.random(2)), np.sort(rng.random(2))
        got = float(V._joint_max(*points((y1, y2, l, u, low, high))))
        want = float(joint_maximum.coupled_max(y1, y2, l, u, low, high))
        assert got == pytest.approx(want, rel=1e-12, abs=1e-15)
        assert got >= want * (1 - 1e-15)
        assert float(V._single_max(*points((y1, y2, l, u)))) == pytest.approx(
            float(joint_maximum.single_max(y1, y2, l, u)), rel=1e-12, abs=1e-15
        )


def test_sets_after_an_anomaly_and_their_tubes_agree():
    for net, box, _ in drawn_nets(12):
        _, limit = V.verify_box(net, box)
        for L in (0, 1, 7):
            exact, start = V.anomaly_box(net, limit, L)
            first = R.invariant_box(net, -0.5, 1.0, 1)
            C = elementwise.mag((first["cl"], first["cu"])) + L
            np.testing.assert_allclose(numbers(exact.c[1]), C, rtol=1e-11)
            np.testing.assert_allclose(-numbers(exact.c[0]), C, rtol=1e-11)
            assert (numbers(exact.h[1]) == 1).all()
            sides = np.concatenate([elementwise.mag((box[a + "l"], box[a + "u"])) for a in "ch"])
            np.testing.assert_allclose(numbers(start), sides + np.concatenate([C, np.ones(net.n)]), rtol=1e-9)
            d, around = numbers(start), {**box, "cl": -C, "cu": C, "hl": -np.ones(net.n), "hu": np.ones(net.n)}
            for _ in range(4):
                r = gate_ranges(net, around)
                smaller, smaller_exact = reach_tube._image(around, r), V._image(exact, net)
                for side, ends in (("c", smaller_exact.c), ("h", smaller_exact.h)):
                    np.testing.assert_allclose(numbers(ends[0]), smaller[side + "l"], rtol=1e-9, atol=1e-12)
                    np.testing.assert_allclose(numbers(ends[1]), smaller[side + "u"], rtol=1e-9, atol=1e-12)
                step = V.transient_map(net, exact.ranges, smaller_exact.widths, smaller_exact.ranges)
                new = transient.phi(net, r, widths(smaller), after=gate_ranges(net, smaller))(d)
                np.testing.assert_allclose(numbers(step(points(d))), new, rtol=1e-9, atol=1e-12)
                d, around, exact = new, smaller, smaller_exact


def test_a_tube_settles_when_it_does_in_floats_and_not_a_step_before():
    nets = [R.formula_net(2, 1, 0.1, 0.3, 0.3, b) for b in (-2, -1, 0)] + [R.formula_net(3, 2, 0.05, 0.2, 0.5, -1)]
    for net in nets:
        _, limit = V.verify_box(net, R.proved_box(net))
        for L, e in ((1, "1/100"), (20, "1/10"), (3, "1/2")):
            T = R.reach_tube_recovery(net, L, float(V.Fraction(e)))[0]
            exact, start = V.anomaly_box(net, limit, L)
            assert V.tube_settles(net, exact, start, V.Fraction(e), T)[0]
            assert T == 0 or not V.tube_settles(net, exact, start, V.Fraction(e), T - 1)[0]


def test_an_entry_that_will_leave_again_does_not_settle():
    """One step of the tube may come within e while its successor is above: the hidden parts are equal, the cells apart."""
    net = R.LSTMNet(np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), np.array([[2.0], [0.0], [10.0], [1.0]]))
    _, box = V.verify_box(net, R.proved_box(net))
    start = [V.point(2.0), V.point(0.0)]
    assert not V.tube_settles(net, box, start, V.Fraction(1, 100), 0)[0]
    assert not V.tube_settles(net, box, start, V.Fraction(1, 100), 3)[0]
    assert V.tube_settles(net, box, start, V.Fraction(1, 100), 200)[0]


def test_norm_bounds_agree_for_every_norm_and_depth():
    rng = np.random.default_rng(22)
    for depth in (1, 2, 3):
        for k in (0, 1, 5):
            sizes = [2, *(int(rng.integers(1, 4)) for _ in range(depth))]
            stack = [
                R.LSTMNet(*(0.4 * rng.standard_normal(shape) for shape in ((4, n, m), (4, n, n), (4, n))))
                for m, n in pairwise(sizes)
            ]
            for q in (1.0, 2.0, math.inf):
                A, start = V.norm_bounds(stack, k, q, V.point(0.75))
                want, d0 = layers.stacked_matrix(stack, k, q, 0.75)
                got = np.array([numbers(row) for row in A])
                np.testing.assert_allclose(got, want, rtol=1e-8)
                assert (got >= want * (1 - 1e-13)).all()
                np.testing.assert_allclose(numbers(start), d0, rtol=1e-12)


def test_box_bounds_agree_for_every_norm():
    for net, box, _ in drawn_nets(12):
        _, exact = V.verify_box(net, box)
        for q in (1.0, 2.0, math.inf):
            A, start = V.box_bounds(net, exact, q)
            want, w = ladder.box_matrix(net, box, q=q), widths(box)
            got = np.array([numbers(row) for row in A])
            np.testing.assert_allclose(got, want, rtol=1e-8)
            d0 = np.array([w[: net.n].max(), w[net.n :].max()]) * net.n ** (1 / q)
            np.testing.assert_allclose(numbers(start), d0, rtol=1e-9)


def test_ranges_enclose_those_in_floats_and_hardly_more():
    for net, box, _ in drawn_nets():
        _, exact = V.verify_box(net, box)
        r = gate_ranges(net, box)
        for name, (lo, hi) in exact.ranges.items():
            np.testing.assert_allclose(numbers(lo), r[name][0], rtol=1e-9, atol=1e-14, err_msg=name)
            np.testing.assert_allclose(numbers(hi), r[name][1], rtol=1e-9, atol=1e-14, err_msg=name)


def test_the_two_norm_is_above_the_true_one_also_where_floats_are_not():
    """A rank-one matrix of dyadic entries: its norm is the product of two exact roots."""
    a, b = np.array([3.0, 4.0, 12.0]), np.array([8.0, 15.0])
    M = np.outer(a, b)
    assert V._norm(M, 2.0) >= 13 * 17
    assert float(V._norm(M, 2.0)) == pytest.approx(13 * 17, rel=1e-8)
    assert V._norm(np.zeros((3, 2)), 2.0) == 0


def test_a_two_norm_that_numpy_underestimates_is_no_bound(monkeypatch):
    monkeypatch.setattr(np.linalg, "norm", lambda *_: 13.0)
    assert V._norm(np.diag([12.0, 5.0]), 2.0) == 13 * (1 + 1e-9)
    assert V._norm(np.diag([14.0, 5.0]), 2.0) == math.inf


def test_bound_of_the_inequality_is_that_of_the_statement():
    p, start = np.array([2.0, 3.0]), points([0.5, 2.0])
    kappa = math.sqrt(2 * 0.25 + 3 * 4)
    for T in (0, 5, 40):
        e = 0.9**T * kappa
        assert V.lmi_settles(p, start, V.Fraction(9, 10), V.Fraction(e * (1 + 1e-9)), T)
        assert not V.lmi_settles(p, start, V.Fraction(9, 10), V.Fraction(e * (1 - 1e-9)), T)
    assert not V.lmi_settles(p, start, V.Fraction(9, 10), V.Fraction(100), -1)


def test_grid_rounds_up_and_by_less_than_a_step():
    for x in (0.0, 1.0, 0.1, 1e-30, 123.456):
        above = V.rational(V._grid(V.point(x)))
        assert 0 <= above - V.Fraction(x) < V.Fraction(1, 2**V.GRID)
        assert (above * 2**V.GRID).denominator == 1


def test_first_step_within_the_tolerance_of_a_geometric_decay():
    half = V.matrix_map([[V.point(0.5)]])
    for T in range(6):
        assert V.settles(half, points([1.0]), slice(0, 1), V.Fraction(1, 16), T)[0] == (T >= 4)
    both = V.matrix_map([[V.point(0.5), V.point(0.0)], [V.point(0.0), V.point(0.25)]])
    assert not V.settles(both, points([1.0, 1.0]), slice(0, 2), V.Fraction(1, 16), 3)[0]
