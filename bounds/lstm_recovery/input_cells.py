r"""Both copies see the same input: cut the range of inputs into cells, and let every cell have its own gate ranges.

Let the input box be a union of cells $C_k$, $R_0$ an invariant convex box (`interval_box`, `unbounded_anomaly`), and
$R_{s+1}=\mathrm{hull}\bigcup_kR_s\cap F(R_s,C_k)$ in interval arithmetic (the image is that of `reach_tube`). With $\Phi_{s,k}$
the saturating map (`transient`) for gates from $R_s$ and $C_k$ and the new $c$ from $R_s\cap F(R_s,C_k)$, clipped at that box's
widths, let $d_{s+1}=\max_k\Phi_{s,k}(d_s)$ entry by entry, and $R_s=R_S$ from some $s=S$ on (no need to shrink for ever). Then
$|x_t-\tilde x_t|\le d_t$ for all $t$, and the first $t$ with $(d_t)_h\le e$ AND $d_{t+1}\le d_t$ bounds the recovery time.

If moreover one $P$ solves the inequality of `multipliers` for the sectors of every cell on $R_S$, each cell with its own
$\lambda_k$, then $\|\Delta h_t\|_\infty\le\rho^{t-s}\sqrt{\sum p_i d_{s,i}^2}$ for $t\ge s\ge S$.

Why: at time t the common input lies in some $C_k$; both states lie in $R_t$ by induction, both new ones in
$R_t\cap F(R_t,C_k)$; so $\Phi_{t,k}$ applies, and the largest over k does not need to know k. All constants are monotone in the
ranges, hence $d_{t+1}\le d_t$ propagates as in `reach_tube`. In the second part $\Delta x^TP\Delta x$ shrinks by $\rho^2$
whichever cell it is.
Taking the smallest over the cells instead of the largest, or leaving out a cell, is wrong (variants below).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np

from bounds.claim import Claim, Enclosure, Int, Real, rounded
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.elementwise import BoxPair, box_pair, box_space
from bounds.lstm_recovery.gate_coupling import Map
from bounds.lstm_recovery.instances import named
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, widths
from bounds.lstm_recovery.reach_tube import _image
from bounds.lstm_recovery.transient import phi

Edges = list[list[float]]  # for every input, where it is cut, from its lower end to its upper
CELLS = 16  # at most so many unless asked for more
SETTLED = 0.01  # the sets have shrunk enough once no width loses more than this fraction of itself


def cut(net: LSTMNet, box: Box, cells: int = CELLS) -> Edges:
    """Equal parts of every input's range, at most `cells` boxes in all; the inputs that move the gates most are cut first."""
    if cells < 1:
        raise ValueError(f"the inputs are cut into at least 1 cell, got {cells}")
    reach = np.abs(net.W).sum(axis=(0, 1)) * (box["uhi"] - box["ulo"])
    parts = np.ones(net.m, dtype=int)
    while net.m and reach.any():
        k = int(np.argmax(reach / parts))
        if math.prod(parts.tolist()) * 2 > cells:
            break
        parts[k] *= 2
    return [np.linspace(lo, hi, k + 1).tolist() for lo, hi, k in zip(box["ulo"], box["uhi"], parts, strict=True)]


def cells_of(edges: Edges) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lower and upper corner of every cell."""
    corners = [np.array(sides).reshape(-1, 2) for sides in product(*(list(pairwise(points)) for points in edges))]
    return [(sides[:, 0], sides[:, 1]) for sides in corners]


@dataclass(frozen=True)
class Stage:
    """R_s and what one step makes of it in every cell."""

    box: Box
    ranges: list[Ranges]  # of gates, c and its slopes on R_s, t and dt of the new c, cell by cell
    maps: list[Map]
    after: Box  # R_{s+1}

    def step(self, d: np.ndarray) -> np.ndarray:
        """The largest of the cells' bounds."""
        return np.asarray(np.max([f(d) for f in self.maps], axis=0))


def stage(net: LSTMNet, box: Box, edges: Edges) -> Stage:
    """One step from a box."""
    images, ranges, maps = [], [], []
    for lo, hi in cells_of(edges):
        here = {**box, "ulo": lo, "uhi": hi}
        r = gate_ranges(net, here)
        new = _image(here, r)
        fresh = gate_ranges(net, new)
        images.append(new)
        ranges.append({**r, "t": fresh["t"], "dt": fresh["dt"]})
        maps.append(phi(net, r, widths(new), after=fresh))
    sides = {k: np.min([b[k] for b in images], axis=0) for k in ("cl", "hl")}
    sides |= {k: np.max([b[k] for b in images], axis=0) for k in ("cu", "hu")}
    return Stage(box, ranges, maps, {**box, **sides})


