"""A user's own LSTM: read it from a file, certify how fast it recovers from an anomaly, attack it, and keep the proof.

    layers, gain = read_network("net.safetensors", output="fc.weight")
    found = recovery(layers, hidden_tolerance("0.05", gain), ulo=-1, uhi=1)
    print(found.sentence)
    write_proof(found.best.proof, "proof.json")

Times are in steps of the network. Step 0 is the state that the last anomalous input left behind.
"""

import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from bounds.common.files import read_arrays
from bounds.common.lstm import Layers, LSTMNet, from_arrays, layers_of
from bounds.lstm_recovery.attack import Attack, attack_reach, attack_recovery
from bounds.lstm_recovery.interval_box import Box, input_range
from bounds.lstm_recovery.methods import METHODS, Certificate, each_certificate, proved_box, tolerance

WORDS = {
    "norm": "layer norms",
    "box": "box norms",
    "lipschitz": "unit-wise Lipschitz matrix",
    "jacobian": "unit-wise Jacobian matrix",
    "coupled": "gate-coupled map",
    "transient": "transient with saturation",
    "tube": "reach tube",
    "cells": "input cells",
    "lmi": "quadratic Lyapunov (LMI)",
    "cells_lmi": "LMI with input cells",
}
LONGEST = 400  # steps after which the attack gives up
HUGE = 1000.0  # an anomalous input of the attack, in units of the largest usual one


# ---- reading ----------------------------------------------------------------------------------------------------------


def output_gain(V: Any) -> Fraction:
    """The largest row sum of |V|, exactly: by how much y = V h + d moves at most when each hidden unit moves by 1."""
    V = np.asarray(V, dtype=float)
    if V.ndim != 2 or V.size == 0 or not np.isfinite(V).all():
        raise ValueError(f"the output weights must be a finite matrix (outputs, units), got shape {V.shape}")
    gain = max(sum((Fraction(abs(float(x))) for x in row), Fraction(0)) for row in V)
    if not gain:
        raise ValueError("the output weights are all zero, so the output forgets everything at once")
    return gain


def read_network(path: str | Path, output: str | None = None) -> tuple[tuple[LSTMNet, ...], Fraction | None]:
    """The layers of an .npz or .safetensors file in PyTorch's or Keras' layout, and the gain of its output, if asked for.

    `output`: the entry that holds V of y = V h + d, (outputs, units) as in `torch.nn.Linear`, or (units,); a name that
    ends in `kernel` is Keras' (units, outputs). ValueError in one sentence for whatever is wrong with the file, and
    FileNotFoundError if it is not there.
    """
    arrays = read_arrays(path)
    layers = from_arrays(arrays)
    if output is None:
        return layers, None
    if output not in arrays:
        held = ", ".join(sorted(arrays))
        raise ValueError(f"{Path(path).name} has no entry {output!r} for the output; it holds {held}")
    V = arrays[output].T if output.split(":")[0].endswith("kernel") else arrays[output]
    V = V[None] if V.shape == (layers[-1].n,) else V  # one output
    if V.ndim != 2 or V.shape[1] != layers[-1].n:
        raise ValueError(f"the output weights {output} must be (outputs, {layers[-1].n}), got shape {V.shape}")
    return layers, output_gain(V)


def hidden_tolerance(e: Any, gain: Fraction | None = None) -> Fraction:
    """The tolerance of each hidden unit that keeps an output of this gain within e, rounded down to six digits; e itself
    without a gain. ValueError unless it lies between 1e-300 and 1e300.

    >>> float(hidden_tolerance("0.05", Fraction(3)))
    0.0166666
    """
    exponent = re.search(r"[eE][+-]?0*(\d+)$", str(e))
    wanted = Fraction(0) if exponent and len(exponent[1]) > 3 else tolerance(e)  # not 10^999999999, digit by digit
    share = wanted / (gain or 1)
    if not Fraction(10) ** -300 <= share <= Fraction(10) ** 300:
        raise ValueError(f"the tolerance e must lie between 1e-300 and 1e300 in every hidden unit, got {e}")
    if gain is None:
        return wanted
    step = Fraction(10) ** (math.floor(math.log10(share)) - 5)
    return share // step * step


