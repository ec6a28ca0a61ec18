"""The error over time and its bounds (SP-10 to SP-12)."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from bounds import spectral_pruning as sp
from bounds.spectral_pruning import end_to_end, scaled_accumulation, step_recursion, time_accumulation, transport_with_flips
from bounds.spectral_pruning.accumulation import transport, with_slope
from bounds.spectral_pruning.networks import NET, Pruned, chain, pruned
from proofs_check.points import draws
from tests.spectral_pruning.oracles import RNN3, RNN3_X, run_exactly

CHAIN = {"Wh": [[1.2, 1.0], [0.0, 0.0]], "Wi": np.zeros((2, 1)), "b": [0.0, 1.0], "Wo": [[1.0, 0.0]], "bo": [0.0]}
FIRST = np.array([[1.0], [0.0]])
DRAWN = [pruned(**point) for point in draws(NET, 3, "oracle", range(5, 45))]
EXACT = [p for p in DRAWN if p.activation == "relu"]


def exactly(p: Pruned) -> tuple[Any, Any, Any, Any]:
    """h, y, g, y# in Fractions, by plain loops and a compressed network multiplied out in Fractions."""
    q = {
        name: np.array([[Fraction(v) for v in row] for row in np.atleast_2d(value).tolist()], dtype=object)
        for name, value in p.params.items()
    }
    A = np.array([[Fraction(v) for v in row] for row in p.A.tolist()], dtype=object).reshape(p.A.shape)
    for name in ("Wh", "Wi", "b"):
        q[name] = q[name] * p.rho
    small = {"Wh": q["Wh"][p.J] @ A, "Wi": q["Wi"][p.J], "b": q["b"][0][p.J], "Wo": q["Wo"] @ A, "bo": q["bo"][0]}
    big = q | {"b": q["b"][0], "bo": q["bo"][0]}
    as_float = [{name: np.asarray(value, dtype=float) for name, value in net.items()} for net in (big, small)]
    return (*run_exactly(as_float[0], p.x), *run_exactly(as_float[1], p.x))


def test_golden_bounds_of_the_three_unit_network() -> None:
    Sig = sp.time_mean_covariance(sp.rnn_forward(RNN3, RNN3_X)[0])
    A = sp.ridge_reconstruction(Sig, [0, 2], 0.01)
    assert sp.compression_error(RNN3, [0, 2], A, RNN3_X) == pytest.approx(0.2828273280061571, rel=1e-12)
    b = sp.error_bounds(RNN3, [0, 2], A, RNN3_X, D=[1.0, 1.0])
    golden = {
        "B0": 3.38143513266968,
        "B1": 0.600243935068669,
        "B2": 0.417107961131957,
        "B4": 0.2828273280061571,
        "q": 0.651852454298772,
    }
    assert {name: b[name] for name in golden} == pytest.approx(golden, rel=1e-12)
    assert b["n_flips"] == 0
    assert sp.error_bounds(RNN3, [0, 2], A, RNN3_X)["B3"] <= b["B2"]


def test_golden_bounds_of_the_chain() -> None:
    x = np.zeros((1, 40, 1))
    b = sp.error_bounds(CHAIN, [0], FIRST, x)
    assert sp.compression_error(CHAIN, [0], FIRST, x) == pytest.approx(1749.0998, rel=1e-7)
    assert (b["B2"], b["B1"]) == pytest.approx((1749.0998, 6119.0482), rel=1e-7)


def test_nilpotent_transition_amplifies() -> None:
    p = pruned(**time_accumulation.NILPOTENT)
    assert p.error == pytest.approx(np.sqrt(1245 / 6), rel=1e-14)
    assert p.error == pytest.approx(14.404860, abs=1e-6)
    assert time_accumulation.spectral_radius(p) < 1e-6
    turned = scaled_accumulation.turned(angle=np.pi / 4, stretch=8.0, **time_accumulation.NILPOTENT)
    assert scaled_accumulation.bound_in(turned) == pytest.approx(6.1122, abs=1e-4)


