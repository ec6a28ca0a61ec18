"""Every certificate of this paper for one net, the best of them, and a proof object that needs no solver to re-check."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bounds.common.lstm import Layers, LSTMNet, fingerprint, layers_of
from bounds.lstm_recovery.elementwise import jacobian_matrix, lipschitz_matrix
from bounds.lstm_recovery.gate_coupling import map_rate, psi
from bounds.lstm_recovery.input_cells import CELLS, Edges, Stage, cut, settled_time, stages
from bounds.lstm_recovery.interval_box import Box, gate_ranges, input_range, invariant_box, widths
from bounds.lstm_recovery.ladder import box_matrix, perron
from bounds.lstm_recovery.layers import stacked_matrix
from bounds.lstm_recovery.multiplier_search import Found, fastest
from bounds.lstm_recovery.multipliers import lmi_time, sectors, sectors_of
from bounds.lstm_recovery.reach_tube import tube_recovery
from bounds.lstm_recovery.transient import phi, recovery_time
from bounds.lstm_recovery.unbounded_anomaly import anomaly_set
from bounds.lstm_recovery.verification import FORMAT, sealed, verify_box, verify_proof

METHODS = {
    "norm": "norm_recovery",
    "box": "ladder",
    "lipschitz": "elementwise",
    "jacobian": "elementwise",
    "coupled": "gate_coupling",
    "transient": "transient",
    "tube": "reach_tube",
    "cells": "input_cells",
    "lmi": "multipliers",
    "cells_lmi": "input_cells",
}
RATE_ROOM, STACK_ROOM = 1e-9, 1e-5  # relatively, by which a weight's rate exceeds the eigenvalue; equal layers need more
SOLVED = {"lmi", "cells_lmi"}  # by far the longest searches
LMI_CELLS = 16
REFINED = 60  # steps of refinement of a norm bound that is not the paper's own
ROUNDS = (200, 140, 100, 70, 50, 35, 25, 18, 12, 8, 5, 3, 2, 1)


@dataclass(frozen=True)
class Certificate:
    """One upper bound of the recovery time."""

    method: str  # a key of METHODS
    detail: str  # which member: "q = inf, k = 0", "rho = 0.9, 3 transient steps"
    steps: float  # |h - h~| <= e for all t >= steps; inf: not certified
    rate: float | None  # per step, in the limit; None where the method has none
    trust: Literal["proved", "float"]
    proof: Mapping[str, Any] | None = None

    @property
    def statement(self) -> str:
        """The claim it rests on."""
        return f"lstm_recovery.{METHODS[self.method]}"


def proved_box(net: LSTMNet, ulo: Any = -1.0, uhi: Any = 1.0) -> Box:
    """The smallest of a few boxes whose invariance ball arithmetic proves; the one of round 1, h in [-1, 1], always is.

    A converged box inflated evenly can fail (its map is no contraction in the maximum norm), so earlier rounds follow.
    """
    for rounds in ROUNDS[:-1]:
        box = invariant_box(net, ulo, uhi, rounds)
        for scale in (1.0, 1 + 1e-12):
            candidate = {**box, "hl": box["hl"] * scale, "hu": box["hu"] * scale}
            if verify_box(net, candidate)[0]:
                return candidate
    box = invariant_box(net, ulo, uhi, 1)
    return {**box, "hl": -np.ones(net.n), "hu": np.ones(net.n)}


def _exact_text(value: Any) -> Any:
    """Floats as hexadecimal text, which no reader rounds."""
    return [_exact_text(v) for v in value] if np.ndim(value) else float(value).hex()


def _exact_text_of(edges: Edges) -> list[Any]:
    """As many cuts as each input has, exactly."""
    return [_exact_text(points) for points in edges]


def _room(stack: Sequence[LSTMNet]) -> float:
    return RATE_ROOM if len(stack) == 1 else STACK_ROOM


def _weight(A: np.ndarray, rate: float, room: float = RATE_ROOM) -> Any:
    """w > 0 with A w < r w for r just above the rate: (r - A)⁻¹ 1, a series of nonnegative terms, largest entry 1."""
    if rate == math.inf:
        return None
    w = np.linalg.solve(rate * (1 + room) * np.eye(len(A)) - A, np.ones(len(A)))
    return _exact_text(w / w.max())


def tolerance(e: Any) -> Fraction:
    """0.01 and "0.01" and "1/100" are one hundredth. ValueError unless positive."""
    try:
        value = e if isinstance(e, Fraction) else Fraction(str(e))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"the tolerance e must be a positive number, got {e!r}") from None
    if value <= 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    return value


@dataclass(frozen=True, eq=False)
class _Task:
    """What all methods need of one net."""

    stack: tuple[LSTMNet, ...]
    e: float
    ulo: np.ndarray
    uhi: np.ndarray
    box: Box | None  # of a single layer: where the certificates live
    start: np.ndarray | None
    limit: Box | None
    anomaly_steps: int | None

    @property
    def umax(self) -> float:
        return float(np.maximum(np.abs(self.ulo), np.abs(self.uhi)).max(initial=0.0))


def _norms(x: _Task) -> list[tuple[Certificate, dict[str, Any]]]:
    found = []
    for q, k in ((np.inf, 0), (np.inf, REFINED), (1.0, REFINED), (2.0, REFINED)):
        A, d0 = stacked_matrix(x.stack, k, q, x.umax)
        T = recovery_time(lambda d, A=A: A @ d, d0, x.e, len(d0) - 1)  # type: ignore[misc]
        rate = max(perron(A[l : l + 2, l : l + 2])[0].hi for l in range(0, len(A), 2))
        detail = f"q = {q:g}, k = {k}"
        data = {"k": k, "q": f"{q:g}", "weight": _weight(A, rate, _room(x.stack))}
        found.append((Certificate("norm", detail, T, float(rate), "float"), data))
    return found


def _boxes(x: _Task, net: LSTMNet, box: Box) -> list[tuple[Certificate, dict[str, Any]]]:
    found, w = [], widths(box)
    for q in (np.inf, 2.0, 1.0):
        A = box_matrix(net, box, q=q)
        d0 = np.array([w[: net.n].max(), w[net.n :].max()]) * net.n ** (1 / q)
        T = recovery_time(lambda d, A=A: A @ d, d0, x.e, 1)  # type: ignore[misc]
        rate = float(perron(A)[0].hi)
        found.append((Certificate("box", f"q = {q:g}", T, rate, "float"), {"q": f"{q:g}", "weight": _weight(A, rate)}))
    return found


def _soonest(found: Sequence[Found], path: Mapping[int, np.ndarray], e: float) -> tuple[float, int, Found]:
    """The time, the step from which the matrix inequality is used, and which one."""
    times = ((t + lmi_time(math.sqrt(one.p @ d**2), one.rho, e), t, k) for k, one in enumerate(found) for t, d in path.items())
    T, t0, k = min(times)
    return T, t0, found[k]


def _lmi(
    x: _Task, net: LSTMNet, box: Box, solves: int, progress: Callable[[str], None], expired: Callable[[], bool]
) -> list[tuple[Certificate, dict[str, Any]]]:
    """The smallest rate with a solution, after as many steps of Φ as pay."""
    w, r, sector = widths(box), gate_ranges(net, box), sectors(net, box)
    least = float(r["f"][0].max())
    found = fastest(net, sector[None], w, least=least, rounds=solves, progress=progress, expired=expired)
    if not found:
        return [(Certificate("lmi", "no solution below rate 1", math.inf, None, "float"), {})]
    path, step = [w], phi(net, r, w)
    while len(path) < 400 and path[-1][net.n :].max() > x.e:
        path.append(np.minimum(step(path[-1]), path[-1]))
    T, t0, best = _soonest(found, dict(enumerate(path)), x.e)
    answer = {"P": best.P, "lam": best.lam[0], "p": best.p, "sector": sector}
    data = {name: _exact_text(value) for name, value in answer.items()}
    data |= {"rho": str(Fraction(best.rho)), "transient_steps": t0}
    return [(Certificate("lmi", f"rho = {best.rho:.4f}, {t0} transient steps", T, best.rho, "float"), data)]


def _cells_lmi(
    x: _Task,
    net: LSTMNet,
    tube: Sequence[Stage],
    path: Sequence[np.ndarray],
    edges: Edges,
    solves: int,
    progress: Callable[[str], None],
    expired: Callable[[], bool],
) -> tuple[Certificate, dict[str, Any]]:
    """One P for all cells of inputs, from the step at which the sets have settled or a later one."""
    tube = tube[: len(path)]  # the distances may settle before the sets do
    sector = np.stack([sectors_of(r) for r in tube[-1].ranges])
    least = max(float(r["f"][0].max()) for r in tube[-1].ranges)
    first = len(tube) - 1
    found = fastest(
        net, sector, path[min(first, len(path) - 1)], least=least, rounds=solves, progress=progress, expired=expired
    )
    if not found:
        return Certificate("cells_lmi", "no solution below rate 1", math.inf, None, "float"), {}
    T, t0, best = _soonest(found, {t: d for t, d in enumerate(path) if t >= first}, x.e)
    data: dict[str, Any] = {name: _exact_text(value) for name, value in best._asdict().items() if name != "rho"}
    data |= {"rho": str(Fraction(best.rho)), "edges": _exact_text_of(edges), "stages": len(tube), "transient_steps": t0}
    detail = f"{len(sector)} cells, rho = {best.rho:.4f}, {t0} transient steps"
    return Certificate("cells_lmi", detail, T, best.rho, "float"), data


def certificates(net: Layers, e: Any = 0.01, ulo: Any = -1.0, uhi: Any = 1.0, **options: Any) -> list[Certificate]:
    """All certificates that apply, each proved if it can be: bound in steps (inf: none), rate, statement, proof object.

    Arguments are those of `each_certificate`.
    """
    return list(each_certificate(net, e, ulo, uhi, **options))


def each_certificate(
    net: Layers,
    e: Any = 0.01,
    ulo: Any = -1.0,
    uhi: Any = 1.0,
    *,
    methods: Sequence[str] | None = None,
    anomaly_steps: int | None = None,
    lmi_solves: int = 14,
    progress: Callable[[str], None] = lambda _: None,
    expired: Callable[[], bool] = lambda: False,
    prove: bool = True,
) -> Iterator[Certificate]:
    """`certificates` one by one, each as soon as it is found and proved, the cheap ones first.

    The inputs after the anomaly lie in [ulo, uhi]; what the anomaly left is any state of the invariant box, or, with
    `anomaly_steps`, whatever that many arbitrary inputs leave of a state of the box. Several layers have the norm
    certificates only. `methods`: names among METHODS; None: all, the matrix inequality for at most 4 units. Once
    `expired()` is true the search for a matrix inequality ends with the best one so far. `prove=False` leaves the proofs
    out, and every answer in floats.
    """
    eps, stack = tolerance(e), layers_of(net)
    lo, hi = input_range(stack[0], ulo, uhi)
    unknown = [name for name in methods or () if name not in METHODS]
    if unknown:
        raise ValueError(f"the method {unknown[0]!r} is not among {', '.join(METHODS)}")
    wanted = set(methods or METHODS) - (SOLVED if methods is None and stack[0].n > 4 else set())
    x = _Task(stack, float(eps), lo, hi, None, None, None, anomaly_steps)
    hidden: Box | None = None

    def proved(found: Sequence[tuple[Certificate, dict[str, Any]]]) -> Iterator[Certificate]:
        return (_proved(x, eps, hidden, *pair) if prove else pair[0] for pair in found)

    if "norm" in wanted and anomaly_steps is None:
        yield from proved(_norms(x))
    if len(stack) > 1 or not wanted - {"norm"}:
        return
    layer = stack[0]
    hidden = box = proved_box(layer, lo, hi)
    start = widths(box)
    if anomaly_steps is not None:
        box, start = anomaly_set(layer, anomaly_steps, lo, hi)
    elif "box" in wanted:
        yield from proved(_boxes(x, layer, box))
    r = gate_ranges(layer, box)
    A_lip, A_jac = lipschitz_matrix(layer, box), jacobian_matrix(layer, box)
    maps: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "lipschitz": lambda d: A_lip @ d,
        "jacobian": lambda d: A_jac @ d,
        "coupled": psi(layer, r),
        "transient": phi(layer, r, start),
    }
    for name in [name for name in maps if name in wanted]:
        progress(name)
        step, rate, data = maps[name], None, {}
        if name == "coupled":
            rate, weight = map_rate(step, 2 * layer.n)
            data = {"weight": _exact_text(weight)}
        elif name != "transient":
            A = A_lip if name == "lipschitz" else A_jac
            rate = float(perron(A)[0].hi)
            data = {"weight": _weight(A, rate)}
        yield from proved([(Certificate(name, "", recovery_time(step, start, x.e, layer.n), rate, "float"), data)])
    if "tube" in wanted:
        progress("tube")
        yield from proved([(Certificate("tube", "", tube_recovery(layer, box, start, x.e)[0], None, "float"), {})])
    for name, cells in (("cells", CELLS if layer.n <= 16 else CELLS // 2), ("cells_lmi", LMI_CELLS)):  # time grows with both
        if name not in wanted or not layer.m:
            continue
        progress("cells of inputs")
        edges = cut(layer, box, cells)
        tube = stages(layer, box, edges)
        T, path = settled_time(tube, start, x.e)
        if name == "cells":
            data = {"edges": _exact_text_of(edges), "stages": len(tube)}
            yield from proved([(Certificate(name, f"{len(tube[0].maps)} cells", T, None, "float"), data)])
        else:
            yield from proved([_cells_lmi(x, layer, tube, path, edges, lmi_solves, progress, expired)])
    if "lmi" in wanted and anomaly_steps is None:
        yield from proved(_lmi(x, layer, box, lmi_solves, progress, expired))


def _proved(x: _Task, e: Fraction, hidden: Box | None, certificate: Certificate, data: dict[str, Any]) -> Certificate:
    """The certificate with a proof object that checks out, at most two steps later than in floats; else as it was."""
    if certificate.steps == math.inf:
        return certificate
    room = 0.0 if certificate.method in ("lmi", "cells_lmi") else 3 * _room(x.stack)
    object_ = {
        "format": FORMAT,
        "method": certificate.method,
        "weights_sha256": fingerprint(x.stack),
        "layers": [{name: _exact_text(getattr(layer, name)) for name in ("W", "U", "b")} for layer in x.stack],
        "inputs": {"lo": _exact_text(x.ulo), "hi": _exact_text(x.uhi)},
        "hidden": None if hidden is None else {"lo": _exact_text(hidden["hl"]), "hi": _exact_text(hidden["hu"])},
        "anomaly_steps": x.anomaly_steps,
        "epsilon": str(e),
        "rate": None if certificate.rate is None else (certificate.rate * (1 + room)).hex(),
        "certificate": data,
    }
    for extra in range(3):
        steps = int(certificate.steps) + extra
        candidate = sealed({**object_, "steps": steps})
        if verify_proof(candidate).holds:
            return replace(certificate, steps=steps, trust="proved", proof=candidate)
    return certificate


def best(net: Layers, e: Any = 0.01, ulo: Any = -1.0, uhi: Any = 1.0, **options: Any) -> Certificate:
    """The certificate with the smallest bound, of equal ones a proved one; `method` says which one won.

    Options are those of `each_certificate`. If nothing certifies, its steps are inf and its rate is the smallest tried.
    """
    found = certificates(net, e, ulo, uhi, **options)
    return min(found, key=lambda c: (c.steps, c.trust != "proved", c.rate if c.rate is not None else math.inf))


def write_proof(proof: Mapping[str, Any], path: str | Path) -> None:
    """The proof object as a JSON file."""
    Path(path).write_text(json.dumps(proof, indent=1, allow_nan=False) + "\n", encoding="utf-8")
