r"""A quadratic norm in which every step contracts: a matrix inequality with diagonal multipliers.

Let $z_0=\Delta c$, $(z_1,z_2,z_3,z_4)=(U_f,U_c,U_i,U_o)\Delta h$ and $z_5=w_0+w_1+w_2+w_3=\Delta c^+$. One
step is $w_k=D_kz_k$, $\Delta h^+=w_4+w_5$, where the diagonal $D_k$ have entries in the ranges $[\alpha_k,\beta_k]$ of $f$,
$cf'$, $ig'$, $gi'$, $to'$, $ot'$ on an invariant box. With $\xi=(\Delta c,\Delta h,w_0,\dots,w_5)$, $\Delta x=X\xi$ and
$\Delta x^+=X_+\xi$, find symmetric $P$, $\lambda_k\ge0$ and $p$ with
$$ X_+^TPX_+-\rho^2X^TPX+\sum_k\mathrm{sym}\bigl[(w_k-\alpha_kz_k)^T\mathrm{diag}(\lambda_k)(\beta_kz_k-w_k)\bigr]\preceq0,
   P\preceq\mathrm{diag}(p),\ P\succeq e_je_j^T\ (j\text{ hidden}), $$
minimising $\kappa^2=\sum p_iv_i^2$ with $v$ the widths of the box. Then $\|\Delta h_t\|_\infty\le\rho^t\kappa$.

Why: $w_k=D_kz_k$ makes every multiplier term nonnegative, so $P$ contracts by $\rho^2$ a step. The splitting of
`norm_comparison` has exact chord slopes, all in the sectors. Last,
$|\Delta h_{t,j}|^2\le\Delta x_t^TP\Delta x_t\le\rho^{2t}\sum p_iv_i^2$.
Without $P\succeq e_je_j^T$, $P=0$ "certifies" everything (a variant below). For fixed $\rho$ this is a semidefinite
program (`multiplier_search`); a solution counts only when `verification.verify_lmi` has proved it in ball arithmetic.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Real, Step
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.elementwise import BoxPair, box_pair, box_space
from bounds.lstm_recovery.instances import named
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, widths
from bounds.lstm_recovery.multiplier_search import cheapest_at
from bounds.lstm_recovery.verification import verify_lmi
from bounds.measure.symbolic import identity

WIDER = 1e-9  # sectors, absolutely: the verification re-derives them and needs room


class LMI(NamedTuple):
    """P (2n, 2n), lam (6, n), p (2n,), κ, and the sectors (2, 6, n) that were used."""

    P: np.ndarray
    lam: np.ndarray
    p: np.ndarray
    kappa: float
    sector: np.ndarray


def sectors(net: LSTMNet, box: Box) -> np.ndarray:
    """Widened ranges of f, c f', i g', g i', t o', o t', (2, 6, n): smallest and largest."""
    return sectors_of(gate_ranges(net, box))


def sectors_of(r: Ranges) -> np.ndarray:
    """The same from gate ranges."""
    pairs = [(r["f"], (np.ones(len(r["f"][0])),) * 2)] + [
        (r[a], r[b]) for a, b in (("c", "df"), ("i", "dg"), ("g", "di"), ("t", "do"), ("o", "dt"))
    ]
    corners = np.array([[a[x] * b[y] for x in (0, 1) for y in (0, 1)] for a, b in pairs])
    return np.stack([corners.min(axis=1) - WIDER, corners.max(axis=1) + WIDER])


def lmi_certificate(
    net: LSTMNet, box: Box, rho: float, w: np.ndarray | None = None, *, signed: bool = True, gap: float = 1e-3
) -> LMI | None:
    """A solution for this rate, minimising κ for distances up to w (2n,; the box's widths if None) to within the fraction
    `gap` of κ²; None if none is found. What it returns is a candidate: only `verify_lmi` makes it a bound.

    `signed=False` leaves out P ⪰ e_j e_j^T, a mistake: then P = 0 costs least, whatever the rate.
    """
    if not 0 < rho < 1:
        raise ValueError(f"the rate rho must lie strictly between 0 and 1, got {rho}")
    n, w = net.n, widths(box) if w is None else np.asarray(w, float)
    if w.shape != (2 * n,) or not (w >= 0).all():
        raise ValueError(f"w must hold {2 * n} distances, none negative, got shape {w.shape}")
    sector = sectors(net, box)
    if not signed:
        return LMI(np.zeros((2 * n, 2 * n)), np.zeros((6, n)), np.zeros(2 * n), 0.0, sector)
    found = cheapest_at(net, sector[None], w, rho, gap)
    return None if found is None else LMI(found.P, found.lam[0], found.p, float(np.sqrt(found.p @ w**2)), sector)


