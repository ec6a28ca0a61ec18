import math
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.special import expit

from bounds.quantized_dnn import (
    accumulator_bits,
    dithered_mean,
    expected_pooled_variance,
    expected_running_variance,
    gaussian_optimal_step,
    gaussian_quantizer_mse,
    integer_activation,
    integer_thresholds,
    mid_rise,
    noisy_mean,
    quantize_activation,
    quantize_weight,
    round_clip,
    round_clip_mask,
    round_half_up,
)
from bounds.quantized_dnn.statistics import parts
from bounds.single_step_snn import lif_simulate

F = Fraction


def test_halves_go_up_in_every_arithmetic():
    halves = [-1.5, -0.5, 0.5, 1.5, 2.5]
    up = [-1, 0, 1, 2, 3]
    assert [round_half_up(v) for v in halves] == up
    assert [round_half_up(F(v)) for v in halves] == up
    assert round_half_up(np.array(halves)).tolist() == up
    assert round_half_up(np.array([F(v) for v in halves], dtype=object)).tolist() == up
    assert round_half_up(np.nextafter(0.5, 0)) == 0
    assert round_half_up(np.nextafter(-0.5, -1)) == -1
    assert np.round(np.array(halves)).tolist() != up


def test_the_counterexamples_number_by_number():
    assert abs(round_clip(F(5), 1, -1, 1) - 5) == 4
    assert abs(round_clip(F(1, 2), 1, -1, 1) - F(1, 2)) == F(1, 2)
    assert round_clip(F(6, 5), 1, -2, 2) == 1
    assert 2 * round_clip(F(3, 5), 1, -2, 2) == 2
    assert (round_clip(F(-1, 2), 1, -2, 2), -round_clip(F(1, 2), 1, -2, 2)) == (0, -1)
    assert round_clip(F(1, 2), 1, -1, 1) - round_clip(F(49, 100), 1, -1, 1) == 1
    assert dithered_mean(F(1, 4), F(1), 0, 1, width=2) == F(3, 8)
    assert dithered_mean(F(6, 5), F(1), 0, 1) == 1
    assert integer_activation(1, integer_thresholds(F(-2, 7), F(1, 2), 3)) == 0
    assert sum(math.ceil((t - F(1, 2)) / F(-2, 7)) <= 1 for t in (F(1, 4), F(3, 4))) == 2
    assert integer_thresholds(F(2, 7), F(-3, 23), 4)[1][0] == 2
    assert round((F(1, 6) + F(3, 23)) / F(2, 7)) == 1
    assert lif_simulate([F(3, 10)] * 2, F(1), F(1), "soft", F(1, 2))[0].sum() == 1
    assert lif_simulate([F(9, 10)], F(1), F(1), "soft")[0].sum() == 0


def test_golden_steps_for_gaussian_weights():
    golden = {
        2: (1.595769121605731, 0.3633802276324187),
        3: (1.224006361924962, 0.1901740392479015),
        4: (0.9956866859435063, 0.1188460503840772),
        5: (0.8429862508047684, 0.0821776605968598),
        7: (0.6507697039968386, 0.04685997438882272),
        8: (0.586019441443487, 0.03743965939152353),
        15: (0.3534113155714074, 0.01288938591070194),
        16: (0.3352006121999727, 0.0115428844313509),
    }
    for M, (step, error) in golden.items():
        found = gaussian_optimal_step(M)
        assert found[0] == pytest.approx(step, rel=4e-16)
        assert found[1] == pytest.approx(error, rel=4e-15)
    assert gaussian_optimal_step(2)[0] == pytest.approx(2 * math.sqrt(2 / math.pi), rel=1e-16)
    assert gaussian_optimal_step(3)[0] ** 2 / 12 == pytest.approx(0.12485, abs=1e-5)
    assert math.sqrt(3) * math.pi / (2 * 16**2) == pytest.approx(0.010628, abs=1e-6)


