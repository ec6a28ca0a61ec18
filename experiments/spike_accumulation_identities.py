"""Which statements about spike accumulation hold on thousands of random networks, in exact arithmetic?

Every statement of the package that is judged in exact arithmetic, on draws from its own space (corners and ties are drawn
on purpose): 5,000 instances inside its hypotheses for an identity, 2,000 for an inequality. For the forward equivalence (F1)
and the per-step gradients (G1) 120,000 more in scaled integers, with feedback. A silent network proves nothing, so beside
the count stand the share that spikes (in the last layer) and the number that met a tie. F: forward, G: gradients, R: rates,
C: costs, N: floats.

A unit is 1,000 instances, or 12,000 in integers. The full form takes about 8 minutes on a core of its own, no statement more
than a minute and a half; the quick one half a minute. Seconds are by the clock, and not the same in every run: the kept run
shared two cores with a dozen other processes. What the computation itself takes are the processor seconds beside them; the
kept file has them for the statements that were run again when that column was added, and nothing in the other rows, whose
processor seconds are at most those of the clock, because a unit is one thread.
"""

import importlib
import time
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Claim
from bounds.common.spikes import Form, lif_forward
from bounds.spike_accumulation.exact_batches import draw_nets, verify
from bounds.spike_accumulation.networks import Net, fires, ties
from bounds.spike_accumulation.neurons import Neuron, simulate_neuron
from proofs_check.points import draws
from proofs_check.verdict import judge


class Statement(NamedTuple):
    """Where it is stated, and whether it is an equation."""

    module: str
    identity: bool = True


STATEMENTS = {
    "F1": Statement("forward_equivalence"),
    "F2": Statement("changing_weights"),
    "G1": Statement("per_step_gradients"),
    "G2": Statement("online_runs"),
    "G3": Statement("top_layer_bptt"),
    "G5": Statement("matched_derivative"),
    "G6": Statement("gradient_alignment"),
    "R1": Statement("charge_conservation"),
    "C1": Statement("operation_counts"),
    "C2": Statement("state_memory"),
    "N4": Statement("dyadic_floats"),
    "G6, quantitative": Statement("alignment_margin", False),
    "G6t": Statement("top_layer_alignment", False),
    "G7": Statement("finite_time_gradient", False),
    "G8, angle": Statement("implicit_gradient", False),
    "G8, size": Statement("one_step_gradient", False),
    "R2, any input up to th": Statement("bounded_input", False),
    "R2, constant input": Statement("constant_input", False),
    "R2, dead zone": Statement("dead_zone", False),
    "R2m": Statement("half_start", False),
    "R3": Statement("uneven_input", False),
    "R4": Statement("network_rates", False),
    "R5": Statement("feedback_rates", False),
    "R6": Statement("weighted_jensen", False),
}
IN_INTEGERS = ("F1", "G1")
LEAKS = (Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(9, 10), Fraction(1))
THRESHOLDS = (Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2))
SEED = 20261121


def plan(quick: bool) -> list[dict[str, Any]]:
    drawn = [
        {"statement": name, "arithmetic": "fractions", "nets": 100 if quick else 1000, "seed": SEED + k}
        for name in STATEMENTS
        for k in range(1 if quick else 5 if STATEMENTS[name].identity else 2)
    ]
    whole = [
        {"statement": name, "arithmetic": "integers", "nets": 1200 if quick else 12_000, "seed": SEED + k}
        for name in IN_INTEGERS
        for k in range(1 if quick else 10)
    ]
    return whole + drawn


def work(statement: str, arithmetic: str, nets: int, seed: int) -> list[dict[str, Any]]:
    began, busy = time.perf_counter(), time.process_time()
    found = (_by_judging if arithmetic == "fractions" else _in_bulk)(statement, nets, seed)
    about = STATEMENTS[statement]
    row = {"statement": statement, "module": about.module, "kind": "identity" if about.identity else "inequality"}
    spent = {"seconds": round(time.perf_counter() - began, 2), "processor_seconds": round(time.process_time() - busy, 2)}
    return [row | {"arithmetic": arithmetic} | found | spent | {"seed": seed}]


