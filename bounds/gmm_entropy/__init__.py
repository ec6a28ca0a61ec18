r"""Furuya, Kusumoto, Taniguchi, Kanno, Suetake: "Theoretical Error Analysis of Entropy Approximation for Gaussian Mixtures".

https://arxiv.org/abs/2202.13059. The entropy H of a Gaussian mixture has no closed form; H̃ (`entropy_approximation`) has
one and is an upper bound. The paper bounds the gap G = H̃ - H by how far the components are apart.

| Symbol | Meaning |
|---|---|
| w (K,), mu (K, m), cov (K, m, m) | weights (the paper's π), means, covariances; A_k = w_k N_k, q = Σ A_k |
| H, H̃, G | entropy, its approximation, the gap H̃ - H ≥ 0; nats |
| G_kl, U | gap of one pair with weights a, b that are not renormalised; their sum over k < l |
| lam, d | a pair's covariances and mean difference diagonalised together (`pair_spectrum`) |
| C_s, BC, S | Chernoff coefficient, s on the second component; C_1/2; Σ_{k<l} √(w_k w_l) BC |
| α | separation: the ellipsoids of radius α around two components just touch |

| Claim modules | What they say |
|---|---|
| `label_entropy`, `data_processing` | the gap is H(label given x); projecting widens it, grouping labels narrows it |
| `separation_bounds`, `separation_duality` | what α is: bounds without optimising, certificates from both sides |
| `main_bound`, `main_bound_best_s` | the paper's bound and its best free parameter |
| `bhattacharyya`, `renyi`, `chernoff_sum`, `separation_decay` | dimension-free bounds, each sharper than the paper's |
| `pair_sandwich`, `tree_share`, `bonferroni`, `triple_correction` | between trees and sums of pair gaps |
| `contour_formula`, `shared_covariance`, `span_reduction`, `isotropic_reduction` | exact formulas |
| `random_means`, `random_means_any_scale`, `random_means_gap` | the paper's probability bound, a sharper one, the mean |
| `gap_gradient`, `gap_gradient_formula` | derivatives of the gap, and bounds on them |
| `jensen_pairwise` | Kolchinsky and Tracey's two sums |
| `label_share_conjecture` | open; no verdict rests on it |
| `importance_weights`, `sequential_test` | what the sampler and the sequential test promise |

The other modules hold the algorithms on which they rest; `own_mixture` certifies a mixture of yours.

Where a statement comes from is said in `Claim.source`: "recalled" is a formula attributed to the paper from memory and
proved here from scratch; "reconstructed" is a correct theorem of the kind the paper has, with our constants; "new" is
sharper than, or absent from, what we know of it. Only the definition of H̃, and that its error is governed by distances
over spreads, was read in the paper's abstract (which says "variances": to the letter that is a falsified variant). Left out:
the paper's experiments, whose parameters are not given there.

Every function of the table below can be imported from here; a module is loaded when one of its names is first used.
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "gmm_entropy.mixture": (
            "Mixture entropy_approximation entropy_monte_carlo log_components log_density pair_spectrum sample"
        ),
        "gmm_entropy.chernoff": "c_t log_bhattacharyya log_chernoff psi_t",
        "gmm_entropy.separation_alpha": "separation",
        "gmm_entropy.pair_gap": "log_expected_pair_gap log_pair_gap log_pair_gap_enclosure pair_gaps",
        "gmm_entropy.sandwich": "log_gap_sandwich log_max_tree log_pair_sum",
        "gmm_entropy.triple_overlap": "log_gap_of_three triple_term",
        "gmm_entropy.paper_bound": "log_paper_bound",
        "gmm_entropy.overlap_bounds": "log_bhattacharyya_bound log_chernoff_bound log_renyi_bound",
        "gmm_entropy.equal_covariance": (
            "equal_covariance_bounds gap_isotropic_pair log_gap_equal_covariance reduce_equal_covariance"
        ),
        "gmm_entropy.pairwise_distance": "elk_bound huber_h0 huber_h2 kolchinsky_tracey log_kolchinsky_tracey",
        "gmm_entropy.gradient": "gap_gradient_bounds gap_gradient_on_line",
        "gmm_entropy.tail": "gap_tail_bound gap_tail_bound_dimension_free",
        "gmm_entropy.importance": "gap_importance_sample log_gap_sampled relative_variance_bound",
        "gmm_entropy.balls": "line_gap_ball pair_gap_ball pair_gap_enclosure",
        "gmm_entropy.line": "gap_on_line gap_on_plane log_gap_on_line log_gap_on_plane",
        "gmm_entropy.own_mixture": "Certificate UnreadableMixture certify from_sklearn read_mixture",
        "measure.sampling": "log_e_process lower_confidence_bound",
    },
)
