r"""Search for the matrix inequality's unknowns by Newton steps on a logarithmic barrier, blocks and all.

A general solver sees one dense cone of size 8n: its linear system has (8n)(8n+1)/2 rows. The unknowns are only $P$ (2n by
2n), $p$ and $\lambda$, and with $S=M^{-1}$, $M=rX^TPX-X_+^TPX_+-\sum_k\lambda_k\,\mathrm{sym}(l_kr_k^T)$ the Hessian of
$-\log\det M$ needs no more than the 2n by 2n blocks of $(X;X_+)S(X;X_+)^T$ (for P, a sum of Kronecker products) and the
numbers $l_j^TSl_k$, $l_j^TSr_k$, $r_j^TSr_k$ (for λ, which is eliminated first: it is separate in every cell of inputs).
The n conditions $P\succeq e_je_j^T$ cost the diagonal of $P^{-1}$.

Several `cells`, each with its own sectors and multipliers, share P: every cell then contracts by $\rho$ in one norm.
Nothing here is proved or need be: what is found counts once `verification` has re-checked it in ball arithmetic.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bounds.common.lstm import LSTMNet

TOLL = 1e-4  # price of a multiplier: one whose signal vanishes would grow for ever

MARGINS = (0.01, 0.05, 0.15)  # shares of the way from the smallest rate found (of its square) to one


class Found(NamedTuple):
    """P (2n, 2n), lam (cells, 6, n), p (2n,) and the rate, all strictly feasible in floats."""

    P: np.ndarray
    lam: np.ndarray
    p: np.ndarray
    rho: float


def signals(net: LSTMNet, sector: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X over X_+ (4n, 8n), and the rows w - lo z and hi z - w of every cell (cells, 6n, 8n), for sectors (cells, 2, 6, n)."""
    n = net.n
    eye = np.eye(8 * n)
    w = eye[2 * n :].reshape(6, n, 8 * n)
    new = np.concatenate([w[0] + w[1] + w[2] + w[3], w[4] + w[5]])
    h = eye[n : 2 * n]
    z = np.stack([eye[:n], net.U[0] @ h, net.U[3] @ h, net.U[1] @ h, net.U[2] @ h, new[:n]])
    lo, hi = sector[:, 0, ..., None], sector[:, 1, ..., None]
    left, right = (part.reshape(len(sector), 6 * n, 8 * n) for part in (w - lo * z, hi * z - w))
    return np.concatenate([eye[: 2 * n], new]), left, right