def _by_judging(statement: str, nets: int, seed: int) -> dict[str, Any]:
    """Draws until so many are inside the hypotheses: each judged as a claim is judged everywhere, in exact arithmetic."""
    claim: Claim[Any] = importlib.import_module(f"bounds.spike_accumulation.{STATEMENTS[statement].module}").CLAIM
    inside = holds = index = 0
    spiking: int | None = 0  # None: the statement is not about spikes, or not about potentials
    tied: int | None = 0
    while inside < nets:
        if index > 50 * nets:
            raise RuntimeError(f"{statement}: hardly any draw fulfils the hypotheses")
        [point] = draws(claim.space, seed, statement, [index])
        index += 1
        judgement = judge(claim, point)
        if judgement.verdict == "out of scope":
            continue
        inside += 1
        holds += judgement.verdict == "holds"
        fired, met = _spikes_and_ties(claim.build(**point))
        spiking = None if spiking is None or fired is None else spiking + fired
        tied = None if tied is None or met is None else tied + met
    share = None if spiking is None else round(spiking / inside, 4)
    return {"nets": inside, "spiking": share, "ties": tied, "equal_or_holds": holds, "drawn": index}


def _spikes_and_ties(x: Any) -> tuple[bool | None, bool | None]:
    """Of an instance of any of the statements: whether its last layer (its neuron) fires, and whether a potential met th."""
    net = getattr(x, "net", x)
    if isinstance(net, Net):
        return fires(net), ties(net)
    if isinstance(x, Neuron):
        u, s, _, _ = simulate_neuron(x.I, x.lam, x.th, x.v0)
        return bool(np.any(s != 0)), bool(np.any(u == x.th))
    if hasattr(x, "arguments"):  # a network that is also run in floats
        u_, s_, _ = lif_forward(**x.arguments)
        return bool(np.any(s_[-1] != 0)), any(bool(np.any(u == x.arguments["th"])) for u in u_[1:])
    if hasattr(x, "accumulates"):  # one whose products are counted: leak 1/2, th 1, no biases
        u_, s_, _ = lif_forward(x.W, [w[:, 0] * 0 for w in x.W], x.x, Fraction(1, 2), 1)
        return bool(np.any(s_[-1] != 0)), any(bool(np.any(u == 1)) for u in u_[1:])
    if hasattr(x, "ahat"):
        return bool(np.any(x.ahat != 0)), None
    return bool(np.any(x.s != 0)) if hasattr(x, "s") else None, None


def _in_bulk(statement: str, nets: int, seed: int) -> dict[str, Any]:
    """Twelve batches of equal shape: every leak, both forms of SAF, widths 1 to 4, 1 to 4 layers, 4 to 10 steps."""
    rng = np.random.default_rng(seed)
    each, equal, spiking, tied = nets // 12, 0, 0, 0
    forms: tuple[Form, ...] = ("closed", "recurrence")
    for i, (lam, form) in enumerate((lam, form) for lam in LEAKS for form in forms):
        widths = tuple(rng.integers(1, 5, rng.integers(2, 6)).tolist())
        drawn = draw_nets(rng, each, widths, int(rng.integers(4, 11)), lam, THRESHOLDS[i % 4])
        found = verify(drawn.integers(), form, drawn.y if statement == "G1" else None)
        right = found.forward if found.gradients is None else found.gradients
        equal, tied = equal + int(right.sum()), tied + int(found.ties.sum())
        spiking += int(found.fires.sum())
    return {
        "nets": 12 * each,
        "spiking": round(spiking / (12 * each), 4),
        "ties": tied,
        "equal_or_holds": equal,
        "drawn": 12 * each,
    }


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each statement and arithmetic."""
    table = []
    for key in dict.fromkeys((row["statement"], row["arithmetic"]) for row in rows):
        chosen = [row for row in rows if (row["statement"], row["arithmetic"]) == key]
        nets = sum(row["nets"] for row in chosen)
        spiking = [row["spiking"] * row["nets"] for row in chosen if row["spiking"] is not None]
        met = [row["ties"] for row in chosen if row["ties"] is not None]
        busy = [row["processor_seconds"] for row in chosen]
        table.append(
            {
                "statement": key[0],
                "kind": chosen[0]["kind"],
                "arithmetic": key[1],
                "nets": nets,
                "spiking": round(sum(spiking) / nets, 3) if spiking else None,
                "ties": sum(met) if met else None,
                "fails": nets - sum(row["equal_or_holds"] for row in chosen),
                "seconds": round(sum(row["seconds"] for row in chosen), 1),
                "processor seconds": None if None in busy else round(sum(busy), 1),
            }
        )
    return table
