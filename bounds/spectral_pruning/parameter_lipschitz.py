r"""SP-13 (a): how far two networks of one class can be apart, from how far their parameters are apart.

For networks within the radii R (‖Wʰ‖ ≤ R_h, ..., s(0) = 0, s ρ-Lipschitz) and inputs ‖x_t‖ ≤ R_x,
$$ \tfrac1T\sum_t\|f_t-f'_t\|
   \le\sum_{blk}\Lambda_{blk}\|\Delta_{blk}\|,\quad \Lambda_h=R_o\overline{K},\ \Lambda_i=R_o\rho R_x\overline{G},\
   \Lambda_b=R_o\rho\overline{G},\ \Lambda_o=\overline{H},\ \Lambda_c=1, $$
bars being means over t = 1..T of G_t(ρR_h), H_t = ρ(R_iR_x + R_b)G_t and K_t = ρR_hK_{t−1} + ρH_{t−1}. Why: change one block at
a time; ‖h_t‖ ≤ H_t, and the difference of states obeys the recursion of K. Tight: a scalar positive chain, whose derivative
in w is K_T. Units: those of the output.

Rounding. One step loses at most 14 u H_t (sums of at most 5 terms, at most 3 units, tanh to 4 ulps), and passes on what was
lost as H_t passes on states: outputs of both networks lose at most 28 u T R_o H_T, and 1e-13 (1 + R_o)(1 + TΛ_o) is more.
The bounds are sums of positive terms, right to 1e-11 relatively, with `operator_norm` above.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, rounded
from bounds.common.rnn import rnn_forward
from bounds.spectral_pruning.accumulation import operator_norm, with_slope
from bounds.spectral_pruning.generalization import parameter_lipschitz_constants

NAMES = {"h": "Wh", "i": "Wi", "b": "b", "o": "Wo", "c": "bo"}


@dataclass(frozen=True)
class Neighbours:
    """Two networks of one class, and one sequence."""

    f: dict[str, np.ndarray]  # slope 1
    g: dict[str, np.ndarray]
    x: np.ndarray  # (1, T, d_x)
    rho: int
    activation: str

    @property
    def sloped(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Both networks with the slope ρ in their parameters."""
        return with_slope(self.f, self.rho), with_slope(self.g, self.rho)

    @cached_property
    def radii(self) -> dict[str, float]:
        """The smallest class that holds both."""
        return {blk: max(size(self.f[name]), size(self.g[name])) for blk, name in NAMES.items()}

    @property
    def R_x(self) -> float:
        """The largest input."""
        return float(np.linalg.norm(self.x, axis=2).max())

    @cached_property
    def lips(self) -> dict[str, float]:
        """Its Lipschitz constants, for inputs as large as these."""
        return parameter_lipschitz_constants(self.radii, self.R_x, self.x.shape[1], self.rho)

    @property
    def moved(self) -> dict[str, float]:
        """‖Δ‖ by block."""
        return {blk: size(self.f[name] - self.g[name]) for blk, name in NAMES.items()}


def size(block: np.ndarray) -> float:
    """The operator norm of a matrix, the 2-norm of a vector."""
    return operator_norm(block if block.ndim == 2 else block[:, None])


def neighbours(
    Wh: Any,
    Wi: Any,
    b: Any,
    Wo: Any,
    dWh: Any,
    dWi: Any,
    db: Any,
    dWo: Any,
    x: Any,
    step: float,
    dbo: Any = (0.0,),
    rho: int = 1,
    activation: str = "relu",
    k: int = 0,
    T: int = 0,
) -> Neighbours:
    """f from its parameters, and f' = f + step · d; one output. x (T, d_x)."""
    f = {"Wh": Wh, "Wi": Wi, "b": b, "Wo": Wo, "bo": [0.0]}
    d = {"Wh": dWh, "Wi": dWi, "b": db, "Wo": dWo, "bo": dbo}
    f = {name: np.asarray(value, dtype=float) for name, value in f.items()}
    g = {name: value + step * np.asarray(d[name], dtype=float) for name, value in f.items()}
    return Neighbours(f, g, np.asarray(x, dtype=float)[None], rho, activation)


