r"""Sawada, Saiin, Suetake, "Magic for the Age of Quantized DNNs" (MaQD, https://arxiv.org/abs/2403.14999).

| Letter | Meaning |
|---|---|
| Q(z; D, a, b) | D clip(⌊z/D + 1/2⌋, a, b): step D, levels Da, ..., Db; mid-rise for an even number of symmetric states |
| M_w, M_a | states of a weight and of an activation; activations are k/(M_a − 1) |
| what (ŵ), s | standardised weights (w − mean)/s, s = √(var + eps) per output row |
| LBN, m, r, v | layer-batch normalisation; running means of μ and of z²; v = r − m² |
| A, B, n, tau (τ_j) | y = A n + B after an integer sum n; integer thresholds |

- What does a quantiser do? `projection`, `scaling`, `almost_lipschitz`; on the mean: `uniform_dither`, `noise_bumps`.
- Which step suits Gaussian weights? `gaussian_error`, and a conjecture, `gaussian_step_conjecture`.
- Standardised weights: `standardised_invariance`, `standardised_gradient`, `samuelson`.
- Normalisation by layer and batch: `batch_independence`, `running_variance`, `inference_identity`.
- Integers only: `integer_inference`, `accumulator`; and as a spiking network: `activation_is_a_neuron`.
- Train such a network (`training`), turn it into integers and spikes without an error (`chain`), also your own (`own_network`).

The building blocks are the paper's, the theorems are reconstructed from what it claims. Left out: its accuracies.
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "quantized_dnn.quantizers": "mid_rise quantize_activation quantize_weight round_clip round_clip_mask round_half_up",
        "quantized_dnn.dither": "dithered_mean noisy_mean",
        "quantized_dnn.gaussian_step": "gaussian_optimal_step gaussian_quantizer_mse",
        "quantized_dnn.normalisation": (
            "lbn_backward lbn_infer lbn_train lbn_update weight_standardize weight_standardize_backward"
        ),
        "quantized_dnn.statistics": "expected_pooled_variance expected_running_variance",
        "quantized_dnn.chain": "check_chain exact_run float_run fold integer_net integer_run spiking_run",
        "quantized_dnn.integers": "accumulator_bits integer_activation integer_thresholds",
    },
)
