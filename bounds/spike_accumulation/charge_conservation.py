r"""What a neuron received is what it sent plus what it still holds.

For any input, start, feedback and leak, after T steps
$$ a[T] = \bar x/th + \frac{\lambda^T v_0 - v[T]}{th\,\Lambda_T},\qquad \bar x=\frac{1}{\Lambda_T}\sum_t\lambda^{T-t}I[t], $$
and in a network x̄ = W a_prev[T] + b (+ F â^N[T−1]/Λ_T). Why: v[t] + th â[t] obeys Q ← λ Q + I, as the reset moves exactly
th from one to the other. v is the potential after the reset. All exact.
"""

from functools import partial
from typing import Any

from bounds.claim import Axis, Claim, Enclosure, Evidence, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import CHAIN, FEEDBACK, START, Net, fires, half, net, point

SPACE: dict[str, Axis] = {**CHAIN, **START, **FEEDBACK}


def mean_input(n: Net, j: int, over: Any) -> Any:
    """x̄ of layer j ≥ 1 by traces; over: Λ_T."""
    arriving = n.b[j - 1] * n.Lambda
    for (i, k), w in [((l, l + 1), w) for l, w in enumerate(n.W)] + list(n.F.items()):
        if k == j and i < j:
            arriving = arriving + w @ n.ahat[i][-1]
        elif k == j and n.T > 1:
            arriving = arriving + w @ n.ahat[i][-2]
    return arriving / over


def imbalance(n: Net, held: str = "v", steps_for_Lambda: bool = False) -> Enclosure:
    """The largest |a[T] − right-hand side| over the neurons; held: which potential is subtracted."""
    u, _, v = n.lif
    over = n.T if steps_for_Lambda else n.Lambda
    worst = 0
    for j in range(1, n.N + 1):
        rest = (n.lam**n.T * n.v0 - (v if held == "v" else u)[j][-1]) / (n.th * over)
        worst = max(worst, abs(n.rates[j] - mean_input(n, j, n.Lambda) / n.th - rest).max())
    return exact(worst)


def conserved(after_reset: bool = True) -> Evidence:
    """(v + th a) after a step is lam times itself before, plus I; false with u in the place of v."""
    from sympy import symbols

    lam, th, v, a, current, s = symbols("lam th v a I s")
    u = lam * v + current
    held = u - th * s if after_reset else u
    return identity(lambda: held + th * (lam * a + s) - (lam * (v + th * a) + current))


CLAIM = Claim(
    source="xiao2021ide, reconstructed",
    says="a[T] = x̄/th + (λ^T v0 − v[T])/(th Λ_T) for every neuron, any input, start and feedback",
    space=SPACE,
    build=net,
    assumes={},
    actual=imbalance,
    bound=lambda n: exact(0),
    falsified={
        "u in the place of v": {"actual": partial(imbalance, held="u")},
        "T in the place of Λ": {"actual": partial(imbalance, steps_for_Lambda=True)},
    },
    witness={
        "u in the place of v": point([[[1]]], [[0]], [1], half),
        "T in the place of Λ": point([[[half]]], [[0]], [1], half, T=2),
    },
    covers={
        "the last layer fires": fires,
        "feedback": lambda n: (n.N, 1) in n.F,
        "started at th/2 with memory": lambda n: n.v0 * n.lam != 0,
    },
    proof=(Step(says="v + th â obeys Q ← λ Q + I", check=conserved, false_twin=partial(conserved, after_reset=False)),),
    cost=0.003,
)
