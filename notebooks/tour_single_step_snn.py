import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: a spiking network in a single step")

with app.setup:
    import tempfile
    from fractions import Fraction
    from pathlib import Path

    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure

    from bounds.common.training import digits
    from bounds.single_step_snn import Neurons, Recipe, fully_connected, geometric_sum, lif_simulate, score, split, train
    from bounds.single_step_snn.neurons import at
    from bounds.single_step_snn.surrogates import slope
    from experiments.results import load
    from experiments.single_step_snn_mnist import summary as mnist_summary
    from experiments.single_step_snn_surrogates import summary
    from figures.style import BLACK, BLUE, ORANGE, PAGE, RED, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find

    KEY = "single_step_snn.one_step_forward"


@app.cell
def _():
    drive = mo.ui.slider(-0.2, 1.3, 0.05, value=0.6, show_value=True, label="drive $z$")
    steps = mo.ui.slider(1, 8, 1, value=4, show_value=True, label="steps $T$")
    leak = mo.ui.slider(0, 1, 0.25, value=0.5, show_value=True, label="leak $\\lambda$")
    mo.md(rf"""
    # When is one time step enough?

    A spiking network is run for many steps, and pays for each in time and energy. What do the later steps know that the first
    one does not?

    *After Suetake et al., [S3NN: Time Step Reduction of Spiking Surrogate Gradients for Training Energy Efficient Single-Step
    Spiking Neural Networks](https://arxiv.org/abs/2201.10879).*

    ## One neuron, many steps or one

    Under a drive $z$ the potential leaks and adds up, $u[t]=\lambda v[t-1]+z$; at the threshold $\vartheta=1$ it fires and
    starts afresh, $v=u(1-s)$. A single-step neuron has no memory at all: $s=[z\ge\vartheta]$.

    {mo.hstack([drive, steps, leak], justify="start", gap=2)}
    """)
    return drive, leak, steps


@app.cell
def _(drive, leak, steps):
    _z, _lam = Fraction(round(20 * drive.value), 20), Fraction(leak.value)
    theorem, _line = judged(KEY, at(_z, steps.value, _lam))
    _spikes, _u = lif_simulate([_z] * steps.value, _lam, Fraction(1))
    _t, _one = np.arange(1, steps.value + 1), int(_z >= 1)
    _ends = (min(-0.5, float(min(_u)) - 0.1), max(1.6, float(max(_u)) + 0.1))
    with look():
        _figure = Figure(figsize=(PAGE, 1.8))
        _axes = _figure.subplots()
        _axes.plot(_t, _u.astype(float), "o-", color=BLUE, label="potential")
        _axes.plot(_t[_spikes > 0], _u.astype(float)[_spikes > 0], "o", color=ORANGE, markersize=8, label="spike")
        _axes.axhline(1, color=RED, linewidth=1, label="threshold")
        _axes.set(xlim=(0.7, 8.3), ylim=_ends, xlabel="step")
        _axes.legend(loc="lower right", ncols=3)
    mo.md(rf"""
    {mo.as_html(_figure)}

    One step says $s={_one}$, and is right about **{(_spikes == _one).sum()} of {steps.value}** steps.

    ## The theorem

    With $S_T=1+\lambda+\dots+\lambda^{{T-1}}$, a constant drive and a hard reset, one step sees what $T$ steps see,
    $s[t]=[z\ge\vartheta]$ for all $t\le T$, **if and only if**

    $$z\ge\vartheta\qquad\text{{or}}\qquad z\,S_T<\vartheta .$$

    A drive in between is what the later steps are for. The checker simulates in fractions, and compares truth values in both
    directions; left ≤ right in both is equivalence.

    {_line}

    {why(KEY)}
    """)
    return (theorem,)


@app.cell
def _(leak):
    _lam, _T = Fraction(leak.value), np.arange(1, 9)
    _drives = [Fraction(_k, 100) for _k in range(-20, 131)]
    agrees = np.array(
        [[(lif_simulate([_z] * int(_n), _lam, Fraction(1))[0] == int(_z >= 1)).all() for _z in _drives] for _n in _T]
    )
    _edge = [1 / geometric_sum(int(_n), _lam) for _n in _T]
    tightest, _line = judged(KEY, at(_edge[3], 4, _lam))
    with look():
        _figure = Figure(figsize=(PAGE, 2.1))
        _axes = _figure.subplots()
        _axes.pcolormesh(np.array(_drives, float), _T, np.where(agrees, np.nan, 1.0), cmap="Oranges", vmin=0, vmax=2)
        _axes.plot([float(_e) for _e in _edge], _T, ".-", color=BLACK, label=r"$z=\vartheta/S_T$")
        _axes.axvline(1, color=BLUE, label=r"$z=\vartheta$")
        _axes.set(xlabel="drive z", ylabel="steps T", title="Coloured: simulated, and one step is not enough")
        _axes.legend(loc="upper left")
    mo.md(rf"""
    ## Where it is tight

    An “if and only if” has two edges, and both are exact: on $z=\vartheta/S_T$ the potential meets the threshold in the
    very last step, and a tie fires. Every cell below is a simulation; the curves are the theorem.

    {mo.as_html(_figure)} {_line}

    With a leak the left edge stops at $\vartheta(1-\lambda)$: weaker drives never fire, however long one waits.
    """)
    return agrees, tightest


