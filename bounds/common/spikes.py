r"""Networks of leaky integrate-and-fire (LIF) neurons and their spike-accumulation form (SAF): one set of equations.

Layers 0..N, times t = 1..T (stored at index t - 1), s^0[t] = x[t], leak lam in [0, 1], threshold th > 0. In every step:
$$ u = \lambda v + I + b,\qquad s = H(u - th)\ \text{(a tie fires)},\qquad v \leftarrow u - th\,s \qquad (LIF)$$
$$ \hat U = \textstyle\sum W \hat a + b\Lambda_t + v_0\lambda^t,\quad thr = th(\lambda \hat a + 1),\quad
   \hat a \leftarrow \lambda \hat a + H(\hat U - thr) \qquad (SAF) $$
A connection i -> j with i < j carries what layer i emits in the same step, one with i ≥ j (feedback) what it emitted in
the step before. Everything else is an argument: reset, tie, delay, readout, form of SAF.

The equations are written once (`lif_steps`, `saf_steps`) and run in any arithmetic whose numbers know +, -, *, @ and can
fire. Fractions and floats are numpy arrays. Scaled integers (`integer_lif`, `integer_saf`) hold every value of step t
multiplied by 1/unit · c^t, where lam = a/c: then lam becomes a, a spike weighs c^t, and what is one step old is worth c
times more (`aging`). That width is proved to suffice before anything runs (`Magnitude`, the same equations on absolute
values); else they are Python integers. Numbers with a running error are `spike_accumulation.certified_floats`.

Units: potentials, th and v0 share one unit; weights are that unit per spike; lam, rates and traces have none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

Array = Any  # a numpy array of Fractions, floats or integers, or numbers that behave like one
Reset = Literal["soft", "hard", "none"]
Form = Literal["closed", "recurrence"]


class Weights(NamedTuple):
    """Who feeds whom, as it stands in one step."""

    connections: Mapping[tuple[int, int], Any]  # (i, j): matrix (..., n_j, n_i), or an operator with `apply`
    bias: Sequence[Array]  # bias[j - 1] of layer j, (..., n_j)


class LifStep(NamedTuple):
    """Layers 0..N of one step; u and v of layer 0 are None, a linear readout's u = s is its output."""

    u: list[Array]  # before the reset
    s: list[Array]
    v: list[Array]  # after the reset


class SafStep(NamedTuple):
    """Layers 0..N of one step; Uhat and thr of layer 0 are None, a linear readout's Uhat = s is its output."""

    Uhat: list[Array]
    ahat: list[Array]
    thr: list[Array]
    s: list[Array]


# ---- the update equations -------------------------------------------------------------------------------------------


def product(w: Any, s: Array) -> Array:
    """W s, with any leading axes (of nets, or of samples of one net)."""
    if hasattr(w, "apply"):
        return w.apply(s)
    return s @ w.T if w.ndim == 2 else (w @ s[..., None])[..., 0]


def fire(u: Array, threshold: Any, unit: Any = 1, strict: bool = False) -> Array:
    """unit where u ≥ threshold (u > threshold if strict), else 0, in the arithmetic of u."""
    if hasattr(u, "fire"):
        return u.fire(threshold, unit, strict)
    above = u > threshold if strict else u >= threshold
    return np.where(above, np.asarray(unit, dtype=u.dtype), np.asarray(unit - unit, dtype=u.dtype))


def _arriving(
    connections: Mapping[tuple[int, int], Any], j: int, now: list[Array], before: list[Array] | None, delay: int, zero: Any
) -> Array:
    """Sum of W · (what layer i sends) over the connections into layer j; `before` is None in the first step."""
    total = None
    for (i, target), w in connections.items():
        sent = now if i < j and (delay == 0 or i == 0) else before
        if target == j and sent is not None:
            total = product(w, sent[i]) if total is None else total + product(w, sent[i])
    return zero if total is None else total


