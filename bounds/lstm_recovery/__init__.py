r"""How long does an LSTM take to forget an anomaly? Certified upper bounds, proofs, and attacks from below.

Paper: "Enhancing AI System Resiliency: Formulation and Guarantee for LSTM Resilience Based on Control Theory"
(arXiv:2505.17696). Recovered from it: the notion, the norm bounds, their 2x2 matrix and its refinement; everything else is
reconstructed or new, and says so in `source`.

| Letter | Meaning |
|---|---|
| $c,h,u$ | cell state, hidden state, input; $f,i,o,g$ the gates, in the order f, i, o, c |
| $\bar c_k,H_k,X_k$ | norm bounds after k refinements (`norm_sets`, `refinement`) |
| $A,\alpha,\beta,\rho$ | the 2x2 comparison matrix (`norm_comparison`, `closed_form`, `input_to_state`) |
| $d_t,w$ | distances of two copies, unit by unit; widths of the invariant box (`interval_box`) |
| $A_{lip},A_{jac},\Psi,\Phi$ | bounds of the next distance (`elementwise`, `ladder`, `gate_coupling`, `transient`) |
| $P,\lambda,\kappa$ | the matrix inequality (`multipliers`) |
| $T_R(e)$ | recovery time: LAST time the copies differ by more than e, plus one (`norm_recovery`, `powers`, `layers`) |
| $X_L,R_s$ | sets for an unbounded anomaly of L steps (`unbounded_anomaly`, `reach_tube`) |

For a network of your own, `recovery` (`own_network`) does all that `proofs-check recovery` does.

Left out: projections, peepholes, bidirectional layers; for several layers only the norm certificates.
"""

from bounds.common.api import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "common.lstm": "LSTMNet formula_net random_net lstm_step jacobian load fingerprint",
        "lstm_recovery.norm_sets": "norm_invariant_set",
        "lstm_recovery.norm_comparison": "comparison_matrix_2x2",
        "lstm_recovery.closed_form": "spectral_radius_2x2 delta_iss",
        "lstm_recovery.interval_box": "invariant_box gate_ranges",
        "lstm_recovery.elementwise": "lipschitz_matrix jacobian_matrix",
        "lstm_recovery.ladder": "box_matrix",
        "lstm_recovery.joint_maximum": "coupled_max",
        "lstm_recovery.gate_coupling": "gate_coupled_map map_rate",
        "lstm_recovery.transient": "transient_map recovery_time",
        "lstm_recovery.input_cells": "cell_recovery",
        "lstm_recovery.multipliers": "lmi_certificate",
        "lstm_recovery.powers": "recovery_time_weighted recovery_time_power best_weight_lp best_weight_gp",
        "lstm_recovery.norm_recovery": "norm_recovery_time",
        "lstm_recovery.layers": "stacked_matrix stacked_recovery_time",
        "lstm_recovery.unbounded_anomaly": "anomaly_set",
        "lstm_recovery.reach_tube": "reach_tube_recovery",
        "lstm_recovery.penalty_gradient": "rho_gradient",
        "lstm_recovery.rate_gradient": "jacobian_rate_gradient coupled_rate_gradient",
        "lstm_recovery.plants": "two_tanks narendra_parthasarathy",
        "lstm_recovery.training": "train mean_squared_error",
        "lstm_recovery.verification": "verify_box verify_rate verify_time verify_lmi verify_proof",
        "lstm_recovery.attack": "attack_recovery attack_reach Attack",
        "lstm_recovery.methods": "Certificate certificates each_certificate best proved_box write_proof",
        "lstm_recovery.own_network": "Recovery recovery read_network hidden_tolerance",
    },
)
