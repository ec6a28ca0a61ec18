import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: the penalty that counts what a spike costs")

with app.setup:
    import tempfile
    from pathlib import Path

    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.figure import Figure

    from bounds.common.training import digits
    from bounds.single_step_snn import Neurons, Recipe, fully_connected, score, split, train
    from bounds.synaptic_penalty import opposite_order_pair
    from experiments.results import load
    from experiments.synaptic_penalty_tradeoff import summary
    from figures import synaptic_penalty_pareto
    from figures.style import BLUE, GREEN, ORANGE, PAGE, RED, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find
    from proofs_check.worst_case import search

    KEY = "synaptic_penalty.order_of_networks"
    RATIO = "synaptic_penalty.count_penalty_ratio"


@app.cell
def _():
    fanout = mo.ui.slider(1, 12, 1, value=4, show_value=True, label="fan-out $\\psi_1$")
    weight = mo.ui.slider(1, 12, 1, value=1, show_value=True, label="its price in the penalty $w_1$")
    mo.md(rf"""
    # What should a spike cost?

    A spiking network is trained to be frugal by a penalty on its activity. Should the penalty count spikes, or what each
    spike sets off, and can the wrong one make a network *more* expensive?

    *After Suetake et al., [Spiking Synaptic Penalty: Appropriate Penalty Term for Energy-Efficient Spiking Neural
    Networks](https://arxiv.org/abs/2302.01500).*

    ## Two prices

    A spike of neuron $i$ costs one accumulation at each of its $\psi_i$ outgoing synapses. At firing rates $r$ the energy is,
    up to a constant, $\Omega_\psi(r)=\sum_i\psi_ir_i$; the penalty charges $\Omega_w(r)=\sum_iw_ir_i$. Take two neurons, the
    second with $\psi_2=w_2=1$:

    {mo.hstack([fanout, weight], justify="start", gap=2)}
    """)
    return fanout, weight


@app.cell
def _(fanout, weight):
    _w, _psi = [weight.value, 1], [fanout.value, 1]
    _r = np.linspace(0, 1, 301)
    _first, _second = np.meshgrid(_r, _r)
    _penalty, _energy = (_p * (_first - 0.4) + (_second - 0.5) for _p in (_w[0], _psi[0]))
    wrong = (_penalty < 0) & (_energy > 0)
    with look():
        _figure = Figure(figsize=(PAGE, 2.5))
        _axes = _figure.subplots()
        _axes.contourf(_r, _r, wrong.astype(float), levels=[0.5, 1.5], colors=[RED], alpha=0.35)
        _axes.contour(_r, _r, _penalty, levels=[0], colors=[BLUE])
        _axes.contour(_r, _r, _energy, levels=[0], colors=[ORANGE])
        _axes.plot([], [], color=BLUE, label="same penalty")
        _axes.plot([], [], color=ORANGE, label="same energy")
        _axes.plot([0.4], [0.5], "o", color=GREEN, label="a network")
        _axes.set(xlabel="rate of neuron 1", ylabel="rate of neuron 2", aspect="equal")
        _axes.legend(loc="upper left", bbox_to_anchor=(1.05, 1))
    theorem, _line = judged(KEY, {"n": 2, "w": [*_w, 1, 1], "psi": [*_psi, 1, 1], "proportional": 0, "rates": [[0] * 4] * 2})
    if _w == _psi:
        _said = "The two lines are one: nothing is shaded, and the penalty never errs."
    else:
        _a, _b = (f"({', '.join(map(str, _rates))})" for _rates in opposite_order_pair(_w, _psi))
        _said = f"In the shaded part the penalty sees progress ({wrong.mean():.0%} of all networks) and the energy *rises*. "
        _said += f"Such a pair is easily built: the penalty prefers rates {_a} to {_b}, which need less energy."
    mo.md(rf"""
    {mo.as_html(_figure)}

    {_said}

    ## The theorem

    For positive prices and fan-outs, $\Omega_w$ and $\Omega_\psi$ order all rates in $[0,1]^n$ alike **if and only if**

    $$w=\text{{const}}\cdot\psi .$$

    Up to its strength there is only one such penalty that never confuses two networks, and it is the synaptic one. The checker
    builds the confused pair in fractions, or finds none.

    {_line}

    {why(KEY)}
    """)
    return theorem, wrong


