import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: the entropy of a Gaussian mixture")


with app.setup:
    import tempfile
    from pathlib import Path

    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure

    from bounds import gmm_entropy
    from bounds.gmm_entropy.instances import on_first_axis
    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find


@app.cell
def _():
    distance = mo.ui.slider(0, 10, 0.25, value=2.5, show_value=True, label="distance of the means δ")
    weight = mo.ui.slider(0.05, 0.5, 0.05, value=0.5, show_value=True, label="weight of the right one")
    mo.md(rf"""
    # How wrong is the entropy of a mixture?

    A Gaussian mixture has no closed form for its entropy, so variational inference quietly uses the entropy of its parts.
    How far off is that, and can it be known for the mixture *you* fitted?

    *After Furuya et al., [Theoretical Error Analysis of Entropy Approximation for Gaussian
    Mixtures](https://arxiv.org/abs/2202.13059).*

    ## What is compared

    For $q=\sum_k w_k\,\mathcal N(\mu_k,\Sigma_k)$ the approximation treats the components as if they never met:

    $$\tilde H=\sum_k w_k\Bigl(\tfrac12\log\det 2\pi e\Sigma_k-\log w_k\Bigr),\qquad G=\tilde H-H[q]\;\ge 0 .$$

    The gap $G$ is what an observer of $x$ still does not know about which component made it. Pull the two apart:

    {mo.hstack([distance, weight], justify="start", gap=2)}
    """)
    return distance, weight


@app.cell
def _(distance, weight):
    _delta, _b = distance.value, weight.value
    gap = float(np.exp(gmm_entropy.log_pair_gap(1 - _b, _b, np.ones(1), np.array([_delta]))))
    approximation = gmm_entropy.entropy_approximation([1 - _b, _b], [[0.0], [_delta]], np.ones((2, 1, 1)))
    with look():
        _figure = Figure(figsize=(PAGE, 1.7))
        _axes = _figure.subplots()
        _x = np.linspace(-4, 14, 721)
        _parts = [_w * np.exp(-((_x - _m) ** 2) / 2) / np.sqrt(2 * np.pi) for _w, _m in ((1 - _b, 0), (_b, _delta))]
        for _part, _colour in zip(_parts, (BLUE, ORANGE), strict=True):
            _axes.fill_between(_x, _part, color=_colour, alpha=0.35, linewidth=0)
        _axes.fill_between(_x, np.minimum(*_parts), color=BLACK, alpha=0.5, linewidth=0)
        _axes.plot(_x, sum(_parts), color=BLACK)
        _axes.set(xlabel="x", yticks=[], title="The two components, and where nobody can tell them apart")
    mo.md(rf"""
    {mo.as_html(_figure)}

    $\tilde H={approximation:.4f}$ nats, the gap is $G={gap:.3g}$, so $H={approximation - gap:.4f}$:
    the approximation is off by **{gap / (approximation - gap):.2g}** of the truth.
    """)
    return (gap,)


@app.cell
def _():
    free = mo.ui.slider(0.05, 0.95, 0.05, value=0.5, show_value=True, label="free parameter s")
    mo.md(rf"""
    ## The theorem

    Write $\alpha_{{kl}}$ for the separation: the ellipsoids of radius $\alpha$ around two components just touch
    (here $\alpha=\delta/2$). For every $s\in(0,1)$, in dimension $m$,

    $$G\;\le\;\frac{{2}}{{(1-s)^{{m/4}}}}\sum_{{k\ne l}}\sqrt{{w_kw_l}}\;e^{{-s\,\alpha_{{kl}}^2/4}}.$$

    Well separated components make the approximation *exponentially* good. The checker takes logarithms of both sides, here
    at the δ and the weights chosen above. {free}
    """)
    return (free,)


@app.cell
def _(distance, free, weight):
    _odds = float(np.log(1 - weight.value) - np.log(weight.value))
    _point = {**on_first_axis(distance.value, log_odds=_odds), "s": free.value}
    theorem, _line = judged("gmm_entropy.main_bound", _point)
    mo.vstack([_line, why("gmm_entropy.main_bound")])
    return (theorem,)


