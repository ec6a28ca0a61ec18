r"""With "same" padding the border saves π(π + 1) synapses along an axis.

Stride and dilation 1, k odd, π = (k − 1)/2, n ≥ π: Σ_i c(i) = nk − π(π + 1). So the constant fan-out k overstates it: by 19 %
in two dimensions for 3 × 3 on 8 × 8. Why: the taps q beyond the border number 1 + ... + π on each side, if n ≥ π. Exact.
"""

from typing import NamedTuple

from bounds.claim import Axis, Claim, Int, exact
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
    tightness="difference",
    cost=0.0005,
)