def lif_steps(
    weights: Callable[[int], Weights],
    x: Sequence[Array],
    lam: Any,
    th: Any,
    *,
    v0: Any = 0,
    reset: Reset = "soft",
    reset_by: Any = None,
    strict: bool = False,
    delay: Literal[0, 1] = 0,
    readout: bool = False,
    unit: Any = 1,
    aging: int = 1,
) -> Iterator[LifStep]:
    """LIF, one step at a time; `weights(t)` is read at the start of step t, so a caller may update them in between.

    reset: "soft" subtracts reset_by (th if None) per spike, "hard" sets v to 0, "none" leaves u. strict: a tie stays
    silent. delay 1: every layer but the first sees the spikes of the step before. readout: layer N is u = W s + b.
    """
    amount = th if reset_by is None else reset_by
    v: list[Array] = []
    before: list[Array] | None = None
    for t, x_t in enumerate(x, start=1):
        connections, bias = weights(t)
        n = len(bias)
        v, unit = v or [v0] * (n + 1), unit * aging
        u, s, after = [None], [x_t * unit], [None]  # type: list[Any], list[Any], list[Any]
        for j in range(1, n + 1):
            drive = _arriving(connections, j, s, before, delay, unit - unit)
            if readout and j == n:
                u.append(drive + bias[j - 1] * unit)
                s.append(u[j])
                after.append(u[j] - u[j])
                continue
            u.append(lam * v[j] + drive + bias[j - 1] * unit)
            s.append(fire(u[j], th * unit, unit, strict))
            if reset == "soft":
                after.append(u[j] - amount * s[j])
            else:
                after.append(np.where(s[j] != 0, u[j] - u[j], u[j]) if reset == "hard" else u[j])
        yield LifStep(u, s, after)
        v, before = after, [aging * emitted for emitted in s]


def saf_steps(
    weights: Callable[[int], Weights],
    x: Sequence[Array],
    lam: Any,
    th: Any,
    *,
    v0: Any = 0,
    form: Form = "closed",
    strict: bool = False,
    delay: Literal[0, 1] = 0,
    readout: bool = False,
    bias: Literal["acc", "inst"] = "acc",
    threshold_leak: Any = None,
    unit: Any = 1,
    aging: int = 1,
) -> Iterator[SafStep]:
    """SAF, one step at a time, in its closed form (whole traces times the current weights) or as a recurrence.

    bias "inst" adds b instead of b Λ_t in the closed form, and threshold_leak replaces lam in thr = th(lam â + 1): with
    either, SAF is no longer LIF. strict, delay, readout: as in `lif_steps`.
    """
    keep = lam if threshold_leak is None else threshold_leak
    zero = unit - unit
    charge, Uhat, past = zero, [], []  # type: Any, list[Array], list[Array]
    fed: list[Array] | None = None  # the traces that a delayed connection carries, none in the first step
    for t, x_t in enumerate(x, start=1):
        connections, biases = weights(t)
        n = len(biases)
        Uhat, past, unit = Uhat or [v0] * (n + 1), past or [zero] * (n + 1), unit * aging
        charge, v0 = lam * charge + unit, lam * v0
        older, fed = fed, None if t == 1 else [aging * trace for trace in past]
        fresh = fed if fed is None or older is None else [a - lam * o for a, o in zip(fed, older, strict=True)]
        new, thr = [None], [None]  # type: list[Any], list[Any]
        ahat, s = [lam * past[0] + x_t * unit], [x_t * unit]
        sent = [ahat[0] - lam * past[0]]
        for j in range(1, n + 1):
            b = biases[j - 1]
            if readout and j == n:
                new.append(_arriving(connections, j, s, fresh, delay, zero) + b * unit)
                s.append(new[j])
                thr.append(None)
            else:
                if form == "closed":
                    total = _arriving(connections, j, ahat, fed, delay, zero) + b * (charge if bias == "acc" else unit)
                    new.append(total + v0 if np.any(v0 != 0) else total)
                else:
                    new.append(lam * Uhat[j] + _arriving(connections, j, sent, fresh, delay, zero) + b * unit)
                thr.append(th * (keep * past[j] + unit))
                s.append(fire(new[j], thr[j], unit, strict))
            ahat.append(lam * past[j] + s[j])
            sent.append(ahat[j] - lam * past[j])
        yield SafStep(new, ahat, thr, s)
        Uhat, past = new, ahat