@app.cell
def _():
    from bounds.gmm_entropy.main_bound_best_s import Factor, log_infimum

    _w, _delta = np.array([0.5, 0.5]), np.linspace(0.0, 12, 61)
    _gap = np.array([gmm_entropy.log_pair_gap(0.5, 0.5, np.ones(1), np.array([_d])) for _d in _delta])
    _overlaps = [gmm_entropy.log_bhattacharyya_bound(_w, np.array([[0.0], [_d]]), np.ones((2, 1, 1))) for _d in _delta]
    loose = {_m: np.array([float(log_infimum(Factor(_m, _d / 2, 0.5)).hi) for _d in _delta]) - _gap for _m in (1, 10, 100)}
    sharp = np.array(_overlaps) - _gap
    tightest, _line = judged("gmm_entropy.bhattacharyya", on_first_axis(0.0))
    with look():
        _figure = Figure(figsize=(PAGE, 2.4))
        _axes = _figure.subplots()
        for (_m, _curve), _style in zip(loose.items(), ("-", "--", ":"), strict=True):
            _axes.plot(_delta, np.exp(_curve), color=ORANGE, linestyle=_style, label=f"the theorem, best s, m = {_m}")
        _axes.plot(_delta, np.exp(sharp), color=BLUE, label=r"$2\ln 2$ × Bhattacharyya sum, any m")
        _axes.axhline(1, color=BLACK, linewidth=0.8)
        _axes.plot([0], [np.exp(sharp[0])], "o", color=GREEN, label="equality", zorder=3)
        _axes.set(yscale="log", ylim=(0.7, 1e6), xlabel="distance of the means δ", ylabel="bound / gap")
        _axes.legend(ncols=2)
    mo.md(rf"""
    ## Where it is tight

    Never, as it stands: for two equal Gaussians the best $s$ overshoots by a factor of {np.exp(min(loose[1])):.3g} or more,
    and, of distant ones, by more the higher the dimension. A sharper first step, without the detour over ellipsoids, gives
    $G\le 2\ln2\sum_{{k<l}}\sqrt{{w_kw_l}}\int\!\sqrt{{N_kN_l}}$, with no trace of the dimension, and **equality when two
    equal components coincide**: there the gap is $\ln 2$, a whole bit, for the label is lost. No smaller constant will
    do, and where both sides are equal, floats can only answer *undecided*:

    {_line} {mo.as_html(_figure)}
    """)
    return loose, sharp, tightest


@app.cell
def _():
    reading = mo.ui.dropdown(list(find("gmm_entropy.main_bound").falsified), value="variances instead of standard deviations")
    mo.md(f"""
    ## A misreading fails

    In words the bound is about “distances over spreads”, and the abstract says “variances”. Taken at its word, with variances
    where the theorem has standard deviations, the unit of length decides the truth: shrink everything tenfold and the
    exponent grows a hundredfold. Each of these was tried, and refuted: {reading}
    """)
    return (reading,)


@app.cell
def _(reading):
    counterexample = find("gmm_entropy.main_bound").witness[reading.value]
    misread, _line = judged("gmm_entropy.main_bound", counterexample, reading.value)
    mo.md(f"""
    {_line}

    The counterexample has {counterexample["K"]} components in dimension {counterexample["m"]}, means
    {counterexample["spread"] * abs(counterexample["mean"]).max():g} apart, standard deviations
    {" and ".join(f"{_s:g}" for _s in counterexample["sd"][:, 0])}, and s = {counterexample["s"]:g}.
    """)
    return (misread,)


@app.cell
def _():
    _rows = []
    for _m in (1, 5, 20, 100):
        _gaps = {_c: np.exp(gmm_entropy.log_expected_pair_gap(0.5, 0.5, _m, np.sqrt(2) * _c)) for _c in (0.25, 0.5, 1.0, 2.0)}
        _rows.append({"dimension m": _m} | {f"c = {_c:g}": _gap for _c, _gap in _gaps.items()})
    mo.md(rf"""
    ## What was computed instead of sampled

    The paper also estimates how probable a large gap is; its numbers could not be recovered, so none is compared here. Draw the
    means of two components from $\mathcal N(0,c^2I_m)$, with unit covariances and equal weights: their mean gap is a
    one-dimensional integral, and needs no sampling at all (nats):

    {table(_rows)}

    Dimension separates random components by itself, and the sooner the farther apart they are drawn.
    """)
    return


@app.cell
def _():
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    fitted = GaussianMixture(6, reg_covar=1e-2, random_state=0).fit(PCA(6, random_state=0).fit_transform(load_digits().data))
    with tempfile.TemporaryDirectory() as _folder:
        np.savez(Path(_folder, "digits.npz"), weights=fitted.weights_, means=fitted.means_, covariances=fitted.covariances_)
        _said = shell(Path(_folder), "entropy", "digits.npz")
    certificate = gmm_entropy.certify(gmm_entropy.from_sklearn(fitted))
    _H, (_low, _high) = certificate.entropy, np.exp([certificate.log_gap.lo, certificate.log_gap.hi])
    _closest = np.min(certificate.alpha[np.triu_indices(certificate.components, 1)])
    mo.md(f"""
    ## Your own mixture

    Fit one to handwritten digits, save three arrays, and ask:

    {_said}

    In Python it is `certify(from_sklearn(fitted))`. **The entropy lies in [{_H.lo:.4f}, {_H.hi:.4f}] nats**, known to
    {(_H.hi - _H.lo) / _H.hi:.1g} of its size without one random number. The approximation is {_low:.2g} to {_high:.2g} nats too
    high, {_high / _H.lo:.1%} at most; and α tells which components blur: the closest two are {_closest:.2g} apart.
    """)
    return (certificate,)


if __name__ == "__main__":
    app.run()
