r"""Plants to identify: what resilience-aware training is tried on. (The paper's own plant is not known to us.)

Two tanks in a cascade, chosen by us. Inputs are held for 10 steps; $q=(u+1)/2$ is the inflow, and with $\Delta t=1/2$,
$$ x_1\gets[x_1+\Delta t(0.6q-0.5\sqrt{x_1})],\qquad x_2\gets[x_2+\Delta t(0.5\sqrt{x_1}-0.5\sqrt{x_2})],\qquad
   y=(x_2-0.36)/0.36, $$
from $x_1=x_2=0.3$, with the NEW $x_1$ in $x_2$ and $[\cdot]$ cutting to $[0,1.5]$. Slow, smooth
and one way: tank 2 never acts on tank 1.

Narendra and Parthasarathy's Example 4, a standard benchmark of identification with neural networks, with feedback through
products of past outputs and the same random inputs as there (a new one at every step):
$$ y_{t}=\frac{y_{t-1}\,y_{t-2}\,y_{t-3}\,u_{t-1}(y_{t-3}-1)+u_t}{1+y_{t-2}^2+y_{t-3}^2} $$
from rest. Source: K. S. Narendra, K. Parthasarathy, "Identification and control of dynamical systems using neural networks",
IEEE Transactions on Neural Networks 1 (1990) 4-27.

All is dimensionless, inputs are uniform on [-1, 1], and y_t is the output AFTER input u_t.
"""

from collections.abc import Callable

import numpy as np

Signals = tuple[np.ndarray, np.ndarray]  # inputs u (steps, sequences, 1) and outputs y (steps, sequences)


def _inputs(sequences: int, steps: int, seed: int, held: int) -> np.ndarray:
    """Sequence after sequence from one generator, a new value every `held` steps: (steps, sequences)."""
    if sequences < 1 or steps < 1:
        raise ValueError(f"sequences and steps must be at least 1, got {sequences} and {steps}")
    levels = np.random.default_rng(seed).uniform(-1, 1, (sequences, -(-steps // held)))
    return np.repeat(levels, held, axis=1)[:, :steps].T


def two_tanks(sequences: int, steps: int, seed: int) -> Signals:
    """Inputs and outputs of the tanks.

    >>> u, y = two_tanks(1, 12, seed=100)
    >>> float(u[10, 0, 0].round(10)), float(y[11, 0].round(10))
    (0.1931080539, 0.925448473)
    """
    u = _inputs(sequences, steps, seed, held=10)
    x1 = x2 = np.full(sequences, 0.3)
    y = np.empty_like(u)
    for t in range(steps):
        x1 = np.clip(x1 + 0.5 * (0.3 * (u[t] + 1) - 0.5 * np.sqrt(x1)), 0, 1.5)
        x2 = np.clip(x2 + 0.5 * (0.5 * np.sqrt(x1) - 0.5 * np.sqrt(x2)), 0, 1.5)
        y[t] = (x2 - 0.36) / 0.36
    return u[:, :, None], y


def narendra_parthasarathy(sequences: int, steps: int, seed: int) -> Signals:
    """Inputs and outputs of Example 4.

    >>> u, y = narendra_parthasarathy(1, 3, seed=0)
    >>> bool(y[0, 0] == u[0, 0, 0])
    True
    """
    u = _inputs(sequences, steps, seed, held=1)
    y = np.zeros((steps + 3, sequences))
    for t in range(steps):
        y3, y2, y1 = y[t : t + 3]
        before = u[t - 1] if t else 0.0
        y[t + 3] = (y1 * y2 * y3 * before * (y3 - 1) + u[t]) / (1 + y2 * y2 + y3 * y3)
    return u[:, :, None], y[3:]


PLANTS: dict[str, Callable[[int, int, int], Signals]] = {
    "tanks": two_tanks,
    "narendra": narendra_parthasarathy,
}
