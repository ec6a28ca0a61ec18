r"""Small networks beside their compression, for the claims about the error over time to be judged on.

Rounding. Weights, inputs and A are multiples of 1/4 of size at most 3/2, there are at most 4 units and 5 steps, and the slope
is 1 or 2. With ReLU every state of both networks is then a multiple of 2^-26 below 2^27, and floats compute it exactly. With
tanh one step of either network loses at most 60 u (sums of at most 6 terms below 10, tanh to 4 ulps), later steps multiply a
difference by at most L, the larger of ρ‖Wʰ‖ and ρ‖WA‖; the outputs lose at most `slack` = 1e-13 (1 + ‖Wᵒ‖ + κ) G_T(L).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Enclosure, Int, rounded
from bounds.common.rnn import rnn_forward
from bounds.spectral_pruning.accumulation import compress_rnn, geometric_sum, operator_norm, with_slope
from bounds.spectral_pruning.information import rms_norm


@dataclass(frozen=True)
class Pruned:
    """A network, the units that are kept, how the others are rebuilt, and sequences."""

    params: dict[str, np.ndarray]  # slope 1
    J: list[int]
    A: np.ndarray  # (m, |J|)
    x: np.ndarray  # (n, T, d_x)
    h0: np.ndarray  # (m,)
    rho: int
    activation: str

    @cached_property
    def sloped(self) -> dict[str, np.ndarray]:
        """The parameters with the slope ρ in them."""
        return with_slope(self.params, self.rho)

    @cached_property
    def states(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """h, y and the pre-activations of the original network."""
        return rnn_forward(self.sloped, self.x, self.h0, self.activation)

    @cached_property
    def pruned_states(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same of the compressed network, which starts from the kept part of h_0."""
        return rnn_forward(compress_rnn(self.sloped, self.J, self.A), self.x, self.h0[self.J], self.activation)

    @property
    def T(self) -> int:
        """Number of steps."""
        return int(self.x.shape[1])

    @property
    def W(self) -> np.ndarray:
        """Wʰ_J, without slope."""
        return np.asarray(self.params["Wh"][self.J])

    @property
    def r(self) -> np.ndarray:
        """r_t = h_t − A h_{J,t}: (n, T, m)."""
        h = self.states[0]
        return np.asarray(h - h[:, :, self.J] @ self.A.T)

    @property
    def d(self) -> np.ndarray:
        """d_t = h_{J,t} − g_t: (n, T, |J|)."""
        return np.asarray(self.states[0][:, :, self.J] - self.pruned_states[0])

    @property
    def difference(self) -> np.ndarray:
        """y_t − y#_t: (n, T, d_y)."""
        return np.asarray(self.states[1] - self.pruned_states[1])

    @cached_property
    def error(self) -> float:
        """‖y − y#‖_{n,T}."""
        return rms_norm(self.difference)

    @cached_property
    def slack(self) -> float:
        """What rounding can do to any state or output difference; see the module."""
        if self.activation == "relu":
            return 0.0
        Wo, WA, Wh = (operator_norm(M) for M in (self.params["Wo"], self.W @ self.A, self.params["Wh"]))
        kap = operator_norm(self.params["Wo"] @ self.A)
        return 1e-13 * (1 + Wo + kap) * geometric_sum(self.rho * max(WA, Wh), self.T)

    def enclosed(self, *values: Any) -> Enclosure:
        """Sums, norms and products of the states: right to 1e-11 relatively, and the slack passed through as much."""
        growth = geometric_sum(self.rho * operator_norm(self.W @ self.A), self.T)
        return rounded(*values, rel=1e-11, abs=self.slack * (1 + growth) if self.slack else 0.0)


NET: dict[str, Axis] = {
    "m": Int(1, 4),
    "T": Int(2, 5),
    "Wh": Array(("m", "m"), -1.5, 1.5, step=Fraction(1, 4)),
    "Wi": Array(("m",), -1, 1, step=Fraction(1, 4)),
    "b": Array(("m",), -1, 1, step=Fraction(1, 4)),
    "Wo": Array((2, "m"), -1, 1, step=Fraction(1, 4)),
    "x": Array((2, "T"), -1, 1, step=Fraction(1, 4)),
    "keep": Array(("m",), 0, 1, step=1),
    "A": Array(("m", 4), -1, 1, step=Fraction(1, 4)),
    "fix": Int(0, 1),
    "rho": Int(1, 2),
    "activation": Choice(("relu", "tanh")),
}


def pruned(
    Wh: Any,
    b: Any,
    Wo: Any,
    x: Any,
    keep: Any,
    A: Any,
    Wi: Any = None,
    h0: Any = None,
    rho: int = 1,
    activation: str = "relu",
    fix: int = 0,
    m: int = 0,
    T: int = 0,
) -> Pruned:
    """A is cut to |J| columns; fix: kept units rebuild themselves (A_J = 1). One input, x (n, T); no Wi means 0.

    Where no flag is set the first unit is kept, and the spaces begin at T = 2: for J = ∅ or T = 1 the error *is* ‖Wᵒr‖, all
    bounds are equal to it, and floats cannot tell (the tests look at these two).
    """
    bias = np.asarray(b, dtype=float)
    units = len(bias)
    J = [j for j in range(units) if keep[j]] or [0]
    matrix = np.asarray(A, dtype=float)[:units, : len(J)].reshape(units, len(J)).copy()
    if fix:
        matrix[J] = np.eye(len(J))
    params = {
        "Wh": np.asarray(Wh, dtype=float),
        "Wi": np.zeros((units, 1)) if Wi is None else np.asarray(Wi, dtype=float).reshape(units, 1),
        "b": bias,
        "Wo": np.asarray(Wo, dtype=float),
        "bo": np.zeros(len(Wo)),
    }
    start = np.zeros(units) if h0 is None else np.asarray(h0, dtype=float)[:units]
    return Pruned(params, J, matrix, np.asarray(x, dtype=float)[:, :, None], start, rho, activation)


def chain(a: float, w: float, T: int, **more: Any) -> dict[str, Any]:
    """The tight direction of the accumulation bounds: h_t = (w G_{t−1}(a), 1) and g_t = 0."""
    zeros = [[0.0] * T]
    return {"Wh": [[a, w], [0, 0]], "b": [0, 1], "Wo": [[1, 0]], "x": zeros, "keep": [1, 0], "A": [[1], [0]], **more}
