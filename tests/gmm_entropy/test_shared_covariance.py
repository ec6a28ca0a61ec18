"""The two closed forms: golden gaps between them, both ends of δ, fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.equal_covariance import equal_covariance_bounds
from bounds.gmm_entropy.shared_covariance import EqualPair, equal_pair, finer, left, log_bayes, log_lower, log_upper, right

GOLDEN = {
    0.5: "0.6628358800391063288379",
    1.0: "0.5817256983752091296999",
    2.0: "0.3563163602131136974124",
    4.0: "0.06042698682307832775822",
    8.0: "9.353507702538057245791e-5",
    20.0: "2.365713967298674742634e-23",
    40.0: "8.624417142257401656938e-89",
    75.0: "1.445549595619592881873e-307",
    100.0: "3.393126701977646641940e-545",
}


@pytest.mark.parametrize("delta", GOLDEN)
@pytest.mark.parametrize("m", [1, 7])
def test_the_golden_gaps_lie_in_the_enclosure_and_between_the_closed_forms(delta: float, m: int) -> None:
    x, truth = EqualPair(0.5, 0.5, m, delta), mp.log(mp.mpf(GOLDEN[delta]))
    assert left(x).lo[2] <= truth <= left(x).hi[2]
    assert max(log_lower(x), log_bayes(x)) < truth < log_upper(x)


@pytest.mark.parametrize("delta", [0.5, 20.0, 100.0])
def test_balls_agree_and_are_the_last_resort(delta: float) -> None:
    x = finer(EqualPair(0.5, 0.5, 1, delta))
    assert x is not None
    assert finer(x) is None
    assert x.log_gap.trust == "proved"
    assert x.log_gap.lo <= mp.log(mp.mpf(GOLDEN[delta])) <= x.log_gap.hi


def test_misreadings_have_the_values_of_the_specification() -> None:
    x = EqualPair(0.5, 0.5, 1, 20.0)
    assert np.exp(log_upper(x, constant=1.0)) == pytest.approx(1.2087e-23, rel=1e-4)
    assert np.exp(log_lower(x, moment=8.0)) == pytest.approx(2.3933e-23, rel=1e-4)


def test_the_closed_forms_meet_at_large_separation_and_the_bayes_error_at_none() -> None:
    far = EqualPair(0.2, 0.8, 1, 300.0)
    assert log_upper(far) - log_lower(far) == pytest.approx((8 + np.pi**2 + np.log(4) ** 2) / (2 * 300**2), rel=1e-6)
    near = EqualPair(0.2, 0.8, 1, 1e-4)
    assert log_bayes(near) == pytest.approx(np.log(2 * np.log(2) * 0.2), abs=1e-12)
    assert log_upper(near) == pytest.approx(np.log(2 * np.log(2) * 0.4), abs=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_the_enclosures_contain_the_closed_forms_of_fifty_digits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = equal_pair(rng.uniform(-8, 8), 2, float(10 ** rng.uniform(-2, 2.4)))
    with mp.workdps(50):
        a, b, delta = mp.mpf(x.a), mp.mpf(x.b), mp.mpf(x.delta)
        L, front = mp.log(a / b), mp.log(a * b) / 2 - delta**2 / 8
        narrow = mp.log(2 * mp.sqrt(2 * mp.pi) / delta)
        lower = front + narrow - (8 + mp.pi**2 + L**2) / (2 * delta**2)
        upper = front + min(mp.log(2 * mp.log(2)), narrow)
        error = a * mp.erfc((delta / 2 + L / delta) / mp.sqrt(2)) / 2 + b * mp.erfc((delta / 2 - L / delta) / mp.sqrt(2)) / 2
        bayes = mp.log(2 * mp.log(2) * error)
    below, above = left(x), right(x)
    assert below.lo[0] <= lower <= below.hi[0]
    assert below.lo[1] <= bayes <= below.hi[1]
    assert above.lo[2] <= upper <= above.hi[2]
    package = equal_covariance_bounds(x.a, x.b, x.delta)
    assert package == pytest.approx((max(log_lower(x), log_bayes(x)), log_upper(x)), rel=1e-13, abs=1e-12)