@app.cell
def _():
    reading = mo.ui.dropdown(list(find(KEY).witness), value="always")
    mo.md(f"""
    ## A misreading fails

    “One step always does, for a constant drive nothing new arrives.” But the potential remembers: {reading}
    """)
    return (reading,)


@app.cell
def _(reading):
    _witness = find(KEY).witness[reading.value]
    misread, _line = judged(KEY, _witness, reading.value)
    _run = lif_simulate([_witness["share"]] * _witness["T"], _witness["lam"], Fraction(1), strict="silent" in reading.value)[0]
    mo.md(f"""
    {_line}

    The counterexample: z = {_witness["share"]}, T = {_witness["T"]}, λ = {_witness["lam"]}. Its spikes are
    {", ".join(map(str, _run))}; one step says {int(_witness["share"] >= 1)}.
    """)
    return (misread,)


@app.cell
def _():
    _mnist = next(_row for _row in mnist_summary(load("single_step_snn_mnist")) if _row["arm"] == "S3NN")
    verdicts = {_row["arm or claim"]: _row for _row in summary(load("single_step_snn_surrogates"))}
    _claims = [{"S3NN is …": _name.removeprefix("S3NN: "), "difference": _row["difference"], "verdict": _row["verdict"]}
               for _name, _row in verdicts.items() if "verdict" in _row]  # fmt: skip
    with look():
        _figure = Figure(figsize=(PAGE, 1.6))
        _axes, _x = _figure.subplots(), np.linspace(-1.5, 3, 901)
        for _name in ("s3nn", "logistic", "rectangular", "triangular"):
            _axes.plot(_x, slope(_name)(_x), label=_name)
        _axes.set(xlabel="margin u/ϑ − 1", title="Surrogate slopes: what training pretends that the derivative of a spike is")
        _axes.legend()
    mo.md(rf"""
    ## What was measured

    One step can be trained with the S3NN surrogate slope. {len(_claims)} claims were written down *before* the runs: digits,
    64-128-64-10, ten seeds, paired (accuracies as fractions, energies and accumulations as logarithms of ratios):

    {table(_claims)}

    So one step is close to full precision for {verdicts["s3nn"]["pJ"] / verdicts["ReLU"]["pJ"]:.0%} of its energy. That the
    S3NN surrogate beats the others is **not supported**, nor is it shown that one step is as good as four. A convolutional
    net on MNIST digits (described, not registered) is {_mnist["points below ReLU"]} points below its ReLU twin, for
    {_mnist["nJ / ReLU"]:.0%} of the energy.

    {mo.as_html(_figure)}
    """)
    return (verdicts,)


@app.cell
def _():
    _data, _rng = split(digits(np.float32), 300, 450, 0), np.random.default_rng(0)
    _net = fully_connected(_rng, (64, 64, 32, 10))
    train(_net, Neurons(), _data.x, _data.y, Recipe(epochs=25), _rng)
    found = score(_net, Neurons(), _data.test_x, _data.test_y)
    with tempfile.TemporaryDirectory() as _folder:
        _named = {f"fc{_l}.{_kind}": _a for _kind, _all in (("weight", _net.W), ("bias", _net.b)) for _l, _a in enumerate(_all)}
        np.savez(Path(_folder, "net.npz"), **_named)
        np.save(Path(_folder, "digits.npy"), _data.test_x)
        _said = shell(Path(_folder), "energy", "net.npz", "--input", "digits.npy", "--steps", "1", "--readout")
    _z = _data.test_x @ _net.W[0].T + _net.b[0]
    between = np.mean((_z < 1) & (_z * geometric_sum(4, 0.5) >= 1))
    mo.md(f"""
    ## Your own network

    Train one here in a blink ({found.accuracy:.1%} on the test digits), and count what a step of it costs:

    {_said}

    In Python: `train(net, Neurons(), x, y, Recipe())`, then `score`. What would more steps add to *this* net? In its first
    layer, run for T = 4 steps with λ = ½, {between:.1%} of all drives lie in the band between ϑ/S₄ and ϑ. Only there could the
    later steps say anything new; the others are decided at once.
    """)
    return between, found


if __name__ == "__main__":
    app.run()
