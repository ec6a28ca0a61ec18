r"""SP-5 (a) to (c): what no k units can beat, from the spectrum alone.

For every J with |J| = k,
$$ L^{0}(J)\ge\sum_{i>k}\mu_i,\qquad L^{\tau}(J)\ge\sum_{i>k}\mu_i+\sum_{i\le k}\frac{\mu_i\tau}{\mu_i+\tau}\ (\tau_j=\tau), $$
and, with any τ ≥ 0, k ≤ N(λ)/2 implies L(J) ≥ λN(λ)/2. Why: S_J is a residual after a map of rank k (Eckart and Young);
what J explains with a constant ridge is Σ_FJ(Σ_JJ + τ)⁻¹Σ_JF ≼ Σ(Σ + τ)⁻¹Σ and has rank k; the tail is at least
λ(N − k). Judged in Fractions: Σ is made from a rational spectrum and rational reflections. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.claim import Array, Claim, Enclosure, Real, exact
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, spectral
from bounds.spectral_pruning.information import information_loss
from bounds.spectral_pruning.lower_bounds import spectral_lower_bound


@dataclass(frozen=True)
class Chosen:
    """Any set of units, with a constant ridge and with a ridge of its own for each."""

    x: Spectral
    constant: Fraction


def chosen(constant: Any, **x: Any) -> Chosen:
    """A ridge, and the rest of the instance."""
    return Chosen(spectral(**x), Fraction(constant))


def third(c: Chosen, share: Fraction, until: Fraction) -> Enclosure:
    """share · λN where k ≤ until · N, and 0 where not."""
    return exact(share * c.x.lam * c.x.N if len(c.x.J) <= until * c.x.N else Fraction(0))


def floors(c: Chosen, shift: int = 0) -> Enclosure:
    """The three lower bounds; 0 where the third says nothing. `shift` moves the start of both tails."""
    x, k = c.x, len(c.x.J)
    tail = max(k - shift, 0)
    half = third(c, Fraction(1, 2), Fraction(1, 2)).lo
    return exact(spectral_lower_bound(x.mu, tail), spectral_lower_bound(x.mu, tail, c.constant), half)


def losses(c: Chosen) -> Enclosure:
    """L(J) without ridge, with the constant ridge, with the ridges τ."""
    return exact(*(information_loss(c.x.Sig, c.x.J, tau) for tau in (Fraction(0), c.constant, c.x.tau)))


CLAIM = Claim(
    source="new, SP-5 (a) to (c)",
    says="L⁰(J) ≥ Σ_{i>k} μ_i; L^τ(J) ≥ Σ_{i>k} μ_i + Σ_{i≤k} μ_iτ/(μ_i+τ); L(J) ≥ λN/2 if k ≤ N/2",
    space=SPECTRAL | {"tau": Array(("m",), 0, 4, step=Fraction(1, 4)), "constant": Real(0, 4, step=Fraction(1, 4))},
    build=chosen,
    assumes={},
    actual=floors,
    bound=losses,
    falsified={
        "the tail starts one earlier": {"actual": lambda c: floors(c, shift=1)},
        "λN/2 already for k ≤ N": {
            "actual": lambda c: third(c, Fraction(1, 2), Fraction(1)),
            "bound": lambda c: exact(information_loss(c.x.Sig, c.x.J, c.x.tau)),
        },
        "0.6 λN for k ≤ N/2": {
            "actual": lambda c: third(c, Fraction(3, 5), Fraction(1, 2)),
            "bound": lambda c: exact(information_loss(c.x.Sig, c.x.J, c.x.tau)),
        },
    },
    witness={
        "the tail starts one earlier": {"mu": [1, 1, 1], "keep": [1, 0, 0], "constant": 0},
        "λN/2 already for k ≤ N": {"mu": [10**9, Fraction(1, 10**6)], "keep": [1, 0], "constant": 0, "lam": 1},
        # the constant 1/2 is met by one strong unit beside many weak ones
        "0.6 λN for k ≤ N/2": {"mu": [10**9, *[Fraction(1, 20)] * 22], "keep": [1, *[0] * 22], "constant": 0, "lam": 1},
    },
    covers={
        "the third bound speaks": lambda c: 0 < len(c.x.J) <= c.x.N / 2,
        "mixed spectrum": lambda c: len(set(c.x.mu)) > 1 and any(c.x.Sig[0, 1:]),
    },
    tight_at=({"mu": [4, 1, 2], "keep": [1, 0, 0], "tau": [0, 0, 0], "constant": 1},),
    cost=0.002,
)