def lmi_time(kappa: float, rho: float, e: float) -> float:
    """⌈log(κ/e)/log(1/ρ)⌉ in steps, 0 if κ ≤ e."""
    return max(0, math.ceil(math.log(kappa / e) / -math.log(rho))) if kappa > e else 0


# ---- the claim ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Contracting(BoxPair):
    """Two copies and a rate to certify."""

    rho: float
    signed: bool = True

    @cached_property
    def certificate(self) -> LMI | None:
        """The solver's answer, once it is proved (or, without the sign condition, as it is)."""
        answer = lmi_certificate(self.net, self.box, self.rho, signed=self.signed, gap=0.1)
        if answer is None or not self.signed:
            return answer
        return answer if verify_lmi(self.net, self.box, answer.P, answer.lam, self.rho, answer.p, answer.sector)[0] else None


def contracting(rho: float, signed: bool = True, **point: Any) -> Contracting:
    """A pair and a rate. The box is widened by 1e-12, which the proof needs and which leaves it invariant or unproved."""
    x = box_pair(**point)
    box = {**x.box, "hl": x.box["hl"] * (1 + 1e-12), "hu": x.box["hu"] * (1 + 1e-12)}
    return Contracting(x.net, x.c, x.h, x.u, box, rho, signed)


def seen(x: Contracting) -> Enclosure:
    """|Δh_t|_inf for t ≥ 1."""
    d, e = x.distance[1:, x.net.n :].max(axis=1), x.error[1:, x.net.n :].max(axis=1)
    return Enclosure(d - e, d + e)


def certified(x: Contracting, prefactor: bool = True) -> Enclosure:
    """ρ^t κ, for κ from p and the widths; inf without a proved certificate."""
    t = np.arange(1, len(x.u) + 1)
    if x.certificate is None:
        return Enclosure(np.full(t.size, np.inf), np.full(t.size, np.inf))
    kappa = float(np.sqrt(max(x.certificate.p @ widths(x.box) ** 2, 0.0))) if prefactor else 1.0
    value = x.rho**t * kappa
    return Enclosure(value * (1 - 1e-12), value * (1 + 1e-12))


def _multiplier(inner: bool) -> Evidence:
    """(w − αz)(βz − w) = (D − α)(β − D)z² for w = Dz: nonnegative for D in [α, β]."""
    import sympy

    D, lo, hi, z = sympy.symbols("D lo hi z", real=True)
    factor = (D - lo) * (hi - D) if inner else (D - lo) * (hi + D)
    return identity(lambda: (D * z - lo * z) * (hi * z - D * z) - factor * z**2)


E1 = named(W_c=5, b_f=2, b_i=10, b_o=10)
CORNERS = {"c": [[1.0], [0.0]], "h": [[1.0], [0.0]], "rounds": 5, "centre": [0.0], "half": 1.0}

CLAIM = Claim(
    source="new",
    says="a solution of the matrix inequality proves ‖Δh_t‖_∞ ≤ ρᵗ κ",
    space={**box_space(steps=6, size=0.5), "rho": Real(0.7, 0.99)},
    build=contracting,
    assumes={},
    actual=seen,
    bound=certified,
    falsified={
        "P of any sign": {"build": lambda **point: contracting(**point, signed=False)},
        "no prefactor": {"bound": lambda x: certified(x, prefactor=False)},
    },
    covers={"certified": lambda x: x.certificate is not None, "two units": lambda x: x.net.n == 2},
    witness={
        "P of any sign": {**E1, **CORNERS, "rho": 0.9, "u": np.full((6, 1), 0.5)},
        "no prefactor": {**E1, **CORNERS, "rho": 0.89, "u": np.full((45, 1), 0.5)},
    },
    proof=(
        Step(
            says="(w − αz)(βz − w) = (D − α)(β − D) z² for w = Dz",
            check=lambda: _multiplier(True),
            false_twin=lambda: _multiplier(False),
        ),
    ),
    cost=0.08,
)
