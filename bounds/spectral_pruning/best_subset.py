r"""The best k units of all: branch and bound, many nodes at a time, with a lower bound whenever it is stopped.

A node has chosen L and may still choose r units from C. With S = S_L, B = S_CC + D_C and G = (S M S)_CC, the units J ⊂ C
explain tr(B_JJ⁻¹ G_JJ) of what is left. Three bounds on that, the cheapest that suffices decides:

* r directions explain at most the r largest roots ν of det(G − νB) = 0 (Eckart and Young; S itself is never better);
* after a first unit j the others explain at most the r − 1 largest roots x of Σ_i z_ji²/(ν_i − x) = 0, z_j the coordinates of
  j in the eigenvectors. With its own share that is b_j, for every j of a node at the price of one eigendecomposition;
* every order of J explains the same, so J explains at most the mean of b_j over its units.

Children are sorted by b: child i has unit i and none before it. The least comes first, so that the many sets of the first
children are dropped by one weak unit, and the strong units meet few others.

The last three units are not branched on: all triples of a node are computed from rank-one updates. Units of residual variance
at most 1e-13 Tr Σ and no ridge count as explained, here as in the other methods.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bounds.spectral_pruning.information import SMALL, Ridge, information_loss, residual_covariance
from bounds.spectral_pruning.selection import checked_arguments, greedy_selection, lookahead_selection

TOGETHER = 4096  # nodes opened at a time
MOST_OPEN = 400_000  # beyond, the deepest nodes come first, so that memory stays bounded
SMALL_ENOUGH = 256  # units, for look-ahead and swaps at the start: beyond, they take minutes
HALVINGS = 10  # of the intervals of the roots x; the upper end is used
LARGE = 4_000_000  # numbers in one array; where one node needs more, the intervals are not halved


class BranchAndBound(NamedTuple):
    """The best set found, its loss, a lower bound for every set of that size, and how many nodes were opened."""

    J: list[int]
    loss: float
    lower: float
    nodes: int


def exact_selection(Sig: ArrayLike, k: int, tau: Ridge = 0.0, M: ArrayLike | None = None) -> tuple[list[int], float]:
    """A set of k units of least loss L_M(J), up to 1e-11 Tr(M Σ), and that loss: `branch_and_bound` to its end."""
    found = branch_and_bound(Sig, k, tau, M)
    return found.J, found.loss


def branch_and_bound(
    Sig: ArrayLike,
    k: int,
    tau: Ridge = 0.0,
    M: ArrayLike | None = None,
    max_nodes: int | None = None,
    watch: Callable[[int, float, float], None] | None = None,
) -> BranchAndBound:
    r"""A set of k units and a lower bound on the loss of every such set; they meet unless max_nodes stops the search.

    Lowest bound first, from the best of greedy and look-ahead after swaps (from greedy alone beyond 256 units).
    `watch(nodes, lower, loss)` is called after every batch. The bounds are lowered by 1e-12 Tr(MΣ) and by the rounding of the
    whitened problem, about 1e-15 |C| of the explained part over the least pivot of B (unit diagonal). Without max_nodes the
    last gap is at most 1e-11 Tr(MΣ). Arguments as in `greedy_selection`; ValueError otherwise.
    """
    search = _Search(*checked_arguments(Sig, k, tau, M))
    while search.bound.size and (max_nodes is None or search.nodes < max_nodes):
        most = min(TOGETHER, max(1, search.nodes // 2))
        search.open(most if max_nodes is None else min(most, max_nodes - search.nodes))
        if watch is not None:
            watch(search.nodes, search.lower, search.best_loss)
    return BranchAndBound(search.best, search.best_loss, search.lower, search.nodes)


class _Search:
    """Open nodes as arrays: a bound on the loss, and who is chosen and who is a candidate, one row a node."""

    def __init__(self, Sig: np.ndarray, k: int, tau: np.ndarray, M: np.ndarray | None) -> None:
        self.Sig, self.k, self.tau, self.M, m = Sig, k, tau, M, len(Sig)
        self.root = None if M is None else square_root(M)
        self.full = float(np.trace(Sig if M is None else M @ Sig))
        self.floor, self.tol = SMALL * float(np.trace(Sig)), 1e-11 * self.full
        self.nodes: int = 0
        starts = [filled(greedy_selection(Sig, k, tau, M)[0], k, m)]
        if m <= SMALL_ENOUGH:
            starts.append(filled(lookahead_selection(Sig, k)[0], k, m))
            found = [swapped(Sig, J, tau, M) for J in starts]
        else:
            found = [(starts[0], float(information_loss(Sig, starts[0], tau, M)))]
        self.best, self.best_loss = min(found, key=lambda pair: pair[1])
        n = int(0 < k < m)
        self.bound = np.zeros(n)
        self.chosen, self.candidate = np.zeros((n, m), dtype=bool), np.ones((n, m), dtype=bool)
        if n:
            root = self._whitened(np.zeros((1, 0), dtype=int), np.arange(m)[None])
            self.bound = np.maximum(root.left - root.nu[:, :k].sum(axis=1) - root.margin, 0.0)

    @property
    def lower(self) -> float:
        if self.k in (0, len(self.Sig)):  # there is one set only
            return self.best_loss
        return max(0.0, min(self.best_loss, float(self.bound.min(initial=np.inf))) - self.tol)

    def open(self, most: int) -> None:
        """Replace up to `most` of the open nodes by their children."""
        first = self.bound if len(self.bound) < MOST_OPEN else -self.chosen.sum(axis=1)
        now = np.argsort(first, kind="stable")[:most] if most < 32 else np.argpartition(first, min(most, len(first)) - 1)[:most]
        chosen, candidate = self.chosen[now], self.candidate[now]
        self._keep(np.setdiff1d(np.arange(len(self.bound)), now, assume_unique=True))
        self.nodes += int(now.size)
        born: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        sizes = np.stack([chosen.sum(axis=1), candidate.sum(axis=1)], axis=1)
        for size in np.unique(sizes, axis=0):
            rows = (sizes == size).all(axis=1)
            l, p = size.tolist()
            L, C = (np.nonzero(mask[rows])[1].reshape(-1, max(1, c))[:, :c] for mask, c in ((chosen, l), (candidate, p)))
            L = L if l else np.zeros((len(C), 0), dtype=int)
            together = max(1, LARGE // (p * p * (self.k - l)))
            for start in range(0, len(L), together):
                born += self._children(L[start : start + together], C[start : start + together])
        if born:
            self.bound = np.concatenate([self.bound, *(b for b, _, _ in born)])
            self.chosen = np.concatenate([self.chosen, *(c for _, c, _ in born)])
            self.candidate = np.concatenate([self.candidate, *(c for _, _, c in born)])
        self._keep(self.bound < self.best_loss - self.tol)

    def _keep(self, rows: np.ndarray) -> None:
        self.bound, self.chosen, self.candidate = self.bound[rows], self.chosen[rows], self.candidate[rows]

    def _children(self, L: np.ndarray, C: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """What becomes of nodes with chosen L (n, l) and candidates C (n, p): bounds and masks of children worth keeping."""
        r, p = self.k - L.shape[1], C.shape[1]
        node = self._whitened(L, C)
        worth = node.left - node.nu[:, :r].sum(axis=1) - node.margin < self.best_loss - self.tol
        few = worth & (node.alive.sum(axis=1) <= r)
        for i in np.flatnonzero(few).tolist():  # all that explain anything, and some that do not
            order = np.argsort(~node.alive[i], kind="stable")
            self._try([*L[i].tolist(), *C[i][order][:r].tolist()])
        rows = np.flatnonzero(worth & ~few)
        node, L, C = node.rows(rows), L[rows], C[rows]
        b = np.where(node.alive, node.first_units(r), -np.inf)
        order = np.argsort(b, axis=1, kind="stable")  # least first: most candidates follow who explains least
        b, C = np.take_along_axis(b, order, axis=1), np.take_along_axis(C, order, axis=1)
        b = np.minimum(b, node.nu[:, :r].sum(axis=1)[:, None])  # after sorting: the order among the strong ones matters
        first, strongest = b[:, : p - r + 1], b[:, p - r + 1 :].sum(axis=1)[:, None]
        bound = (node.left - node.margin)[:, None] - np.minimum(first, (first + strongest) / r)
        if r <= 3:
            self._finish(L, C, node, order, bound, r)
            return []
        born = []
        for i in range(p - r + 1):
            rows = np.flatnonzero(bound[:, i] < self.best_loss - self.tol)
            if not rows.size:
                continue
            chosen, candidate = (np.zeros((len(rows), len(self.Sig)), dtype=bool) for _ in range(2))
            np.put_along_axis(chosen, np.concatenate([L[rows], C[rows, i : i + 1]], axis=1), True, axis=1)
            np.put_along_axis(candidate, C[rows, i + 1 :], True, axis=1)
            born.append((bound[rows, i], chosen, candidate))
        return born

    def _whitened(self, L: np.ndarray, C: np.ndarray) -> "_Nodes":
        Sig, p = self.Sig, C.shape[1]
        across = Sig[L]  # (n, l, m)
        system = Sig[L[:, :, None], L[:, None, :]] + self.tau[L][:, :, None] * np.eye(L.shape[1])
        weights = np.linalg.solve(system, across)
        S = Sig[C] - np.take_along_axis(weights, C[:, None, :], axis=2).transpose(0, 2, 1) @ across  # S_CF, (n, p, m)
        left = self.full - np.einsum("nlm,nlm->n", weights, across if self.M is None else across @ self.M)
        B = np.take_along_axis(S, C[:, None, :], axis=2)
        residual, ridge = np.einsum("npp->np", B).copy(), self.tau[C]
        alive = (ridge > 0) | (residual > self.floor)
        alive &= residual + ridge > SMALL * (np.diagonal(Sig)[C] + ridge)
        sound = (alive | (ridge == 0)).all(axis=1)  # noise below a ridge > 0 is no explanation
        scale = np.where(alive, 1 / np.sqrt(np.where(alive, residual + ridge, 1.0)), 0.0)
        B = B * scale[:, :, None] * scale[:, None, :]
        B[:, range(p), range(p)] = 1.0
        F = (S if self.root is None else S @ self.root) * scale[:, :, None]
        try:
            Q = np.linalg.cholesky(B)
            W, pivot = np.linalg.solve(Q, F), np.einsum("npp->np", Q).min(axis=1)
        except np.linalg.LinAlgError:
            values, vectors = np.linalg.eigh(B)
            kept = values > SMALL
            sound &= kept.all(axis=1) | ~(ridge > 0).any(axis=1)
            Q = vectors * np.sqrt(np.where(kept, values, 0.0))[:, None, :]
            W = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)[:, :, None] * (vectors.transpose(0, 2, 1) @ F)
            pivot = np.sqrt(np.where(kept, values, 1.0).min(axis=1))
        P = W @ W.transpose(0, 2, 1)
        nu = np.maximum(np.linalg.eigvalsh(P)[:, ::-1], 0.0)  # vectors take three times as long: later, for who is left
        margin = 1e-12 * self.full + 1e-15 * p * nu.sum(axis=1) / pivot
        for i in np.flatnonzero(~sound):  # what C explains is at most all of S
            S_i = residual_covariance(Sig, L[i], self.tau)
            whole = np.linalg.eigvalsh(S_i if self.root is None else self.root @ S_i @ self.root)[::-1]
            nu[i] = np.maximum(np.concatenate([whole, np.zeros(p)])[:p], 0.0)
        return _Nodes(left, B, F, alive, sound, nu, P, Q, margin)

    def _finish(self, L: np.ndarray, C: np.ndarray, node: "_Nodes", order: np.ndarray, bound: np.ndarray, r: int) -> None:
        """All ways to choose the last r ≤ 3 units: singles, pairs, or a first unit and then pairs of those after it."""
        pick = np.take_along_axis
        B = pick(pick(node.B, order[:, :, None], axis=1), order[:, None, :], axis=2)
        F = pick(node.F, order[:, :, None], axis=1)
        G = F @ F.transpose(0, 2, 1)
        alive, sound = pick(node.alive, order, axis=1), node.sound
        if r == 1:
            self._try_above(L, C, np.arange(len(L)), node.left, np.einsum("npp->np", G)[:, :, None], sound)
        if r == 2:
            self._try_above(L, C, np.arange(len(L)), node.left, _pairs(B, G, alive), sound)
        if r < 3:
            return
        for i in range(bound.shape[1]):
            rows = np.flatnonzero(bound[:, i] < self.best_loss - self.tol)
            if not rows.size:
                continue
            b, g, own = B[rows, i, i + 1 :], G[rows, i, i + 1 :], G[rows, i, i][:, None, None]
            outer = b[:, :, None] * b[:, None, :]
            mixed = b[:, :, None] * g[:, None, :]
            rest = G[rows, i + 1 :, i + 1 :] - mixed - mixed.transpose(0, 2, 1) + own * outer
            gains = own + _pairs(B[rows, i + 1 :, i + 1 :] - outer, rest, alive[rows, i + 1 :])
            self._try_above(
                np.concatenate([L[rows], C[rows, i : i + 1]], axis=1), C[rows, i + 1 :], rows, node.left, gains, sound
            )

    def _try_above(
        self, L: np.ndarray, C: np.ndarray, rows: np.ndarray, left: np.ndarray, gains: np.ndarray, sound: np.ndarray
    ) -> None:
        """Compute the loss itself of every set that may be better than the best: gains (n, p, 1) of one unit or (n, p, p)."""
        gains = np.where(sound[rows][:, None, None], gains, np.inf)
        better = np.argwhere(left[rows][:, None, None] - gains < self.best_loss - self.tol)
        for a, i, j in sorted(better.tolist(), key=lambda at: -gains[tuple(at)]):
            if (gains.shape[2] == 1 or i < j) and left[rows[a]] - gains[a, i, j] < self.best_loss - self.tol:
                self._try([*L[a].tolist(), int(C[a, i]), *([int(C[a, j])] if gains.shape[2] > 1 else [])])

    def _try(self, J: list[int]) -> None:
        loss = float(information_loss(self.Sig, J, self.tau, self.M))
        if loss < self.best_loss:
            self.best, self.best_loss = J, loss


class _Nodes(NamedTuple):
    """Several nodes with as many candidates: (n,), (n, p), (n, p, p) and F = M^{1/2} S_FC, transposed, (n, p, m)."""

    left: np.ndarray  # Tr M S_L
    B: np.ndarray  # scaled to a unit diagonal
    F: np.ndarray
    alive: np.ndarray
    sound: np.ndarray
    nu: np.ndarray  # largest first
    P: np.ndarray  # what the candidates explain, whitened; its eigenvalues are nu
    Q: np.ndarray  # each candidate in the same coordinates, one row each
    margin: np.ndarray

    def rows(self, rows: np.ndarray) -> "_Nodes":
        return _Nodes(*(value[rows] for value in self))

    def first_units(self, r: int) -> np.ndarray:
        """b_j (n, p): what unit j explains and r − 1 directions after it could, above."""
        V, nu = np.linalg.eigh(self.P)[1][:, :, ::-1], self.nu
        square = (self.Q @ V) ** 2
        own = np.einsum("njl,nl->nj", square, nu)
        if r == 1:
            return np.asarray(own)
        n, p = nu.shape
        top, bottom = nu[:, : r - 1], np.concatenate([nu, np.zeros((n, 1))], axis=1)[:, 1:r]
        lo, hi = (np.broadcast_to(end[:, None, :], (n, p, r - 1)).copy() for end in (bottom, top))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for _ in range(HALVINGS if p * p * r <= LARGE else 0):
                x = (lo + hi) / 2
                above = np.einsum("njl,njil->nji", square, 1 / (nu[:, None, None, :] - x[:, :, :, None])) < 0
                lo, hi = np.where(above, x, lo), np.where(above, hi, x)
        return np.asarray(np.where(self.sound[:, None], own + hi.sum(axis=2), nu[:, :r].sum(axis=1)[:, None]))


def _pairs(B: np.ndarray, G: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """What each pair explains, tr(B_JJ⁻¹ G_JJ), and a little more than rounding could hide: (n, p, p)."""
    d, own = np.einsum("npp->np", B), np.einsum("npp->np", G)
    good = alive & (d > SMALL)
    scale = np.where(good, 1 / np.sqrt(np.where(good, d, 1.0)), 0.0)
    own = np.maximum(own * scale**2, 0.0)
    rho = B * scale[:, :, None] * scale[:, None, :]
    alone = 1 - rho**2
    both = own[:, :, None] + own[:, None, :]
    noise = 1e-15 * both / np.maximum(np.minimum(d[:, :, None], d[:, None, :]), SMALL)
    value = (both - 2 * rho * G * scale[:, :, None] * scale[:, None, :] + noise) / np.maximum(alone, SMALL)
    return np.asarray(np.where(alone > SMALL, value, np.maximum(own[:, :, None], own[:, None, :])))


def square_root(M: np.ndarray) -> np.ndarray:
    """The positive semidefinite root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(M)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def filled(J: Sequence[int], k: int, m: int) -> list[int]:
    """J, made up to k units with the first unused ones where a method stopped early: they cost nothing."""
    return [*J, *(j for j in range(m) if j not in J)][:k] if len(J) < k else list(J)


