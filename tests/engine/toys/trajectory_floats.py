"""The same identity in floats: the bound is the rounding budget of both evaluations, argued from (1 + ε)^(2T)."""

from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Int, Real, exact


def states(leak: float, inputs: np.ndarray) -> np.ndarray:
    """By recursion."""
    u = [0.0]
    for value in inputs:
        u.append(leak * u[-1] + value)
    return np.array(u[1:])


def closed_form(leak: float, inputs: np.ndarray) -> np.ndarray:
    """By the sum."""
    t = np.arange(len(inputs))
    return np.array([float((leak ** (k - t[: k + 1]) * inputs[: k + 1]).sum()) for k in t])


def difference(x: tuple[float, np.ndarray], error: float = 0.0) -> Enclosure:
    """Of the floats as they are; `error` is a mistake in the leak of one side."""
    leak, inputs = x
    return exact(float(np.abs(states(leak, inputs) - closed_form(leak * (1 + error), inputs)).max()))


def budget(x: tuple[float, np.ndarray]) -> Enclosure:
    """Each of at most 2T + 4 operations (a power counts as at most two units in the last place) has relative error 2⁻⁵³."""
    leak, inputs = x
    return exact(float((2 * len(inputs) + 4) * 2.0**-52 * states(leak, np.abs(inputs)).max()))


def build(T: int, leak: float, x: Any) -> tuple[float, np.ndarray]:
    """Leak in [0, 1], T inputs."""
    return leak, np.asarray(x, float)


CLAIM = Claim(
    source="new",
    says="the recursion and the closed form agree within the rounding budget",
    space={"T": Int(2, 20), "leak": Real(0.1, 1), "x": Array(("T",), -1, 1)},
    build=build,
    assumes={},
    actual=difference,
    bound=budget,
    falsified={"a leak wrong by 1e-9": {"actual": lambda x: difference(x, error=1e-9)}},
    cost=0.001,
)
