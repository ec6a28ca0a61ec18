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

The simulators, with every convention an argument, are in `bounds.common.spikes`, the training methods in `gradients`, and
again in floats and for whole batches in `batches`; networks are trained with `training`. Times, memory and accuracies are
measurements, not theorems: they are in the experiments `spike_accumulation_cost`, `_digits` and `_mnist`.
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "common.spikes": "lambda_sum lif_forward saf_forward saf_to_lif",
        "spike_accumulation.gradients": (
            "bptt_gradients clipped_linear_forward gradient_inner_product online_run ottt_gradients "
            "saf_e_gradients saf_f_gradients sr_gradients surrogate"
        ),
        "spike_accumulation.neurons": "simulate_neuron",
        "spike_accumulation.uneven_input": "rate_discrepancy",
        "spike_accumulation.network_rates": "network_rate_bounds",
        "spike_accumulation.finite_time_gradient": "gradient_gap_bound",
        "spike_accumulation.feedback_rates": "feedback_rate_bound",
        "spike_accumulation.implicit_gradient": "feedback_gradients",
        "spike_accumulation.operation_counts": "op_counts",
        "spike_accumulation.certified_floats": "certified_lif certified_saf",
        "spike_accumulation.dyadic_floats": "dyadic_exact",
        "spike_accumulation.own_network": "as_samples check_network random_samples read_input read_network",
    },
)
