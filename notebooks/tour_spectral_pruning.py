import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: which units of a recurrent network to keep")

with app.setup:
    import tempfile
    from fractions import Fraction
    from itertools import combinations
    from pathlib import Path

    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.figure import Figure

    import experiments.nets
    from bounds import spectral_pruning
    from bounds.spectral_pruning.covariances import spectral
    from experiments.results import load
    from experiments.spectral_pruning_bounds import summary as bounds_summary
    from experiments.spectral_pruning_comparison import summary as comparison_summary
    from figures import spectral_pruning_losses
    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, RED, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find

    KEY = "spectral_pruning.log_free_existence"
    GREEDY = "spectral_pruning.greedy_is_near_best"
    TURNED = {"v": [1, 2, -1, 1, 0, 2], "w": [1, -1, 1, 2, 1, 0]}


@app.cell
def _():
    decay = mo.ui.slider(0.2, 1, 0.1, value=0.5, show_value=True, label="decay of the spectrum")
    scale = mo.ui.slider(steps=[0.125, 0.25, 0.5, 1, 2, 4, 8], value=1, show_value=True, label="resolution $\\lambda$")
    mo.md(rf"""
    # How many units does a recurrent network need?

    The hidden units of a trained RNN say the same things over and over. Which of them can be rebuilt from the others, and how
    few will do?

    *After Furuya et al., [Spectral Pruning for Recurrent Neural Networks](https://arxiv.org/abs/2105.10832).*

    ## Loss and effective dimension

    Let $\Sigma$ be the mean of $hh^\top$ over time and data, with eigenvalues $\mu_i$. Keep the units $J$ and rebuild the
    others from them as well as a linear map can: what is lost is the trace of a Schur complement. How many directions matter at
    resolution $\lambda$ is the effective dimension $N(\lambda)$:

    $$L(J)=\operatorname{{Tr}}\bigl(\Sigma-\Sigma_{{\cdot J}}\Sigma_{{JJ}}^{{-1}}\Sigma_{{J\cdot}}\bigr),\qquad
    N(\lambda)=\sum_i\frac{{\mu_i}}{{\mu_i+\lambda}} .$$

    Six units, with a spectrum of your choice, turned so that every unit sees every direction:

    {mo.hstack([decay, scale], justify="start", gap=2)}
    """)
    return decay, scale


@app.cell
def _(decay, scale):
    _mu = [4 * Fraction(round(10 * decay.value), 10) ** _i for _i in range(6)]
    point = {"mu": _mu, "lam": Fraction(scale.value), **TURNED}
    theorem, _line = judged(KEY, point)
    _x = spectral(**point)
    _Sig, _k, _N = _x.Sig.astype(float), np.arange(7), float(_x.N)
    _best = [min(spectral_pruning.information_loss(_Sig, _J, 0.0) for _J in combinations(range(6), _i)) for _i in _k]
    _mean = [float(spectral_pruning.dpp_mean_loss(_x.mu, int(_i))) for _i in _k]
    _units = "1 unit loses" if _N <= 1 else f"{np.ceil(_N):.0f} units lose"
    _tail = [float(sum(sorted(_mu, reverse=True)[_i:])) for _i in _k]
    with look():
        _figure = Figure(figsize=(PAGE, 2.3))
        _axes = _figure.subplots()
        _axes.plot(_k, _mean, ".-", color=ORANGE, label=r"mean $\varphi_k$ of determinantal sets")
        _axes.plot(_k, _best, "o-", color=BLUE, label="best set of k units")
        _axes.plot(_k, _tail, ":", color=BLACK, label="no k directions lose less")
        _axes.plot([_N], [scale.value * _N], "*", color=RED, markersize=10, label=r"promise: $(N,\lambda N)$")
        _axes.set(xlabel="units kept, k", ylabel="information lost")
        _axes.legend()
    mo.md(rf"""
    {mo.as_html(_figure)}

    At this resolution $N(\lambda)={_N:.2f}$, and {_units} {_best[int(np.ceil(_N))]:.3g}.

    ## The theorem

    Sampling units by leverage takes $N\log N$ of them or so. The logarithm is not needed: for every $\Sigma$
    and $\lambda>0$,

    $$\min_{{|J|=\lceil N(\lambda)\rceil}}L(J)\;\le\;\varphi_{{\lceil N(\lambda)\rceil}}\;\le\;\lambda N(\lambda),$$

    where $\varphi_k=(k+1)\,e_{{k+1}}(\mu)/e_k(\mu)$ is the mean loss of $k$ units drawn with probability
    $\propto\det\Sigma_{{JJ}}$. The checker tries every set, in fractions.

    {_line}

    {why(KEY)}
    """)
    return point, theorem


