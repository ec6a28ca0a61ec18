r"""Vanilla recurrent networks: h_t = s(Wʰ h_{t-1} + Wⁱ x_t + b), y_t = Wᵒ h_t + bᵒ, t = 1..T, with s = ReLU or tanh.

Parameters are a mapping with the keys Wh (m, m), Wi (m, d_x), b (m,), Wo (d_y, m), bo (d_y,); sequences x (n, T, d_x).
"""

from collections.abc import Callable, Mapping

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
