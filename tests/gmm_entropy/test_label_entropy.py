"""H from −q log q on the line, against limits known by hand and a 50-digit program."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.label_entropy import approximation, entropy, on_line


def mixture(logits: list[float], mean: list[float], sd: list[float]) -> object:
    return on_line(K=len(mean), logits=logits, mean=mean, spread=1.0, sd=sd, coincide=False)


def entropy_50_digits(x: object) -> mp.mpf:
    """Gauss–Legendre on pieces a quarter of the smallest deviation long: no trapezoid, no double precision."""
    with mp.workdps(50):
        w = [mp.mpf(float(v)) for v in x.w]
        w = [v / sum(w) for v in w]
        mean, sd = ([mp.mpf(float(v)) for v in side] for side in (x.mean, x.sd))

        def integrand(t: mp.mpf) -> mp.mpf:
            q = sum(a * mp.npdf(t, m, s) for a, m, s in zip(w, mean, sd, strict=True))
            return -q * mp.log(q) if q else mp.mpf(0)

        lo, hi = min(mean) - 13 * max(sd), max(mean) + 13 * max(sd)
        pieces = int(mp.ceil((hi - lo) / min(sd)))
        return mp.quad(integrand, mp.linspace(lo, hi, pieces + 1), maxdegree=4)


def test_one_component_has_no_gap() -> None:
    x = mixture([0.0], [3.0], [2.0])
    ends = entropy(x)
    assert ends.lo <= 0.5 * np.log(2 * np.pi * np.e * 4) <= ends.hi
    assert approximation(x) == pytest.approx(0.5 * np.log(2 * np.pi * np.e * 4), abs=1e-14)


def test_coincident_components_lose_the_label() -> None:
    x = on_line(K=4, logits=np.zeros(4), mean=np.zeros(4), spread=1.0, sd=np.ones(4), coincide=True)
    assert approximation(x) - entropy(x).hi <= np.log(4) <= approximation(x) - entropy(x).lo


def test_far_components_add_their_label_entropy() -> None:
    x = mixture([0.0, 0.0], [0.0, 200.0], [1.0, 1.0])
    assert entropy(x).hi == pytest.approx(0.5 * np.log(2 * np.pi * np.e) + np.log(2), abs=1e-10)


def test_the_golden_line() -> None:
    x = mixture(list(np.log([0.2, 0.5, 0.3])), [0.0, 2.0, 5.0], [1.0, 1.0, 1.0])
    assert approximation(x) == pytest.approx(2.4485915472692463, abs=1e-14)
    assert entropy(x).lo <= 2.101001889097805 <= entropy(x).hi


@pytest.mark.parametrize("seed", range(4))
def test_the_enclosure_contains_the_value_of_fifty_digits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = mixture(list(rng.uniform(-3, 3, 2)), list(rng.uniform(-4, 4, 2)), list(np.exp(rng.uniform(-0.7, 0.7, 2))))
    value, ends = entropy_50_digits(x), entropy(x)
    assert mp.mpf(float(ends.lo)) <= value <= mp.mpf(float(ends.hi))
    assert float(ends.hi) - float(ends.lo) < 1e-10


def test_moving_the_origin_and_the_unit_shifts_by_the_logarithm_of_the_unit() -> None:
    here = entropy(mixture([0.3, -1.0], [0.0, 2.5], [1.0, 0.6]))
    there = entropy(mixture([0.3, -1.0], [7.0, 14.5], [3.0, 1.8]))
    assert here.lo + np.log(3) <= there.hi
    assert there.lo <= here.hi + np.log(3)
