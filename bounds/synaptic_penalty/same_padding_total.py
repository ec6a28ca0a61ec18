r"""With "same" padding the border saves π(π + 1) synapses along an axis.

Stride and dilation 1, k odd, π = (k − 1)/2, n ≥ π: Σ_i c(i) = nk − π(π + 1). So the constant fan-out k overstates it: by 19 %
in two dimensions for 3 × 3 on 8 × 8. Why: the taps q beyond the border number 1 + ... + π on each side, if n ≥ π. Exact.
"""

from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Claim, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity
from bounds.synaptic_penalty.convolution_fanout import Axis1D


class Same(NamedTuple):
    """n sites and π."""

    n: int
    pad: int

    @property
    def total(self) -> int:
        """Σ c, pair by pair."""
        return int(Axis1D(self.n, 2 * self.pad + 1, 1, self.pad, 1).walked[0].sum())


def formula(x: Same) -> int:
    """nk − π(π + 1)."""
    return x.n * (2 * x.pad + 1) - x.pad * (x.pad + 1)


def two_more_taps(missed: int = 1) -> Evidence:
    """From k = 1, where Σ c = n: the taps at ±(π + 1) reach n − (π + 1) sites each. False if n − π."""
    from sympy import Matrix, symbols

    n, pad = symbols("n pi_")

    def total(pad: Any) -> Any:
        return n * (2 * pad + 1) - pad * (pad + 1)

    return identity(lambda: Matrix([total(0) - n, total(pad + 1) - total(pad) - 2 * (n - pad - missed)]))


SPACE: dict[str, Axis] = {"n": Int(1, 20), "pad": Int(0, 6)}
CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="s = d = 1, k = 2π + 1, n ≥ π: Σ c = nk − π(π + 1)",
    space=SPACE,
    build=Same,
    assumes={"n ≥ π": lambda x: float(x.n - x.pad)},
    actual=lambda x: exact(x.total, -x.total),
    bound=lambda x: exact(formula(x), -formula(x)),
    falsified={
        "for n < π too": {"assumes": {}},
        "nk": {"bound": lambda x: exact(x.n * (2 * x.pad + 1), -x.n * (2 * x.pad + 1))},
        "nk − 2π": {"bound": lambda x: exact(*(sign * (x.n * (2 * x.pad + 1) - 2 * x.pad) for sign in (1, -1)))},
    },
    witness={"for n < π too": {"n": 1, "pad": 2}},
    covers={"n = π": lambda x: x.n == x.pad, "no padding": lambda x: x.pad == 0, "wide": lambda x: x.n > 2 * x.pad > 2},
    proof=(
        Step(
            says="nk − π(π + 1) is n for π = 0 and grows by 2(n − π − 1): two taps, each π + 1 sites beyond a border",
            check=two_more_taps,
            false_twin=partial(two_more_taps, 0),
        ),
    ),
    tightness="difference",
    cost=0.0005,
)
