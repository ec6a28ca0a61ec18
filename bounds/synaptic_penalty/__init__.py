r"""Suetake, Ushimaru, Saiin, Sawada, "Spiking Synaptic Penalty: Appropriate Penalty Term for Energy-Efficient Spiking Neural
Networks" (https://arxiv.org/abs/2302.01500).

| Letter | Meaning |
|---|---|
| s, T | spike, 0 or 1; number of steps |
| psi (ψ) | number of outgoing synapses of a neuron; taps in zero padding are none |
| Omega_syn, _tot, _bal | (1/p) Σ ψ s^p; the same with 1, or 1/n_l, in the place of ψ |
| E_AC, E_MAC | energy of an accumulation and of a multiply-accumulate, 0.9 and 4.6 pJ |

- What does the penalty count? `penalty_value`, `event_count`; fan-outs: `convolution_fanout`, `same_padding_total`,
  `pooling_and_skips`.
- In which sense is it the appropriate one? `order_of_networks`, `penalties_of_mlps`, `count_penalty_ratio`, `pareto`.
- What does it do in training? `penalty_backward`, `silencing`, `silent_neurons`.
- And the energy? `energy_break_even`, `energy_estimate`.

Networks are trained under the penalties with `bounds.single_step_snn.training`. Recovered from the paper: E_SNN = p E_AC
E[Ω_syn], and that p = 1 is best. The theorems are reconstructed. Left out: its tables; ours are in `synaptic_penalty_tradeoff`.
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "synaptic_penalty.fanout": "average_pool_fanout conv_fanout_1d conv_fanout_2d conv_output_size skip_fanout",
        "synaptic_penalty.events": "event_driven_layer",
        "synaptic_penalty.penalty": "opposite_order_pair penalty_gradient synaptic_penalty",
        "synaptic_penalty.dynamics": "silencing_time silent_flow",
        "synaptic_penalty.energy": "ann_energy energy_ratio hoeffding_halfwidth snn_energy",
    },
)
