import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: a quantised network as integers and as spikes")

with app.setup:
    import tempfile
    from fractions import Fraction
    from pathlib import Path

    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure

    from bounds.common.training import digits
    from bounds.quantized_dnn import check_chain, fold, integer_activation, integer_thresholds, quantize_activation, training
    from bounds.single_step_snn import lif_simulate, split
    from experiments.quantized_dnn_states import summary
    from experiments.results import load
    from figures.style import BLUE, ORANGE, PAGE, RED, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find

    KEY = "quantized_dnn.integer_inference"
    NEURON = "quantized_dnn.activation_is_a_neuron"


@app.cell
def _():
    slope = mo.ui.slider(-10, 10, 1, value=3, show_value=True, label="$7A$")
    offset = mo.ui.slider(-23, 46, 1, value=6, show_value=True, label="$23B$")
    states = mo.ui.slider(2, 6, 1, value=4, show_value=True, label="$M$")
    mo.md(rf"""
    # Is it still the same network on integers?

    A quantised network is trained in floats and shipped as integers, or as spikes. Somewhere in between, normalisation meets
    rounding; does anything change on the way, even once?

    *After Sawada et al., [Magic for the Age of Quantized DNNs](https://arxiv.org/abs/2403.14999).*

    ## One activation

    Integer weights and integer inputs make an integer sum $n$. Normalisation and its learnt scale make of it $y=An+B$, and the
    activation has $M$ states, rounded half up and clipped:

    $$k=\operatorname{{clip}}\bigl(\lfloor y(M-1)+\tfrac12\rfloor,\,0,\,M-1\bigr).$$

    {mo.hstack([slope, offset, states], justify="start", gap=2)}
    """)
    return offset, slope, states


@app.cell
def _(offset, slope, states):
    _A, _B, _M = Fraction(slope.value, 7), Fraction(offset.value, 23), states.value
    _n = np.arange(-12, 13)
    _k = [int(quantize_activation(_A * int(_v) + _B, _M)[0]) for _v in _n]
    thresholds = integer_thresholds(_A, _B, _M)
    _all = [judged(KEY, {"n": int(_v), "A": _A, "B": _B, "M": _M, "tie": 0}) for _v in _n]
    theorem, _line = min(_all, key=lambda found: found[0].verdict == "holds")  # the first that does not hold, if any
    with look():
        _figure = Figure(figsize=(PAGE, 1.9))
        _axes = _figure.subplots()
        _axes.plot(_n, [float(_A * int(_v) + _B) * (_M - 1) for _v in _n], color=BLUE, linewidth=0.8, label="y (M − 1)")
        _axes.plot(_n, _k, "o", color=ORANGE, label="state k")
        for _tau in thresholds[1] if thresholds[0] else ():
            _axes.axvline(_tau - 0.5 * thresholds[0], color=RED, linewidth=0.8)
        _axes.plot([], [], color=RED, linewidth=0.8, label="integer thresholds")
        _axes.set(xlabel="integer sum n", xlim=(-13, 13), ylim=(-0.5, _M - 0.3))
        _axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    _here = f"the thresholds are {', '.join(map(str, thresholds[1]))}" if thresholds[0] else "the sum decides nothing"
    mo.md(rf"""
    {mo.as_html(_figure)}

    ## The theorem

    With $t_j=\frac{{2j-1}}{{2(M-1)}}$, all of it is $M-1$ comparisons of integers, and none of it is approximate:

    $$k=\#\Bigl\{{j:n\ge\bigl\lceil\tfrac{{t_j-B}}A\bigr\rceil\Bigr\}}\;(A>0),\qquad
      k=\#\Bigl\{{j:n\le\bigl\lfloor\tfrac{{t_j-B}}A\bigr\rfloor\Bigr\}}\;(A<0),\qquad\text{{constant}}\;(A=0).$$

    Here {_here}. Checked in fractions for each $n$ above; left is the largest difference:

    {_line}

    {why(KEY)}
    """)
    return (theorem,)


