"""What each claim calls `actual`, against fifty digits, loops, grids or exact powers."""

import math
from fractions import Fraction
from itertools import product

import mpmath as mp
import numpy as np
import pytest

from bounds.claim import Claim
from bounds.common.lstm import LSTMNet, lstm_step
from bounds.lstm_recovery import (
    closed_form,
    elementwise,
    gate_coupling,
    input_to_state,
    interval_box,
    joint_maximum,
    ladder,
    layers,
    multipliers,
    necessary_rate,
    norm_comparison,
    norm_recovery,
    norm_sets,
    penalty_gradient,
    perron_derivative,
    powers,
    reach_tube,
    refinement,
    saturation,
    transient,
    unbounded_anomaly,
)
from proofs_check.points import draws
from tests.lstm_recovery.oracles import G1, contained, distances, last_exit, path, step


def drawn(claim: Claim, count: int = 12):
    """Instances inside the hypotheses."""
    for point in draws(claim.space, 5, "definitions", range(400)):
        x = claim.build(**point)
        if all(margin(x) >= 0 for margin in claim.assumes.values()):
            yield x
            count -= 1
        if count == 0:
            return


PAIRS = {
    "elementwise": (elementwise.CLAIM, lambda d: d[1]),
    "gate_coupling": (gate_coupling.CLAIM, lambda d: d[1]),
    "transient": (transient.CLAIM, lambda d: [*d[1:], d[1]]),
    "multipliers": (multipliers.CLAIM, lambda d: [max(row[len(row) // 2 :]) for row in d[1:]]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_distances_contain_their_forty_digit_values(name):
    claim, part = PAIRS[name]
    for x in drawn(claim):
        a = claim.actual(x)
        lo, hi = (a.lo[0], a.hi[0]) if name == "gate_coupling" else (a.lo, a.hi)
        assert contained(lo, hi, part(distances(x)))


@pytest.mark.parametrize("claim", [norm_comparison.CLAIM, input_to_state.CLAIM])
def test_norms_of_distances_contain_their_forty_digit_values(claim):
    norm = {1.0: mp.fsum, 2.0: lambda v: mp.sqrt(mp.fsum(a * a for a in v)), np.inf: max}
    for x in drawn(claim):
        want = [[norm[x.q](row[: x.net.n]), norm[x.q](row[x.net.n :])] for row in distances(x)[1:]]
        a = claim.actual(x)
        assert contained(a.lo, a.hi, want)


def test_orbits_contain_their_forty_digit_extremes():
    with mp.workdps(40):
        for x in drawn(norm_sets.CLAIM):
            states = path(x.net, x.c, x.h, x.u)[1:]
            a = norm_sets.CLAIM.actual(x)
            assert contained(a.lo, a.hi, [max(abs(v) for s in states for v in s[k]) for k in (0, 1)])
        for x in drawn(interval_box.CLAIM):
            both = [path(x.net, x.tape.c[0, k], x.tape.h[0, k], x.u)[1:] for k in (0, 1)]
            units = range(x.net.n)
            want = [[max(sign * s[k][j] for p in both for s in p) for j in units] for k in (0, 1) for sign in (1, -1)]
            a = interval_box.CLAIM.actual(x)
            assert contained(a.lo[:4], a.hi[:4], want)
        for x in drawn(unbounded_anomaly.CLAIM):
            p, q = (path(x.net, x.c[k], x.h[k], x.u[:, k])[x.L :] for k in (0, 1))
            units = range(x.net.n)
            want = [[max(abs(s[k][j]) for s in p + q) for j in units] for k in (0, 1)]
            want += [[max(abs(s[k][j] - t[k][j]) for s, t in zip(p, q, strict=True)) for j in units] for k in (0, 1)]
            a = unbounded_anomaly.CLAIM.actual(x)
            assert contained(a.lo, a.hi, want)


def test_last_exits_are_those_of_forty_digits():
    for x, e in drawn(norm_recovery.CLAIM, 4):
        norm = {1.0: mp.fsum, 2.0: lambda v: mp.sqrt(mp.fsum(a * a for a in v)), np.inf: max}[x.q]
        want = last_exit([[norm(row[x.net.n :])] for row in distances(x)], e)
        assert norm_recovery.seen((x, e)).lo <= want <= norm_recovery.seen((x, e)).lo + 1
    with mp.workdps(40):
        for x in drawn(reach_tube.CLAIM, 4):
            p, q = (path(x.x.net, x.x.c[k], x.x.h[k], x.x.u[:, k])[x.x.L :] for k in (0, 1))
            want = last_exit([[abs(a - b) for a, b in zip(s[1], t[1], strict=True)] for s, t in zip(p, q, strict=True)], x.e)
            assert x.end.lo == want


def test_layers_feed_the_new_hidden_state_upwards():
    for x in drawn(layers.CLAIM, 4):
        with mp.workdps(30):
            copies = []
            for k in (0, 1):
                states = [([mp.mpf(float(v)) for v in s[0, k]], [mp.mpf(float(v)) for v in s[1, k]]) for s in x.starts]
                rows = []
                for t in range(layers.STEPS):
                    feed = [mp.mpf(float(v)) for v in x.u[t, k]]
                    for l, net in enumerate(x.nets):
                        states[l] = step(net, *states[l], feed)
                        feed = states[l][1]
                    rows.append([list(v) for s in states for v in s])
                copies.append(rows)
            norm = {1.0: mp.fsum, 2.0: lambda v: mp.sqrt(mp.fsum(a * a for a in v)), np.inf: max}[x.q]
            want = [
                [norm([abs(a - b) for a, b in zip(v, w, strict=True)]) for v, w in zip(p, q, strict=True)]
                for p, q in zip(*copies, strict=True)
            ]
        a = layers.seen(x)
        assert contained(a.lo[:-1], a.hi[:-1], want)


def test_forgetting_is_what_powers_do():
    """A^4096 of a matrix with entries in 1/32: tiny, or not."""
    for x in drawn(closed_form.CLAIM, 60):
        M = np.array(x.rows, dtype=float).reshape(2, 2)
        if abs(float(x.so * x.al - (1 - x.sf) * (1 - x.be))) < 0.02:
            continue
        power = M
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(12):
                power = power @ power
        assert closed_form.forgets(x) == bool(np.abs(power).max() < 1e-3)


def test_closed_form_is_numpys_largest_eigenvalue():
    rng = np.random.default_rng(0)
    for _ in range(50):
        sf, so, al, be = rng.uniform(0, 1, 4) * [1, 1, 3, 2]
        M = np.array([[sf, al], [so * sf, so * al + be]])
        assert closed_form.spectral_radius_2x2(sf, so, al, be) == pytest.approx(np.abs(np.linalg.eigvals(M)).max(), rel=1e-12)


def test_perron_encloses_the_spectral_radius_even_of_reducible_matrices():
    rng = np.random.default_rng(1)
    for k in range(60):
        A = rng.uniform(0, 1, (4, 4)) * (rng.random((4, 4)) < (0.4 if k % 2 else 1.0))
        rho = max(abs(mp.eig(mp.matrix(A.tolist()))[0][j]) for j in range(4))
        bound, w = ladder.perron(A)
        assert (w > 0).all()
        assert bound.lo - 1e-9 <= rho <= bound.hi + 1e-15
    for block in (np.array([[0.5, 1.0], [0.0, 0.5]]), np.array([[0.5, 1.0], [1e-6, 0.5]]), np.array([[0.9, 0.0], [1.0, 0.9]])):
        defective = ladder.perron(block)[0]  # power iteration does not converge here, and the ends must say so
        assert defective.lo <= block[0, 0] + math.sqrt(block[0, 1] * block[1, 0]) * (1 + 1e-12) <= defective.hi
    assert ladder.perron(np.array([[0.5, np.inf], [0.0, 0.5]]))[0] == (0.0, np.inf, "rounded", 0.0)
    nilpotent = ladder.perron(np.array([[0.0, 1.0], [0.0, 0.0]]))[0]
    assert nilpotent.lo <= 0.0 <= nilpotent.hi < 1e-3


def test_refined_sizes_contain_their_fifty_digit_values():
    with mp.workdps(50):
        for x in drawn(refinement.CLAIM, 10):
            net = x.net
            W, U, b = ([mp.matrix(v.tolist()) for v in part] for part in (net.W, net.U, net.b[:, :, None]))
            H = mp.mpf(1)
            for _ in range(x.k + 1):
                row = [
                    max(
                        mp.mpf(x.umax) * mp.fsum(abs(W[g][j, l]) for l in range(net.m))
                        + H * mp.fsum(abs(U[g][j, l]) for l in range(net.n))
                        + abs(b[g][j, 0])
                        for j in range(net.n)
                    )
                    for g in range(4)
                ]
                f, i, o = (1 / (1 + mp.exp(-r)) for r in row[:3])
                p = mp.tanh(row[3])
                cb = i * p / (1 - f)
                H = o * mp.tanh(cb)
            N = [{1: mp.mnorm(u, 1), 2: max(mp.svd(u, compute_uv=False)), np.inf: mp.mnorm(u, mp.inf)}[x.q] for u in U]
            al, be = cb * N[0] / 4 + i * N[3] + p * N[1] / 4, mp.tanh(cb) * N[2] / 4
            A = mp.matrix([[f, al], [o * f, o * al + be]])
            rho = max(abs(v) for v in mp.eig(A, left=False, right=False))
            a = refinement.CLAIM.bound(x)
            assert contained(a.lo, a.hi, [H, cb, *A, rho])


def test_joint_maximum_is_reached_and_never_exceeded_on_a_fine_grid():
    for x in drawn(joint_maximum.CLAIM, 40):
        (y1, y2), (l, u), (R0, R) = x.y, x.s_range, x.r_range
        s, r = np.meshgrid(np.linspace(l, u, 201), np.linspace(R0, R, 201))
        two = float((s * (1 - r * r) * y1 + r * s * (1 - s) * y2).max())
        one = float((s[0] * y1 + s[0] * (1 - s[0]) * y2).max())
        assert 0 <= joint_maximum.largest(x, x.s_range) - two + 1e-13 <= 1e-4 * (1 + y1 + y2)
        assert 0 <= float(joint_maximum.single_max(y1, y2, l, u)) - one + 1e-13 <= 1e-4 * (1 + y1 + y2)


def test_joint_maximum_of_numbers_out_of_order_is_refused():
    for wrong in (
        (-1, 2, 0, 1, 0, 1),
        (1, 2, 0.6, 0.2, 0, 1),
        (1, 2, 0, 1.5, 0, 1),
        (1, 2, 0, 1, 0.5, 0.4),
        (np.nan, 2, 0, 1, 0, 1),
    ):
        with pytest.raises(ValueError, match="G is for y1, y2 >= 0"):
            joint_maximum.coupled_max(*wrong)
    with pytest.raises(ValueError, match="at least one cell"):
        joint_maximum.coupled_max(1, 2, 0, 1, 0, 1, cells=0)


def test_saturated_differences_contain_their_fifty_digit_values():
    with mp.workdps(50):
        for x in drawn(saturation.CLAIM, 60):
            a, b = mp.mpf(x.a), mp.mpf(x.b)
            want = [abs(1 / (1 + mp.exp(-a)) - 1 / (1 + mp.exp(-b))), abs(mp.tanh(a) - mp.tanh(b))]
            got, bound = saturation.CLAIM.actual(x), saturation.CLAIM.bound(x)
            assert contained(got.lo, got.hi, want)
            assert contained(bound.lo, bound.hi, [mp.tanh(abs(a - b) / 4), 2 * mp.tanh(abs(a - b) / 2)])


def test_slowest_rate_of_a_cycle_by_differences_of_the_return_map():
    for x in drawn(necessary_rate.CLAIM, 4):
        n, (cs, hs, _) = x.net.n, x.states
        with mp.workdps(40):
            start = [mp.mpf(float(v)) for v in [*cs[0], *hs[0]]]

            def around(z, x=x, n=n):
                c, h = z[:n], z[n:]
                for u in x.u:
                    c, h = step(x.net, c, h, [mp.mpf(float(v)) for v in u])
                return [*c, *h]

            eps = mp.mpf(10) ** -15
            columns = []
            for k in range(2 * n):
                up, down = ([v + sign * eps * (j == k) for j, v in enumerate(start)] for sign in (1, -1))
                columns.append([(a - b) / (2 * eps) for a, b in zip(around(up), around(down), strict=True)])
            J = mp.matrix(columns).T
            values = mp.eig(J, left=False, right=False)
            rho = max(abs(v) for v in values) ** (mp.mpf(1) / len(x.u))
        a = necessary_rate.slowest(x)
        assert a.lo - 1e-10 <= rho <= a.hi + 1e-10


def test_last_exit_of_powers_by_looking_far_ahead():
    for x in drawn(powers.CLAIM, 25):
        d, exits = x.d0, 0
        for t in range(150):
            if x.hidden(d) > x.e:
                exits = t + 1
            d = x.after(d)
        assert powers.last_exit(x) == exits
    assert [
        [Fraction(9, 10), 0],
        [Fraction(9, 10), 0],
    ] == powers.decay(1, [[1, 0], [1, 0]], [1, 1], [1, 0], Fraction(9, 10), 1).A


def test_weights_from_two_programs_and_from_an_iteration():
    rng = np.random.default_rng(2)
    for _ in range(4):
        A = rng.uniform(0, 0.3, (4, 4))
        d0 = rng.uniform(0.1, 1, 4)
        r = 1.2 * ladder.perron(A)[0].hi
        w, top = powers.best_weight_lp(A, r, d0, [2, 3])
        assert (A @ w <= r * w + 1e-7).all()
        least = d0
        for _ in range(2000):
            least = np.maximum(d0, A @ least / r)  # the least solution of w = max(d0, A w / r)
        assert top == pytest.approx(least[2:].max(), rel=1e-6)
        _, best = powers.best_weight_gp(A, d0, 1.0, [2, 3])
        assert best == pytest.approx(np.abs(np.linalg.eigvals(A)).max(), rel=1e-5)
        e = 0.01 * top
        T = powers.recovery_time_power(A, d0, e, [2, 3])
        assert powers.recovery_time_weighted(A, least * (1 + 1e-12), r, d0, e, [2, 3]) >= T
    assert powers.best_weight_lp(np.eye(2), 0.5, [1, 1], [1]) == (None, np.inf)


@pytest.mark.parametrize("module", [perron_derivative, penalty_gradient])
def test_derivatives_by_complex_step_agree_with_central_differences(module):
    for x in drawn(module.CLAIM, 10):
        if module is perron_derivative:
            got = module.radius_by_complex_step(x)
            ends = [np.abs(np.linalg.eigvals(x.A + s * 1e-6 * x.E)).max() for s in (1, -1)]
            scale = (1 + 1 / x.gap) ** 3
        else:
            if x.apart < 1e-4:
                continue
            got = module.rho_by_complex_step(x.net, x.umax, x.E)
            moved = [[v + s * 1e-6 * d for v, d in zip((x.net.W, x.net.U, x.net.b), x.E, strict=True)] for s in (1, -1)]
            ends = [
                np.abs(np.linalg.eigvals(norm_comparison.comparison_matrix_2x2(LSTMNet(*v), 0, np.inf, x.umax).A)).max()
                for v in moved
            ]
            scale = 1e3 * (1 + abs(got))
        assert got == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8 * scale)


def test_elementwise_entries_fall_from_magnitudes_to_signs():
    for x in drawn(elementwise.CLAIM, 40):
        r = x.ranges
        A, J = elementwise.lipschitz_of(np.abs(x.net.U), r), elementwise.jacobian_of(x.net.U, r)
        assert (J <= A * (1 + 1e-12) + 1e-300).all()


def test_jacobians_on_the_box_stay_below_the_matrix():
    from bounds.common.lstm import jacobian

    rng = np.random.default_rng(4)
    box = interval_box.invariant_box(G1)
    J = elementwise.jacobian_matrix(G1, box)
    c, h, u = (
        box[a] + rng.random((2000, k)) * (box[b] - box[a]) for a, b, k in (("cl", "cu", 2), ("hl", "hu", 2), ("ulo", "uhi", 1))
    )
    assert (np.abs(jacobian(G1, c, h, u)) <= J * (1 + 1e-12)).all()


def test_coupled_map_is_convex_homogeneous_and_monotone():
    rng = np.random.default_rng(5)
    for cells in (None, 16):
        step_ = gate_coupling.psi(G1, interval_box.gate_ranges(G1, interval_box.invariant_box(G1)), cells)
        for _ in range(100):
            a, b = rng.exponential(1, (2, 4)) * (rng.random((2, 4)) < 0.7)
            assert (step_((a + b) / 2) <= (step_(a) + step_(b)) / 2 + 1e-13).all()
            assert (step_(a) <= step_(a + b) + 1e-13).all()
            np.testing.assert_allclose(step_(3 * a), 3 * step_(a), atol=1e-12)


def test_slope_ranges_for_every_position_of_zero():
    from bounds.common.lstm import sigmoid_slope

    for lo, hi in product((-3.0, -1.0, 0.0, 0.5), (0.0, 0.5, 2.0)):
        if lo <= hi:
            grid = np.linspace(lo, hi, 101)
            low, high = interval_box._slopes(sigmoid_slope, np.array([lo]), np.array([hi]))
            assert low[0] == pytest.approx(sigmoid_slope(grid).min(), rel=1e-12)
            assert high[0] >= sigmoid_slope(grid).max()
            assert high[0] == pytest.approx(sigmoid_slope(grid).max(), rel=1e-3)


def test_a_candidate_at_both_ends_of_its_range_meets_the_saturated_bound():
    """U_c = 1.5 twice, h = (1, 1) against (-1, -1): the candidates are ±tanh 3, and so far apart the bound must be."""
    ones, zero = np.ones(2), np.zeros((4, 2, 2))
    zero[3] = 1.5
    net = LSTMNet(np.zeros((4, 2, 1)), zero, np.repeat([[-12.0], [10], [10], [0]], 2, axis=1))
    box = {"cl": -5 * ones, "cu": 5 * ones, "hl": -ones, "hu": ones, "ulo": np.zeros(1), "uhi": np.zeros(1)}
    c, _ = lstm_step(net, np.zeros((2, 2)), np.stack([ones, -ones]), np.zeros((2, 1)))
    d = np.array([0, 0, 2.0, 2.0])
    image = transient.phi(net, interval_box.gate_ranges(net, box), np.full(4, np.inf))(d)
    assert (image[:2] >= (c[0] - c[1]) * (1 - 1e-12)).all()
    assert c[0] - c[1] == pytest.approx(2 * math.tanh(3) * ones, rel=1e-4)
    assert image[:2] == pytest.approx(c[0] - c[1], rel=1e-4)


def test_envelope_of_different_inputs_tends_to_the_whole_series():
    for x in drawn(input_to_state.CLAIM, 6):
        M = norm_comparison.comparison_matrix_2x2(x.net, x.k, np.inf, x.umax)
        apart = np.abs(x.u[:, 0] - x.u[:, 1]).max()
        d, series, term = np.linalg.norm(x.distance[0].reshape(2, -1), np.inf, axis=1), np.zeros(2), M.B * apart
        for _ in range(20_000):
            series, term = series + term, M.A @ term
        want = [np.linalg.matrix_power(M.A, t) @ d + series for t in range(1, len(x.u) + 1)]
        np.testing.assert_allclose(input_to_state.envelope(x).hi, want, rtol=1e-8)


def test_log_law_counts_with_the_unit_that_forgets_slowest():
    b = np.array([[-3.0, 0.0], [0, 0], [0, 0], [0.1, 0.1]])
    net = LSTMNet(np.zeros((4, 2, 1)), np.zeros((4, 2, 2)), b)
    box, _ = unbounded_anomaly.anomaly_set(net, 1)
    after_one, _ = reach_tube.tube_recovery(net, box, interval_box.widths(box), 0.01)
    assert reach_tube.log_law(net, 1000, 0.01) == after_one + 10  # 2^10 is the first power of 2 above 1000
    assert reach_tube.reach_tube_recovery(net, 1000, 0.01)[0] <= after_one + 10
