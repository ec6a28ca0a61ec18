"""How a value gets its error, and a proof step its evidence.

| Module | Arithmetic | Makes |
|---|---|---|
| `ball` | Arb balls | `integral`, `enclosure` and `log_enclosure` of a ball; `positive_on_boxes` by subdivision |
| `rational` | exact fractions | `ldlt`, definiteness, the Loewner order, `solve`, `inverse`; `every_case`, `certificate` |
| `symbolic` | sympy, checked by balls | `identity` |
| `rounding` | floats with an argued budget | `gamma`, `sum_budget`, `dot_budget`, `matmul_budget`, `outward` |
| `sampling` | samples in [0, 1] with a risk | `log_e_process`, confidence bounds, `binomial_interval`, `sampled` |
| `convex` | a solver, re-checked exactly | `certified_minimum` of a linear, second-order or semidefinite program |

A maker of Evidence answers "refuted" only with a counterexample in hand, and "undecided" when its budget is spent.
"""