@app.cell
def _():
    tightest, _line = judged(KEY, {"n": 5, "A": Fraction(3, 64), "B": 0, "M": 4, "tie": 2})
    _rng, missed = np.random.default_rng(0), {}
    for _M in range(2, 10):
        _wrong = {np.float32: 0, np.float64: 0}
        for _ in range(200):
            _n, _A, _j = int(_rng.integers(-12, 13)), Fraction(int(_rng.integers(1, 64)), 64), int(_rng.integers(1, _M))
            _B = Fraction(2 * _j - 1, 2 * (_M - 1)) - _A * _n
            _true = integer_activation(_n, integer_thresholds(_A, _B, _M))
            for _kind in _wrong:
                _y = _kind(float(_A)) * _kind(_n) + _kind(float(_B))
                _wrong[_kind] += int(np.clip(np.floor(_y * _kind(_M - 1) + _kind(0.5)), 0, _M - 1)) != _true
        missed[_M] = [_count / 200 for _count in _wrong.values()]
    with look():
        _figure = Figure(figsize=(PAGE, 1.8))
        _axes, _at = _figure.subplots(), np.array(list(missed))
        for _shift, _label, _colour in ((-0.2, "float32", BLUE), (0.2, "float64", ORANGE)):
            _axes.bar(_at + _shift, [missed[_M][_shift > 0] for _M in missed], width=0.38, color=_colour, label=_label)
        _axes.set(xlabel="states M", ylabel="ties missed", ylim=(0, 1))
        _axes.legend()
    mo.md(rf"""
    ## Where it is tight

    At a tie: $An+B$ meets a threshold exactly, and one ulp decides between two states. Integers get it right:

    {_line}

    Floats can only where the threshold is a float. For $M-1$ a power of two it is; otherwise they miss a share of all ties,
    and double precision helps little:

    {mo.as_html(_figure)}
    """)
    return missed, tightest


@app.cell
def _():
    _variant = "M_a steps"
    _witness = find(NEURON).witness[_variant]
    misread, _line = judged(NEURON, _witness, _variant)
    _same, _holds = judged(NEURON, _witness)
    _M, _y = _witness["M_a"], _witness["y"]
    _trains = [lif_simulate([_y] * _T, Fraction(1), Fraction(1), "soft", Fraction(1, 2))[0].sum() for _T in (_M - 1, _M)]
    mo.md(rf"""
    ## A misreading fails

    The same activation is a *spiking neuron*: start at half the threshold, subtract on each spike, and the number of spikes is
    $k$. “$M$ states, so $M$ steps”? One too many:

    {_line}

    With {_M} states and y = {_y} the state is {quantize_activation(_y, _M)[0]}; {_M - 1} step gives {_trains[0]} spikes,
    {_M} steps give {_trains[1]}. With $M-1$ steps the counts agree for every real $y$, ties included:

    {_holds}
    """)
    return (misread,)


@app.cell
def _():
    _chain = load("quantized_dnn_chain")
    total = {_name: sum(_row[_name] for _row in _chain) for _name in ("images", "ties", "integer_wrong", "spiking_wrong")}
    _floats = {_name: sum(_row[_name] for _row in _chain) for _name in ("float32_wrong", "float64_wrong", "float64_classes")}
    _rows = [_row for _row in summary(load("quantized_dnn_states")) if "verdict" in _row]
    verdicts = [{"claim, in states (weights, activations)": _row.pop("claim"), **_row} for _row in _rows]
    mo.md(f"""
    ## What was measured

    Dense and convolutional nets, trained, folded, and run on {total["images"]:,} test images in all, with {total["ties"]:,}
    ties: integers differ from exact arithmetic on **{total["integer_wrong"]}** images, spikes on
    **{total["spiking_wrong"]}**, float32 on {_floats["float32_wrong"]:,} and float64 on {_floats["float64_wrong"]:,}, where it
    changes the class of {_floats["float64_classes"]}.

    What few states cost in accuracy was registered before the runs (digits, ten seeds, in points):

    {table(verdicts)}

    Five states each lose nothing that can be seen; that two or three are as good as full precision is **not** shown.
    """)
    return total, verdicts


@app.cell
def _():
    _data, _rng = split(digits(np.float32), 300, 450, 0), np.random.default_rng(0)
    _net = training.fully_connected(_rng, (64, 48, 10), 3, 4, np.float32)
    training.train(_net, _data.x, _data.y, training.Recipe(epochs=10), _rng)
    with tempfile.TemporaryDirectory() as _folder:
        training.save(_net, Path(_folder, "net.npz"), 17)
        np.savez(Path(_folder, "digits.npz"), x=_data.test_x[:100], y=_data.test_y[:100])
        _words = ("--weights-states", "3", "--activation-states", "4", "--input", "digits.npz")
        _said = shell(Path(_folder), "quantize", "net.npz", *_words)
    report = check_chain(fold(_net, 17, grid=6), np.rint(16 * _data.test_x).astype(int))
    mo.md(f"""
    ## Your own network

    Ternary weights, four states, trained just now:

    {_said}

    In Python: `check_chain(fold(net, 17, grid=6), k)`. A fold onto a coarse grid saves bits and makes ties: {report.ties} of
    {report.decisions:,} decisions. Integers and spikes are wrong on {report.integer_wrong} and {report.spiking_wrong} of
    {report.images} images, float32 and float64 on {report.float32_wrong} and {report.float64_wrong}. Whoever ships integers
    ships the network that was checked.
    """)
    return (report,)


if __name__ == "__main__":
    app.run()
