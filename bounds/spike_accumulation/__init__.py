r"""Saiin, Shirakawa, Yoshihara, Sawada, Kusumoto, "Spike Accumulation Forwarding for Effective Training of Spiking Neural
Networks" (https://arxiv.org/abs/2310.02772, TMLR 2024), with the methods it stands beside: OTTT, spike representation, BPTT.

| Letter | Meaning |
|---|---|
| lam (λ), th | leak in [0, 1]; threshold > 0, in the unit of the potentials |
| u, s, v | potential before the reset, spike (a tie fires), potential after it, of the LIF network |
| Uhat, ahat (Û, â), thr | the same network by accumulated spikes: potential, trace, threshold th(λ â[t−1] + 1) |
| Lambda (Λ_t) | 1 + λ + ... + λ^{t−1} |
| a | rate â/Λ, in [0, 1] for spikes |
| W[l], b[l], F | weights from layer l to l + 1, bias of layer l + 1, feedback from the last layer to the first |

- Does SAF compute what LIF does? `forward_equivalence`, `changing_weights`. And in floats: `certified_floats`,
  `dyadic_floats`; refuted there: `float_disagreement`, `float_agreement`.
- Are its gradients those of OTTT, BPTT, SR? `per_step_gradients`, `online_runs`, `top_layer_bptt`, `matched_derivative`.
- Where they differ, do they point the same way? `gradient_alignment`, `alignment_margin`, `top_layer_alignment`,
  `implicit_gradient`, `one_step_gradient`; at finite T `finite_time_gradient`.
- How far are rates from a clipped-linear network? One neuron: `charge_conservation`, `bounded_input`, `constant_input`,
  `half_start`, `dead_zone`, `uneven_input`; networks: `network_rates`, `feedback_rates`; their loss: `weighted_jensen`.
- What does it cost? `operation_counts`, `state_memory`.

The simulators, with every convention an argument, are in `bounds.common.spikes`, the training methods in `gradients`. Left out:
times, memory in bytes and accuracies that the paper reports; they are measurements, not theorems.
"""

from importlib import import_module
from typing import Any

_WHERE: dict[str, tuple[str, ...]] = {
    "bounds.common.spikes": ("lambda_sum", "lif_forward", "saf_forward", "saf_to_lif"),
    "bounds.spike_accumulation.gradients": (
        "bptt_gradients", "clipped_linear_forward", "gradient_inner_product", "online_run", "ottt_gradients",
        "saf_e_gradients", "saf_f_gradients", "sr_gradients", "surrogate",
    ),
    "bounds.spike_accumulation.neurons": ("simulate_neuron",),
    "bounds.spike_accumulation.uneven_input": ("rate_discrepancy",),
    "bounds.spike_accumulation.network_rates": ("network_rate_bounds",),
    "bounds.spike_accumulation.finite_time_gradient": ("gradient_gap_bound",),
    "bounds.spike_accumulation.feedback_rates": ("feedback_rate_bound",),
    "bounds.spike_accumulation.implicit_gradient": ("feedback_gradients",),
    "bounds.spike_accumulation.operation_counts": ("op_counts",),
    "bounds.spike_accumulation.certified_floats": ("certified_lif", "certified_saf"),
    "bounds.spike_accumulation.dyadic_floats": ("dyadic_exact",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _WHERE.items() for name in names}
__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