def stages(net: LSTMNet, box: Box, edges: Edges, most: int = 60) -> list[Stage]:
    """R_0, R_1, ... until they have settled, at most `most` of them; the last one is R_S."""
    found = [stage(net, box, edges)]
    while len(found) < most:
        old, new = widths(found[-1].box), widths(found[-1].after)
        if (new >= (1 - SETTLED) * old).all():
            break
        found.append(stage(net, found[-1].after, edges))
    return found


def settled_time(tube: Sequence[Stage], d0: np.ndarray, e: float, most: int = 1000) -> tuple[float, list[np.ndarray]]:
    """T and d_0..d_T from d0 (2n,); (inf, ...) if it stalls above e: no entry loses more than 1e-4
    of itself, so that `most` steps would hardly do."""
    d, n = np.asarray(d0, float), len(d0) // 2
    path = [d]
    for t in range(most):
        new = tube[min(t, len(tube) - 1)].step(d)
        if d[n:].max() <= e and (new <= d).all():
            return t, path
        if t >= len(tube) and not (new < d * (1 - 1e-4)).any():
            break
        d = new
        path.append(d)
    return math.inf, path


def cell_recovery(
    net: LSTMNet, box: Box, d0: np.ndarray, e: float, cells: int = CELLS, most: int = 1000
) -> tuple[float, list[np.ndarray]]:
    """T and d_0..d_T from an invariant box and a start d0 (2n,), the inputs of the box cut into at most `cells` cells.

    >>> from bounds.common.lstm import formula_net
    >>> from bounds.lstm_recovery.interval_box import invariant_box
    >>> net = formula_net(2, 1, 0.5, 0.3, 0.3, 0)
    >>> box = invariant_box(net)
    >>> [cell_recovery(net, box, widths(box), e=0.01, cells=k)[0] for k in (1, 4)]
    [29, 20]
    """
    if not e > 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    return settled_time(stages(net, box, cut(net, box, cells)), d0, e, most)


# ---- the claim ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Cut(BoxPair):
    """Two copies in a box, and how its inputs are cut."""

    cells: int

    @cached_property
    def tube(self) -> list[Stage]:
        """The stages of as many steps as the pair is followed."""
        return stages(self.net, self.box, cut(self.net, self.box, self.cells), len(self.u))


def cut_pair(cells: int, **point: Any) -> Cut:
    """A pair of `box_pair` and at most so many cells."""
    x = box_pair(**point)
    return Cut(x.net, x.c, x.h, x.u, x.box, cells)


def seen(x: Cut) -> Enclosure:
    """d_1..d_T of the pair."""
    return Enclosure(x.distance[1:] - x.error[1:], x.distance[1:] + x.error[1:])


def bounded(x: Cut, pick: Callable[[Stage, np.ndarray], np.ndarray] = Stage.step) -> Enclosure:
    """The d_1..d_T of the theorem. Nonnegative terms and monotone maps: 1e-12 a step, in all below 1e-10."""
    rows, d = [], widths(x.box)
    for t in range(len(x.u)):
        d = pick(x.tube[min(t, len(x.tube) - 1)], d)
        rows.append(d)
    return rounded(np.array(rows), rel=1e-10)


def _smallest(s: Stage, d: np.ndarray) -> np.ndarray:
    return np.asarray(np.min([f(d) for f in s.maps], axis=0))


# the input gate is shut in the first cell and open in the second, where the inputs are
SHUT_THEN_OPEN = {
    **named(U_c=1, W_i=10, b_f=-12, b_o=10),
    "rounds": 1,
    "centre": [0.0],
    "half": 1.0,
    "c": [[0.5], [0.5]],
    "h": [[1.0], [0.0]],
    "u": np.ones((5, 1)),
    "cells": 2,
}

CLAIM = Claim(
    source="new",
    says="with the inputs cut into cells, |x_t − x̃_t| ≤ d_t = max_k Φ_{t−1,k}(d_{t−1})",
    space={**box_space(steps=5, size=1.0), "cells": Int(1, 8), "half": Real(0.5, 2)},
    build=cut_pair,
    assumes={},
    actual=seen,
    bound=bounded,
    falsified={
        "the smallest over the cells": {"bound": lambda x: bounded(x, _smallest)},
        "only the first cell": {"bound": lambda x: bounded(x, lambda s, d: s.maps[0](d))},
    },
    witness={"the smallest over the cells": SHUT_THEN_OPEN, "only the first cell": SHUT_THEN_OPEN},
    covers={"more than two cells": lambda x: len(x.tube[0].maps) > 2},
    cost=0.05,
)
