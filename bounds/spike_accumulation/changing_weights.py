r"""When weights change while the network runs, spike accumulation as a recurrence is still LIF; its closed form is not.

With W[t], b[t], F[t] in step t, for the recurrence
$$ \hat U[t]=\lambda\hat U[t-1]+W[t](\hat a'[t]-\lambda\hat a'[t-1])+b[t]+F[t](\hat a^N[t-1]-\lambda\hat a^N[t-2]), $$
â' the trace of the layer before,
the three identities of `forward_equivalence` hold in every step: the difference of traces is the spike s[t], so the
recurrence receives the current I[t] of LIF, whatever the weights of that step are. The closed form W[t] â[t] + b[t] Λ_t
weighs old spikes with new weights. That past Û need not be kept is therefore true between updates only. All exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Claim, Enclosure, Evidence, Step, exact
from bounds.common.spikes import Form, lif_forward, saf_forward, saf_to_lif
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import (
    CHAIN,
    EIGHTH,
    FEEDBACK,
    START,
    Net,
    fires,
    half,
    largest_difference,
    net,
    point,
    quarter,
    rationals,
)

SPACE: dict[str, Axis] = {
    **CHAIN,
    **START,
    **FEEDBACK,
    "dW": Array((3, 3, 3), -0.5, 0.5, step=EIGHTH),
    "db": Array((3, 3), -0.5, 0.5, step=EIGHTH),
    "moved": Array(("T",), -1, 1, step=1),
}


class Moving(NamedTuple):
    """A network whose weights and biases, and with them its feedback, differ from step to step."""

    net: Net
    W: list[list[Any]]  # over t, then over layers
    b: list[list[Any]]
    F: list[dict[tuple[int, int], Any]]

    @property
    def arguments(self) -> dict[str, Any]:
        """What both simulators take."""
        return self.net.forward | {"W": self.W, "b": self.b, "F": self.F, "changing": True}


def moving(dW: Any, db: Any, moved: Any, **of_net: Any) -> Moving:
    """In step t: W + moved[t] dW, b + moved[t] db, and F as many times 1 + moved[t]/2."""
    n = net(**of_net)
    dW = [rationals(d, *w.shape) for d, w in zip(dW, n.W, strict=False)]
    db = [rationals(d, len(b)) for d, b in zip(db, n.b, strict=False)]
    k = [Fraction(int(m)) for m in moved][: n.T]
    return Moving(
        n,
        [[w + k_t * d for w, d in zip(n.W, dW, strict=True)] for k_t in k],
        [[b + k_t * d for b, d in zip(n.b, db, strict=True)] for k_t in k],
        [{key: w * (1 + k_t / 2) for key, w in n.F.items()} for k_t in k],
    )


def difference(m: Moving, form: Form = "recurrence") -> Enclosure:
    """Largest differences of u, of s and of v between LIF and spike accumulation."""
    Uhat, ahat, _, _ = saf_forward(**m.arguments, form=form)
    lif, saf = lif_forward(**m.arguments), saf_to_lif(Uhat, ahat, m.net.lam, m.net.th)
    return exact(*(largest_difference(a[1:], b[1:]) for a, b in zip(lif, saf, strict=True)))


def spike_difference(m: Moving) -> Enclosure:
    """The same for the spikes alone, by the closed form."""
    return exact(largest_difference(lif_forward(**m.arguments)[1], saf_forward(**m.arguments)[3]))


def one_step(carried: bool = True) -> Evidence:
    """If v = Uhat - th ahat before step t then also after it, with new weights W'; carried: by the recurrence, not W' ahat."""
    from sympy import symbols

    lam, th, w, new_w, pre, s_pre, b, a, s = symbols("lam th w w' pre s_pre b a s")
    U = w * pre  # what old weights made of the presynaptic trace
    v = U - th * a
    u = lam * v + new_w * s_pre + b
    U_new = lam * U + new_w * s_pre + b if carried else new_w * (lam * pre + s_pre) + b
    return identity(lambda: (u - th * s) - (U_new - th * (lam * a + s)))


CLAIM = Claim(
    source="new",
    says="with weights that change from step to step, SAF as a recurrence has the spikes and potentials of LIF",
    space=SPACE,
    build=moving,
    assumes={},
    actual=difference,
    bound=lambda m: exact(0),
    falsified={"closed form: current weights times whole traces": {"actual": spike_difference}},
    witness={
        "closed form: current weights times whole traces": point(
            [[[quarter]]], [[0]], [1], half, T=2, dW=[[[0]]], db=[[half]], moved=[0, 1]
        )
    },
    covers={
        "the last layer fires": lambda m: fires(m.net),
        "weights move and then move again": lambda m: len({tuple(b[0]) for b in m.b}) > 2,
        "feedback": lambda m: bool(m.net.F),
    },
    proof=(
        Step(
            says="v = Û − th â survives a step with new weights",
            check=one_step,
            false_twin=partial(one_step, carried=False),
        ),
    ),
    cost=0.004,
)
