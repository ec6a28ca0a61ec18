r"""Loss and penalty of a single-step network, forwards and backwards.

u_l = W_l s_{l−1} + b_l, x_l = u_l/θ − 1, s_l = H(x_l), or g(x_l) if graded; o = V s_L + c; cross-entropy plus λ Ω_syn(p), one
sample. δ_l = (λψ_l s_l^{p−1} + W_{l+1}ᵀ δ_{l+1}) g'(x_l)/θ with V and dL/do on top; dW_l = δ_l s_{l−1}ᵀ, db_l = δ_l.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bounds.single_step_snn.surrogates import s3nn_primitive, s3nn_surrogate


class Penalised(NamedTuple):
    """Parameters and penalty of one network, and one sample."""

    W: Sequence[np.ndarray]
    b: Sequence[np.ndarray]
    V: np.ndarray
    c: np.ndarray
    x: np.ndarray
    target: int
    psi: Sequence[np.ndarray]  # (n_l,)
    lam: float = 0.0
    p: float = 1.0
    theta: float = 1.0
    alpha: float = 4.0
    beta: float = 1.0
    graded: bool = False  # s = g(x) in the place of H(x): then the recursion is the exact gradient


def margins(n: Penalised) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """x_l and s_l of layers 1..L."""
    s, xs, out = n.x, [], []
    for W, b in zip(n.W, n.b, strict=True):
        x = (W @ s + b) / n.theta - 1
        s = s3nn_primitive(x, n.alpha, n.beta) if n.graded else (x >= 0).astype(float)
        xs.append(x)
        out.append(s)
    return xs, out


def penalised_loss(n: Penalised) -> float:
    """Cross-entropy (nats) + λ (1/p) Σ ψ s^p."""
    _, s = margins(n)
    o = n.V @ s[-1] + n.c
    task = float(np.log(np.exp(o - o.max()).sum()) + o.max() - o[n.target])
    return task + n.lam / n.p * sum(float(psi @ v**n.p) for psi, v in zip(n.psi, s, strict=True))


def penalised_gradients(n: Penalised) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """dW_l and db_l of all layers, by the recursion above."""
    xs, s = margins(n)
    o = n.V @ s[-1] + n.c
    probability = np.exp(o - o.max()) / np.exp(o - o.max()).sum()
    above: np.ndarray = n.V.T @ (probability - np.eye(len(o))[n.target])
    dW: list[np.ndarray] = []
    db: list[np.ndarray] = []
    for l in reversed(range(len(n.W))):
        own = np.ones_like(s[l]) if n.p == 1 else s[l] ** (n.p - 1)
        delta = (n.lam * n.psi[l] * own + above) * s3nn_surrogate(xs[l], n.alpha, n.beta) / n.theta
        dW.insert(0, np.outer(delta, s[l - 1] if l else n.x))
        db.insert(0, delta)
        above = n.W[l].T @ delta
    return dW, db