def distance(s: Neighbours) -> Enclosure:
    """(1/T) Σ_t ‖f_t − f'_t‖."""
    outputs = [rnn_forward(params, s.x, activation=s.activation)[1] for params in s.sloped]
    lost = 1e-13 * (1 + s.radii["o"]) * (1 + s.x.shape[1] * s.lips["o"])
    return rounded(float(np.linalg.norm(outputs[0] - outputs[1], axis=2).mean()), rel=1e-11, abs=lost)


def bound(s: Neighbours, **replaced: float) -> Enclosure:
    """Σ Λ ‖Δ‖, with the constants of some blocks replaced."""
    lips = s.lips | replaced
    return rounded(sum(lips[blk] * moved for blk, moved in s.moved.items()), rel=1e-11)


def without_accumulation(s: Neighbours) -> float:
    """R_o ρ times the mean of H_{t−1}: the slope of one step, not carried on."""
    T = s.x.shape[1]
    before = parameter_lipschitz_constants(s.radii, s.R_x, T - 1, s.rho)["o"] * (T - 1) if T > 1 else 0.0
    return float(s.radii["o"] * s.rho * before / T)


def without_inputs(s: Neighbours) -> float:
    """Λ_i without R_x, which is Λ_b."""
    return s.lips["b"]


SPACE: dict[str, Axis] = {
    "k": Int(1, 3),
    "T": Int(1, 6),
    "Wh": Array(("k", "k"), -0.6, 0.6),
    "Wi": Array(("k", 1), -1, 1),
    "b": Array(("k",), -1, 1),
    "Wo": Array((1, "k"), -1, 1),
    "dWh": Array(("k", "k"), -1, 1),
    "dWi": Array(("k", 1), -1, 1),
    "db": Array(("k",), -1, 1),
    "dWo": Array((1, "k"), -1, 1),
    "dbo": Array((1,), -1, 1),
    "x": Array(("T", 1), -2, 2),
    "step": Real(1e-4, 0.1, log=True),
    "rho": Int(1, 2),
    "activation": Choice(("relu", "tanh")),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-13 a)",
    says="(1/T) Σ_t ‖f_t − f'_t‖ ≤ Σ_blocks Λ ‖Δ‖ within the radii, Λ_h = R_o mean K_t, Λ_i = R_oρR_x mean G_t, ...",
    space=SPACE,
    build=neighbours,
    assumes={},
    actual=distance,
    bound=bound,
    falsified={
        "no accumulation in Λ_h": {
            "bound": lambda s: bound(s, h=without_accumulation(s)),
            "space": SPACE | {"k": Int(1, 1), "T": Int(4, 6), "Wh": Array(("k", "k"), 0.5, 0.95), "db": Array(("k",), 0, 0)},
        },
        "Λ_i without R_x": {"bound": lambda s: bound(s, i=without_inputs(s))},
        "slope omitted": {"bound": lambda s: bound(s, **parameter_lipschitz_constants(s.radii, s.R_x, s.x.shape[1]))},
    },
    witness={
        "no accumulation in Λ_h": {
            "Wh": [[0.9]],
            "Wi": [[0.0]],
            "b": [1.0],
            "Wo": [[1.0]],
            "dWh": [[-1.0]],
            "dWi": [[0.0]],
            "db": [0.0],
            "dWo": [[0.0]],
            "x": [[0.0]] * 20,
            "step": 1e-3,
        },
        "Λ_i without R_x": {
            "Wh": [[0.0]],
            "Wi": [[1.0]],
            "b": [0.0],
            "Wo": [[1.0]],
            "dWh": [[0.0]],
            "dWi": [[1.0]],
            "db": [0.0],
            "dWo": [[0.0]],
            "x": [[2.0]],
            "step": 0.1,
        },
        "slope omitted": {
            "Wh": [[0.0]],
            "Wi": [[0.0]],
            "b": [1.0],
            "Wo": [[1.0]],
            "dWh": [[0.0]],
            "dWi": [[0.0]],
            "db": [1.0],
            "dWo": [[0.0]],
            "x": [[0.0]],
            "step": 0.1,
            "rho": 2,
        },
    },
    covers={
        "several steps and units": lambda s: s.x.shape[1] > 2 and len(s.f["b"]) > 1,
        "one step": lambda s: s.x.shape[1] == 1,
        "a slope of 2": lambda s: s.rho == 2,
    },
    cost=0.001,
)