class Search:
    """One point (P, λ, p) strictly inside the inequality at r = ρ², and moves that keep it there."""

    def __init__(self, net: LSTMNet, sector: np.ndarray, w: np.ndarray) -> None:
        self.n, self.d, self.cells = net.n, 2 * net.n, len(sector)
        self.frame, self.left, self.right = signals(net, sector)
        self.price = np.maximum(w / (w.max() or 1.0), 1e-3) ** 2  # none is free
        i, j = np.triu_indices(self.d)
        self.upper, self.count = (i, j), np.where(i == j, 1.0, 2.0)
        self.pairs = tuple(a[:, None] * self.d + b for a, b in ((j, i), (i, j), (i, i), (j, j)))
        self.barriers = self.cells * 14 * self.n + 5 * self.n  # how far from the optimum per unit of 1/weight
        # a net forgets in a rate that is large enough: any P, the multipliers of w_5, of w_4, of w_0..w_3 in rising order
        self.P, self.p = 2 * np.eye(self.d), np.full(self.d, 4.0)
        self.lam = np.tile(np.repeat([200.0, 200.0, 200.0, 200.0, 16.0, 32.0], self.n), (self.cells, 1))
        self.extra: np.ndarray | None = None  # added to r P while a smaller r is sought
        self.r, self.steps, self.slope = 0.0, 0, 0.0
        self.r = 1.2 * self.least() + 0.1

    def inequality(self, P: np.ndarray, lam: np.ndarray, rP: np.ndarray) -> np.ndarray:
        """M of every cell, (cells, 8n, 8n)."""
        products = (self.left * lam[..., None]).transpose(0, 2, 1) @ self.right
        M = -(products + products.transpose(0, 2, 1)) / 2
        M[:, : self.d, : self.d] += rP
        new = self.frame[self.d :]
        return np.asarray(M - new.T @ P @ new)

    def least(self) -> float:
        """The smallest r that this P and λ allow, up to rounding."""
        d, M = self.d, self.inequality(self.P, self.lam, np.zeros((self.d, self.d)))
        rest = M[:, :d, :d] - M[:, :d, d:] @ np.linalg.solve(M[:, d:, d:], M[:, d:, :d])
        root = np.linalg.inv(np.linalg.cholesky(self.P))
        return float(np.linalg.eigvalsh(-root @ rest @ root.T)[:, -1].max())

    def _barrier(self, P: np.ndarray, lam: np.ndarray, p: np.ndarray, rP: np.ndarray) -> float:
        if (lam <= 0).any():
            return math.inf
        try:
            roots = [np.linalg.cholesky(A) for A in (P, np.diag(p) - P, self.inequality(P, lam, rP))]
        except np.linalg.LinAlgError:
            return math.inf
        room = 1 - (np.linalg.inv(roots[0])[:, self.n :] ** 2).sum(axis=0)  # 1 - (P^-1)_jj of the hidden units
        if not (room > 0).all():
            return math.inf
        logs = sum(float(np.log(np.diagonal(A, axis1=-2, axis2=-1)).sum()) for A in roots)
        return -2 * logs - float(np.log(room).sum() + np.log(lam).sum())

    def _twice(self, A: np.ndarray, B: np.ndarray) -> np.ndarray:
        """Half the Hessian of D -> tr(D A D B^T) at the entries of the upper triangle, A and B (cells, d, d)."""
        a, b = A.reshape(len(A), -1), B.reshape(len(B), -1)
        jk, il, ik, jl = self.pairs
        both = np.einsum("xab,xab->ab", a[:, jk], b[:, il]) + np.einsum("xab,xab->ab", a[:, ik], b[:, jl])
        return np.asarray(both / 2)

    def newton(self, price: np.ndarray, weight: float = 0.0, metric: np.ndarray | None = None) -> tuple[float, float]:
        """`step`, or (0, 0) where rounding leaves no room for one."""
        try:
            return self.step(price, weight, metric)
        except np.linalg.LinAlgError:
            return 0.0, 0.0

    def step(self, price: np.ndarray, weight: float = 0.0, metric: np.ndarray | None = None) -> tuple[float, float]:
        """One damped step on price·p + weight·σ + barrier, where σ adds σ·metric to r P; the decrement and σ's change."""
        n, d, count, (i, j) = self.n, self.d, self.count, self.upper
        rP = self.r * self.P + (0 if self.extra is None else self.extra)
        # all products with S = M^-1 are Gram matrices of rows times the root's inverse: semidefinite whatever the rounding
        root = np.linalg.inv(np.linalg.cholesky(self.inequality(self.P, self.lam, rP))).transpose(0, 2, 1)
        frame, left, right = self.frame @ root, self.left @ root, self.right @ root
        G = frame @ frame.transpose(0, 2, 1)
        old, cross, new = G[:, :d, :d], G[:, :d, d:], G[:, d:, d:]
        Q, A = np.linalg.inv(self.P), np.linalg.inv(np.diag(self.p) - self.P)
        q = Q[:, n:]
        room = 1 / (1 - np.diagonal(q[n:]))
        W = (q * room) @ q.T
        k, size = i.size, i.size + d + (metric is not None)
        H, g = np.zeros((size, size)), np.zeros(size)
        mixed = self._twice(cross, cross)
        quadratic = self.r**2 * self._twice(old, old) + self._twice(new, new) - self.r * (mixed + mixed.T)
        quadratic += self._twice(Q[None], Q[None]) + self._twice(A[None], A[None])
        quadratic += self._twice(Q[None], W[None]) + self._twice(W[None], Q[None])
        products = q[i] * q[j]
        H[:k, :k] = (quadratic + (products * room**2) @ products.T) * count[:, None] * count
        H[:k, k : k + d] = -(A[i] * A[j]) * count[:, None]
        H[k : k + d, k : k + d] = A * A
        g[:k] = ((new - self.r * old).sum(axis=0) - Q + A - W)[i, j] * count
        g[k : k + d] = price - np.diagonal(A)
        ll, lr, rr = (a @ b.transpose(0, 2, 1) for a, b in ((left, left), (left, right), (right, right)))
        unit = np.arange(6 * n)
        own = (ll * rr + lr * lr.transpose(0, 2, 1)) / 2
        own[:, unit, unit] += 1 / self.lam**2
        of_lam = np.diagonal(lr, axis1=1, axis2=2) - 1 / self.lam + TOLL
        L, R = (x @ frame.transpose(0, 2, 1) for x in (left, right))
        a, b, c, e = L[..., :d], R[..., :d], L[..., d:], R[..., d:]
        border = np.zeros((self.cells, 6 * n, size + 1))  # the last column is the gradient
        both = a[..., i] * b[..., j] + a[..., j] * b[..., i]
        border[..., :k] = (c[..., i] * e[..., j] + c[..., j] * e[..., i] - self.r * both) * (count / 2)
        border[..., -1] = of_lam
        if metric is not None:
            through = old @ metric
            g[-1] = weight - np.trace(through, axis1=1, axis2=2).sum()
            H[-1, -1] = np.einsum("xab,xba->", through, through)
            H[:k, -1] = (self.r * through @ old - cross.transpose(0, 2, 1) @ metric @ cross).sum(axis=0)[i, j] * count
            border[..., -2] = -np.einsum("xka,ab,xkb->xk", b, metric, a)
        H[k:, :k] = H[:k, k:].T
        scale = 1 / np.sqrt(own[:, unit, unit])
        own = own * scale[:, :, None] * scale[:, None]
        own[:, unit, unit] += 1e-13  # near the edge rounding makes it indefinite
        root = np.linalg.inv(np.linalg.cholesky(own)) * scale[:, None]
        reduced = root @ border
        flat = reduced.reshape(-1, size + 1)
        step = _solve(H - flat[:, :-1].T @ flat[:, :-1], flat[:, :-1].T @ flat[:, -1] - g)
        lam = -np.einsum("xba,xb->xa", root, reduced[..., :-1] @ step + reduced[..., -1])
        D = np.zeros((d, d))
        D[i, j] = D[j, i] = step[:k]
        p, sigma = step[k : k + d], float(step[-1]) if metric is not None else 0.0
        decrement, linear = -float(g @ step + (of_lam * lam).sum()), float(price @ p) + weight * sigma + TOLL * float(lam.sum())
        self.slope = float(np.einsum("xab,ba->", old, self.P))
        if not decrement > 0:
            return 0.0, 0.0
        before, share, shift = self._barrier(self.P, self.lam, self.p, rP), 1.0, self.r * D
        if metric is not None:
            shift = shift + sigma * metric
        while share > 1e-9:
            point = self.P + share * D, self.lam + share * lam, self.p + share * p
            if self._barrier(*point, rP + share * shift) + share * linear <= before - 0.01 * share * decrement:
                self.P, self.lam, self.p = point
                self.steps += 1
                return decrement, share * sigma
            share *= 0.6
        return 0.0, 0.0

    def reach(self, target: float) -> bool:
        """Move until r = target is allowed; False, with what was gained, once that is out of reach (a judgement in floats)."""
        least = self.least()
        metric, sigma = self.P.copy(), max(self.r, least + 0.1 * abs(1 - least)) - target
        price, weight = self.price * (2 * self.n) / (self.price @ self.p), 0.3 * self.barriers / sigma
        saved, self.r = (self.P, self.lam, self.p), target
        try:
            for _ in range(80):
                self.extra = sigma * metric
                decrement, change = self.newton(price, weight, metric)
                sigma += change
                now = self.least()
                if now < least:
                    saved, least = (self.P, self.lam, self.p), now
                if now < target:
                    return True
                if decrement < max(1.0, 0.01 * self.barriers):
                    settled = decrement < max(0.3, 0.003 * self.barriers)
                    if change == 0.0 or weight > 1e9 or (settled and sigma > self.barriers / weight):
                        break
                    weight *= 10
        finally:
            self.extra = None
            self.P, self.lam, self.p = saved
            self.r = least + 1e-3 * abs(1 - least)
        return False

    def cheapest(self, r: float, gap: float) -> bool:
        """Lower price·p at this r, which must be allowed, to within the fraction `gap` of it; False if r is not allowed."""
        if not self.least() < r:
            return False
        self.r, weight = r, self.barriers / (self.price @ self.p)
        for _ in range(120):
            decrement, _ = self.newton(weight * self.price)
            if decrement < max(0.5, 0.005 * self.barriers):
                if self.barriers / (weight * (self.price @ self.p)) < gap or decrement == 0.0:
                    break
                weight *= 10
        return True

    def found(self) -> Found:
        return Found(self.P, self.lam.reshape(self.cells, 6, self.n), self.p, math.sqrt(self.r))