# ---- what a caller passes, checked and brought into one arithmetic --------------------------------------------------


class Network(NamedTuple):
    """A checked network: all Fractions, or all floats of one width."""

    weights: Callable[[int], Weights]
    x: Sequence[Array]  # T arrays (..., n_0)
    lam: Any
    th: Any
    v0: Any
    unit: Any  # the number 1 of this arithmetic
    widths: tuple[int, ...]

    @property
    def is_exact(self) -> bool:
        """Fractions rather than floats."""
        return isinstance(self.unit, Fraction)


def _array(name: str, value: Any) -> np.ndarray:
    try:
        out = np.asarray(value)
    except ValueError as problem:
        raise ValueError(f"{name} must be a full rectangle of numbers, and its rows differ in shape") from problem
    if out.dtype == object:
        if not all(isinstance(entry, Fraction | int | np.integer) for entry in out.ravel()):
            raise ValueError(f"{name} must hold Fractions and integers only, or floats only, in a full rectangle")
    elif out.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, not {out.dtype}")
    elif out.dtype.kind == "f" and not np.all(np.isfinite(out)):
        raise ValueError(f"{name} holds a number that is not finite")
    return out


_as_fraction = np.frompyfunc(lambda v: v if isinstance(v, Fraction) else Fraction(int(v)), 1, 1)


def one_arithmetic(**values: Any) -> tuple[dict[str, np.ndarray], Any]:
    """The named values as arrays of Fractions (if any is a Fraction, or all are integers) or of floats, and their 1.

    Fractions beside floats are a ValueError: one stray float would turn an exact result into a rounded one in silence.
    """
    arrays = {name: _array(name, value) for name, value in values.items()}
    inexact = [name for name, a in arrays.items() if a.dtype.kind == "f"]
    rational = [name for name, a in arrays.items() if a.dtype == object and any(isinstance(v, Fraction) for v in a.ravel())]
    if inexact and rational:
        raise ValueError(f"{inexact[0]} holds floats and {rational[0]} Fractions; give all numbers as one or as the other")
    if not inexact:
        return {name: np.asarray(_as_fraction(a), dtype=object) for name, a in arrays.items()}, Fraction(1)
    dtype = np.result_type(*(arrays[name].dtype for name in inexact if arrays[name].ndim), np.float32)
    if all(arrays[name].ndim == 0 for name in inexact):
        dtype = np.dtype(np.float64)
    return {name: a.astype(dtype) for name, a in arrays.items()}, dtype.type(1)