def test_relu_states_of_the_claims_are_exact_in_floats() -> None:
    assert len(EXACT) > 10
    for p in EXACT:
        h, y, g, y_small = exactly(p)
        for floats, fractions in ((p.states[0], h), (p.states[1], y), (p.pruned_states[0], g), (p.pruned_states[1], y_small)):
            assert [[[Fraction(v) for v in t] for t in s] for s in floats.tolist()] == fractions


def test_errors_of_the_claims_by_exact_squares() -> None:
    for p in EXACT:
        _, y, _, y_small = exactly(p)
        squares = [
            sum((a - b) ** 2 for a, b in zip(u, v, strict=True))
            for s, t in zip(y, y_small, strict=True)
            for u, v in zip(s, t, strict=True)
        ]
        with mpmath.workdps(40):
            rms = mpmath.sqrt(mpmath.mpf(sum(squares).numerator) / sum(squares).denominator / len(squares))
            enclosure = p.enclosed(p.error)
            assert enclosure.lo <= rms <= enclosure.hi


def test_tanh_states_lie_within_the_slack() -> None:
    drawn = [p for p in DRAWN if p.activation == "tanh"]
    assert len(drawn) > 10
    with mpmath.workdps(40):
        for p in drawn:
            for params, (_, y, _) in ((p.sloped, p.states), (sp.compress_rnn(p.sloped, p.J, p.A), p.pruned_states)):
                Wh, Wi, b, Wo = (mpmath.matrix(np.atleast_2d(params[name]).tolist()) for name in ("Wh", "Wi", "b", "Wo"))
                for i, sequence in enumerate(p.x):
                    h = mpmath.zeros(Wh.rows, 1)
                    for t, u in enumerate(sequence):
                        h = (Wh * h + Wi * mpmath.matrix(u.tolist()) + b.T).apply(mpmath.tanh)
                        for j, value in enumerate(Wo * h):
                            assert abs(value - mpmath.mpf(float(y[i, t, j]))) <= p.slack


def test_hidden_error_of_the_recursion_is_the_difference_of_two_runs() -> None:
    for p in EXACT[:8]:
        h, _, g, _ = exactly(p)
        d = [
            [float(sum((a[j] - b[i]) ** 2 for i, j in enumerate(p.J))) ** 0.5 for a, b in zip(s, t, strict=True)]
            for s, t in zip(h, g, strict=True)
        ]
        assert step_recursion.hidden_error(p) == pytest.approx(np.array(d)[:, 1:], rel=1e-13)


def test_b1_is_the_maximum_of_the_unrolled_recursion_for_a_constant_residual() -> None:
    p = pruned(**chain(0.5, 1, 6))
    # ‖Wr‖ = w at every step, Wᵒr = 0, κ = 1, q = a: B1 = G_5(a)
    assert time_accumulation.bounds_of(p)["B1"] == pytest.approx(sum(0.5**i for i in range(5)), rel=1e-12)


def test_keeping_nothing_or_one_step_leaves_only_the_residual() -> None:
    p = pruned(**{**chain(0.5, 1, 1), "Wo": [[1, 2]]})
    Wo_r = sp.rms_norm(p.r @ p.params["Wo"].T)
    b = sp.error_bounds(p.params, p.J, p.A, p.x)
    assert [p.error, b["B1"], b["B2"], b["B3"], b["B4"]] == pytest.approx([Wo_r] * 5, rel=1e-13)
    x = np.zeros((1, 5, 1))
    error = sp.compression_error(CHAIN, [], np.zeros((2, 0)), x)
    b = sp.error_bounds(CHAIN, [], np.zeros((2, 0)), x)
    assert [b["B1"], b["B2"], b["B3"], b["B4"]] == pytest.approx([error] * 4, rel=1e-13)
    assert b["q"] == 0.0


