r"""Other ways to make a recurrent network smaller, each with up to six settings among which a validation set may choose.

| Method | Keeps | Settings |
|---|---|---|
| spectral | k units by greedy descent of L_M | M_θ with θ = 1, 0, times τ = 1e-8, 1e-6, 1e-4 of Tr Σ/m |
| magnitude | k units of largest weights | incoming, outgoing, product, times two norms, or with "rec" two τ |
| random | k units | six draws |
| leverage | k units drawn by leverage scores | six draws |
| columns | k units of largest outgoing weights | trained under a group lasso with one of several penalties |
| weights | the k² largest entries of Wʰ | plain, times the root mean square of their input, by row |
| low rank | Wʰ of rank r, 2 m r ≤ k² | Eckart and Young, the same for Wʰh on the states, 1 + low rank |

The first five drop the other units, or rebuild them by the A_J of the spectral choice ("rec"). All methods keep k² recurrent
weights; "weights" and "low rank" keep all m input and output rows besides, which is more than k units have. Every
candidate is a `Model` that can be trained further in its own coordinates.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bounds.common.rnn import Loss, Recurrent
from bounds.spectral_pruning.accumulation import compress_rnn
from bounds.spectral_pruning.information import information_weight, ridge_reconstruction
from bounds.spectral_pruning.pruning import select_units
from bounds.spectral_pruning.training import Model

RIDGES = (1e-8, 1e-6, 1e-4)  # times Tr Σ/m
DRAWS = 6


@dataclass(frozen=True)
class Candidate:
    """One setting of one method: a network that can be run and trained further."""

    setting: str
    model: Model
    recurrent_weights: int  # that it may set freely


@dataclass
class Masked:
    """A network whose recurrent weights stay 0 outside a mask (m, m)."""

    net: Recurrent
    mask: np.ndarray

    def __post_init__(self) -> None:
        self.net.params["Wh"][~self.mask] = 0
        self.params = self.net.params

    def outputs(self, x: np.ndarray) -> np.ndarray:
        return self.net.outputs(x)

    def gradient(self, x: np.ndarray, targets: np.ndarray, loss: Loss) -> tuple[float, dict[str, np.ndarray]]:
        value, gradient = self.net.gradient(x, targets, loss)
        gradient["Wh"][~self.mask] = 0
        return value, gradient


@dataclass
class LowRank:
    """A network with Wʰ = shift + U V; params holds U (m, r) and V (r, m) in place of Wh. shift (m, m) is not trained."""

    params: dict[str, np.ndarray]
    shift: np.ndarray
    every_step: bool = False

    def _net(self) -> Recurrent:
        Wh = self.shift + self.params["U"] @ self.params["V"]
        if not hasattr(self, "_dense"):
            self._dense = Recurrent(
                {n: v for n, v in self.params.items() if n not in "UV"} | {"Wh": Wh}, "relu", self.every_step
            )
        self._dense.params["Wh"] = Wh
        return self._dense

    def outputs(self, x: np.ndarray) -> np.ndarray:
        return self._net().outputs(x)

    def gradient(self, x: np.ndarray, targets: np.ndarray, loss: Loss) -> tuple[float, dict[str, np.ndarray]]:
        value, gradient = self._net().gradient(x, targets, loss)
        slope = gradient.pop("Wh")
        return value, gradient | {"U": slope @ self.params["V"].T, "V": self.params["U"].T @ slope}


@dataclass(frozen=True)
class Base:
    """A trained ReLU network (float32), and the time-mean covariance of its states on the training data."""

    params: Mapping[str, np.ndarray]
    Sig: np.ndarray  # (m, m), float64
    every_step: bool = False

    @property
    def ridge(self) -> float:
        """Tr Σ/m, the unit of τ."""
        return float(np.trace(self.Sig)) / len(self.Sig)

    def network(self, params: Mapping[str, np.ndarray]) -> Recurrent:
        return Recurrent({name: np.array(value, dtype=np.float32) for name, value in params.items()}, "relu", self.every_step)

    def of_units(self, J: Sequence[int], setting: str, tau: float | None = None) -> Candidate:
        """The network of the units J: the others rebuilt with ridge tau (times Tr Σ/m), or dropped if tau is None."""
        A = np.eye(len(self.Sig))[:, J] if tau is None else ridge_reconstruction(self.Sig, J, tau * self.ridge)
        return Candidate(setting, self.network(compress_rnn(self.params, J, A)), len(J) ** 2)


def spectral(base: Base, k: int, rec: bool = True) -> list[Candidate]:
    """Greedy descent of L_M for M = M_θ; k units (fewer only where nothing is left to explain)."""
    found = []
    for theta in (1.0, 0.0):
        M = information_weight(base.params, theta)
        for tau in RIDGES:
            J = select_units(base.Sig, k, "greedy", tau * base.ridge, M)
            found.append(base.of_units(J, f"theta={theta:g} tau={tau:g}", tau if rec else None))
    return found


def magnitude(base: Base, k: int, rec: bool = False) -> list[Candidate]:
    """Units of largest incoming weights (their row of Wʰ, Wⁱ), outgoing ones (their column of Wʰ, Wᵒ), or of the product."""
    rows = np.hstack([base.params["Wh"], base.params["Wi"]]).astype(float)
    columns = np.vstack([base.params["Wh"], base.params["Wo"]]).astype(float)
    found = []
    for norm, tau in ((2, 1e-8), (2, 1e-6)) if rec else ((1, None), (2, None)):
        into, out = np.linalg.norm(rows, norm, axis=1), np.linalg.norm(columns, norm, axis=0)
        for name, size in {"incoming": into, "outgoing": out, "product": into * out}.items():
            J = _largest(size, k)
            found.append(base.of_units(J, f"{name} l{norm}" + (f" tau={tau:g}" if tau else ""), tau))
    return found


def random(base: Base, k: int, seed: int, rec: bool = False) -> list[Candidate]:
    """k units drawn uniformly, six times."""
    rng = np.random.default_rng([seed, k])
    return [
        base.of_units(sorted(rng.permutation(len(base.Sig))[:k].tolist()), f"draw {i}", 1e-8 if rec else None)
        for i in range(DRAWS)
    ]


def leverage(base: Base, k: int, seed: int, rec: bool = True) -> list[Candidate]:
    """k different units drawn by their leverage scores at N(λ) = k, six times."""
    rng = np.random.default_rng([seed, k])
    draws = [select_units(base.Sig, k, "leverage", rng=rng) for _ in range(DRAWS)]
    return [base.of_units(J, f"draw {i}", 1e-8 if rec else None) for i, J in enumerate(draws)]


def columns(sparse: Mapping[float, Base], k: int, rec: bool = False) -> list[Candidate]:
    """k units of largest outgoing weights of networks that were trained under a group lasso: penalty -> network."""
    found = []
    for penalty, base in sparse.items():
        size = np.linalg.norm(np.vstack([base.params["Wh"], base.params["Wo"]]), axis=0)
        found.append(base.of_units(_largest(size, k), f"penalty={penalty:g}", 1e-8 if rec else None))
    return found


def shrink_columns(params: Mapping[str, np.ndarray], penalty: float) -> Callable[[float], None]:
    """For `train(after_step=...)`: the proximal step of penalty · Σ_j ‖column j of Wʰ and Wᵒ‖, in place."""

    def step(rate: float) -> None:
        size = np.sqrt((params["Wh"] ** 2).sum(0) + (params["Wo"] ** 2).sum(0))
        share = np.maximum(0, 1 - rate * penalty / np.maximum(size, np.finfo(size.dtype).tiny))
        params["Wh"][...] *= share
        params["Wo"][...] *= share

    return step


def weights(base: Base, k: int) -> list[Candidate]:
    """k² of the recurrent weights, the others 0."""
    m, size = len(base.Sig), np.abs(base.params["Wh"].astype(float))
    masks = {}
    for name, value in {"plain": size, "times input": size * np.sqrt(np.diagonal(base.Sig))}.items():
        masks[name] = np.zeros((m, m), dtype=bool)
        masks[name].ravel()[_largest(value.ravel(), k * k)] = True
    masks["by row"] = np.argsort(np.argsort(-size, axis=1, kind="stable"), axis=1) < k * k // m
    return [
        Candidate(name, Masked(base.network(base.params), mask), int(mask.sum())) for name, mask in masks.items() if mask.any()
    ]


def low_rank(base: Base, k: int) -> list[Candidate]:
    """Wʰ of rank r = max(1, ⌊k²/2m⌋), so that U and V have k² entries at most (2m at least)."""
    m, Wh = len(base.Sig), base.params["Wh"].astype(float)
    r = max(1, k * k // (2 * m))
    mu, Q = np.linalg.eigh(base.Sig)
    root = np.sqrt(np.maximum(mu, 1e-12 * mu.max()))  # so that it can be inverted
    found = []
    for name, target, right, shift in (
        ("plain", Wh, np.eye(m), 0.0),
        ("on the states", (Wh @ Q) * root, Q / root, 0.0),
        ("1 + low rank", Wh - np.eye(m), np.eye(m), 1.0),
    ):
        U, s, Vt = np.linalg.svd(target)
        factors = {"U": U[:, :r] * np.sqrt(s[:r]), "V": np.sqrt(s[:r])[:, None] * (Vt[:r] @ right.T)}
        others = {n: v for n, v in base.params.items() if n != "Wh"}
        params = {n: np.array(v, dtype=np.float32) for n, v in (others | factors).items()}
        found.append(
            Candidate(name, LowRank(params, np.float32(shift) * np.eye(m, dtype=np.float32), base.every_step), 2 * m * r)
        )
    return found


def _largest(size: np.ndarray, k: int) -> list[int]:
    return [int(j) for j in np.argsort(-size, kind="stable")[:k]]