def _solve(H: np.ndarray, b: np.ndarray) -> np.ndarray:
    """H x = b for a positive definite H, scaled to a unit diagonal; least squares for what rounding made indefinite."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    scale = 1 / np.sqrt(np.abs(np.diagonal(H)))
    scaled = H * scale[:, None] * scale
    try:
        return np.asarray(scale * cho_solve(cho_factor(scaled, check_finite=False), b * scale, check_finite=False))
    except LinAlgError:
        return np.asarray(scale * np.linalg.lstsq(scaled, b * scale, rcond=1e-14)[0])


def cheapest_at(net: LSTMNet, sector: np.ndarray, w: np.ndarray, rho: float, gap: float = 1e-3) -> Found | None:
    """The solution at this rate with the smallest Σ p_i w_i², to within the fraction `gap`; None if none is found."""
    search = Search(net, sector, w)
    if search.least() >= rho**2 and not search.reach(rho**2):
        return None
    return search.found() if search.cheapest(rho**2, gap) else None


def fastest(
    net: LSTMNet,
    sector: np.ndarray,
    w: np.ndarray,
    *,
    least: float = 0.0,
    precision: float = 0.01,
    rounds: int = 20,
    progress: Callable[[str], None] = lambda _: None,
    expired: Callable[[], bool] = lambda: False,
) -> list[Found]:
    """The smallest rate found, 1 - ρ² to within about the fraction `precision`: solutions with the smallest Σ p_i w_i² at
    rates a little above it and more; none if no rate below one is found.

    No rate below `least` is tried. The interval of rates is halved at most `rounds` times, and no more once `expired()`.
    """
    search = Search(net, sector, w)
    top = 1 - 1e-5
    while (before := search.least()) >= top:
        if not search.reach(top) and search.least() > before - 0.05 * (before - top):
            return []
    lo, hi = least**2, search.least()
    for _ in range(rounds):
        if hi - lo <= precision * (1 - hi) or expired():
            break
        progress(f"matrix inequality between the rates {math.sqrt(lo):.4f} and {math.sqrt(hi):.4f}")
        middle = (lo + hi) / 2
        if not search.reach(middle) and hi - search.least() < 0.2 * (hi - middle):  # a gain says that the metric was wrong
            lo = middle
        hi = search.least()
    found = []
    for margin in MARGINS:
        progress(f"matrix inequality at the rate {math.sqrt(hi + margin * (1 - hi)):.4f}")
        if search.cheapest(hi + margin * (1 - hi), 0.01):
            found.append(search.found())
        if expired():
            break
    return found
