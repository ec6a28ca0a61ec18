"""The budget of `instances.logs` against sixty digits, at corners of the box of mixtures that the claims draw from."""

import mpmath as mp
import numpy as np

from bounds.gmm_entropy.instances import case, logs
from bounds.gmm_entropy.separation_alpha import separation


def test_overlaps_and_separations_use_a_small_part_of_their_budget_at_corners_of_the_box() -> None:
    rng = np.random.default_rng(0)

    def corner(lo: float, hi: float, *shape: int) -> np.ndarray:
        return np.where(rng.random(shape) < 0.5, lo, hi)

    with mp.workdps(60):
        for _ in range(100):
            mean, spread = corner(-1, 1, 2, 3) * rng.random(), float(rng.choice([0.1, 200.0]))
            x = case(2, 3, corner(-5, 5, 2), mean, spread, corner(0.1, 10, 2, 3), corner(-1, 1, 2, 3, 3), "free")
            left, right = (mp.matrix(c.tolist()) for c in x.cov)
            shift = mp.matrix(x.mu[1].tolist()) - mp.matrix(x.mu[0].tolist())

            def form(t: mp.mpf, a: mp.matrix = left, b: mp.matrix = right, v: mp.matrix = shift) -> mp.mpf:
                return (v.T * mp.lu_solve(t * a + (1 - t) * b, v))[0]

            middle = mp.det((left + right) / 2)
            overlap = -form(mp.mpf(1) / 2) / 8 - mp.log(middle) / 2 + mp.log(mp.det(left) * mp.det(right)) / 4
            ends = logs(float(x.log_overlaps[0]))
            assert ends.lo[0] <= overlap <= ends.hi[0]
            found = separation(*x.spectrum(0, 1))
            t = mp.mpf(found.t)
            ends = logs(found.alpha**2)
            assert ends.lo[0] <= t * (1 - t) * form(t) <= ends.hi[0]