def one_of(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """ValueError unless value is one of the allowed ones: a misspelt convention must not select another in silence."""
    if value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, got {value!r}")


def check_leak_and_threshold(lam: Any, th: Any) -> None:
    """ValueError unless 0 ≤ lam ≤ 1 and th > 0."""
    if not 0 <= lam <= 1:
        raise ValueError(f"the leak lam must lie in [0, 1], got {lam}")
    if not th > 0:
        raise ValueError(f"the threshold th must be positive, got {th}")


def network(W: Any, b: Any, x: Any, lam: Any, th: Any, *, F: Any = None, v0: Any = 0, changing: bool = False) -> Network:
    """Check a network and bring its numbers into one arithmetic.

    W: N matrices (n_{l+1}, n_l) or operators with `apply` and `entries`; b: N vectors (n_{l+1},); x: (T, n_0) or
    (T, batch, n_0). F: feedback matrix (n_1, n_N), or more connections {(i, j): matrix (n_j, n_i)}, i < j a skip, i ≥ j
    delayed by a step. changing: W, b and F are lists over t = 1..T of all that. ValueError says what does not fit.
    """
    if changing and not len(W) == len(b) == len(W if F is None else F):
        raise ValueError("W and b, and F if it is given, must list as many steps one as the other")
    stages = list(zip(W, b, F if F is not None else [None] * len(W), strict=True)) if changing else [(W, b, F)]
    values: dict[str, Any] = {"x": x, "lam": lam, "th": th, "v0": v0}
    operators: dict[str, Any] = {}
    shape: list[tuple[list[tuple[tuple[int, int], str]], list[str]]] = []
    for t, (W_t, b_t, F_t) in enumerate(stages, start=1):
        at = f" at t = {t}" if changing else ""
        if len(W_t) != len(b_t) or len(W_t) == 0:
            raise ValueError(
                f"W and b must list one matrix and one bias per layer, got {len(W_t)} matrices and {len(b_t)} biases{at}"
            )
        n = len(W_t)
        extra = F_t if isinstance(F_t, Mapping) else {} if F_t is None else {(n, 1): F_t}
        named = [((l, l + 1), f"W[{l}]{at}", w) for l, w in enumerate(W_t)]
        named += [(key, ("F" if key == (n, 1) else f"F[{key}]") + at, w) for key, w in extra.items()]
        for _, name, w in named:
            (operators if hasattr(w, "apply") else values)[name] = w
        biases = [f"b[{l}]{at}" for l in range(n)]
        values |= dict(zip(biases, b_t, strict=True))
        shape.append(([(key, name) for key, name, _ in named], biases))
    values |= {f"entries of {name}": w.entries for name, w in operators.items()}
    arrays, one = one_arithmetic(**values)
    check_leak_and_threshold(arrays["lam"][()], arrays["th"][()])
    matrices = arrays | {name: w.with_entries(arrays[f"entries of {name}"]) for name, w in operators.items()}
    x_array = arrays["x"]
    if x_array.ndim < 2 or len(x_array) == 0:
        raise ValueError(f"x must have shape (T, n_0) or (T, batch, n_0) with T >= 1, got {x_array.shape}")
    if changing and len(stages) != len(x_array):
        raise ValueError(f"weights are given for {len(stages)} steps and x for {len(x_array)}")
    widths = (x_array.shape[-1], *(arrays[name].shape[-1] if arrays[name].ndim else 0 for name in shape[0][1]))
    found = []
    for connections, biases in shape:
        for (i, j), name in connections:
            if not (0 <= i < len(widths) and 1 <= j < len(widths)) or matrices[name].shape[-2:] != (widths[j], widths[i]):
                raise ValueError(
                    f"{name} must have shape (n_{j}, n_{i}) within layers of widths {widths}, got {matrices[name].shape}"
                )
            if len(matrices[name].shape) > x_array.ndim:
                raise ValueError(
                    f"{name} must be one matrix unless x has a batch, got shape {matrices[name].shape}; "
                    "weights over time need changing=True"
                )
        for j, name in enumerate(biases, start=1):
            if arrays[name].shape[-1:] != (widths[j],):
                raise ValueError(f"{name} must have shape ({widths[j]},), got {arrays[name].shape}")
        found.append(Weights({key: matrices[name] for key, name in connections}, [arrays[name] for name in biases]))
    constant = found[0]
    weights: Callable[[int], Weights] = (lambda t: found[t - 1]) if changing else (lambda t: constant)
    return Network(weights, list(x_array), arrays["lam"][()], arrays["th"][()], arrays["v0"][()], one, widths)


def in_arithmetic_of(net: Network, name: str, value: Any) -> np.ndarray:
    """A further array (a target, say) as Fractions or floats, as the network's numbers are."""
    arrays, one = one_arithmetic(**{name: value})
    if isinstance(one, Fraction) and net.is_exact:
        return arrays[name]
    if net.is_exact:
        raise ValueError(f"{name} holds floats and the network Fractions; give all numbers as one or as the other")
    if isinstance(one, Fraction) and any(isinstance(entry, Fraction) for entry in np.asarray(value, dtype=object).ravel()):
        raise ValueError(f"{name} holds Fractions and the network floats; give all numbers as one or as the other")
    return arrays[name].astype(type(net.unit))


def _over_time(steps: Sequence[Any], name: str) -> list[Any]:
    """One array (T, ...) for each layer; None where a layer has no such quantity."""
    columns = zip(*(getattr(step, name) for step in steps), strict=True)
    return [None if column[0] is None else np.stack(np.broadcast_arrays(*column)) for column in columns]


def _saf_over_time(steps: Sequence[SafStep]) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Uhat, ahat, thr, s; the first threshold, th for every neuron, spread over all of them."""
    Uhat, ahat, thr, s = (_over_time(steps, name) for name in ("Uhat", "ahat", "thr", "s"))
    return Uhat, ahat, [None if h is None else np.broadcast_to(h, U.shape) for h, U in zip(thr, Uhat, strict=True)], s


def lambda_sum(lam: Any, t: int) -> Any:
    """Λ_t = 1 + lam + ... + lam^(t-1), the trace of a neuron that fires in every one of t steps; Λ_0 = 0.

    >>> lambda_sum(Fraction(1, 2), 3)
    Fraction(7, 4)
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"the leak lam must lie in [0, 1], got {lam}")
    if t < 0:
        raise ValueError(f"t counts steps and must not be negative, got {t}")
    total = 0 * lam
    for _ in range(t):
        total = lam * total + 1
    return total