def test_bounds_are_in_order_on_a_random_network_with_its_own_reconstruction() -> None:
    rng = np.random.default_rng(4)
    Wh = rng.standard_normal((12, 12))
    params = {
        "Wh": 0.8 * Wh / np.linalg.norm(Wh, 2),
        "Wi": rng.standard_normal((12, 2)),
        "b": np.zeros(12),
        "Wo": rng.standard_normal((3, 12)),
        "bo": np.zeros(3),
    }
    x = rng.standard_normal((5, 20, 2))
    for activation in ("relu", "tanh"):
        Sig = sp.time_mean_covariance(sp.rnn_forward(params, x, activation=activation)[0])
        for k in (3, 6, 10):
            J, _ = sp.greedy_selection(Sig, k, 1e-6)
            A = sp.ridge_reconstruction(Sig, J, 1e-6)
            b, error = (
                sp.error_bounds(params, J, A, x, activation=activation),
                sp.compression_error(params, J, A, x, activation=activation),
            )
            assert error <= b["B3"] * (1 + 1e-9)
            assert b["B3"] <= b["B2"] <= b["B1"] * (1 + 1e-9)
            assert b["B1"] <= b["B0"] * (1 + 1e-9)
            assert (b["B4"] is None) == (activation == "tanh")
            if activation == "relu":
                assert error <= b["B4"] * (1 + 1e-9) + 1e-12


def test_flips_that_are_dropped_are_missed() -> None:
    x = scaled_accumulation.measured(**transport_with_flips.FLIP)
    assert x.p.error == pytest.approx(np.sqrt(2), rel=1e-15)
    assert transport_with_flips.without_flips(x).hi < 1e-9
    assert x.found["B4"] == pytest.approx(np.sqrt(2), rel=1e-12)
    assert x.found["n_flips"] == 1


def test_transport_is_the_exact_error_plus_the_flips() -> None:
    for p in EXACT[:10]:
        M = p.rho * p.W @ p.A
        pre, pre_small = p.states[2][:, :, p.J], p.pruned_states[2]
        linear, flips = transport(p.rho * p.r @ p.W.T, pre, M)
        same_sign = ((pre > 0) == (pre_small > 0)).all(axis=2)
        for i in range(len(p.x)):  # as long as no unit has another sign in the two networks, d is transported exactly
            t = 0
            while t < p.T and same_sign[i, t]:
                assert linear[i, t] == pytest.approx(p.d[i, t], abs=1e-14)
                t += 1
        assert (flips >= 0).all()


def test_geometric_sums() -> None:
    assert sp.geometric_sum(0.0, 5) == 1.0
    assert sp.geometric_sum(1 + 1e-12, 4) == pytest.approx(4 + 6e-12, rel=1e-15)
    assert sp.geometric_sum(3.7, 600) == np.inf
    assert sp.geometric_sum(np.inf, 1) == 1.0


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 7), (40, 40)])
def test_operator_norms_are_upper_ends(shape: tuple[int, int]) -> None:
    M = np.random.default_rng(8).standard_normal(shape)
    with mpmath.workdps(40):
        true = float(max(mpmath.svd_r(mpmath.matrix(M.tolist()), compute_uv=False)))
    assert true < sp.operator_norm(M) < true * (1 + 1e-10)
    assert sp.operator_norm(np.zeros((2, 0))) == 0.0


def test_scaling_never_hurts_and_its_norm_is_recomputed() -> None:
    rng = np.random.default_rng(6)
    M = rng.standard_normal((8, 8)) * np.exp(2 * rng.standard_normal(8))
    D, q = sp.optimal_diagonal_scaling(M)
    assert q == sp.operator_norm(D[:, None] * M / D)
    assert max(abs(np.linalg.eigvals(M))) <= q < 0.5 * np.linalg.norm(M, 2)
    assert sp.optimal_diagonal_scaling(np.zeros((2, 2)))[1] == 0.0
    upper = np.array([[0.0, 5.0], [0.0, 0.0]])  # nilpotent: the best D diverges, and is cut off
    assert sp.optimal_diagonal_scaling(upper)[1] < 1e-3


