import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: a spiking network by its accumulated spikes")

with app.setup:
    import tempfile
    from fractions import Fraction
    from pathlib import Path

    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure

    from bounds.spike_accumulation import lif_forward, saf_forward, simulate_neuron
    from bounds.spike_accumulation.networks import net, point
    from experiments.results import load
    from figures.style import BLUE, GREEN, ORANGE, PAGE, RED, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find

    KEY = "spike_accumulation.forward_equivalence"


@app.cell
def _():
    weight = mo.ui.slider(0.125, 1.25, 0.125, value=0.75, show_value=True, label="weight $w$")
    leak = mo.ui.slider(0, 1, 0.25, value=0.75, show_value=True, label="leak $\\lambda$")
    mo.md(rf"""
    # Can a spiking network be run by counting?

    Training a spiking network through time costs memory for every step. If each neuron only kept a running *sum* of its
    spikes, most of that could go, but would it still be the same network, spike for spike?

    *After Saiin et al., [Spike Accumulation Forwarding for Effective Training of Spiking Neural
    Networks](https://arxiv.org/abs/2310.02772).*

    ## Two ways to write one neuron

    A leaky neuron integrates, fires when it reaches the threshold, and pays for the spike (LIF). Spike accumulation (SAF) never
    pays; it lets the threshold *grow* with the trace $\hat a$ of all spikes so far:

    $$\begin{{aligned}}\text{{LIF:}}&&u[t]&=\lambda v[t-1]+I[t],&s[t]&=[u[t]\ge\vartheta],&v[t]&=u[t]-\vartheta s[t]\\
    \text{{SAF:}}&&\hat a[t]&=\lambda\hat a[t-1]+s[t],&s[t]&=[\hat U[t]\ge\vartheta(\lambda\hat a[t-1]+1)]\end{{aligned}}$$

    with $\hat U=W\hat a_{{\text{{before}}}}+b\,(1+\lambda+\dots+\lambda^{{t-1}})+\lambda^tv[0]$. One neuron, a spike
    coming in at every step:

    {mo.hstack([weight, leak], justify="start", gap=2)}
    """)
    return leak, weight


@app.function
def two_ways(neuron, threshold_leak=None):
    """Potentials against thresholds of both forms; `threshold_leak` replaces the leak inside the threshold of SAF."""
    u, s, _ = lif_forward(**neuron.forward)
    U, _, thr, fired = saf_forward(**neuron.forward, threshold_leak=threshold_leak)
    t = np.arange(1, neuron.T + 1)
    with look():
        figure = Figure(figsize=(PAGE, 2.0))
        for axes, title, potential, limit, spikes in (
            (figure.add_subplot(121), "LIF: pay for every spike", u[1], np.full(neuron.T, neuron.th), s[1]),
            (figure.add_subplot(122), "SAF: the threshold grows", U[1], thr[1], fired[1]),
        ):
            potential, limit = (np.ravel(values).astype(float) for values in (potential, limit))
            fires = np.ravel(spikes).astype(bool)
            many = "1 spike" if fires.sum() == 1 else f"{fires.sum()} spikes"
            axes.step(t, limit, where="mid", color=RED, linewidth=1, label="threshold")
            axes.plot(t, potential, ".-", color=BLUE, label="potential")
            axes.plot(t[fires], potential[fires], "o", color=ORANGE, markersize=6, label=many)
            axes.set(xlabel="step", title=title, ylim=(0, 1.15 * max(*potential, *limit)))
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.legend(loc="best")
    return figure


@app.cell
def _(leak, weight):
    instance = point([[[Fraction(weight.value)]]], [[0]], [1], Fraction(leak.value), T=16)
    theorem, _line = judged(KEY, instance)
    mo.md(rf"""
    {mo.as_html(two_ways(net(**instance)))}

    ## The theorem

    For every leak, threshold, start, weights, feedback, skip connection and input, with $\hat a$ the trace of the spikes,

    $$u[t]=\hat U[t]-\vartheta\lambda\hat a[t-1],\qquad s[t]=\hat a[t]-\lambda\hat a[t-1],
    \qquad v[t]=\hat U[t]-\vartheta\hat a[t].$$

    Not nearly: *equal*, spike for spike and potential for potential. The checker computes in fractions; left is the largest
    difference, right is zero.

    {_line}

    {why(KEY)}
    """)
    return (theorem,)


