r"""How many vectors per spiking neuron a method must hold, counted in simulators that can keep nothing else.

Between steps: OTTT 2 (v and â), SAF-E 1 (â), BPTT 2T (u and s of every step). Live at the pass back of one step, when nothing
is computed twice: OTTT 3 (u for the slope, v for the next step, â for the outer product), SAF-E 2 (Û − thr and â): ratio 2/3.
SAF-F holds what SAF-E holds, and has its one pass back at t = T.
Below, the methods are written by hand around a memory of named vectors that counts what it holds; the gradients that come
out must be those of `gradients`, so nothing needed was thrown away.

The 2/3 rests on "nothing twice": v = u − th H(u − th), so an OTTT that fires again after the pass back also gets along with
2 live vectors ("also true"), and the ratio is then 1. What the paper measures is what automatic differentiation keeps.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Axis, Claim, Int, exact
from bounds.common.spikes import Weights, fire
from bounds.spike_accumulation.gradients import backward, bptt_gradients, ottt_gradients, saf_f_gradients
from bounds.spike_accumulation.networks import CHAIN, TARGET, Net, fires, largest_difference, net, point

SPACE: dict[str, Axis] = {**CHAIN, **TARGET, "T": Int(1, 4)}


class Memory:
    """Named vectors of the spiking neurons; whatever is not in here is lost at the end of a step."""

    def __init__(self, n: Net) -> None:
        self.neurons = sum(len(b) for b in n.b)
        self.vectors: dict[tuple[Any, ...], Any] = {}
        self.kept = self.live = 0

    def __getitem__(self, name: tuple[Any, ...]) -> Any:
        return self.vectors[name]

    def __setitem__(self, name: tuple[Any, ...], vector: Any) -> None:
        self.vectors[name] = vector

    def drop(self, kind: str) -> None:
        """Forget all vectors of a kind."""
        self.vectors = {name: vector for name, vector in self.vectors.items() if name[0] != kind}

    def _held(self) -> int:
        total = sum(len(vector) for vector in self.vectors.values())
        assert total % self.neurons == 0, "the same vectors are held of every neuron"
        return total // self.neurons

    def pass_back(self) -> None:
        """Note what is live now."""
        self.live = max(self.live, self._held())

    def next_step(self) -> None:
        """Note what is carried over."""
        self.kept = max(self.kept, self._held())


@dataclass(frozen=True)
class Case:
    """A network, and what each method holds when it trains it."""

    net: Net

    def _pass_back(self, memory: Memory, argument: Any, out: Any, trace_in: Any, charge: Any) -> Any:
        n = self.net
        slopes = [None, *(n.slope(argument(j)) for j in range(1, n.N + 1))]
        factors = [trace_in, *(memory["trace", j] for j in range(1, n.N + 1))]
        memory.pass_back()
        weights = Weights({(l, l + 1): w for l, w in enumerate(n.W)}, n.b)
        return backward(weights, n.loss(out, n.y) / n.T, slopes, factors, None, [charge] * (n.N + 1))

    def ottt(self, fire_again: bool = False) -> tuple[Memory, list[Any]]:
        """OTTT by hand: u, v and traces; fire_again: v is dropped, and made from u after the pass back."""
        n, memory, steps = self.net, Memory(self.net), []
        trace_in, charge = 0 * n.x[0], 0 * n.lam
        for j, b in enumerate(n.b, start=1):
            memory["v", j], memory["trace", j] = 0 * b, 0 * b
        for x in n.x:
            trace_in, charge, s = n.lam * trace_in + x, n.lam * charge + 1, x
            for j in range(1, n.N + 1):
                memory["u", j] = n.lam * memory["v", j] + n.W[j - 1] @ s + n.b[j - 1]
                s = fire(memory["u", j], n.th, n.th / n.th)
                memory["trace", j] = n.lam * memory["trace", j] + s
                memory["v", j] = memory["u", j] - n.th * s
            if fire_again:
                memory.drop("v")
            steps.append(self._pass_back(memory, lambda j: memory["u", j] - n.th, s, trace_in, charge))
            for j in range(1, n.N + 1):
                u = memory["u", j]
                memory["v", j] = u - n.th * fire(u, n.th, n.th / n.th) if fire_again else memory["v", j]
            memory.drop("u")
            memory.next_step()
        return memory, steps

    def saf_e(self) -> tuple[Memory, list[Any]]:
        """SAF-E by hand: Uhat − thr and traces."""
        n, memory, steps = self.net, Memory(self.net), []
        trace_in, charge = 0 * n.x[0], 0 * n.lam
        for j, b in enumerate(n.b, start=1):
            memory["trace", j] = 0 * b
        for x in n.x:
            trace_in, charge = n.lam * trace_in + x, n.lam * charge + 1
            before = trace_in
            for j in range(1, n.N + 1):
                decayed = n.lam * memory["trace", j]
                memory["argument", j] = n.W[j - 1] @ before + n.b[j - 1] * charge - n.th * (decayed + 1)
                s = fire(memory["argument", j], 0 * n.th, n.th / n.th)
                memory["trace", j] = before = decayed + s
            steps.append(self._pass_back(memory, lambda j: memory["argument", j], s, trace_in, charge))
            memory.drop("argument")
            memory.next_step()
        return memory, steps

    def saf_f(self) -> tuple[Memory, Any]:
        """SAF-F by hand: traces alone until the last step, and Uhat − thr in it."""
        n, memory = self.net, Memory(self.net)
        trace_in, charge = 0 * n.x[0], 0 * n.lam
        for j, b in enumerate(n.b, start=1):
            memory["trace", j] = 0 * b
        for t, x in enumerate(n.x, start=1):
            trace_in, charge = n.lam * trace_in + x, n.lam * charge + 1
            sent = trace_in
            for j in range(1, n.N + 1):
                decayed = n.lam * memory["trace", j]
                argument = n.W[j - 1] @ sent + n.b[j - 1] * charge - n.th * (decayed + 1)
                memory["trace", j] = sent = decayed + fire(argument, 0 * n.th, n.th / n.th)
                if t == n.T:
                    memory["argument", j] = argument
            if t < n.T:
                memory.next_step()
        rate = memory["trace", n.N] / charge
        # the pass back of one step, whose loss is that of the rate: its factor 1/Λ_T stands for 1/T
        found = self._pass_back(memory, lambda j: memory["argument", j], rate, trace_in, charge)
        return memory, [part * n.T / charge for part in (*found.W, *found.b)]

    def bptt(self) -> tuple[Memory, Any]:
        """BPTT by hand, reset detached: u and s of every step until the end."""
        n, memory = self.net, Memory(self.net)
        v = [0 * b for b in n.b]
        for t, x in enumerate(n.x):
            s = x
            for j in range(1, n.N + 1):
                memory["u", j, t] = n.lam * v[j - 1] + n.W[j - 1] @ s + n.b[j - 1]
                memory["s", j, t] = s = fire(memory["u", j, t], n.th, n.th / n.th)
                v[j - 1] = memory["u", j, t] - n.th * s
            memory.next_step()
        memory.pass_back()
        later: list[Any] = [0 * b for b in n.b]
        gradients = [0 * w for w in n.W]
        for t in reversed(range(n.T)):
            ds = n.loss(memory["s", n.N, t], n.y) / n.T
            for j in range(n.N, 0, -1):
                later[j - 1] = ds * n.slope(memory["u", j, t] - n.th) + n.lam * later[j - 1]
                sent = n.x[t] if j == 1 else memory["s", j - 1, t]
                gradients[j - 1] = gradients[j - 1] + np.outer(later[j - 1], sent)
                ds = later[j - 1] @ n.W[j - 1]
        return memory, gradients

    @cached_property
    def counts(self) -> list[int]:
        """Kept and live of OTTT, of SAF-E, of BPTT, of SAF-F."""
        memories = (self.ottt()[0], self.saf_e()[0], self.bptt()[0], self.saf_f()[0])
        return [count for memory in memories for count in (memory.kept, memory.live)]

    @property
    def wrong_gradients(self) -> Any:
        """The largest difference from the gradients of the library."""
        right = ottt_gradients(**self.net.training).steps
        steps = [
            (a, b) for run in (self.ottt()[1], self.ottt(True)[1], self.saf_e()[1]) for a, b in zip(run, right, strict=True)
        ]
        apart = [largest_difference([*a.W, *a.b], [*b.W, *b.b]) for a, b in steps]
        at_the_end = saf_f_gradients(**self.net.at_rest, derivative="plain", surrogate=self.net.slope)
        apart.append(largest_difference(self.saf_f()[1], [*at_the_end.W, *at_the_end.b]))
        return max(*apart, largest_difference(self.bptt()[1], bptt_gradients(**self.net.training).W))


def as_counted(c: Case) -> tuple[list[Any], list[Any]]:
    """Measured and predicted."""
    return c.counts, [2, 3, 1, 2, 2 * c.net.T, 2 * c.net.T, min(1, c.net.T - 1), 2]


ONE = point([[[1]]], [[0]], [1], 1)
CLAIM = Claim(
    source="saiin2024saf, memory, reconstructed",
    says="vectors per neuron, kept and live: OTTT 2 and 3, SAF-E and SAF-F 1 and 2, BPTT 2T; enough for the right gradients",
    space=SPACE,
    build=lambda **of_net: Case(net(**of_net)),
    assumes={},
    actual=lambda c: exact(*as_counted(c)[0], *as_counted(c)[1], c.wrong_gradients),
    bound=lambda c: exact(*as_counted(c)[1], *as_counted(c)[0], 0),
    falsified={
        "SAF-E needs half of the live memory": {
            "actual": lambda c: exact(2 * c.counts[3]),
            "bound": lambda c: exact(c.counts[1]),
        },
        "BPTT needs no more than OTTT": {"actual": lambda c: exact(c.counts[5]), "bound": lambda c: exact(c.counts[1])},
    },
    also_true={
        "OTTT gets along with two live vectors if it fires twice": {
            "actual": lambda c: exact(c.ottt(fire_again=True)[0].live),
            "bound": lambda c: exact(2),
        }
    },
    witness={"SAF-E needs half of the live memory": ONE, "BPTT needs no more than OTTT": {**ONE, "T": 2}},
    covers={"the last layer fires": lambda c: fires(c.net), "three layers": lambda c: c.net.N == 3},
    cost=0.005,
)
