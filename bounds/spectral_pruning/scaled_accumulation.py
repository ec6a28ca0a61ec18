r"""SP-11 (a), (b): measured drive, and any diagonal change of metric, bound the error; a general change of metric does not.

Setting of `time_accumulation`. Per sequence u_1 = 0, u_t = ρ‖D Wʰ_J r_{t−1}‖ + q_D u_{t−1}, with D a positive *diagonal*
matrix, q_D = ρ‖D Wʰ_J A D⁻¹‖, κ_D = ‖Wᵒ A D⁻¹‖:
$$ \|y-y^\#\|_{n,T}\le B(D)=\operatorname{rms}_{i,t}\bigl(\|W^or_{i,t}\|+\kappa_Du_{i,t}\bigr),\qquad
   B_2=B(1)\le B_1,\qquad B_3=\min_DB(D)\le B_2. $$
Why: an elementwise Lipschitz map is Lipschitz in ‖D·‖ if D is diagonal, so `step_recursion` holds in that norm; Minkowski for
B_2 ≤ B_1. States are exact for ReLU; see `networks` for the rounding. Units: y.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Int, Real
from bounds.spectral_pruning.accumulation import error_bounds, measured_drive, operator_norm
from bounds.spectral_pruning.information import rms_norm
from bounds.spectral_pruning.networks import NET, Pruned, pruned
from bounds.spectral_pruning.time_accumulation import CONSTANT, NILPOTENT


@dataclass(frozen=True)
class Measured:
    """A pruned network, and a metric on its kept units."""

    p: Pruned
    D: np.ndarray  # (|J|,) > 0, or (|J|, |J|) invertible

    @cached_property
    def found(self) -> dict[str, Any]:
        """The public function with this diagonal D."""
        return error_bounds(self.p.params, self.p.J, self.p.A, self.p.x, self.D, self.p.rho, self.p.activation)


def measured(log_D: Any, **net: Any) -> Measured:
    """A diagonal metric, from its logarithms."""
    p = pruned(**net)
    return Measured(p, np.exp(np.asarray(log_D, dtype=float)[: len(p.J)]))


def turned(angle: float, stretch: float, **net: Any) -> Measured:
    """Two kept units, and the metric diag(1, stretch) after a rotation by the angle: not diagonal."""
    p = pruned(**{**net, "keep": [1, 1, 0, 0][: len(net["b"])]})
    c, s = np.cos(angle), np.sin(angle)
    return Measured(p, np.array([[1.0], [stretch]]) * np.array([[c, s], [s, -c]]))


def bound_in(x: Measured) -> float:
    """B(D) for any invertible D."""
    p = x.p
    D = np.diag(x.D) if x.D.ndim == 1 else x.D
    inverse = np.linalg.inv(D)
    q = p.rho * operator_norm(D @ p.W @ p.A @ inverse)
    u = measured_drive(p.rho * p.r @ p.W.T, D, q)
    seen = np.linalg.norm(p.r @ p.params["Wo"].T, axis=2)
    return rms_norm((seen + operator_norm(p.params["Wo"] @ p.A @ inverse) * u)[:, :, None])


def with_inverted_metric(x: Measured) -> float:
    """B(D) with ρ‖D⁻¹ Wʰ_J A D‖ in place of q_D."""
    p = x.p
    q = p.rho * operator_norm(p.W @ p.A * x.D / x.D[:, None])
    seen = np.linalg.norm(p.r @ p.params["Wo"].T, axis=2)
    u = measured_drive(p.rho * p.r @ p.W.T, x.D, q)
    return rms_norm((seen + operator_norm(p.params["Wo"] @ p.A / x.D) * u)[:, :, None])


def left(x: Measured) -> Enclosure:
    """Error, error, B2."""
    return x.p.enclosed(x.p.error, x.p.error, x.found["B2"])


def right(x: Measured) -> Enclosure:
    """B(D), B3, B1."""
    return x.p.enclosed(bound_in(x), x.found["B3"], x.found["B1"])


CLAIM = Claim(
    source="new, SP-11 (a), (b)",
    says="‖y − y#‖ ≤ B(D) for every positive diagonal D, so ‖y − y#‖ ≤ B3 = min B(D), and B2 = B(1) ≤ B1",
    space=NET | {"log_D": Array((4,), -1, 1)},
    build=measured,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "a metric that is not diagonal": {
            "space": {key: axis for key, axis in CONSTANT.items() if key != "keep"}
            | {"m": Int(3, 3), "angle": Real(0, np.pi), "stretch": Real(1, 100, log=True)},
            "build": turned,
            "covers": {},
            "cost": 0.0005,
            "actual": lambda x: x.p.enclosed(x.p.error),
            "bound": lambda x: x.p.enclosed(bound_in(x)),
        },
        "q_D with D and its inverse exchanged": {
            "actual": lambda x: x.p.enclosed(x.p.error),
            "bound": lambda x: x.p.enclosed(with_inverted_metric(x)),
        },
        "D without its inverse in the read-out": {
            "actual": lambda x: x.p.enclosed(x.p.error),
            "bound": lambda x: x.p.enclosed(
                rms_norm(
                    (
                        np.linalg.norm(x.p.r @ x.p.params["Wo"].T, axis=2)
                        + operator_norm(x.p.params["Wo"] @ x.p.A)
                        * measured_drive(x.p.rho * x.p.r @ x.p.W.T, x.D, x.found["q_D"])
                    )[:, :, None]
                )
            ),
        },
    },
    witness={
        "a metric that is not diagonal": {**NILPOTENT, "angle": np.pi / 4, "stretch": 8.0},
        "q_D with D and its inverse exchanged": {  # a missing unit drives unit 1, which drives unit 0
            **NILPOTENT,
            "Wh": [[0, 1.5, 0], [0, 0, 1], [0, 0, 0]],
            "b": [0, 0, 1],
            "x": [[0] * 3],
            "log_D": [0, -1],
        },
    },
    covers={
        "D helps": lambda x: x.found["B3"] < 0.999 * x.found["B2"],
        "D hurts": lambda x: bound_in(x) > 1.01 * x.found["B2"],
        "tanh": lambda x: x.p.activation == "tanh",
    },
    cost=0.002,
)
