"""Experiments: computations too long for a figure or a test, whose results are kept as small files of numbers.

One file is one experiment, found by its name:

- its docstring: the question, the protocol, the sizes, and how long the full form takes;
- `plan(quick)`: the units of work, mappings of plain JSON values, the seed among them; they do not depend on one another;
- `work(**unit)`: the rows of one unit, flat mappings of numbers and words; the same unit gives the same rows;
- `summary(rows)`: the table that people read: means, confidence intervals, verdicts.

`proofs-check experiment NAME` does the units, keeps what is done when it is interrupted, and writes NAME.csv; `--quick` is a
small form of the same code. The results of full runs are kept in `experiments/results`, with the command, the versions and
the seconds that they took; figures read them with `experiments.results.load(NAME)`.
"""