# ---- certifying -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Recovery:
    """What is known of the recovery time of one network, in steps. `cut` says what was not tried or not finished."""

    layers: tuple[LSTMNet, ...]
    e: Fraction  # tolerance of every hidden unit of the last layer
    ulo: np.ndarray  # usual inputs, (m,)
    uhi: np.ndarray
    anomaly_steps: int | None  # None: any number of inputs of the usual range
    certificates: tuple[Certificate, ...] = ()
    attack: Attack | None = None
    cut: tuple[str, ...] = ()

    @property
    def best(self) -> Certificate | None:
        """The smallest proved bound, or the smallest in floats where none is proved; None: no certificate."""
        finite = [c for c in self.certificates if c.steps < math.inf]
        return min(finite, key=lambda c: (c.trust != "proved", c.steps), default=None)

    @property
    def ratio(self) -> float | None:
        """Certified steps over steps of the attack: 1 would be exact. None where one of them is missing or 0."""
        if self.best is None or self.attack is None or not self.attack.steps:
            return None
        return self.best.steps / self.attack.steps

    @property
    def sentence(self) -> str:
        """The answer in plain words."""
        return " ".join([self._certified(), self._attacked()]).strip()

    def _certified(self) -> str:
        ranges = [f"[{lo + 0.0:g}, {hi + 0.0:g}]" for lo, hi in zip(self.ulo, self.uhi, strict=True)]
        inputs = " and ".join(dict.fromkeys(ranges)) or "[], as there are none"
        what, e = "every hidden unit" + (" of the last layer" if len(self.layers) > 1 else ""), f"{float(self.e):g}"
        if self.anomaly_steps is None:
            before = f"an anomaly of any length with inputs within {inputs}"
        else:
            plural = "" if self.anomaly_steps == 1 else "s"
            before = f"up to {self.anomaly_steps} anomalous input{plural} of any size (usual inputs within {inputs})"
        if self.best is not None:
            word = "Certified" if self.best.trust == "proved" else "In floating point, unproved"
            after = f"{_steps(self.best.steps)} after {before}"
            return f"{word}: {after}, {what} is within {e} of where it would have been, and stays so."
        rates = [c for c in self.certificates if c.rate is not None]
        if not self.certificates:
            return "No certificate was computed."
        tried = ", ".join(dict.fromkeys(WORDS[c.method] for c in self.certificates))
        said = f"No certificate within {e} after {before}. Tried: {tried}."
        if not rates:
            return said
        least = min(rates, key=lambda c: c.rate or 0.0)
        where = "above one" if (least.rate or 0.0) >= 1 else "below one, but the bound settles above the tolerance"
        return f"{said} The smallest rate per step is {rate_text(least.rate or 0.0)} ({WORDS[least.method]}), {where}."

    def _attacked(self) -> str:
        if self.attack is None:
            return ""
        found = self.attack.steps
        if not found:
            return "The attack found no two pasts that the tolerance tells apart."
        if found >= LONGEST:
            return f"Attack: still apart after {_steps(found)}, where the search ends."
        if self.best is None:
            return f"Attack: it takes at least {_steps(found)}."
        if found == self.best.steps:
            return f"Attack: {_steps(found)} can be needed, so the bound is exact."
        return f"Attack: {_steps(found)} can be needed; the truth lies between, within a factor {self.ratio:.1f}."


def rate_text(rate: float) -> str:
    """Four decimals that are no smaller, so that a rate is below one only if it says so.

    >>> rate_text(0.99991), rate_text(1e30)
    ('1.0000', '1.0e+30')
    """
    return f"{math.ceil(rate * 1e4) / 1e4:.4f}" if rate < 1e6 else f"{rate:.1e}"


def _steps(number: float) -> str:
    return f"{number:g} step{'' if number == 1 else 's'}"


