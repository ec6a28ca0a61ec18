r"""Spectral pruning of recurrent networks (Furuya et al., 2022): which hidden units to keep, and what that costs.

Keep the units J of an m-unit RNN and rebuild the others from them, h ≈ A h_J. How well that can work is read off the
time-mean covariance of the hidden states.

| Symbol | In code | Meaning |
|---|---|---|
| Σ | `Sig` (m, m) | uncentred mean of h hᵀ over sequences and times; eigenvalues μ, largest first |
| J, τ | list of int, (m,) | kept units, 0-based; ridge of each, ≥ 0 |
| A_J, S_J | `ridge_reconstruction`, `residual_covariance` | Σ_FJ (Σ_JJ + D_J)⁻¹ with D_J = diag(τ_j); Σ − A_J Σ_JF |
| L_M(J) | `information_loss` | Tr(M S_J); M = 1: input, M = WᵒᵀWᵒ + WʰᵀWʰ: output information loss |
| N(λ), Γ | `degrees_of_freedom`, `ridge_smoother` | Σ μ_i/(μ_i + λ); Σ(Σ + λ)⁻¹ |
| φ_k | `dpp_mean_loss` | (k + 1) e_{k+1}(μ)/e_k(μ), the mean loss of k units drawn by determinants |

| Statement | Modules |
|---|---|
| SP-1 ridge reconstruction | `ridge_is_best`, `residual_below_schur`, `bayesian_design` |
| SP-2 orderings | `nested_loss`, `effective_dimension` |
| SP-3 rank-one update | `rank_one_gain` |
| SP-4 how good is greedy | `submodularity_fails`, `weak_submodularity`, `greedy_is_near_best` |
| SP-5 lower bounds | `tail_bounds`, `convex_certificate` |
| SP-6 leverage sampling | `leverage_draws`, `leverage_trials`, `on_the_loewner_event` |
| SP-7 determinantal identities | `determinantal_means`, `fixed_size_means` |
| SP-8 existence without a logarithm | `mean_loss_is_convex`, `log_free_existence`, `matched_lambda` |
| SP-9 look-ahead | `lookahead_beats_mean` |
| SP-10, SP-11 error over time | `step_recursion`, `time_accumulation`, `scaled_accumulation`, `transport_with_flips` |
| SP-12 end to end | `end_to_end` |
| SP-13 one-scale net | `parameter_lipschitz`, `one_scale_net`, `pruned_generalization` |
| SP-14 hold-out | `hold_out` |
| SP-15 description length | `one_predictor`, `kl_below_pinsker`, `quantized_occam` |

Networks to prune are trained by `training` on the `tasks`; `competitors` are other ways to make them smaller.

Losses are in units of h², errors in units of y. One module is one theorem (it ends with a CLAIM) or the mathematics
that several share. Left out: the paper's own theorem numbers and constants, which could not be recovered. Every
statement is proved anew in its module's docstring, and what is stronger than the paper is marked "new".

https://arxiv.org/abs/2105.10832
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "spectral_pruning.accumulation": (
            "compress_rnn geometric_sum operator_norm compression_error error_bounds optimal_diagonal_scaling end_to_end_bound"
        ),
        "spectral_pruning.best_subset": "branch_and_bound exact_selection",
        "spectral_pruning.elementary": (
            "elementary_symmetric dpp_mean_loss dpp_mean_loss_interpolated dpp_expectations kdpp_expected_residual"
        ),
        "spectral_pruning.generalization": (
            "parameter_lipschitz_constants covering_log_number generalization_slack generalization_terms "
            "hoeffding_upper clopper_pearson_upper bernoulli_kl kl_inverse_upper description_nats quantize "
            "occam_upper"
        ),
        "spectral_pruning.information": (
            "time_mean_covariance rms_norm ridge_reconstruction residual_covariance information_loss "
            "information_weight degrees_of_freedom leverage_scores ridge_smoother lambda_for_dof "
            "selection_gain"
        ),
        "spectral_pruning.lower_bounds": "spectral_lower_bound relaxation_certificate best_relaxation_certificate",
        "spectral_pruning.own_network": "read_network read_sequences prune_network write_network",
        "spectral_pruning.pruning": "Pruning prune select_units",
        "spectral_pruning.random_subsets": "leverage_sample_size leverage_sampling loewner_event dpp_sample kdpp_sample",
        "spectral_pruning.selection": (
            "greedy_selection lookahead_selection pivoted_cholesky_selection weak_submodularity_ratio greedy_guarantee"
        ),
        "spectral_pruning.tasks": "pixel_digits row_digits pixel_mnist language MarkovText",
        "spectral_pruning.training": "irnn train Recipe progress_bar",
        "common.rnn": "rnn_forward Recurrent",
    },
)
