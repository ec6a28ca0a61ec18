"""The contour formula and the definition, each on its own against golden values and fifty digits."""

import numpy as np
import pytest

from bounds.gmm_entropy.contour_formula import PairAndLine, budget, close_pair, contour, definition, difference
from tests.gmm_entropy.oracles import case_on_line, gap_50_digits

NINE = close_pair(1, float(np.log(9)), [0.0], [3.0])  # a = 0.9, δ = 3


def test_the_golden_pair_and_the_kernel_that_misses_a_factor() -> None:
    assert contour(NINE) == pytest.approx(0.08931787889643065543992, abs=1e-14)
    assert definition(NINE)[0] == pytest.approx(0.08931787889643065543992, abs=1e-13)
    assert contour(NINE, kernel="one") == pytest.approx(0.035684, abs=1e-6)


def test_coincident_components_leave_the_label_entropy() -> None:
    x = close_pair(2, 1.0, [0.0, 0.0], [0.0, 0.0])
    entropy = -(x.a * np.log(x.a) + x.b * np.log(x.b))
    assert contour(x) == pytest.approx(entropy, abs=1e-14)
    assert definition(x)[0] == pytest.approx(entropy, abs=1e-12)


def test_equal_weights_may_be_exchanged_when_the_covariances_agree() -> None:
    x = close_pair(2, 0.0, [0.0, 0.0], [1.5, -2.0])
    assert difference(x, swapped=True).hi <= budget(x).lo


@pytest.mark.parametrize(("mean", "var", "gap"), [(3.0, 4.0, 0.3253872523076372650632), (0.0, 9.0, 0.5066531614789493714560)])
def test_golden_pairs_on_the_line(mean: float, var: float, gap: float) -> None:
    a = 0.3 if mean else 0.5
    assert contour(PairAndLine(a, 1 - a, np.array([var]), np.array([mean]))) == pytest.approx(gap, abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_both_rules_keep_to_their_budget_of_the_fifty_digit_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = close_pair(1, rng.uniform(-6, 6), rng.uniform(-1.2, 1.2, 1), rng.uniform(-4, 4, 1))
    truth = float(gap_50_digits(case_on_line([x.a, x.b], [0.0, float(x.d[0])], [1.0, float(np.sqrt(x.lam[0]))])))
    slack = float(budget(x).lo)
    assert abs(contour(x) - truth) <= slack
    assert abs(definition(x)[0] - truth) <= slack
    assert slack < 1e-9


@pytest.mark.parametrize("c", [0.25, 0.4, 0.6, 0.75])
def test_every_line_gives_the_same_value(c: float) -> None:
    x = close_pair(1, float(np.log(9)), [0.0], [3.0], c=c)
    assert contour(x) == pytest.approx(0.08931787889643065543992, abs=1e-14)
