r"""Suetake, Ikegawa, Saiin, Sawada, "S3NN: Time Step Reduction of Spiking Surrogate Gradients for Training Energy Efficient
Single-Step Spiking Neural Networks" (https://arxiv.org/abs/2201.10879).

| Letter | Meaning |
|---|---|
| lam (λ), theta (θ) | leak in [0, 1]; threshold > 0, in the unit of the potentials |
| z, u, s, v | drive W a + b; potential before the reset; spike (a tie fires); potential after the reset |
| T, S_T | number of steps; 1 + λ + ... + λ^{T−1} |
| x, g, g' | margin u/θ − 1; primitive and surrogate derivative of the spike, with α = 4, β = 1 by default |

- When is one step enough? `one_step_forward`, `any_spike`; what many steps count: `hard_reset_count`, `never_fires`,
  `soft_reset_quantizer`, `rate_code_error`; what they cost: `many_steps_cost`.
- What is the surrogate? `surrogate_shape`, `surrogate_mass`, `surrogate_tail`, `euler_identity`.
- Where does it come from? `crossing_shift`, `crossing_refined`, `crossing_with_leak`. And the gradient of the whole network:
  `bptt_collapse`.

Networks are trained with `training`, in batches. The surrogate and its defaults are the paper's; the theorems are reconstructed
from what it claims. Left out: its accuracies; ours are in the experiments `single_step_snn_surrogates` (digits) and
`single_step_snn_mnist` (a convolutional net).
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "single_step_snn.neurons": "geometric_sum hard_reset_period lif_simulate single_step_threshold soft_reset_count",
        "single_step_snn.surrogates": "s3nn_primitive s3nn_surrogate surrogate_crossing",
        "single_step_snn.spike_times": "crossing_derivatives crossing_fraction",
        "single_step_snn.gradients": "lif_bptt s3nn_backward s3nn_forward",
        "single_step_snn.batches": "Net Neurons",
        "single_step_snn.training": "Recipe convolutional fully_connected score split train",
    },
)