def recovery(
    net: Layers,
    e: Any = 0.01,
    ulo: Any = -1.0,
    uhi: Any = 1.0,
    *,
    methods: Sequence[str] | None = None,
    anomaly_steps: int | None = None,
    seconds: float = math.inf,
    attack_seconds: float = math.inf,
    seed: int = 0,
    progress: Callable[[Recovery, str], None] = lambda _found, _doing: None,
) -> Recovery:
    """Certificates (see `methods.each_certificate`), then an attack on the set where they live.

    `seconds` and `attack_seconds` are caps, looked at between pieces of work: without reaching them, equal arguments give
    equal answers, and `cut` says if one was reached. No attack if `attack_seconds` is 0. `progress` gets what is known so
    far and what comes next, so that whoever interrupts keeps it.

    Raises ValueError for e, inputs, methods or anomaly_steps that make no sense; ArithmeticError if an attack beats a
    proved certificate, which would be a defect of this package.
    """
    stack = layers_of(net)
    for end in (ulo, uhi):
        if np.shape(end) not in ((), (1,), (stack[0].m,)):
            raise ValueError(f"an input range takes one number, or one for each of the {stack[0].m} inputs, got {end}")
    lo, hi = input_range(stack[0], ulo, uhi)
    wanted = _applicable(methods, len(stack), anomaly_steps)
    found = Recovery(stack, hidden_tolerance(e), lo, hi, anomaly_steps)
    deadline = time.monotonic() + seconds

    def expired() -> bool:
        return time.monotonic() > deadline

    def tell(doing: str) -> None:
        progress(found, WORDS.get(doing, doing))

    tell("norm")
    for certificate in each_certificate(
        stack[0] if len(stack) == 1 else stack,
        found.e,
        lo,
        hi,
        methods=methods,
        anomaly_steps=anomaly_steps,
        progress=tell,
        expired=expired,
    ):
        found = replace(found, certificates=(*found.certificates, certificate))
        tell(certificate.method)
        if expired():
            found = replace(found, cut=(f"the certificates were cut at {seconds:g} s",))
            break
    untried = [WORDS[m] for m in wanted if m not in {c.method for c in found.certificates}]
    if untried:
        found = replace(found, cut=(*found.cut, f"not tried: {', '.join(untried)}"))
    tell("attack")
    if attack_seconds > 0:
        found = _attack(found, attack_seconds, seed, progress)
    return found


def _applicable(methods: Sequence[str] | None, depth: int, anomaly_steps: int | None) -> list[str]:
    """The methods that say something, in the order of the ladder. ValueError if none of them does."""
    if anomaly_steps is not None and anomaly_steps < 0:
        raise ValueError(f"the number of anomalous inputs must not be negative, got {anomaly_steps}")
    able = {"norm"} if depth > 1 else set(METHODS)
    if anomaly_steps is not None:
        able -= {"norm", "box", "lmi"}
    left = [name for name in METHODS if name in able and name in (methods or METHODS)]
    if not able:
        raise ValueError(f"anomalies of any size are certified for one layer only, the network has {depth}")
    if not left and set(methods or ()) <= set(METHODS):
        case = "anomalies of any size" if anomaly_steps is not None else f"{depth} layers"
        raise ValueError(
            f"for {case} the methods are {', '.join(m for m in METHODS if m in able)}, got {', '.join(methods or ())}"
        )
    return left


def _attack(found: Recovery, seconds: float, seed: int, progress: Callable[[Recovery, str], None]) -> Recovery:
    stack, e, late = found.layers, float(found.e), False
    deadline = time.monotonic() + seconds

    def go_on(so_far: Attack) -> bool:
        nonlocal late
        progress(replace(found, attack=so_far), f"attack: at least {_steps(so_far.steps)}")
        late = time.monotonic() > deadline
        return not late

    if found.anomaly_steps is None:
        boxes: list[Box] = []
        for layer in stack:
            ends = (boxes[-1]["hl"], boxes[-1]["hu"]) if boxes else (found.ulo, found.uhi)
            boxes.append(proved_box(layer, *ends))
        attack = attack_recovery(stack, boxes, e, seed, most=LONGEST, go_on=go_on)
    else:
        size = HUGE * float(np.abs([found.ulo, found.uhi]).max(initial=1.0))
        attack = attack_reach(stack, e, found.anomaly_steps, size, found.ulo, found.uhi, seed, most=LONGEST, go_on=go_on)
    best = found.best
    if best is not None and best.trust == "proved" and attack.steps > best.steps:
        raise ArithmeticError(f"the attack shows {attack.steps} steps but {best.steps} are proved: a defect of this package")
    cut = (f"the attack was cut at {seconds:g} s",) if late else ()
    return replace(found, attack=attack, cut=(*found.cut, *cut))
