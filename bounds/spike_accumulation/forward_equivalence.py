r"""Spike accumulation computes exactly the spikes of the LIF network, and its potentials.

For every leak λ in [0, 1], threshold, start v0, weights constant in time, feedback, skips and input sequence:
$$ u[t]=\hat U[t]-th\,\lambda\,\hat a[t-1],\qquad s[t]=\hat a[t]-\lambda\hat a[t-1],\qquad v[t]=\hat U[t]-th\,\hat a[t]. $$
Why: unrolled, u[t] = Σ_{τ≤t} λ^{t-τ} I[τ] − th Σ_{τ<t} λ^{t-τ} s[τ] + λ^t v0. The first sum is W â_prev[t] + b Λ_t, as
W and b come out of it (feedback: Σ λ^{t-τ} s[τ-1] = â[t-1]); the second is λ â[t-1]. So u ≥ th if and only if
Û ≥ th(λ â[t-1] + 1): equal spikes, by induction over time and layers. Update order and reset: `bounds.common.spikes`.

Averages, scalings and skips between layers are linear, hence covered; a maximum is not ("max pooling of traces" below).
Everything is rational and exact. Left to the reader: the induction over layers; the steps below are the induction over time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.common.spikes import lif_forward, saf_forward, saf_to_lif
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import (
    CHAIN,
    FEEDBACK,
    START,
    Net,
    fires,
    half,
    largest_difference,
    net,
    point,
    quarter,
    ties,
)

SPACE: dict[str, Axis] = {
    **CHAIN,
    **START,
    **FEEDBACK,
    "delay": Int(0, 1),  # 1: every layer but the first sees the spikes of the step before
    "form": Choice(("closed", "recurrence")),  # of SAF
}


class Case(NamedTuple):
    """A network and the conventions of its simulation."""

    net: Net
    delay: Any
    form: Any

    @property
    def arguments(self) -> dict[str, Any]:
        """What both simulators take."""
        return self.net.forward | {"delay": self.delay}


def case(delay: int = 0, form: str = "closed", **of_net: Any) -> Case:
    """From a point of SPACE."""
    return Case(net(**of_net), delay, form)


def potentials_and_spikes(c: Case) -> Enclosure:
    """Largest differences of u, of s and of v between LIF and what the identities make of SAF."""
    Uhat, ahat, _, spikes = saf_forward(**c.arguments, form=c.form)
    lif, saf = lif_forward(**c.arguments), saf_to_lif(Uhat, ahat, c.net.lam, c.net.th)
    differences = [largest_difference(a[1:], b[1:]) for a, b in zip(lif, saf, strict=True)]
    return exact(*differences, largest_difference(lif[1], spikes))


def spikes_alone(c: Case, saf: Callable[[Case], Mapping[str, Any]] = lambda c: {}) -> Enclosure:
    """The largest difference of spikes, when closed SAF gets other arguments."""
    return exact(largest_difference(lif_forward(**c.arguments)[1], saf_forward(**{**c.arguments, **saf(c)})[3]))


def leaky_feedback(c: Case) -> dict[str, Any]:
    """Feedback that carries lam ahat[t-1] instead of ahat[t-1]."""
    return {"F": {(i, j): w * c.net.lam if i >= j else w for (i, j), w in c.net.F.items()}}


class MaxPool(NamedTuple):
    """W applied to the maximum over each pair of neurons."""

    entries: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """As the matrix of a layer without pooling."""
        return (self.entries.shape[0], 2 * self.entries.shape[1])

    def with_entries(self, entries: np.ndarray) -> "MaxPool":
        """The same with other numbers."""
        return MaxPool(entries)

    def apply(self, s: np.ndarray) -> np.ndarray:
        """(n_l,) -> (n_{l+1},)."""
        return np.asarray(self.entries @ np.maximum(s[0::2], s[1::2]))


def pooled(width: Sequence[int], W: Any, **rest: Any) -> Case:
    """Two layers; the second sees the maximum over the two neurons of the first."""
    changed = {"depth": 2, "width": [width[0], 2, width[2]], "W": W, "feedback": 0, "graph": "chain", "delay": 0}
    c = case(**{**rest, **changed})
    return c._replace(net=replace(c.net, W=[c.net.W[0], MaxPool(c.net.W[1][:, :1])]))


def induction_over_time(kept: bool = True) -> Evidence:
    """If v = Uhat - th ahat before a step with any current I and any s, the three identities hold after it; kept: with the
    leak inside the threshold."""
    from sympy import Matrix, symbols

    lam, th, U, a, current, s = symbols("lam th U a I s")
    u, U_new, a_new = lam * (U - th * a) + current, lam * U + current, lam * a + s
    thr = th * ((lam if kept else 1) * a + 1)
    return identity(lambda: Matrix([u - (U_new - th * lam * a), (u - th) - (U_new - thr), (u - th * s) - (U_new - th * a_new)]))


def closed_form(accumulated: bool = True) -> Evidence:
    """U = W ahat + F ahat' + b L + v0 lam^t obeys U <- lam U + W s + F s' + b; accumulated: with b times L and not 1."""
    from sympy import symbols

    lam, w, f, b, a, fed, charge, start, s, s_fed = symbols("lam w f b a fed charge start s s_fed")

    def closed(a: Any, fed: Any, charge: Any, start: Any) -> Any:
        return w * a + f * fed + b * (charge if accumulated else 1) + start

    after = closed(lam * a + s, lam * fed + s_fed, lam * charge + 1, lam * start)
    return identity(lambda: after - (lam * closed(a, fed, charge, start) + w * s + f * s_fed + b))


CLAIM = Claim(
    source="saiin2024saf, forward equivalence",
    says="SAF has the spikes of LIF; u = Û − th λ â[t−1], s = â[t] − λ â[t−1], v = Û − th â[t]",
    space=SPACE,
    build=case,
    assumes={},
    actual=potentials_and_spikes,
    bound=lambda c: exact(0),
    falsified={
        "threshold th(â + 1) without the leak": {
            "actual": partial(spikes_alone, saf=lambda c: {"threshold_leak": Fraction(1)})
        },
        "a tie fires in one of the two only": {"actual": partial(spikes_alone, saf=lambda c: {"strict": True})},
        "bias b instead of b Λ": {"actual": partial(spikes_alone, saf=lambda c: {"bias": "inst"})},
        "feedback of λ â": {"actual": partial(spikes_alone, saf=leaky_feedback)},
        "max pooling of traces": {"build": pooled, "actual": spikes_alone},
    },
    witness={
        "threshold th(â + 1) without the leak": point([[[3 * quarter]]], [[0]], [1], half, T=4),
        "a tie fires in one of the two only": point([[[1]]], [[0]], [1], half),
        "bias b instead of b Λ": point([[[0]]], [[3 * quarter]], [1], half, T=4),
        "feedback of λ â": point([[[3 * quarter]]], [[0]], [1], half, T=6, F=[[-half]]),
        "max pooling of traces": point([[[1, 0], [0, 1]], [[3 * quarter]]], [[0, 0], [0]], [[1, 0], [0, 1]], half),
    },
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "a tie": lambda c: ties(c.net),
        "no leak": lambda c: c.net.lam == 1,
        "no memory": lambda c: c.net.lam == 0,
        "feedback": lambda c: (c.net.N, 1) in c.net.F,
        "skips": lambda c: (0, c.net.N) in c.net.F,
        "delayed layers": lambda c: c.delay == 1 and c.net.N > 1,
        "started at th/2": lambda c: c.net.v0 != 0,
    },
    proof=(
        Step(
            says="if v = Û − th â before a step, the three identities and u − th = Û − thr hold in it",
            check=induction_over_time,
            false_twin=partial(induction_over_time, kept=False),
        ),
        Step(
            says="the closed form W â + F â' + b Λ + v0 λ^t obeys the recurrence of Û",
            check=closed_form,
            false_twin=partial(closed_form, accumulated=False),
        ),
    ),
    cost=0.003,
)