def lif_forward(
    W: Any,
    b: Any,
    x: Any,
    lam: Any,
    th: Any,
    F: Any = None,
    v0: Any = 0,
    *,
    changing: bool = False,
    reset: Reset = "soft",
    reset_by: Any = None,
    strict: bool = False,
    delay: Literal[0, 1] = 0,
    readout: bool = False,
) -> tuple[list[Any], list[Any], list[Any]]:
    """u (before the reset), s (spikes) and v (after it) of an LIF network: lists over layers 0..N of (T, ..., n_l).

    Arguments as in `network` and `lif_steps`. Fractions in, Fractions out; floats are rounded as numpy rounds.

    >>> half, one = Fraction(1, 2), [[1]] * 4
    >>> [int(s[0]) for s in lif_forward([[[3 * half / 2]]], [[0]], one, lam=half, th=1)[1][1]]
    [0, 1, 0, 1]
    """
    one_of("reset", reset, ("soft", "hard", "none"))
    one_of("delay", delay, (0, 1))
    net = network(W, b, x, lam, th, F=F, v0=v0, changing=changing)
    if isinstance(reset_by, float) and net.is_exact:
        raise ValueError("reset_by is a float and the network is made of Fractions; give all numbers as one or as the other")
    conventions: dict[str, Any] = {"reset": reset, "reset_by": reset_by, "strict": strict, "delay": delay, "readout": readout}
    steps = list(lif_steps(net.weights, net.x, net.lam, net.th, v0=net.v0, unit=net.unit, **conventions))
    return _over_time(steps, "u"), _over_time(steps, "s"), _over_time(steps, "v")


