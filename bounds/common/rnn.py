r"""Vanilla recurrent networks: h_t = s(Wʰ h_{t-1} + Wⁱ x_t + b), y_t = Wᵒ h_t + bᵒ, t = 1..T, with s = ReLU or tanh.

Parameters are a mapping with the keys Wh (m, m), Wi (m, d_x), b (m,), Wo (d_y, m), bo (d_y,); sequences x (n, T, d_x).
`rnn_forward` runs a network once, in float64 and with every argument checked; `Recurrent` is for training.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

Params = Mapping[str, np.ndarray]
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"relu": lambda u: np.maximum(u, 0.0), "tanh": np.tanh}


def checked_params(params: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    """The parameters as float64 arrays; ValueError names the array whose shape or values are wrong."""
    missing = {"Wh", "Wi", "b", "Wo", "bo"} - set(params)
    if missing:
        raise ValueError(f"params lacks {', '.join(sorted(missing))}; the keys are Wh, Wi, b, Wo, bo")
    p = {name: np.asarray(params[name], dtype=float) for name in ("Wh", "Wi", "b", "Wo", "bo")}
    m = p["Wh"].shape[0] if p["Wh"].ndim == 2 else -1
    d_x = p["Wi"].shape[1] if p["Wi"].ndim == 2 else -1
    d_y = p["Wo"].shape[0] if p["Wo"].ndim == 2 else -1
    for name, shape in {"Wh": (m, m), "Wi": (m, d_x), "b": (m,), "Wo": (d_y, m), "bo": (d_y,)}.items():
        if p[name].shape != shape:
            wanted = {"Wh": "(m, m)", "Wi": "(m, d_x)", "b": "(m,)", "Wo": "(d_y, m)", "bo": "(d_y,)"}[name]
            raise ValueError(f"params[{name!r}] must have shape {wanted} with m = {max(m, 0)}, got {p[name].shape}")
        if not np.isfinite(p[name]).all():
            raise ValueError(f"params[{name!r}] must be finite, and holds NaN or infinity")
    return p


def checked_sequences(x: ArrayLike, d_x: int) -> np.ndarray:
    """Sequences as a float64 array (n, T, d_x), n, T ≥ 1, finite; ValueError otherwise."""
    sequences = np.asarray(x, dtype=float)
    if sequences.ndim != 3 or sequences.shape[2] != d_x or 0 in sequences.shape[:2]:
        raise ValueError(f"x must have shape (n, T, {d_x}) with n, T >= 1, got {sequences.shape}")
    if not np.isfinite(sequences).all():
        raise ValueError("x must be finite, and holds NaN or infinity")
    return sequences


def rnn_forward(
    params: Mapping[str, ArrayLike], x: ArrayLike, h0: ArrayLike | None = None, activation: str = "relu"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States h (n, T, m), outputs y (n, T, d_y) and pre-activations (n, T, m) at t = 1..T.

    x (n, T, d_x); h0 (m,) or (n, m), zero if None; activation "relu" or "tanh". ValueError for wrong shapes or values.

    >>> p = {"Wh": [[0.5]], "Wi": [[1.0]], "b": [0.0], "Wo": [[2.0]], "bo": [1.0]}
    >>> h, y, pre = rnn_forward(p, [[[1.0], [0.0]]])
    >>> h.ravel().tolist(), y.ravel().tolist()
    ([1.0, 0.5], [3.0, 2.0])
    """
    p = checked_params(params)
    sequences = checked_sequences(x, p["Wi"].shape[1])
    if activation not in ACTIVATIONS:
        raise ValueError(f'activation must be "relu" or "tanh", got {activation!r}')
    s, (n, T, _), m = ACTIVATIONS[activation], sequences.shape, p["b"].size
    state = np.zeros((n, m)) if h0 is None else np.asarray(h0, dtype=float)
    if state.shape not in ((m,), (n, m)) or not np.isfinite(state).all():
        raise ValueError(f"h0 must be finite with shape ({m},) or ({n}, {m}), got {state.shape}")
    drive, pre, h = sequences @ p["Wi"].T + p["b"], np.empty((n, T, m)), np.empty((n, T, m))
    for t in range(T):
        pre[:, t] = state @ p["Wh"].T + drive[:, t]
        h[:, t] = state = s(pre[:, t])
    return h, h @ p["Wo"].T + p["bo"], pre


Loss = Callable[
    [np.ndarray, np.ndarray], tuple[float, np.ndarray]
]  # (outputs, targets) row by row -> (mean loss, its gradient)