@app.cell
def _():
    tightest, _line = judged(KEY, point([[[Fraction(1, 2)]]], [[0]], [1], Fraction(1), T=16))
    _c = [Fraction(_k, 200) for _k in range(-40, 261)]
    rate_error = {}
    with look():
        _figure = Figure(figsize=(PAGE, 2.1))
        _left, _right = _figure.subplots(1, 2)
        for _lam, _colour in ((Fraction(1), BLUE), (Fraction(1, 2), ORANGE)):
            _Lambda, _clipped = float(sum(_lam**_k for _k in range(8))), np.clip(np.array(_c, float), 0, 1)
            _runs = [simulate_neuron([_x] * 8, _lam, Fraction(1)) for _x in _c]
            _rate = np.array([float(_run[3][-1]) for _run in _runs]) / _Lambda
            rate_error[float(_lam)] = (_clipped - _rate) * _Lambda
            _left.plot(_c, _rate, drawstyle="steps-post", color=_colour, label=f"λ = {float(_lam):g}")
            _right.plot(_c, rate_error[float(_lam)], color=_colour, label=f"λ = {float(_lam):g}")
        _left.plot(_c, _clipped, color=GREEN, linewidth=0.8, label="clip(c, 0, 1)")
        _right.axhline(1, color=RED, linewidth=0.8, label="the bound, never reached")
        _left.set(xlabel="constant input c (ϑ = 1, 8 steps)", title="Rate")
        _right.set(xlabel="constant input c", title="(clip − rate) × Λ", ylim=(-0.05, 1.6))
        _left.legend()
        _right.legend(loc="upper left", ncols=3)
    mo.md(rf"""
    ## Where it is tight

    Everywhere: an identity has no slack, not even where a potential meets the threshold exactly, which floats would blur.

    {_line}

    The inequality beside it is about rates: under a constant input $c$ they are those of a *clipped-linear* unit, to within
    $1/\Lambda_T$, $\Lambda_T=1+\lambda+\dots+\lambda^{{T-1}}$. Just below each step of the staircase nearly all of it is needed
    ({max(rate_error[1.0]):.3f} of it here); and with a leak $\Lambda$ stays below $1/(1-\lambda)$, so patience does not help.

    {mo.as_html(_figure)}
    """)
    return rate_error, tightest


@app.cell
def _():
    _variant = "threshold th(â + 1) without the leak"
    _witness = find(KEY).witness[_variant]
    misread, _line = judged(KEY, _witness, _variant)
    in_floats, _floats = judged("spike_accumulation.float_disagreement", {"w": Fraction(1, 10), "lam": 1.0, "T": 11})
    mo.md(rf"""
    ## Two misreadings fail

    The threshold grows by what is *left* of the trace, $\lambda\hat a$. Forget that leak, and a spike is missed on the right:

    {_line} {mo.as_html(two_ways(net(**_witness), Fraction(1)))}

    The second is subtler: “so both forms agree on my computer”. In float64, with $w=0.1$ and no leak, adding ten times 0.1 is
    not multiplying it by ten, and the two spike at different steps. Left is the number of steps that differ:

    {_floats}
    """)
    return in_floats, misread


@app.cell
def _():
    from experiments.spike_accumulation_cost import summary as _cost
    from experiments.spike_accumulation_digits import summary as _digits

    _identities = load("spike_accumulation_identities")
    drawn = sum(_row["nets"] for _row in _identities)
    failed = drawn - sum(_row["equal_or_holds"] for _row in _identities)
    _accuracy = {_row["method"]: _row for _row in _digits(load("spike_accumulation_digits")) if _row["T"] == 6}
    _time = {_row["method"]: _row for _row in _cost(load("spike_accumulation_cost")) if _row["T"] == 32}
    _rows = [
        {"method": _m, "accuracy %, digits": _accuracy[_m]["accuracy %"], "ms a batch": _time[_m]["ms"],
         "vectors kept alive": _time[_m]["live vectors"]}
        for _m in ("BPTT", "OTTT_A", "SAF-F")
    ]  # fmt: skip
    mo.md(f"""
    ## What was measured

    The identities and bounds of this package were drawn {drawn:,} times in exact arithmetic; {failed} failed. Trained on digits
    (T = 6, ten seeds), and timed on 784-512-512-10 (T = 32):

    {table(_rows)}

    What SAF-F saves in time and memory it pays in accuracy: {_accuracy["SAF-F"]["minus OTTT_A"].replace("-", "−")} points
    against OTTT (95 %). The equal forward pass is exact; its gradient is another matter.
    """)
    return drawn, failed


@app.cell
def _():
    from sklearn.datasets import load_digits

    from bounds.spike_accumulation.own_network import as_samples, check_network, read_network

    _rng, _images = np.random.default_rng(0), load_digits().data[:8] / 16
    _weights = {"fc1.weight": _rng.normal(0, 0.35, (24, 64)), "fc2.weight": _rng.normal(0, 0.5, (10, 24))}
    with tempfile.TemporaryDirectory() as _folder:
        np.savez(Path(_folder, "net.npz"), **_weights)
        np.save(Path(_folder, "digits.npy"), _images)
        _said = shell(Path(_folder), "spikes", "net.npz", "--input", "digits.npy", "--static")
        _network = read_network(Path(_folder, "net.npz"))
    report = check_network(
        _network, as_samples(_network, _images, None, steps=6, static=True, binary=False, seed=0), lam=0.5, th=1.0
    )
    _float64, _last = report.agreement[0], report.rates[-1]
    mo.md(f"""
    ## Your own network

    Weights under PyTorch's names and a few inputs; every decision of the floats is certified:

    {_said}

    In Python: `check_network(read_network(file), samples, lam, th)`. Of {_float64.decisions:,} decisions in float64
    {_float64.undecided_saf} are in doubt, so its {_float64.spikes} spikes are those of exact arithmetic. As a stand-in for a
    clipped-linear network it is off by {_last.error:.2f} in the last layer, where the theorem allows {_last.bound:.3g}: a bound
    above 1 says nothing of a rate, and the table admits it.
    """)
    return (report,)


if __name__ == "__main__":
    app.run()
