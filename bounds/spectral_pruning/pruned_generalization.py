r"""SP-13 (c): the bias-variance bound of a pruned network: compression error falls with k, complexity rises.

With probability at least 1 − δ over n training sequences, f̂ the trained network, f# its compression to k units:
$$ R(f^\#)\le\hat R(\hat f)+\rho_\psi\|\hat f-f^\#\|_{n,T}+\text{slack}_{k,R,n,\delta}. $$
The slack is that of `one_scale_net`. Why: `one_scale_net` for f#, and R̂(f#) ≤ R̂(f̂) + ρ_ψ times the mean distance, at
most its root mean square (Jensen). The middle term is measured here; B_1 to B_4 and `end_to_end` bound it. Only f# must
lie in a class that is paid for.

Judged with the learner of `learning`, as `one_scale_net` is; beside the rate, the deterministic R̂(f#) ≤ R̂(f̂) + ‖f̂ − f#‖
in each trial, in floats right to 1e-12. Units: those of the loss.
"""

from dataclasses import replace

from bounds.claim import Claim, Enclosure, Int, exact
from bounds.measure.sampling import sampled_rate
from bounds.spectral_pruning.learning import MOST, Experiment, experiment, slack
from bounds.spectral_pruning.one_scale_net import SPACE


def failure_rate(e: Experiment, compression: bool = True) -> Enclosure:
    """How often R(f#) exceeds the sum; the compression error may be left out."""
    failures = 0
    for o in e.outcomes:
        terms = compression * o.pruning_error + slack(e.k, o.radii, e.n, e.delta)
        transfer = o.train > o.train_full + o.pruning_error + 1e-12
        failures += o.risk > o.train_full + terms or (compression and transfer)
    return sampled_rate(failures, e.trials)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-13 c)",
    says="with probability ≥ 1 − δ: R(f#) ≤ R̂(f̂) + ρ_ψ ‖f̂ − f#‖_{n,T} + slack(k, R, n, δ)",
    space=SPACE,
    build=experiment,
    assumes={},
    actual=failure_rate,
    bound=lambda e: exact(e.delta),
    refine=lambda e: replace(e, trials=4 * e.trials) if e.trials < MOST else None,
    falsified={
        "pruning costs nothing": {
            "actual": lambda e: failure_rate(e, compression=False),
            "space": SPACE | {"n": Int(100_000, 1_000_000), "k": Int(1, 1)},
        },
    },
    witness={"pruning costs nothing": {"seed": 11, "n": 1_000_000, "k": 1, "delta": 0.45}},
    covers={
        "one unit is kept": lambda e: e.k == 1,
        "compression matters": lambda e: max(o.pruning_error for o in e.outcomes) > 0.1,
    },
    cost=0.09,
)
