r"""Training an LSTM to follow a plant, and to be certifiably quick to forget: Adam, exact gradients through time, a penalty.

The model is $\hat y_t=v\cdot h_t+d$ with $h_t$ AFTER input $u_t$, from $h_0=c_0=0$. The loss is the mean squared error
after a wash-out. A penalty is a hinge on one certificate's rate: $\lambda\max(0,r-r^*)$, so $\lambda\nabla r$ is added to the
gradient as long as $r$ is above its target $r^*$, and nothing otherwise. Any $r<1$ certifies a finite recovery time.

The rates: `norm`, of the paper's kind of matrix (2x2, before any refinement, `penalty_gradient`); `jacobian` and `coupled`,
the sharper $\rho(A_{jac})$ and $\Psi$ (`rate_gradient`), which do not punish a cascade of units as a norm does: what unit 1
does to unit 2 is in no cycle. Nothing here is a claim: certificates are computed afterwards, from the weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bounds.common.lstm import LSTMNet, bptt, run
from bounds.common.training import Adam, State
from bounds.lstm_recovery.penalty_gradient import rho_gradient
from bounds.lstm_recovery.rate_gradient import Rate, coupled_rate_gradient, jacobian_rate_gradient

PENALTIES: dict[str, Callable[[LSTMNet], Rate]] = {
    "norm": rho_gradient,
    "jacobian": jacobian_rate_gradient,
    "coupled": coupled_rate_gradient,
}


@dataclass(frozen=True, eq=False)
class Model:
    """A network and its readout y = v·h + d."""

    net: LSTMNet
    v: np.ndarray  # (n,)
    d: float

    def predict(self, u: np.ndarray) -> np.ndarray:
        """Outputs (T, B) for inputs u (T, B, m)."""
        zero = np.zeros((u.shape[1], self.net.n))
        return np.asarray(run(self.net, zero, zero, u).h[1:] @ self.v + self.d)


def initial(units: int, inputs: int, seed: int, cascade: bool = False) -> Model:
    """Weights uniform on ±1/√units, drawn in the order W, U, b, v (gates f, i, o, c); d = 0.

    A cascade keeps the lower triangle of every U, three tenths of it: most start with every rate below one.
    """
    rng, size = np.random.default_rng(seed), 1 / np.sqrt(units)
    W, U, b, v = (rng.uniform(-size, size, s) for s in ((4, units, inputs), (4, units, units), (4, units), units))
    return Model(LSTMNet(W, 0.3 * np.tril(U) if cascade else U, b), v, 0.0)


def mean_squared_error(model: Model, u: np.ndarray, y: np.ndarray, washout: int = 20) -> float:
    """Mean of (ŷ − y)² over all sequences and all steps after the wash-out; u (T, B, m), y (T, B)."""
    return float(np.mean((model.predict(u) - y)[washout:] ** 2))


def loss_gradient(model: Model, u: np.ndarray, y: np.ndarray, washout: int = 20) -> tuple[float, State]:
    """`mean_squared_error` and its gradient: W, U, b in the shapes of the net, v (n,), d (1,).

    ValueError if u and y do not belong together, or nothing is left after the wash-out.
    """
    if u.ndim != 3 or y.shape != u.shape[:2]:
        raise ValueError(f"u must have shape (T, B, m) and y (T, B), got {u.shape} and {y.shape}")
    if not 0 <= washout < len(u):
        raise ValueError(f"washout must be at least 0 and less than the {len(u)} steps, got {washout}")
    zero = np.zeros((u.shape[1], model.net.n))
    tape = run(model.net, zero, zero, u)
    error = tape.h[1:] @ model.v + model.d - y
    error[:washout] = 0.0
    count = (len(u) - washout) * u.shape[1]
    slope = 2 * error / count
    g = bptt(model.net, tape, slope[:, :, None] * model.v)
    v = np.einsum("tb,tbn->n", slope, tape.h[1:])
    return float((error**2).sum() / count), {"W": g.W, "U": g.U, "b": g.b, "v": v, "d": slope.sum(keepdims=True)[0]}


@dataclass(frozen=True, eq=False)
class Trained:
    """The last model, and what was seen before each epoch's step: (epochs,) each; the rate is NaN without a penalty."""

    model: Model
    loss: np.ndarray
    rate: np.ndarray


def train(
    u: np.ndarray,
    y: np.ndarray,
    *,
    units: int = 4,
    seed: int = 0,
    penalty: str | None = None,
    strength: float = 0.05,
    target: float = 0.95,
    cascade: bool = False,
    epochs: int = 600,
    learning_rate: float = 0.02,
    washout: int = 20,
    progress: Callable[[int, float, float], None] = lambda epoch, loss, rate: None,
) -> Trained:
    """Full-batch Adam on the loss plus strength · max(0, rate − target); the learning rate falls to a fifth after 70 %.

    u (T, B, m), y (T, B); `penalty` is a name of PENALTIES, for inputs in [-1, 1], or None. In a `cascade` the recurrent
    matrices stay lower triangular: a unit reads itself and those before it. Equal arguments give equal weights. The final
    rate may lie above its target: nothing but the certificates computed afterwards counts. `progress` gets
    (epoch, loss, rate).

    >>> from bounds.lstm_recovery.plants import two_tanks
    >>> found = train(*two_tanks(2, 40, seed=0), units=2, epochs=5, penalty="norm", target=0.5)
    >>> bool(found.rate[-1] < found.rate[0])
    True
    """
    if penalty is not None and penalty not in PENALTIES:
        raise ValueError(f"penalty must be None or one of {', '.join(PENALTIES)}, got {penalty!r}")
    if not (units >= 1 and epochs >= 1 and strength >= 0 and learning_rate > 0):
        raise ValueError(
            f"units and epochs must be at least 1, strength at least 0 and learning_rate positive, "
            f"got {units}, {epochs}, {strength} and {learning_rate}"
        )
    start = initial(units, u.shape[-1], seed, cascade)
    p: State = {"W": start.net.W, "U": start.net.U, "b": start.net.b, "v": start.v, "d": np.zeros(1)}
    adam, losses, rates = Adam(), np.empty(epochs), np.full(epochs, np.nan)
    for epoch in range(epochs):
        model = Model(LSTMNet(p["W"], p["U"], p["b"]), p["v"], float(p["d"][0]))
        losses[epoch], gradient = loss_gradient(model, u, y, washout)
        if penalty is not None:
            rates[epoch], *extra = PENALTIES[penalty](model.net)
            if rates[epoch] > target:
                for name, g in zip("WUb", extra, strict=True):
                    gradient[name] = gradient[name] + strength * g
        if cascade:
            gradient["U"] = np.tril(gradient["U"])
        adam.step(p, gradient, learning_rate * (0.2 if epoch >= 0.7 * epochs else 1.0))
        progress(epoch, float(losses[epoch]), float(rates[epoch]))
    return Trained(Model(LSTMNet(p["W"], p["U"], p["b"]), p["v"], float(p["d"][0])), losses, rates)
