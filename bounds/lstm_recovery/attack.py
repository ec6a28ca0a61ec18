"""How long a net really takes, from below: gradient search for two states and inputs that stay apart.

For a time t and a unit j, maximise |h_{t,j} - h~_{t,j}| over both starts in the box and the common inputs, by projected
sign-gradient ascent with exact gradients through time. What comes out is a LOWER bound of the recovery time, with the
states and inputs that show it; it is never the recovery time itself. Equal seeds give equal answers, unless `go_on` cuts
the search short.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bounds.common.lstm import Layers, LSTMNet, bptt_layers, layers_of, run_layers
from bounds.lstm_recovery.interval_box import Box, gate_ranges, input_range

ROUNDING = 1e-10  # by this much an attack must exceed e: thousands of ulps of a distance below 2


@dataclass(frozen=True)
class Attack:
    """At time `steps` - 1 the copies differ by `distance` > e at hidden unit `unit`; all zero if no attack succeeded.

    With several layers the unit is one of the last layer, and c, h hold the states of all layers, one after another.
    """

    steps: int
    distance: float
    unit: int
    c: np.ndarray  # (2, n) at t = 0
    h: np.ndarray
    u: np.ndarray  # (T, 2, m): the inputs of both copies, equal once the anomaly is over
    gradients: int = 0  # trajectories differentiated


@dataclass(frozen=True)
class _Batch:
    """Candidates: starts (2, B, n) and inputs (T, 2, B, m), with the box of each and which inputs are common."""

    c: np.ndarray
    h: np.ndarray
    u: np.ndarray
    lo: tuple[np.ndarray, np.ndarray, np.ndarray]
    hi: tuple[np.ndarray, np.ndarray, np.ndarray]
    common: np.ndarray  # (T,) whether both copies see the same


def _ascend(stack: tuple[LSTMNet, ...], x: _Batch, units: np.ndarray, iters: int) -> tuple[_Batch, np.ndarray]:
    """The best candidates of `iters` steps and their distances at the last time, each at its own unit."""
    T, B, n = x.u.shape[0], x.u.shape[2], stack[-1].n
    ends = np.cumsum([layer.n for layer in stack])[:-1]
    pick = np.zeros((2, B, n))
    pick[0, np.arange(B), units], pick[1, np.arange(B), units] = 1.0, -1.0
    best, best_value = x, np.full(B, -np.inf)
    for k in range(iters):
        tapes = run_layers(stack, np.split(x.c, ends, axis=-1), np.split(x.h, ends, axis=-1), x.u)
        gap = (tapes[-1].h[-1] * pick).sum(axis=(0, 2))
        value, better = np.abs(gap), np.abs(gap) > best_value
        best_value = np.where(better, value, best_value)
        best = replace(
            best,
            **{name: np.where(better[:, None], getattr(x, name), getattr(best, name)) for name in ("c", "h", "u")},
        )
        dh = np.zeros((T, 2, B, n))
        dh[-1] = pick * np.where(gap < 0, -1.0, 1.0)[:, None]
        g = bptt_layers(stack, tapes, dh)
        dc, dh0 = (np.concatenate([getattr(layer, name) for layer in g], axis=-1) for name in ("c", "h"))
        du = np.where(x.common[:, None, None, None], g[0].u.sum(axis=1, keepdims=True), g[0].u)
        step = 0.5 ** (6 * k / iters)
        moved = [
            np.clip(v + step * (hi - lo) * np.sign(d), lo, hi)
            for v, d, lo, hi in zip((x.c, x.h, x.u), (dc, dh0, du), x.lo, x.hi, strict=True)
        ]
        x = replace(x, c=moved[0], h=moved[1], u=moved[2])
    return best, best_value


def _search(
    stack: tuple[LSTMNet, ...],
    e: float,
    make: Callable[[int, np.random.Generator], tuple[_Batch, np.ndarray]],
    seed: int,
    iters: int,
    most: int,
    go_on: Callable[[Attack], bool],
    at_once: Attack | None,
) -> Attack:
    """Scan t upwards from 1 by max(1, t // 12) until three times in a row fail, then go on from the last success by 1.

    `at_once` is the answer at t = 0 where that takes no search; None: it is searched too, if nothing else was found.
    """
    rng, found, gradients = np.random.default_rng(seed), at_once or _nothing(stack), 0

    def attempt(t: int) -> bool:
        nonlocal found, gradients
        batch, units = make(t, rng)
        best, value = _ascend(stack, batch, units, iters)
        gradients += iters * 2 * units.size
        k = int(np.argmax(value))
        if value[k] <= e + ROUNDING:
            return False
        found = Attack(t + 1, float(value[k]), int(units[k]), best.c[:, k], best.h[:, k], best.u[:, :, k])
        return True

    t, failures = 1, 0
    while failures < 3 and t <= most and go_on(replace(found, gradients=gradients)):
        failures = 0 if attempt(t) else failures + 1
        t += max(1, t // 12)
    t, failures = max(found.steps, 1), 0
    while failures < 2 and t <= most and go_on(replace(found, gradients=gradients)):
        failures = 0 if attempt(t) else failures + 1
        t += 1
    if at_once is None and not found.steps and go_on(replace(found, gradients=gradients)):
        attempt(0)
    return replace(found, gradients=gradients)


def _nothing(stack: tuple[LSTMNet, ...]) -> Attack:
    zero = np.zeros((2, sum(layer.n for layer in stack)))
    return Attack(0, 0.0, 0, zero, zero, np.zeros((0, 2, stack[0].m)))


def _at_once(stack: tuple[LSTMNet, ...], c: np.ndarray, h: np.ndarray, e: float) -> Attack:
    """The attack at t = 0, which takes no search: the states c, h (2, n) of two opposite corners of the box."""
    apart = np.abs(h[0] - h[1])[-stack[-1].n :]
    unit = int(np.argmax(apart))
    if not apart[unit] > e + ROUNDING:
        return _nothing(stack)
    return replace(_nothing(stack), steps=1, distance=float(apart[unit]), unit=unit, c=c, h=h)


def _corners(rng: np.random.Generator, lo: np.ndarray, hi: np.ndarray, B: int, opposite: np.ndarray) -> np.ndarray:
    """Random vertices for both copies (2, B, n); where `opposite`, the upper corner against the lower."""
    side = rng.integers(0, 2, (2, B, lo.size)).astype(bool)
    side[0, opposite], side[1, opposite] = True, False
    return np.where(side, hi, lo)


def _inputs(rng: np.random.Generator, lo: np.ndarray, hi: np.ndarray, T: int, B: int, constant: np.ndarray) -> np.ndarray:
    """Common inputs (T, 2, B, m): uniform, and constant in time where `constant`."""
    u = lo + (hi - lo) * rng.random((T, B, lo.size))
    u[:, constant] = u[:1, constant]
    return np.repeat(u[:, None], 2, axis=1)


def attack_recovery(
    net: Layers,
    box: Box | Sequence[Box],
    e: float,
    seed: int = 0,
    iters: int = 30,
    batch: int = 12,
    most: int = 400,
    go_on: Callable[[Attack], bool] = lambda _: True,
) -> Attack:
    """The longest recovery found from two states of the box, `batch` candidates for each unit and time.

    Several layers take one box each, from the input side. `go_on` is asked before every time that is tried, with the best
    so far; False ends the search there.

    >>> from bounds.lstm_recovery.interval_box import invariant_box
    >>> net = LSTMNet(np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), np.array([[0.0], [9.0], [9.0], [1.0]]))
    >>> attack_recovery(net, invariant_box(net), e=0.1, seed=1).steps
    2
    """
    if not e > 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    stack, boxes = layers_of(net), [box] if isinstance(box, dict) else list(box)
    if len(boxes) != len(stack):
        raise ValueError(f"{len(stack)} layers take as many boxes, got {len(boxes)}")
    for layer, given in zip(stack, boxes, strict=True):
        gate_ranges(layer, given)  # says what a box lacks
    cl, cu, hl, hu = (np.concatenate([b[side] for b in boxes]) for side in ("cl", "cu", "hl", "hu"))
    lo, hi = (cl, hl, boxes[0]["ulo"]), (cu, hu, boxes[0]["uhi"])
    units = np.repeat(np.arange(stack[-1].n), batch)
    quarter = np.tile(np.arange(batch) % 4 == 0, stack[-1].n)

    def make(t: int, rng: np.random.Generator) -> tuple[_Batch, np.ndarray]:
        c = _corners(rng, lo[0], hi[0], units.size, quarter)
        h = _corners(rng, lo[1], hi[1], units.size, quarter)
        u = _inputs(rng, lo[2], hi[2], t, units.size, quarter)
        return _Batch(c, h, u, lo, hi, np.ones(t, dtype=bool)), units

    at_once = _at_once(stack, np.stack([cu, cl]), np.stack([hu, hl]), e)
    return _search(stack, e, make, seed, iters, most, go_on, at_once)


def attack_reach(
    net: Layers,
    e: float,
    L: int,
    size: float,
    ulo: float | np.ndarray = -1.0,
    uhi: float | np.ndarray = 1.0,
    seed: int = 0,
    iters: int = 30,
    batch: int = 12,
    prefix: int = 30,
    most: int = 200,
    go_on: Callable[[Attack], bool] = lambda _: True,
) -> Attack:
    """The longest recovery found from reachable states: both copies at 0, `prefix` common inputs, then L inputs in
    [-size, size] for one copy only, then common ones. `steps` counts from the end of the anomaly; u holds all inputs."""
    if not (e > 0 and L >= 0 and size >= 0):
        raise ValueError(f"e must be positive, L and size not negative, got e={e}, L={L}, size={size}")
    stack = layers_of(net)
    lo, hi = input_range(stack[0], ulo, uhi)
    n, m, zero = stack[-1].n, stack[0].m, np.zeros(sum(layer.n for layer in stack))
    units, quarter = np.repeat(np.arange(n), batch), np.tile(np.arange(batch) % 4 == 0, n)

    def make(t: int, rng: np.random.Generator) -> tuple[_Batch, np.ndarray]:
        T, B = prefix + L + t, units.size
        u = _inputs(rng, lo, hi, T, B, quarter)
        strange = slice(prefix, prefix + L)
        u[strange, 0] = size * np.sign(rng.standard_normal((L, B, m)))
        u[strange, 0][:, quarter] = size * np.where(rng.random((1, int(quarter.sum()), m)) < 0.5, -1.0, 1.0)
        low, high = (np.array(np.broadcast_to(end, (T, 2, B, m))) for end in (lo, hi))
        low[strange, 0], high[strange, 0] = -size, size
        common = np.ones(T, dtype=bool)
        common[strange] = False
        start = np.zeros((2, B, zero.size))
        return _Batch(start, start, u, (zero, zero, low), (zero, zero, high), common), units

    return _search(stack, e, make, seed, iters, most, go_on, None if L else _nothing(stack))
