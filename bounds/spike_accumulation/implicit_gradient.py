r"""With feedback, the one-step gradient of SAF-F does not point against the implicit gradient of the equilibrium.

One layer, a* = φ(z*), z* = (c + F a*)/th, A = {i: 0 < z*_i < 1}, g = dl/da*. With respect to c_A the implicit gradient is
h = th^{-1} (I − F_AA^T/th)^{-1} g_A, the one-step gradient (past traces constant) h0 = th^{-1} g_A; both vanish outside A. If
λ_max((F_AA + F_AA^T)/2) < th then <h, h0> > 0 for g_A ≠ 0. Why: with B = I − F_AA^T/th and w = B^{-1} g_A,
g_A^T B^{-1} g_A = w^T B^T w > 0. The hypothesis is decided exactly (th I − symmetric part positive definite). All exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Claim, Enclosure, Evidence, Int, Step
from bounds.common.spikes import check_leak_and_threshold, one_arithmetic
from bounds.measure.rational import is_positive_definite, solve
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import EIGHTH, THRESHOLDS, ordered, rationals

SPACE: dict[str, Axis] = {
    "n": Int(1, 3),
    "th": THRESHOLDS,
    "F": Array(("n", "n"), -1.5, 1.5, step=EIGHTH),
    "g": Array(("n",), -2, 2, step=EIGHTH),
    "inactive": Array(("n",), 0, 2, step=1),  # 0: outside the active set
}


class FeedbackGradients(NamedTuple):
    """Implicit and one-step gradient (n,), k = ‖F_AA^T‖_∞/th, and th minus the top eigenvalue of the symmetric part."""

    h: Any
    h0: Any
    k: Any
    margin: float


def feedback_gradients(F: Any, th: Any, g: Any, active: Any) -> FeedbackGradients:
    """h and h0 for feedback F (n, n), loss gradient g (n,), active (n,) truth values; Fractions in, Fractions out.

    k and margin belong to the active part. ValueError if I − F_AA^T/th is singular.
    """
    arrays, one = one_arithmetic(F=F, th=th, g=g)
    F, th, g, active = arrays["F"], arrays["th"][()], arrays["g"], np.asarray(active)
    check_leak_and_threshold(0, th)
    n = len(g)
    if F.shape != (n, n) or active.shape != (n,):
        raise ValueError(f"F must be ({n}, {n}) and active ({n},) to fit g, got {F.shape} and {active.shape}")
    if active.dtype != bool:
        raise ValueError(f"active must hold True or False for each neuron, not {active.dtype}")
    rows = np.flatnonzero(active)
    F_A, g_A = F[np.ix_(rows, rows)], g[rows]
    h, h0 = np.array([0 * one] * n, dtype=F.dtype), np.array([0 * one] * n, dtype=F.dtype)
    if len(rows) == 0:
        return FeedbackGradients(h, h0, 0 * one, float(th))
    B = np.diag([one] * len(rows)) - F_A.T / th
    try:
        w = solve(B.tolist(), g_A.tolist()) if isinstance(one, Fraction) else np.linalg.solve(B, g_A)
    except (ValueError, np.linalg.LinAlgError) as problem:
        raise ValueError("I − F^T/th is singular on the active set, so there is no implicit gradient") from problem
    h[rows], h0[rows] = np.asarray(w, dtype=F.dtype) / th, g_A / th
    top = np.linalg.eigvalsh(((F_A + F_A.T) / 2).astype(float))[-1]
    return FeedbackGradients(h, h0, abs(F_A.T).sum(axis=1).max() / th, float(th) - float(top))


class Feedback(NamedTuple):
    """A feedback layer at its equilibrium, all numbers Fractions."""

    F: np.ndarray
    th: Fraction
    g: np.ndarray
    active: np.ndarray

    @property
    def F_A(self) -> np.ndarray:
        """The active part of F."""
        rows = np.flatnonzero(self.active)
        return self.F[np.ix_(rows, rows)]

    @property
    def both(self) -> FeedbackGradients:
        """The two gradients."""
        return feedback_gradients(self.F, self.th, self.g, self.active)


def feedback(n: int, th: Any, F: Any, g: Any, inactive: Any = (1, 1, 1)) -> Feedback:
    """From a point of SPACE."""
    outside = np.asarray(inactive)[:n] == 0
    return Feedback(rationals(F, n, n), Fraction(th), rationals(g, n), ~outside)


def below_threshold(x: Feedback) -> float:
    """th − λ_max of the symmetric part, its sign decided exactly (0 is outside)."""
    if not x.active.any():
        return float(x.th)
    shifted = np.diag([x.th] * len(x.F_A)) - (x.F_A + x.F_A.T) / 2
    distance = float(np.linalg.eigvalsh(shifted.astype(float))[0])
    return max(distance, 0.0) if is_positive_definite(shifted.tolist()) else min(distance, -1e-9)


def sides(x: Feedback) -> tuple[Enclosure, Enclosure]:
    """−<h, h0> < 0."""
    return ordered(strict=[(-(x.both.h @ x.both.h0), 0)])


def not_singular(x: Feedback) -> float:
    """1, or −1 if there is no implicit gradient."""
    try:
        return 1.0 if len(x.both.h) else -1.0
    except ValueError:
        return -1.0


def quadratic_form(transposed: bool = True) -> Evidence:
    """With g = B w: g^T B^{-1} g = w^T B^T w, in two dimensions; and not w^T w."""
    from sympy import Matrix, eye, symbols

    B, w = Matrix(2, 2, symbols("a b c d")), Matrix(symbols("p q"))
    g = B * w
    return identity(lambda: (g.T * B.inv() * g)[0] - (w.T * (B.T if transposed else eye(2)) * w)[0])


NONZERO = {"g_A ≠ 0": lambda x: 0.0 if bool(np.any(x.g[x.active] != 0)) else -1.0}
CLAIM = Claim(
    source="new",
    says="λ_max of the symmetric part of F_AA below th: the implicit and the one-step gradient have ⟨h, h0⟩ > 0",
    space=SPACE,
    build=feedback,
    assumes={"implicit gradient": not_singular, **NONZERO, "λ_max < th": below_threshold},
    actual=lambda x: sides(x)[0],
    bound=lambda x: sides(x)[1],
    falsified={"any feedback": {"assumes": {"implicit gradient": not_singular, **NONZERO}}},
    witness={"any feedback": {"n": 1, "th": 1, "F": [[2]], "g": [1]}},
    covers={
        "some neuron outside the active set": lambda x: not x.active.all(),
        "feedback of norm above th": lambda x: x.both.k > 1,
        "two active neurons": lambda x: x.active.sum() == 2,
    },
    proof=(
        Step(
            says="g^T B⁻¹ g = w^T B^T w for g = B w (two dimensions)",
            check=quadratic_form,
            false_twin=partial(quadratic_form, transposed=False),
        ),
    ),
    tightness="difference",
    cost=0.001,
)