def test_overflow_gives_infinity_and_never_nan() -> None:
    b = sp.error_bounds(CHAIN, [0], FIRST, np.zeros((1, 5000, 1)))
    assert all(value == np.inf for name, value in b.items() if name.startswith("B"))
    assert sp.compression_error(CHAIN, [0], FIRST, np.zeros((1, 5000, 1))) == np.inf
    quiet = {**CHAIN, "Wh": [[2.0, 0.0], [0.0, 0.0]]}  # amplifies, but nothing is there to be amplified
    b = sp.error_bounds(quiet, [0], FIRST, np.zeros((1, 3000, 1)))
    assert b["B1"] == b["B2"] == 0.0


def test_end_to_end_equality_and_parts() -> None:
    p = end_to_end.pipeline(**end_to_end.UNITS)
    assert p.Sig.tolist() == [[Fraction(1, 2), 0], [0, Fraction(1, 2)]]
    sharp, coarse = end_to_end.bounds_of(p)
    assert (end_to_end.error(p), sharp) == pytest.approx((np.sqrt(0.5),) * 2, rel=1e-12)
    assert coarse == pytest.approx(1.0, rel=1e-12)  # N = 3/2
    assert end_to_end.sharp_with(p, root=False) == pytest.approx(0.577, abs=1e-3)
    assert end_to_end.sharp_with(p, power=2) == pytest.approx(0.612, abs=1e-3)


def test_end_to_end_error_by_exact_runs() -> None:
    for point in draws(end_to_end.CLAIM.space, 1, "oracle", range(5, 25)):
        p = end_to_end.pipeline(**point)
        h, y = run_exactly(p.params, p.x)
        flat = np.array([state for s in h for state in s], dtype=object)
        assert (flat.T @ flat / len(flat) == p.Sig).all()
        _, y_small = run_exactly(sp.compress_rnn(p.params, p.J, p.A), p.x)
        squares = [
            (a - b) ** 2
            for s, t in zip(y, y_small, strict=True)
            for u, v in zip(s, t, strict=True)
            for a, b in zip(u, v, strict=True)
        ]
        rms = float(sum(squares) / (len(p.x) * p.x.shape[1])) ** 0.5
        assert end_to_end.error(p) == pytest.approx(rms, rel=1e-9, abs=1e-12)


def test_slope_is_a_factor_of_what_enters_the_activation() -> None:
    doubled = with_slope(RNN3, 2.0)
    assert sp.compression_error(RNN3, [0, 2], np.eye(3)[:, [0, 2]], RNN3_X, rho=2.0) == sp.compression_error(
        doubled, [0, 2], np.eye(3)[:, [0, 2]], RNN3_X
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.compress_rnn(RNN3, [0, 2], np.eye(3)), r"\(3, 2\)"),
        (lambda: sp.error_bounds(RNN3, [0], [[1.0], [0.0], [0.0]], RNN3_X, D=[0.0]), "positive"),
        (lambda: sp.error_bounds(RNN3, [0], [[1.0], [0.0], [0.0]], RNN3_X, D=[1.0, 1.0]), "1 positive finite numbers"),
        (lambda: sp.error_bounds(RNN3, [0], [[np.nan], [0.0], [0.0]], RNN3_X), "finite"),
        (lambda: sp.geometric_sum(-1.0, 2), "q must be >= 0"),
        (lambda: sp.optimal_diagonal_scaling(np.zeros((2, 3))), "square"),
        (lambda: sp.end_to_end_bound(RNN3, np.eye(3), [0], [[1.0], [0.0], [0.0]], 1.0, 1.5, 3), "t must"),
        (lambda: sp.compression_error(RNN3, [0], [[1.0], [0.0], [0.0]], RNN3_X, rho=0.0), "rho"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