@app.cell
def _():
    _m = np.arange(1, 31)
    _near = [
        judged(RATIO, find(RATIO).tight_at[0] | {"psi": [12, 1, 1, 1], "extreme": 1, "counts": [[int(_k)] * 4] * 4})[0]
        for _k in _m
    ]
    wasted = np.array([float(_found.actual.lo / _found.bound.hi) for _found in _near])
    tightest, _line = judged(RATIO, find(RATIO).tight_at[0])
    with look():
        _figure = Figure(figsize=(PAGE, 1.7))
        _axes = _figure.subplots()
        _axes.plot(_m, wasted, ".-", color=BLUE, label="energy wasted, of the bound")
        _axes.axhline(1, color=RED, linewidth=0.8, label="the bound")
        _axes.set(xlabel="m: m spikes at fan-out 12 against m + 1 spikes at fan-out 1", ylim=(0, 1.1))
        _axes.legend(loc="lower right")
    mo.md(rf"""
    ## Where it is tight

    How much can counting spikes waste? Of any networks, the one with the fewest spikes costs at most
    $\psi_{{\max}}/\psi_{{\min}}$ times the cheapest. With equal fan-outs that is equality. With unequal ones the count
    prefers $m$ dear spikes to $m+1$ cheap ones, and comes as near to the bound as one likes, here {wasted[-1]:.0%}:

    {_line} {mo.as_html(_figure)}
    """)
    return tightest, wasted


@app.cell
def _():
    _variant = "equal order of the single neurons is enough"
    found = search(find(KEY).variant(_variant), 300, 0, KEY, stop_at_refutation=True)
    misread, _line = judged(KEY, found.point, _variant)
    _x = find(KEY).build(**found.point)
    _list = {_name: ", ".join(map(str, getattr(_x, _name))) for _name in ("w", "psi")}
    mo.md(f"""
    ## A misreading fails

    “The penalty need only *rank* the neurons rightly, dear ones before cheap ones.” A search, run just now, needed
    {found.calls} instance{"" if found.calls == 1 else "s"} to refute it:

    {_line}

    Prices {_list["w"]} and fan-outs {_list["psi"]}: no dear neuron has the lower price, and yet two networks are in
    the opposite order.
    """)
    return found, misread


@app.cell
def _():
    _rows = summary(load("synaptic_penalty_tradeoff"))
    _titles = {"claim": "claim", "net": "widths", "points of accuracy": "points", "verdict": "verdict"}
    verdicts = [{_title: _row[_key] for _title, _key in _titles.items()} for _row in _rows if "log energy saved" in _row]
    _whole = {_row["claim"]: _row["verdict"] for _row in _rows if _row["widths"] == "all"}
    _collapse = next(_row for _row in _rows if _row["claim"] == "first epoch, p = 1, λ = 2")
    with look():
        _figure = synaptic_penalty_pareto.draw(synaptic_penalty_pareto.data())
    plt.close(_figure)
    mo.md(f"""
    ## What was measured

    The theorem is about energy at given rates; what training makes of it is another question. {len(_whole)} claims were written
    down before the runs: accuracy at matched energy, digits, ten seeds, three architectures.

    {table(verdicts)}

    {mo.as_html(_figure)}

    As a whole: {"; ".join(f"{_claim}, *{_verdict}*" for _claim, _verdict in _whole.items())}. Each “supported” rests on one
    architecture of three, and against the balanced penalty (one over the layer's width) one contradicts it. And patience pays:
    from the first epoch on, p = 1 at λ = 2 ends at {_collapse["points"]}, with a layer silent in
    {_collapse["verdict"].split("; ")[1].removesuffix(" silent")} networks.
    """)
    return (verdicts,)


@app.cell
def _():
    _data, rows = split(digits(np.float32), 300, 450, 0), []
    for _lam in (0.0, 1.0, 4.0):
        _rng = np.random.default_rng(0)
        _net = fully_connected(_rng, (64, 100, 40, 10))
        train(_net, Neurons(), _data.x, _data.y, Recipe(epochs=15, kind="syn", lam=_lam, start=5), _rng)
        _score = score(_net, Neurons(), _data.test_x, _data.test_y)
        rows.append({"λ": _lam, "accuracy": f"{_score.accuracy:.1%}", "accumulations an image": _score.accumulations})
    with tempfile.TemporaryDirectory() as _folder:
        _named = {f"fc{_l}.{_kind}": _a for _kind, _all in (("weight", _net.W), ("bias", _net.b)) for _l, _a in enumerate(_all)}
        np.savez(Path(_folder, "frugal.npz"), **_named)
        np.save(Path(_folder, "digits.npy"), _data.test_x)
        _said = shell(Path(_folder), "energy", "frugal.npz", "--input", "digits.npy", "--steps", "1", "--readout")
    mo.md(f"""
    ## Your own network

    Three nets, trained just now under the synaptic penalty:

    {table(rows)}

    The last one, saved under PyTorch's names, its energy counted layer by layer:

    {_said}

    In Python: `Recipe(kind="syn", lam=…)` for training, `synaptic_penalty(spikes, fanout)` for the count. The penalty can act
    on accumulations only; what remains is the first layer, whose input is real.
    """)
    return (rows,)


if __name__ == "__main__":
    app.run()
