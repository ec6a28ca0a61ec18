import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.label_share_conjecture import CLAIM, constant, log_entropy, log_share, responsibilities
from proofs_check.points import draws


@pytest.mark.parametrize("point", list(draws(CLAIM.space, 4, "fifty digits", range(25))))
def test_both_sides_contain_their_fifty_digit_values(point):
    x = responsibilities(**point)
    with mp.workdps(50):
        rho = [mp.exp(mp.mpf(float(value))) for value in x.log_rho]
        entropy = mp.fsum(a * mp.log(mp.fsum(rho) / a) for a in rho)
        pairs = mp.fsum(a * mp.log(1 + b / a) + b * mp.log(1 + a / b) for i, a in enumerate(rho) for b in rho[:i])
        for value, enclosure in ((entropy, log_entropy(x)), (pairs, log_share(x, 1.0))):
            assert mp.mpf(enclosure.lo) <= mp.log(value) <= mp.mpf(enclosure.hi)


@pytest.mark.parametrize("K", [2, 3, 7, 50])
def test_equal_masses_attain_it(K):
    x = responsibilities(K, np.zeros(K), 1.0)
    assert log_entropy(x).lo == pytest.approx(np.log(np.log(K)), abs=1e-11)
    assert log_share(x, constant(K)).lo == pytest.approx(np.log(np.log(K)), abs=1e-11)


def test_the_constant_is_above_the_proved_one_and_falls():
    values = np.array([constant(K) for K in range(2, 200)])
    assert constant(2) == 1.0
    assert np.all(np.diff(values) < 0)
    assert np.all(values[1:] > 2 / np.arange(3, 200))


def test_it_is_a_conjecture():
    assert CLAIM.status == "conjecture"