@app.cell
def _():
    tightest, _line = judged(KEY, find(KEY).tight_at[0])
    _resolution = np.geomspace(0.2, 20, 400)
    with look():
        _figure = Figure(figsize=(PAGE, 2.0))
        _axes = _figure.subplots()
        for _decay, _colour in ((1.0, BLUE), (0.7, GREEN), (0.3, ORANGE)):
            _mu = _decay ** np.arange(6)
            _N = np.array([np.sum(_mu / (_mu + _lam)) for _lam in _resolution])
            _phi = np.array([spectral_pruning.dpp_mean_loss(_mu, int(np.ceil(_n))) for _n in _N])
            _axes.plot(_N, _phi / (_resolution * _N), color=_colour, label=f"decay {_decay:g}")
        _axes.axhline(1, color=BLACK, linewidth=0.8)
        _axes.set(xlabel="effective dimension N(λ)", ylabel=r"$\varphi_{\lceil N\rceil}\,/\,\lambda N$", ylim=(0, 1.1))
        _axes.legend()
    mo.md(rf"""
    ## Where it is tight

    When all directions weigh the same, $\Sigma=vI$, no unit is better than another; whenever $N$ is a whole number, the promise
    is then kept with **equality**, so its constant one cannot be improved. The faster the spectrum decays, the more is left.

    {_line} {mo.as_html(_figure)}
    """)
    return (tightest,)


@app.cell
def _():
    _witness = find(GREEDY).witness["greedy is best"]
    misread, _line = judged(GREEDY, _witness, "greedy is best")
    _race = find(GREEDY).build(**_witness)
    _chosen = sorted(spectral_pruning.greedy_selection(_race.Sig, _race.k, _race.tau, _race.M)[0])
    _best = max(combinations(range(4), _race.k), key=_race.explained)
    mo.md(f"""
    ## A misreading fails

    “So take the units greedily, each time the one that explains most.” A good habit, and not optimal: two units can explain
    together what neither hints at alone (explained information is *not* submodular).

    {_line}

    Of four units, greedy keeps {_chosen} and explains {float(_race.greedy):.4g}; {list(_best)} explain {float(_race.best):.4g}.
    """)
    return (misread,)


@app.cell
def _():
    _bounds = {_row["statement"]: _row for _row in bounds_summary(load("spectral_pruning_bounds"))
               if (_row["k"], _row["tau"]) == (42, 1e-8)}  # fmt: skip
    _methods = ("spectral, rec", "spectral", "magnitude, rec", "magnitude", "random, rec", "dense")
    _rows = [_row for _row in comparison_summary(load("spectral_pruning_comparison")) if _row["method"] in _methods]
    compared = [{_key: str(_value).replace("->", "→") for _key, _value in _row.items()} for _row in _rows]
    _losses = spectral_pruning_losses.data()
    _speaks = _losses["k"][np.argmax(_losses["leverage_draws"] < 1)]
    with look():
        _figure = spectral_pruning_losses.draw(_losses)
    plt.close(_figure)
    mo.md(f"""
    ## What was measured

    On a trained network of 128 units the promise without the logarithm follows the truth, greedy is close to the best set
    that exists, and the promise for leverage draws says nothing below {_speaks} units:

    {mo.as_html(_figure)}

    Test accuracy on pixel digits, as pruned → after the same fine-tuning. “rec”: the other units are rebuilt, not dropped;
    “dense” has k units and is trained from the start.

    {table(compared)}

    Rebuilding matters most where few units are kept, and fine-tuning evens out most of what is left, but not for units kept at
    random. The bounds on the *output* over 64
    steps are another matter: measured error {_bounds["measured error"]["median"]:.2g}, sharpest bound (B4)
    {_bounds["B4"]["median"]:.2g}, vacuous for {_bounds["B4"]["vacuous for"]} nets. They are true, and **say nothing**.
    """)
    return (compared,)


@app.cell
def _():
    _file, _x = (
        Path(experiments.nets.__file__).parent / "pixel_digits_0.safetensors",
        spectral_pruning.pixel_digits().train.x[:200],
    )
    with tempfile.TemporaryDirectory() as _folder:
        Path(_folder, _file.name).write_bytes(_file.read_bytes())
        np.save(Path(_folder, "digits.npy"), _x)
        _words = ("--data", "digits.npy", "--keep", "42", "--activation", "relu", "--nodes", "0", "--out", "small.safetensors")
        _said = shell(Path(_folder), "prune", _file.name, *_words)
    _network = spectral_pruning.read_network(_file, activation="relu")
    pruned = spectral_pruning.prune_network(_network, _x, keep=42, nodes=0).pruning
    mo.md(f"""
    ## Your own network

    A trained RNN with PyTorch's names, and the sequences it reads:

    {_said}

    In Python: `prune_network(read_network(file), x, keep=42)`. {len(pruned.J)} of 128 units lose
    {pruned.input_loss / pruned.variance:.1e} of the states' variance, and no other {len(pruned.J)} could lose less than
    {pruned.lower_bound / pruned.total:.1e}; `small.safetensors` loads into `torch.nn.RNN`. Trust the measured error, on data
    like these; the vacuous bounds are marked as such.
    """)
    return (pruned,)


if __name__ == "__main__":
    app.run()