def test_the_error_is_that_of_a_million_gaussian_weights():
    x = np.random.default_rng(0).normal(size=1_000_000)
    for D, M in [(1.2, 3), (0.5, 8)]:
        q = round_clip(x, D, -(M // 2), M // 2) if M % 2 else mid_rise(x, D, M)
        assert np.mean((q - x) ** 2) == pytest.approx(gaussian_quantizer_mse(D, M), rel=0.01)


def test_golden_mean_under_logistic_noise():
    assert noisy_mean(0.37, 1 / 3, 0, 3, lambda u: expit(u / 0.1)) == pytest.approx(0.369348794268875, abs=1e-15)


def test_golden_thresholds_and_accumulators():
    assert integer_thresholds(F(2, 7), F(-3, 23), 4) == (1, (2, 3, 4))
    assert integer_thresholds(F(-2, 7), F(1, 2), 3) == (-1, (0, -1))
    assert integer_thresholds(F(0), F(1, 2), 3) == (0, (True, False))
    assert accumulator_bits(576, 1, 5) == 13
    assert accumulator_bits(1, 1, 2) == 2


def test_a_tie_that_floats_decide_wrongly():
    exact = F(1, 2) * F(sum(q * k for q, k in zip((-1, 1, 1), (3, 1, 3), strict=True)), 3)
    assert exact == F(1, 6)
    assert quantize_activation(exact, 4)[0] == 1
    assert integer_activation(1, integer_thresholds(F(1, 6), F(0), 4)) == 1
    assert quantize_activation(0.16666666666666663, 4)[0] == 0


def test_golden_expectations_over_batches():
    pairs = [[a, b] for a in (0, 1, 3) for b in (0, 1, 3)]
    for B, value in {1: F(7, 9), 2: F(7, 6), 3: F(35, 27)}.items():
        if B < 3:
            assert expected_pooled_variance(pairs, B) == (value, value)
        assert expected_pooled_variance(pairs, 1)[1] + (1 - F(1, B)) * F(7, 9) == value
    vectors, weights = [(0, 3), (1, 1), (-2, 3)], [F(3, 4), F(1, 4)]
    assert expected_running_variance(vectors, 1, weights) == (F(139, 48), F(139, 48))
    assert expected_running_variance(vectors, 2, weights) == (F(283, 96), F(283, 96))


def test_weights_of_both_kinds_and_windows():
    w = np.random.default_rng(0).normal(size=(3, 50))
    for M in (2, 3, 4, 5):
        q, w_q = quantize_weight(w, 0.8, M)
        assert len(np.unique(q)) == M
        assert np.abs(w_q).max() == pytest.approx(0.8 * (M - 1) / 2)
    assert round_clip_mask(np.array([-1.1, -1.0, 0.0, 1.0, 1.1]), 0.5, -2, 2).tolist() == [False, True, True, True, False]
    assert mid_rise(np.array([-0.1, 0.0, 5.0]), 1.0, 4).tolist() == [-0.5, 0.5, 1.5]
    k, a = quantize_activation(np.array([-1.0, 0.25, 0.5, 2.0]), 3)
    assert k.tolist() == [0, 1, 1, 2]
    assert a.tolist() == [0, 0.5, 0.5, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: round_clip(1, 0, 0, 1), "the step D must be positive, got 0"),
        (lambda: round_clip(1, 1, 1, 1), "a and b must be integers with a < b, got 1 and 1"),
        (lambda: mid_rise(1, 1, 3), "mid-rise quantisers have an even number of states, got M = 3"),
        (lambda: quantize_activation(1, 1), "M_a counts states and must be an integer of at least 2, got 1"),
        (lambda: quantize_weight(np.ones((1, 3)), 1.0, 3), "row 0 of w has equal weights"),
        (lambda: quantize_weight(np.ones((1, 1)), 1.0, 3), r"w must have shape \(n_out, n\) with n >= 2"),
        (lambda: gaussian_quantizer_mse(-1.0, 3), "the step D must be positive"),
        (lambda: gaussian_optimal_step(1), "M counts levels and must be an integer of at least 2, got 1"),
        (lambda: integer_thresholds(1, 1, 1), "M counts states and must be an integer of at least 2, got 1"),
        (lambda: accumulator_bits(0, 1, 2), "N and w_max must be integers of at least 1"),
        (lambda: accumulator_bits(2.5, 1, 2), "N and w_max must be integers of at least 1"),
        (lambda: noisy_mean(0.3, -1.0, 0, 1, abs), "D must be positive and a less than b, got -1.0, 0 and 1"),
        (lambda: round_clip_mask(0.3, 1.0, 1, -1), "a must be less than b, got 1 and -1"),
        (lambda: integer_thresholds(math.inf, 0, 2), "a finite number or a decimal string is needed, got inf"),
        (lambda: expected_pooled_variance([[1], [1, 2]], 1), "samples must be at least one vector, all of one positive length"),
        (lambda: expected_running_variance([[1]], 1, [1, 1]), "weights must sum to 1, got 2"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_inputs_far_outside_are_clipped_at_their_own_end():
    far = np.array([1e300, -1e300, np.inf, -np.inf])
    assert round_clip(far, 1.0, -1, 1).tolist() == [1, -1, 1, -1]
    assert [round_clip(v, 1.0, -1, 1) for v in far.tolist()] == [1, -1, 1, -1]
    assert mid_rise(far, 1.0, 4).tolist() == [1.5, -1.5, 1.5, -1.5]
    assert [mid_rise(v, 1.0, 4) for v in far.tolist()] == [1.5, -1.5, 1.5, -1.5]
    assert quantize_activation(far, 5)[0].tolist() == [4, 0, 4, 0]
    assert quantize_activation(1e300, 5) == (4, 1.0)
    assert round_half_up(1e300) == int(1e300)
    assert quantize_weight(np.array([[1.0, 2.0, 4.0]]), 1e-200, 3)[0].tolist() == [[-1, -1, 1]]


def test_nan_is_no_state():
    assert np.isnan(round_clip(np.array([np.nan]), 1.0, -1, 1)).all()
    assert np.isnan(mid_rise(np.nan, 1.0, 2))
    for call in (lambda: quantize_activation(np.nan, 3), lambda: quantize_activation(np.array([0.5, np.nan]), 3)):
        with pytest.raises(ValueError, match="NaN cannot be quantised"):
            call()
    for y in (np.nan, np.inf):
        with pytest.raises(ValueError, match="only finite numbers can be rounded to integers"):
            round_half_up(y)
    with pytest.raises(ValueError, match=r"1e\+300 is too large for an int64"):
        round_half_up(np.array([0.5, 1e300]))


def test_integers_are_divided_exactly_and_floats_keep_their_width():
    large = 3 * 10**20
    assert mid_rise(large - 1, 3, 10**21) == 3 * (10**20 - 1 + F(1, 2))
    assert round_clip(large + 1, 2, 0, 10**21) == large + 2
    assert round_clip(np.array([large + 1], dtype=object), 2, 0, 10**21).tolist() == [large + 2]
    single = np.array([0.3], np.float32)
    assert [round_clip(single, 0.5, -1, 1).dtype, mid_rise(single, 0.5, 2).dtype] == [np.float32] * 2
    assert type(round_clip(0.3, 0.5, -1, 1)) is float


def test_numbers_of_numpy_are_the_numbers_they_are():
    sign, tau = integer_thresholds(np.int64(2**62), np.float32(0.5), 3)
    assert (sign, tau) == integer_thresholds(2**62, F(1, 2), 3)
    assert [type(t) for t in tau] == [int, int]
    assert accumulator_bits(np.int64(2**40), np.int64(2**30), np.int64(5)) == (2**73).bit_length()
    samples = np.array([[3 * 10**9, 1], [2, 5]])
    assert expected_pooled_variance(samples, 2) == expected_pooled_variance(samples.tolist(), 2)
    assert expected_running_variance(samples, 1, [1]) == expected_running_variance(samples.tolist(), 1, [1])


def test_the_errors_of_mid_rise_are_half_a_step_in_its_range():
    for D, M, u in [(D, M, F(j, 12)) for D in (F(1, 3), F(7, 5)) for M in (2, 4, 6) for j in range(-60, 61)]:
        error = abs(mid_rise(u * D, D, M) - u * D)
        assert (2 * error <= D) == (2 * abs(u) <= M)
        assert error == min(abs(D * F(2 * k - M + 1, 2) - u * D) for k in range(M))


def test_the_variance_of_a_batch_is_within_and_between_samples():
    """(i) of the running variance, batch by batch; and both expectations for three samples a batch, by enumeration."""
    for batch in product([(0, 3, 1), (1, 1, 4), (-2, 3, 0)], repeat=3):
        values = [F(v) for sample in batch for v in sample]
        inner, between, whole = parts([[F(v) for v in sample] for sample in batch])
        assert sum((v - sum(values) / 9) ** 2 for v in values) / 9 == inner + between == whole
    pairs = [[a, b] for a in (0, 1, 3) for b in (0, 1, 3)]
    assert expected_pooled_variance(pairs, 3) == (F(35, 27), F(35, 27))


def test_the_moving_average_settles_at_rho_over_two_less_rho():
    for rho in (F(1, 4), F(1, 2), F(1)):
        for K in (1, 2, 5, 60):
            squares = sum(((1 - rho) ** (K - 1 - k) * (rho if k else 1)) ** 2 for k in range(K))
            assert squares == rho / (2 - rho) + (1 - rho) ** (2 * (K - 1)) * 2 * (1 - rho) / (2 - rho)
        assert abs(squares - rho / (2 - rho)) < F(1, 10**12)


def test_gaussian_errors_by_another_quadrature():
    """Gauss-Legendre on each cell, in floats; the library's value comes from erf and exp."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    for D, M in [(0.3, 2), (1.6, 2), (1.2, 3), (0.5, 8), (2.0, 5), (0.34, 16)]:
        cuts = [-10.0, *(D * (i - (M - 2) / 2) for i in range(M - 1)), 10.0]
        total = 0.0
        for i, (lo, hi) in enumerate(pairwise(cuts)):
            x = (lo + hi) / 2 + (hi - lo) / 2 * nodes
            total += (hi - lo) / 2 * weights @ ((x - D * (i - (M - 1) / 2)) ** 2 * np.exp(-x * x / 2)) / math.sqrt(2 * math.pi)
        assert gaussian_quantizer_mse(D, M) == pytest.approx(total, rel=1e-12)


def test_dithered_means_by_counting():
    """1/24 grids: the mean over the mid-points of 48 equal cells of one step is exact where all thresholds are on its edges."""
    for D, a, b in [(F(1), 0, 1), (F(1, 3), -2, 1), (F(7, 5), -1, 3)]:
        for j in range(-60, 90):
            z = D * F(j, 24)
            cells = [round_clip(z + D * (F(2 * i + 1, 96) - F(1, 2)), D, a, b) for i in range(48)]
            assert sum(cells) / 48 == dithered_mean(z, D, a, b) == min(max(z, a * D), b * D)


def test_thresholds_by_rounding_every_sum():
    for A, B, M in product([F(-3, 2), F(-2, 7), F(0), F(1, 6), F(5, 3)], [F(-1, 2), F(0), F(1, 4), F(3, 23)], [2, 3, 4, 7]):
        thresholds = integer_thresholds(A, B, M)
        for n in range(-9, 10):
            scaled = (A * n + B) * (M - 1)
            state = min(max((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator), 0), M - 1)
            assert integer_activation(n, thresholds) == state


def test_accumulators_by_trying_every_sum_of_small_layers():
    for N, w_max, M_a in [(1, 1, 2), (1, 1, 3), (2, 1, 2), (2, 2, 3), (3, 1, 3)]:
        products = {q * k for q in range(-w_max, w_max + 1) for k in range(M_a)}
        sums = {sum(row) for row in product(products, repeat=N)}
        fits = next(b for b in range(1, 20) if -(2 ** (b - 1)) <= min(sums) and max(sums) <= 2 ** (b - 1) - 1)
        assert accumulator_bits(N, w_max, M_a) == fits


def test_neurons_count_the_states_of_an_activation():
    for M in range(2, 7):
        for y in {F(j, 24) for j in range(-12, 40)} | {F(2 * j + 1, 2 * (M - 1)) for j in range(-3, 2 * M)}:
            v, count = F(1, 2), 0
            for _ in range(M - 1):
                v += y
                if v >= 1:
                    v, count = v - 1, count + 1
            assert count == quantize_activation(y, M)[0]


def test_the_worst_rows_of_samuelson():
    from bounds.quantized_dnn.standardised_invariance import signed_squares

    for n, largest in ((7, 6), (20, 19)):
        row = [F(int(i == 0)) for i in range(n)]
        assert max(signed_squares(row)) == largest
        assert max(signed_squares(row, F(1, 100))) < largest


def test_the_slope_of_the_gaussian_error_is_that_of_differences():
    from bounds.measure.ball import ball
    from bounds.quantized_dnn.gaussian_step import ball_slope

    for D, M in [(0.3, 2), (1.2, 3), (0.5, 8), (2.0, 5)]:
        difference = (gaussian_quantizer_mse(D + 1e-5, M) - gaussian_quantizer_mse(D - 1e-5, M)) / 2e-5
        assert float(ball_slope(ball(D), M).mid()) == pytest.approx(difference, abs=1e-9)
    assert gaussian_optimal_step(3.0) == gaussian_optimal_step(np.int64(3)) == gaussian_optimal_step(3)
