"""Covariances without rounding, for the claims to be judged on: from integer states, or with a given spectrum."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.claim import Array, Axis, Int, Real
from bounds.spectral_pruning.information import degrees_of_freedom, residual_covariance, ridge_reconstruction


def fractions(values: ArrayLike) -> np.ndarray:
    """The same numbers as Fractions; a float means the dyadic rational that it is."""
    array = np.asarray(values)
    out = np.empty(array.shape, dtype=object)
    out.reshape(-1)[:] = [Fraction(v) for v in array.ravel().tolist()]
    return out


def identity(m: int) -> np.ndarray:
    """The identity of Fractions."""
    return fractions(np.eye(m, dtype=int))


def rotation(v: ArrayLike, w: ArrayLike) -> np.ndarray:
    """The product Q of the reflections across v and w, an orthogonal matrix of Fractions; a zero vector reflects nothing."""
    Q = identity(len(np.asarray(v)))
    for direction in (fractions(v), fractions(w)):
        if any(direction):
            Q = Q - np.outer(Q @ direction, direction) * 2 / (direction @ direction)
    return Q


@dataclass(frozen=True)
class Kept:
    """Hidden states, the units that are kept, and their ridges."""

    h: np.ndarray  # (p, m) Fractions: p = n T states
    J: list[int]
    tau: np.ndarray  # (m,) Fractions

    @property
    def m(self) -> int:
        """Number of units."""
        return len(self.tau)

    @cached_property
    def Sig(self) -> np.ndarray:
        """Their mean covariance."""
        return np.asarray(self.h.T @ self.h / len(self.h))

    @cached_property
    def A(self) -> np.ndarray:
        """The ridge reconstruction A_J."""
        return ridge_reconstruction(self.Sig, self.J, self.tau)

    @cached_property
    def S(self) -> np.ndarray:
        """The Schur-type matrix S_J."""
        return residual_covariance(self.Sig, self.J, self.tau)

    @property
    def D(self) -> np.ndarray:
        """diag(τ_j, j in J)."""
        return np.asarray(identity(len(self.J)) * self.tau[self.J])


KEPT: dict[str, Axis] = {
    "p": Int(1, 4),
    "m": Int(1, 4),
    "h": Array(("p", "m"), -3, 3, step=1),
    "keep": Array(("m",), 0, 1, step=1),
    "tau": Array(("m",), 0.25, 4, step=Fraction(1, 4)),
}


def kept(h: ArrayLike, keep: Sequence[int], tau: Sequence[Any], p: int = 0, m: int = 0) -> Kept:
    """States h (p, m), a flag for each unit that is kept, and its ridge. The sizes are read off h."""
    return Kept(fractions(h), [j for j, flag in enumerate(keep) if flag], fractions(tau))


@dataclass(frozen=True)
class Spectral:
    """A covariance Q diag(μ) Qᵀ whose spectrum is known exactly, kept units, ridges, and λ."""

    mu: np.ndarray  # (m,) Fractions ≥ 0, in any order
    Q: np.ndarray  # (m, m) orthogonal, Fractions
    J: list[int]
    tau: np.ndarray  # (m,) Fractions
    lam: Fraction

    @property
    def m(self) -> int:
        """Number of units."""
        return len(self.mu)

    @property
    def rank(self) -> int:
        """Number of positive eigenvalues."""
        return sum(v > 0 for v in self.mu)

    @cached_property
    def Sig(self) -> np.ndarray:
        """The covariance."""
        return np.asarray((self.Q * self.mu) @ self.Q.T)

    @cached_property
    def Gam(self) -> np.ndarray:
        """Γ = Σ (Σ + λ)⁻¹, from the spectrum."""
        return np.asarray((self.Q * (self.mu / (self.mu + self.lam))) @ self.Q.T)

    @cached_property
    def N(self) -> Fraction:
        """N(λ)."""
        return Fraction(degrees_of_freedom(self.mu, self.lam))


SPECTRAL: dict[str, Axis] = {
    "m": Int(1, 4),
    "mu": Array(("m",), 0, 16, step=Fraction(1, 4)),
    "v": Array(("m",), -2, 2, step=1),
    "w": Array(("m",), -2, 2, step=1),
    "keep": Array(("m",), 0, 1, step=1),
    "tau": Array(("m",), 0.25, 4, step=Fraction(1, 4)),
    "lam": Real(0.125, 4, step=Fraction(1, 8)),
}


def spectral(
    mu: ArrayLike,
    v: ArrayLike | None = None,
    w: ArrayLike | None = None,
    keep: Sequence[int] = (),
    tau: ArrayLike | None = None,
    lam: Any = 1,
    m: int = 0,
) -> Spectral:
    """Eigenvalues μ, two directions to reflect across, a flag for each unit that is kept, its ridge, and λ > 0."""
    values = fractions(mu)
    none = np.zeros(len(values), dtype=int)
    Q = rotation(none if v is None else v, none if w is None else w)
    J = [j for j, flag in enumerate(keep) if flag]
    return Spectral(values, Q, J, fractions(none if tau is None else tau), Fraction(lam))


def largest(values: ArrayLike) -> Any:
    """The largest absolute value, 0 for none: how far an identity is from holding."""
    return max((abs(v) for v in np.asarray(values).ravel().tolist()), default=0)
