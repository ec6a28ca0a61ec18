r"""With weak feedback, the one-step gradient of SAF-F is close to the implicit one.

As in `implicit_gradient`, with k = ‖F_AA^T‖_∞/th < 1 (largest absolute column sum of F_AA): ‖h − h0‖ ≤ k/(1 − k) ‖h0‖ in the
maximum norm. Why: h = Σ_j (F^T/th)^j h0 (Neumann). Attained: F = 1/2, th = 1. All exact.
"""

from functools import partial
from typing import Any

from bounds.claim import Array, Axis, Claim, Enclosure, Evidence, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.implicit_gradient import SPACE as WIDE
from bounds.spike_accumulation.implicit_gradient import Feedback, feedback
from bounds.spike_accumulation.networks import EIGHTH, half

SPACE: dict[str, Axis] = {**WIDE, "F": Array(("n", "n"), -0.5, 0.5, step=EIGHTH)}


def norm_below_one(x: Feedback) -> float:
    """1 − k; where k = 1 the statement says nothing, so 0 is outside."""
    k = 0 if not x.active.any() else abs(x.F_A.T).sum(axis=1).max() / x.th
    return float(1 - k) or -1.0


def distance(x: Feedback) -> Enclosure:
    """‖h − h0‖."""
    return exact(abs(x.both.h - x.both.h0).max())


def bound(x: Feedback, factor: Any = 1, by_rows: bool = False) -> Enclosure:
    """factor · k/(1 − k) ‖h0‖; by_rows: with row sums of F for k."""
    k = x.both.k
    if by_rows and x.active.any():
        k = abs(x.F_A).sum(axis=1).max() / x.th
    return exact(factor * k / (1 - k) * abs(x.both.h0).max())


def neumann(whole: bool = True) -> Evidence:
    """(I − A)^{-1} − I = A (I − A)^{-1} in two dimensions; not A alone."""
    from sympy import Matrix, eye, symbols

    A = Matrix(2, 2, symbols("a b c d"))
    inverse = (eye(2) - A).inv()
    return identity(lambda: inverse - eye(2) - (A * inverse if whole else A))


CLAIM = Claim(
    source="new",
    says="k = ‖F_AA^T‖_∞/th < 1: ‖h − h0‖ ≤ k/(1 − k) ‖h0‖ in the maximum norm",
    space=SPACE,
    build=feedback,
    assumes={"k < 1": norm_below_one},
    actual=distance,
    bound=bound,
    falsified={
        "half of it": {"bound": partial(bound, factor=half)},
        "row sums in the place of column sums": {
            "bound": partial(bound, by_rows=True),
            "assumes": {"both below 1": lambda x: min(norm_below_one(x), norm_below_one(x._replace(F=x.F.T)))},
        },
    },
    witness={
        "half of it": {"n": 1, "th": 1, "F": [[half]], "g": [1]},
        "row sums in the place of column sums": {
            "n": 3,
            "th": 1,
            "F": [[0, 0, 0], [half / 2, 0, 0], [half / 2, 0, 0]],
            "g": [0, 1, 1],
        },
    },
    covers={
        "some neuron outside the active set": lambda x: not x.active.all(),
        "k above 1/2": lambda x: x.both.k > half,
        "above half the bound": lambda x: distance(x).lo > half * bound(x).lo > 0,
    },
    tight_at=({"n": 1, "th": 1, "F": [[half]], "g": [1]},),
    proof=(
        Step(
            says="h − h0 = A h for h = (I − A)⁻¹ h0 (two dimensions)",
            check=neumann,
            false_twin=partial(neumann, whole=False),
        ),
    ),
    cost=0.001,
)
