"""Rates and feedback: golden numbers, suprema that the search finds, and oracles that share no formula with the bounds."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.spike_accumulation import (
    clipped_linear_forward,
    feedback_gradients,
    feedback_rate_bound,
    gradient_gap_bound,
    network_rate_bounds,
    rate_discrepancy,
    simulate_neuron,
)
from bounds.spike_accumulation.feedback_rates import CLAIM as FEEDBACK
from bounds.spike_accumulation.feedback_rates import equilibria, loop, measured
from bounds.spike_accumulation.finite_time_gradient import CLAIM as GAP
from bounds.spike_accumulation.finite_time_gradient import far_from_kinks
from bounds.spike_accumulation.implicit_gradient import CLAIM as IMPLICIT
from bounds.spike_accumulation.network_rates import CLAIM as RATES
from bounds.spike_accumulation.network_rates import measured as measured_rates
from bounds.spike_accumulation.networks import GOLDEN, net
from bounds.spike_accumulation.uneven_input import CLAIM as UNEVEN
from proofs_check.points import draws
from proofs_check.worst_case import search
from tests.spike_accumulation.slow_loops import lif, total_charge, trace

half, one = Fraction(1, 2), Fraction(1)


def slow_neuron(n):
    """Spikes of one neuron with input I, as a layer whose weight is 1."""
    _, s, _ = lif([[[one]]], [[Fraction(0)]], [[I] for I in n.I], n.lam, n.th, None, n.v0)
    return s[1]


def test_the_discrepancy_is_that_of_the_slow_loops() -> None:
    for point in draws(UNEVEN.space, 2, "slow", range(80)):
        n = UNEVEN.build(**point)
        s, L = slow_neuron(n), total_charge(n.lam, n.T)
        d = rate_discrepancy(n.I, n.lam, n.th, n.v0)
        mean = sum(n.lam ** (n.T - t - 1) * n.I[t] for t in range(n.T)) / L
        P = [sum(n.lam ** (t - r) * (n.I[r] - mean) for r in range(t + 1)) for t in range(n.T)]
        a = trace(s, n.lam, n.T - 1)[0] / L
        assert (d.a, d.xbar, d.Lambda) == (a, mean, L)
        assert d.error == a - min(max(mean / n.th, 0), 1)
        assert (d.P_plus, d.P_minus) == (max(0, *P), max(0, *(-p for p in P)))
        assert max(abs(trace(s, n.lam, t)[0] - a * total_charge(n.lam, t + 1)) for t in range(n.T)) == d.D
        assert [int(v) for v in simulate_neuron(n.I, n.lam, n.th, n.v0)[1]] == [int(row[0]) for row in s]


def test_golden_discrepancies() -> None:
    attained = rate_discrepancy([3, 0, 0, 0, 0, -3], one, one)
    assert (attained.a, attained.xbar, attained.P_plus) == (half, 0, 3)
    assert attained.error == attained.upper == half
    approached = rate_discrepancy([1 - Fraction(1, 1000), 0, 0, 0, 0, 5 + Fraction(1, 1000)], one, one)
    assert (approached.error, approached.P_minus) == (-Fraction(5, 6), Fraction(4001, 1000))
    assert approached.lower == -Fraction(5001, 6000)
    late = rate_discrepancy([0, 0, 0, 0, 0, 6], one, one)
    assert (late.a, late.P_minus) == (Fraction(1, 6), 5)
    early = rate_discrepancy([4, 0, 0, 0, 0, -4], one, one)
    assert (early.a, early.xbar) == (Fraction(2, 3), 0)


def test_the_search_attains_the_upper_end_and_nearly_the_lower_one() -> None:
    """Of the error alone, without being told the instances."""
    from dataclasses import replace

    from bounds.claim import exact

    def upper(n):
        d = rate_discrepancy(n.I, n.lam, n.th)
        return exact(d.error), exact(d.upper)

    def lower(n):
        d = rate_discrepancy(n.I, n.lam, n.th)
        return exact(-d.error), exact(-d.lower)

    found = {}
    for name, sides in {"upper": upper, "lower": lower}.items():
        claim = replace(UNEVEN, actual=lambda n, sides=sides: sides(n)[0], bound=lambda n, sides=sides: sides(n)[1])
        found[name] = np.exp(search(claim, 1500, 0, name).score)
    assert found["upper"] == pytest.approx(1, abs=1e-12)
    assert 0.99 <= found["lower"] < 1


def test_golden_network_bounds_and_rates() -> None:
    n = net(**GOLDEN)
    bounds = network_rate_bounds(n.W, n.lam, n.th, n.T)
    assert bounds.eps == [0, Fraction(8, 15), Fraction(4, 3)]
    assert bounds.D == [0, 1, 4]
    assert [0, Fraction(8, 15), Fraction(32, 15)] == bounds.E
    assert [rate.tolist() for rate in n.rates[1:]] == [[Fraction(2, 3), Fraction(4, 15)], [Fraction(8, 15)]]
    ideal, z = clipped_linear_forward(n.W, n.b, n.x[0], n.th)
    assert [rate.tolist() for rate in ideal[1:]] == [[Fraction(3, 4), Fraction(5, 8)], [Fraction(15, 16)]]
    assert [layer.tolist() for layer in z] == [layer.tolist() for layer in ideal[1:]]


def clipped(n, l: int, rates):
    """Rates of layer l + 1 of the clipped-linear network."""
    sums = [sum(w * r for w, r in zip(row, rates, strict=True)) + b for row, b in zip(n.W[l], n.b[l], strict=True)]
    return [min(max(v / n.th, 0), 1) for v in sums]


def test_measured_network_errors_are_those_of_the_slow_loops() -> None:
    for point in draws(RATES.space, 2, "slow", range(30)):
        n = RATES.build(**point)
        _, s, _ = lif([w.tolist() for w in n.W], [b.tolist() for b in n.b], n.x.tolist(), n.lam, n.th)
        L, found = total_charge(n.lam, n.T), measured_rates(n)
        a = [[v / L for v in trace(layer, n.lam, n.T - 1)] for layer in s]
        ideal = a[0]
        for l in range(n.N):
            ideal = clipped(n, l, ideal)
            assert found.eps[l] == max(abs(p - q) for p, q in zip(a[l + 1], clipped(n, l, a[l]), strict=True))
            assert found.E[l] == max(abs(p - q) for p, q in zip(a[l + 1], ideal, strict=True))
            wander = [
                abs(h - rate * total_charge(n.lam, t + 1))
                for t in range(n.T)
                for h, rate in zip(trace(s[l + 1], n.lam, t), a[l + 1], strict=True)
            ]
            assert found.D[l] == max(wander)


def test_golden_gap_of_gradients() -> None:
    eighth = Fraction(1, 8)
    gap = gradient_gap_bound([[[eighth]]] * 2, [[0], [0]], [1], [1], 1, 1, 4)
    assert not gap.pattern_match
    assert (gap.W[0], gap.W_bound[0]) == (Fraction(63, 512), Fraction(5, 128))
    shifted = gradient_gap_bound([[[eighth]]] * 2, [[0], [half]], [1], [1], 1, 1, 4)
    assert shifted.pattern_match
    assert shifted.W[1] == Fraction(31, 512)


def test_far_from_the_kinks_the_indicators_agree() -> None:
    far = [c for c in (GAP.build(**p) for p in draws(GAP.space, 5, "far", range(500))) if c.net.N > 1 and far_from_kinks(c.net)]
    assert len(far) >= 20
    assert all(c.gap.pattern_match for c in far)


def test_the_dead_zone_and_its_floor() -> None:
    for T in (1, 5, 40):
        assert not simulate_neuron([half] * T, half, one)[1].any()
        assert simulate_neuron([one] * T, Fraction(0), one)[1].all()
    d = rate_discrepancy([Fraction(53, 100)] * 4, half, one)
    assert (d.a, 1 / d.Lambda) == (0, Fraction(8, 15))


# ---- feedback -------------------------------------------------------------------------------------------------------


def test_golden_feedback() -> None:
    strong = loop(1, 32, 1, 1, [[2]], [-half])
    assert not strong.ahat.any()
    assert sorted(a[0] for a in equilibria(strong)) == [0, half, 1]
    sixteenth = Fraction(1, 16)
    weak = loop(2, 8, 1, 1, [[3 * sixteenth, -sixteenth], [3 * sixteenth, sixteenth]], [half, 3 * half / 2])
    assert (weak.ahat[-1] / 8).tolist() == [half, 3 * half / 2]
    assert measured(weak)[1] == Fraction(9, 64)
    with pytest.raises(ValueError, match="k ="):
        feedback_rate_bound([[half]], [0], 1, 1, 8)


def test_weak_feedback_has_one_equilibrium_and_iteration_finds_it() -> None:
    for point in draws(FEEDBACK.space, 6, "iteration", range(40)):
        x = FEEDBACK.build(**point)
        if 2 * x.k >= 1:
            continue
        [found] = {tuple(a) for a in equilibria(x)}
        a = np.zeros(len(x.c))
        for _ in range(200):
            a = np.clip((x.c.astype(float) + x.F.astype(float) @ a) / float(x.th), 0, 1)
        np.testing.assert_allclose(a, [float(v) for v in found], atol=1e-12)


def test_the_implicit_gradient_is_the_derivative_of_the_equilibrium() -> None:
    """Within its pattern the equilibrium is linear in c, so a difference quotient is exact: shift c, solve again."""
    compared = 0
    for point in draws(FEEDBACK.space, 7, "quotient", range(60)):
        x = FEEDBACK.build(**point)
        if 2 * x.k >= 1:
            continue
        [a] = {tuple(e) for e in equilibria(x)}
        z = [(c + sum(f * v for f, v in zip(row, a, strict=True))) / x.th for c, row in zip(x.c, x.F, strict=True)]
        if any(v in (0, 1) for v in z):
            continue  # at a kink there is no derivative
        g, step = [Fraction(i + 2, 3) for i in range(len(a))], Fraction(1, 10**6)
        h = feedback_gradients(x.F, x.th, g, [0 < v < 1 for v in z]).h
        for i in range(len(a)):
            shifted = x._replace(c=x.c + np.array([step * (j == i) for j in range(len(a))], dtype=object))
            [b] = {tuple(e) for e in equilibria(shifted)}
            assert sum(g_j * (q - p) for g_j, p, q in zip(g, a, b, strict=True)) / step == h[i]
            compared += bool(h[i])
    assert compared > 10


def test_feedback_gradients_at_the_edges() -> None:
    reversed_sign = feedback_gradients([[2]], 1, [1], [True])
    assert (reversed_sign.h[0], reversed_sign.h0[0], reversed_sign.k) == (-1, 1, 2)
    attained = feedback_gradients([[half]], 1, [1], [True])
    assert (attained.h[0] - attained.h0[0], attained.k) == (1, half)
    assert feedback_gradients([[half]], 1, [1], [False]).h.tolist() == [0]
    with pytest.raises(ValueError, match="singular"):
        feedback_gradients([[1]], 1, [1], [True])
    floats = feedback_gradients([[0.25, 0.1], [0.0, 0.3]], 1.0, [1.0, -1.0], [True, True])
    exact_ = feedback_gradients([[Fraction(0.25), Fraction(0.1)], [0, Fraction(0.3)]], 1, [1, -1], [True, True])
    np.testing.assert_allclose(floats.h, exact_.h.astype(float), rtol=1e-13)
    assert floats.margin == pytest.approx(1 - 0.275 - np.hypot(0.025, 0.05), abs=1e-12)


def test_numbers_in_the_place_of_the_active_mask_and_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="active must hold True or False"):
        feedback_gradients([[0, 0], [0, 0]], 2, [1, 1], [0, 1])
    with pytest.raises(ValueError, match="T must be at least 1, got 0"):
        feedback_rate_bound([[0]], [1], 1, 1, 0)


def test_the_exact_decision_about_the_top_eigenvalue_agrees_with_numpy() -> None:
    margin = IMPLICIT.assumes["λ_max < th"]
    for point in draws(IMPLICIT.space, 9, "eigenvalue", range(60)):
        x = IMPLICIT.build(**point)
        if x.active.any():
            top = np.linalg.eigvalsh(((x.F_A + x.F_A.T) / 2).astype(float))[-1]
            if abs(top - float(x.th)) > 1e-9:
                assert (margin(x) >= 0) == (top < float(x.th))