@dataclass
class Recurrent:
    """A network in training: outputs, and the exact gradient of a loss by backpropagation through all T steps, from h_0 = 0.

    params: arrays of one dtype, float32 or float64, with the keys above; an optimiser changes them in place. every_step:
    the loss is the mean over all sequences and steps, and targets are (n, T, ...); otherwise it sees y_T only, and
    targets are (n, ...). ReLU has slope 0 at 0. ValueError for wrong shapes, types or values.

    Fast because little is done step by step: steps lie outermost in memory, all steps' inputs enter by one product before the
    loop, all steps' slopes are taken at once, and each weight's gradient is one product after it. The arrays for one shape
    of batch are made once. Nothing checks for overflow: a diverged network shows as a loss that is not finite.
    """

    params: dict[str, np.ndarray]
    activation: str = "relu"
    every_step: bool = False
    _arrays: dict[tuple[int, int], dict[str, np.ndarray]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        checked_params(self.params)
        types = {np.asarray(value).dtype for value in self.params.values()}
        if len(types) > 1 or not types <= {np.dtype(np.float32), np.dtype(np.float64)}:
            raise ValueError(f"params must be all float32 or all float64, got {', '.join(sorted(map(str, types)))}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f'activation must be "relu" or "tanh", got {self.activation!r}')

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """y at the last step (n, d_y), or at every step (n, T, d_y); x (n, T, d_x)."""
        h = self._run(x)["h"]
        p = self.params
        return np.asarray((h[1:].swapaxes(0, 1) if self.every_step else h[-1]) @ p["Wo"].T + p["bo"])

    def gradient(self, x: np.ndarray, targets: np.ndarray, loss: Loss) -> tuple[float, dict[str, np.ndarray]]:
        """(mean loss, its gradient for every parameter) of sequences x (n, T, d_x)."""
        p, a = self.params, self._run(x)
        h, d, product, slope = a["h"], a["d"], a["product"], a["slope"]
        steps, n, m = d.shape
        if self.every_step:
            seen, wanted = h[1:].reshape(-1, m), np.swapaxes(targets, 0, 1).reshape(steps * n, *targets.shape[2:])
        else:
            seen, wanted = h[-1], targets
        if len(targets) != n or len(wanted) != len(seen):
            raise ValueError(
                f"targets must begin with the shape {(n, steps) if self.every_step else (n,)}, got {targets.shape}"
            )
        value, dy = loss(seen @ p["Wo"].T + p["bo"], wanted)
        if self.activation == "relu":
            np.greater(h[1:], 0, out=slope)
        else:
            np.multiply(h[1:], h[1:], out=slope)
            np.subtract(1, slope, out=slope)
        np.matmul(dy, p["Wo"], out=d.reshape(-1, m) if self.every_step else d[-1])
        d[-1] *= slope[-1]
        for t in range(steps - 2, -1, -1):  # d[t] becomes the gradient at the pre-activations of step t + 1
            if self.every_step:
                np.matmul(d[t + 1], p["Wh"], out=product)
                d[t] += product
            else:
                np.matmul(d[t + 1], p["Wh"], out=d[t])
            d[t] *= slope[t]
        rows = d.reshape(-1, m)
        entering = a["x1"].reshape(steps * n, -1).T @ rows
        return value, {
            "Wh": rows.T @ h[:-1].reshape(-1, m),
            "Wi": entering[:-1].T,
            "b": entering[-1],
            "Wo": dy.T @ seen,
            "bo": dy.sum(0),
        }

    def _run(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """States h (T + 1, n, m) from h[0] = 0, the inputs x with steps outermost, and room for the way back."""
        p = self.params
        (m, d_x), dtype = p["Wi"].shape, p["Wi"].dtype
        if x.ndim != 3 or x.shape[2] != d_x or 0 in x.shape[:2]:
            raise ValueError(f"x must have shape (n, T, {d_x}) with n, T >= 1, got {x.shape}")
        n, steps = x.shape[:2]
        if (n, steps) not in self._arrays:
            shapes = {"h": (steps + 1, n, m), "d": (steps, n, m), "slope": (steps, n, m), "product": (n, m)}
            self._arrays[n, steps] = {name: np.zeros(shape, dtype) for name, shape in shapes.items()}
            self._arrays[n, steps]["x1"] = np.ones((steps, n, d_x + 1), dtype)  # the bias is the weight of a constant input
        a = self._arrays[n, steps]
        a["x1"][:, :, :d_x] = x.swapaxes(0, 1)
        h, product, Wh_T = a["h"], a["product"], np.ascontiguousarray(p["Wh"].T)
        drive = h[1:].reshape(-1, m)  # step t reads its drive where its state then lies
        np.matmul(a["x1"].reshape(-1, d_x + 1), np.vstack([p["Wi"].T, p["b"]]), out=drive)
        for t in range(steps):
            np.matmul(h[t], Wh_T, out=product)
            product += h[t + 1]
            if self.activation == "relu":
                np.maximum(product, 0, out=h[t + 1])
            else:
                np.tanh(product, out=h[t + 1])
        return a
