"""Every budget must contain the exact error, in rationals, on ordinary input and on input made to hurt."""

import math
from fractions import Fraction

import numpy as np
import pytest

from bounds.measure.rounding import TINY, U, dot_budget, down, gamma, matmul_budget, outward, sum_budget, up

RNG = np.random.default_rng(0)


def cancelling(n: int) -> np.ndarray:
    half = RNG.standard_normal(n) * 10.0 ** RNG.integers(-8, 9, n)
    return RNG.permutation(np.concatenate([half, -half * (1 + RNG.integers(-3, 4, n) * 2 * U)]))


VECTORS = {
    "one": np.array([0.1]),
    "normal": RNG.standard_normal(1000),
    "equal": np.full(4096, 0.1),
    "cancelling": cancelling(500),
    "huge range": RNG.standard_normal(400) * 10.0 ** RNG.integers(-150, 150, 400),
    "subnormal": RNG.integers(-1000, 1000, 300) * TINY,
    "products underflow": RNG.standard_normal(300) * 2.0**-537,
    "growing": np.cumprod(np.full(200, 1.5)),
    "ones and dust": np.concatenate([[1.0], np.full(999, 0.9 * U)]),
}
vectors = pytest.mark.parametrize("x", VECTORS.values(), ids=VECTORS.keys())


def fractions(x: np.ndarray) -> list[Fraction]:
    return [Fraction(float(v)) for v in x]


@vectors
def test_a_sum_is_off_by_less_than_its_budget_in_every_order(x):
    exact, budget = sum(fractions(x)), Fraction(float(sum_budget(x)))
    in_a_row = float(np.cumsum(x)[-1])
    backwards = float(np.cumsum(x[::-1])[-1])
    by_size = float(np.cumsum(x[np.argsort(-np.abs(x))])[-1])
    for computed in (float(np.sum(x)), in_a_row, backwards, by_size):
        assert abs(Fraction(computed) - exact) <= budget


@vectors
@pytest.mark.parametrize("partner", ["itself", "reversed", "signs"])
def test_a_dot_product_is_off_by_less_than_its_budget(x, partner):
    y = {"itself": x, "reversed": x[::-1].copy(), "signs": np.where(np.arange(x.size) % 2, 1.0, -1.0)}[partner]
    exact = sum(a * b for a, b in zip(fractions(x), fractions(y), strict=True))
    budget = Fraction(float(dot_budget(x, y)))
    for computed in (float(x @ y), float(np.sum(x * y)), float(np.cumsum(x * y)[-1]), float(np.einsum("i,i", x, y))):
        assert abs(Fraction(computed) - exact) <= budget


def test_the_error_comes_within_a_factor_of_ten_of_the_budget_where_every_rounding_goes_the_same_way():
    x = VECTORS["ones and dust"]
    error = abs(Fraction(float(np.cumsum(x)[-1])) - sum(fractions(x)))
    assert error * 10 > Fraction(float(sum_budget(x)))


def test_the_error_of_underflow_alone_is_inside_the_budget_and_above_the_relative_part():
    x = np.full(8, 2.0**-538)
    error = abs(Fraction(float(x @ x)) - 8 * Fraction(2) ** -1076)
    assert error > 0
    assert error <= Fraction(float(dot_budget(x, x)))
    assert float(dot_budget(x, x)) < 100 * TINY


@pytest.mark.parametrize("scale", [1.0, 1e-160, 1e150])
def test_a_matrix_product_is_off_by_less_than_its_budget(scale):
    A, B = RNG.standard_normal((6, 40)) * scale, RNG.standard_normal((40, 3))
    B[1::2] = -B[::2] * (1 + 1e-15)
    A[:, 1::2] = A[:, ::2]
    for right in (B, B[:, 0]):
        product, budget = A @ right, matmul_budget(A, right)
        assert product.shape == budget.shape
        columns = right.reshape(40, -1)
        for i, row in enumerate(product.reshape(6, -1)):
            for j, value in enumerate(row):
                exact = sum(a * b for a, b in zip(fractions(A[i]), fractions(columns[:, j]), strict=True))
                assert abs(Fraction(float(value)) - exact) <= Fraction(float(budget.reshape(6, -1)[i, j]))


def test_other_axes_are_kept():
    x = RNG.standard_normal((2, 3, 5))
    assert sum_budget(x, axis=0).shape == (3, 5)
    assert dot_budget(x, x[0, 0]).shape == (2, 3)
    assert dot_budget(x, x[0, 0])[1, 2] == dot_budget(x[1, 2], x[0, 0])


def test_a_sum_of_nothing_has_no_error_worth_mentioning():
    assert sum_budget(np.array([])) <= 2 * TINY


def test_an_overflow_gets_an_infinite_budget_and_infinite_input_is_refused():
    assert sum_budget([1e308, 1e308]) == math.inf
    assert dot_budget([1e200], [1e200]) == math.inf
    for bad in ([np.nan], [np.inf]):
        for maker in (sum_budget, lambda x: dot_budget([1.0], x), lambda x: matmul_budget([[1.0]], x)):
            with pytest.raises(ValueError, match="finite"):
                maker(bad)


@pytest.mark.parametrize("n", [0, 1, 2, 1000, 2**40])
def test_gamma_is_the_next_float_above_its_definition(n):
    exact = Fraction(n, 2**53) / (1 - Fraction(n, 2**53))
    assert math.nextafter(gamma(n), -1) < exact <= gamma(n)
    with pytest.raises(ValueError, match="roundings"):
        gamma(-1)


def test_down_and_up_are_the_neighbouring_floats_of_any_fraction():
    cases = [Fraction(1, 3), Fraction(-1, 3), Fraction(10) ** 400, -(Fraction(10) ** 400), Fraction(1, 10**400)]
    for x in [*cases, -Fraction(1, 10**400), Fraction(2) ** -1074, Fraction(3, 2) * Fraction(2) ** -1074, Fraction(5)]:
        lo, hi = down(x), up(x)
        assert lo <= x <= hi
        assert hi == lo or math.nextafter(lo, math.inf) == hi
    assert down(Fraction(1, 2)) == up(Fraction(1, 2)) == 0.5


def test_outward_moves_by_the_number_of_floats_asked_for_also_across_a_power_of_two_and_zero():
    x = np.array([1.0, -1.0, 0.0, TINY, 1e308])
    lo, hi = outward(x, 3)[:2]
    for value, a, b in zip(x, lo, hi, strict=True):
        for _ in range(3):
            a, b = math.nextafter(a, math.inf), math.nextafter(b, -math.inf)
        assert a == b == value
    assert math.isnan(outward(math.nan).lo)
    assert outward(1.0).trust == "rounded"
    with pytest.raises(ValueError, match="ulps"):
        outward(1.0, -1)