def swapped(Sig: np.ndarray, J: list[int], tau: np.ndarray, M: np.ndarray | None) -> tuple[list[int], float]:
    """Exchange one unit for a better one until none helps by more than rounding, 1e-12 Tr(MΣ): the units and their loss."""
    loss, improved = float(information_loss(Sig, J, tau, M)), True
    noise = 1e-12 * float(np.trace(Sig if M is None else M @ Sig))
    while improved:
        improved = False
        for i in range(len(J)):
            others = J[:i] + J[i + 1 :]
            S = residual_covariance(Sig, others, tau)
            gain = _gains(S, tau, M, SMALL * float(np.trace(Sig)))
            gain[others] = 0.0
            trial = [*others, int(np.argmax(gain))]
            if len(set(trial)) == len(J) and (value := float(information_loss(Sig, trial, tau, M))) < loss - noise:
                J, loss, improved = trial, value, True
    return J, loss


def _gains(S: np.ndarray, tau: np.ndarray, M: np.ndarray | None, floor: float) -> np.ndarray:
    """What each unit would gain, by its column of S; 0 for units without ridge that count as explained."""
    alive = (tau > 0) | (np.diagonal(S) > floor)
    d = np.where(alive, np.maximum(np.diagonal(S), 0.0) + tau, 1.0)
    return np.where(alive, np.einsum("ij,ij->j", S, S if M is None else M @ S) / d, 0.0)