def saf_forward(
    W: Any,
    b: Any,
    x: Any,
    lam: Any,
    th: Any,
    F: Any = None,
    v0: Any = 0,
    *,
    form: Form = "closed",
    changing: bool = False,
    strict: bool = False,
    delay: Literal[0, 1] = 0,
    readout: bool = False,
    bias: Literal["acc", "inst"] = "acc",
    threshold_leak: Any = None,
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Uhat, ahat (traces), thr and s of a network in spike-accumulation form: lists over layers 0..N of (T, ..., n_l).

    Arguments as in `network` and `saf_steps`. Fractions in, Fractions out; floats are rounded as numpy rounds.

    >>> half = Fraction(1, 2)
    >>> [str(a[0]) for a in saf_forward([[[3 * half / 2]]], [[0]], [[1]] * 4, lam=half, th=1)[1][1]]
    ['0', '1', '1/2', '5/4']
    """
    one_of("form", form, ("closed", "recurrence"))
    one_of("bias", bias, ("acc", "inst"))
    one_of("delay", delay, (0, 1))
    net = network(W, b, x, lam, th, F=F, v0=v0, changing=changing)
    conventions: dict[str, Any] = {"form": form, "strict": strict, "delay": delay, "readout": readout, "bias": bias}
    steps = list(
        saf_steps(net.weights, net.x, net.lam, net.th, v0=net.v0, threshold_leak=threshold_leak, unit=net.unit, **conventions)
    )
    return _saf_over_time(steps)


def traces(s: Array, lam: Any) -> Array:
    """ahat[t] = lam ahat[t-1] + s[t] along the first axis."""
    total, out = 0 * s[0], []
    for s_t in s:
        total = lam * total + s_t
        out.append(total)
    return np.stack(out)


def before(values: Array) -> Array:
    """The value of the step before along the first axis; 0 before the first step."""
    return np.concatenate([0 * values[:1], values[:-1]])


def saf_to_lif(Uhat: list[Any], ahat: list[Any], lam: Any, th: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """u, s, v of the LIF network from its spike-accumulation form: the three identities of the equivalence.

    u[t] = Uhat[t] - th lam ahat[t-1], s[t] = ahat[t] - lam ahat[t-1], v[t] = Uhat[t] - th ahat[t]. Lists over layers 0..N
    as `saf_forward` returns them (spiking layers only, no linear readout).
    """
    kept = [lam * before(a) for a in ahat]
    s = [a - k for a, k in zip(ahat, kept, strict=True)]
    u = [None, *(U - th * k for U, k in zip(Uhat[1:], kept[1:], strict=True))]
    v = [None, *(U - th * a for U, a in zip(Uhat[1:], ahat[1:], strict=True))]
    return u, s, v


# ---- scaled integers ------------------------------------------------------------------------------------------------


class Magnitude:
    """An upper bound of |number|, run through the same equations to prove how wide integers must be.

    Every result is noted in `seen`; that of W s is n · max|W| · max|s|, so partial sums in any order are covered.
    """

    __array_ufunc__ = None

    def __init__(self, size: int, seen: list[int]) -> None:
        self.size, self.seen = size, seen
        seen.append(size)

    def _with(self, size: int) -> "Magnitude":
        return Magnitude(size, self.seen)

    def __add__(self, other: "Magnitude | int") -> "Magnitude":
        return self._with(self.size + (other.size if isinstance(other, Magnitude) else abs(other)))

    __radd__ = __sub__ = __rsub__ = __add__

    def __mul__(self, other: int) -> "Magnitude":
        return self._with(self.size * abs(other))

    __rmul__ = __mul__

    def fire(self, threshold: "Magnitude | int", unit: int, strict: bool) -> "Magnitude":
        """A spike weighs at most its unit."""
        if not isinstance(threshold, Magnitude):
            self._with(abs(threshold))
        return self._with(unit)


class _RowSums(NamedTuple):
    """|W s| ≤ (a bound of the sum of |W| over a row) · |s|."""

    largest: int

    def apply(self, s: Magnitude) -> Magnitude:
        return s * max(1, self.largest)


class IntegerNetwork(NamedTuple):
    """A chain whose numbers at step t are integers over scale · c^t, where lam = a/c; of one net or of a batch of nets.

    `bits` is what the largest intermediate value needs, sign included, proved by `Magnitude` for LIF and for both forms
    of SAF; the arrays are int64 if that is at most 64, else Python integers. Nothing can wrap.
    """

    weights: Weights
    x: Sequence[np.ndarray]
    a: int
    c: int
    th: int
    v0: int
    scale: int
    bits: int

    def lif(self, strict: bool = False) -> tuple[list[Any], list[Any], list[Any]]:
        """u, s, v as `lif_forward`, scaled."""
        steps = list(lif_steps(lambda t: self.weights, self.x, self.a, self.th, v0=self.v0, aging=self.c, strict=strict))
        return _over_time(steps, "u"), _over_time(steps, "s"), _over_time(steps, "v")

    def saf(self, form: Form = "closed", strict: bool = False) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        """Uhat, ahat, thr, s as `saf_forward`, scaled; spikes and traces by c^t alone."""
        read: dict[str, Any] = {"v0": self.v0, "aging": self.c, "form": form, "strict": strict}
        steps = list(saf_steps(lambda t: self.weights, self.x, self.a, self.th, **read))
        return _saf_over_time(steps)

    def potentials(self, values: np.ndarray) -> np.ndarray:
        """Scaled potentials (T, ...) of a spiking layer as Fractions."""
        return np.stack([_ratio(row, self.scale * self.c**t) for t, row in enumerate(values, start=1)])

    def spikes(self, values: np.ndarray) -> np.ndarray:
        """Scaled spikes or traces (T, ...) of a spiking layer as Fractions."""
        return np.stack([_ratio(row, self.c**t) for t, row in enumerate(values, start=1)])


def _ratio(values: np.ndarray, denominator: int) -> np.ndarray:
    return np.asarray(np.frompyfunc(lambda v: Fraction(int(v), denominator), 1, 1)(values), dtype=object)


def _whole(name: str, value: Fraction | int) -> int:
    if Fraction(value).denominator != 1:
        raise ValueError(f"{name} must be a multiple of the unit of the potentials, it is {Fraction(value)} of them")
    return int(value)


def integer_network(
    W: Sequence[Any],
    b: Sequence[Any],
    x: Any,
    lam: Fraction | int,
    th: Fraction | int,
    *,
    weights_per_one: int = 1,
    inputs_per_one: int = 1,
    F: Any = None,
    v0: Fraction | int = 0,
) -> IntegerNetwork:
    """A chain given in integers: W[l] (..., n_{l+1}, n_l), b[l] (..., n_{l+1}) and F (..., n_1, n_N) count 1/weights_per_one,
    x (T, ..., n_0) counts 1/inputs_per_one; th and v0 are multiples of the product of both. Leading axes: one net each.

    >>> net = integer_network([[[3]]], [[0]], [[1]] * 4, Fraction(1, 2), 1, weights_per_one=4)
    >>> net.bits <= 64, [int(s > 0) for s in net.lif()[1][1][:, 0]]
    (True, [0, 1, 0, 1])
    """
    leak, p, q = Fraction(lam), int(weights_per_one), int(inputs_per_one)
    check_leak_and_threshold(leak, th)
    if p < 1 or q < 1:
        raise ValueError(f"weights_per_one and inputs_per_one must be positive integers, got {p} and {q}")
    named = {f"W[{l}]": w for l, w in enumerate(W)} | {f"b[{l}]": v for l, v in enumerate(b)} | {"x": x}
    arrays = {name: np.asarray(value) for name, value in (named | ({} if F is None else {"F": F})).items()}
    for name, value in arrays.items():
        if value.dtype.kind not in "iu" and not all(isinstance(v, int) for v in value.ravel()):
            raise ValueError(f"{name} must hold integers, not {value.dtype}")
    n, scale = len(W), p * q
    counts = {(l, l + 1): (arrays[f"W[{l}]"], q if l else 1) for l in range(n)}
    if F is not None:
        counts[n, 1] = (arrays["F"], q)
    biases, inputs = [arrays[f"b[{l}]"] for l in range(n)], arrays["x"]
    a, c = leak.numerator, leak.denominator
    th_, v0_ = _whole("th", Fraction(th) * scale), _whole("v0", Fraction(v0) * scale)
    # the proof of the width: the same equations on the largest absolute values
    seen: list[int] = [abs(th_), abs(v0_), c, scale]
    rows = {key: _RowSums(_largest(w) * w.shape[-1] * times) for key, (w, times) in counts.items()}
    sizes = Weights(rows, [Magnitude(max(1, _largest(v) * q), seen) for v in biases])
    x_sizes = [Magnitude(max(1, _largest(inputs)), seen)] * len(inputs)
    for _ in lif_steps(lambda t: sizes, x_sizes, a, th_, v0=abs(v0_), aging=c):
        pass
    forms: tuple[Form, ...] = ("closed", "recurrence")
    for form in forms:
        for _ in saf_steps(lambda t: sizes, x_sizes, a, th_, v0=abs(v0_), aging=c, form=form):
            pass
    bits = max(seen).bit_length() + 1
    dtype = np.int64 if bits <= 64 else object
    ready = {key: w.astype(dtype) * times for key, (w, times) in counts.items()}
    weights = Weights(ready, [v.astype(dtype) * q for v in biases])
    return IntegerNetwork(weights, list(inputs.astype(dtype)), a, c, th_, v0_, scale, bits)


def _largest(values: np.ndarray) -> int:
    return max(int(values.max()), -int(values.min())) if values.size else 0
