import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Tour: how long an LSTM remembers an anomaly")

with app.setup:
    from pathlib import Path

    import marimo as mo
    import numpy as np
    from matplotlib.figure import Figure

    from bounds import lstm_recovery
    from bounds.lstm_recovery.instances import named
    from experiments.results import FOLDER, load
    from figures.style import BLACK, BLUE, ORANGE, PAGE, look
    from notebooks.shown import judged, shell, table, why
    from proofs_check.discover import find

    KEY = "lstm_recovery.norm_recovery"


@app.cell
def _():
    forget = mo.ui.slider(-1, 2.5, 0.25, value=1, show_value=True, label="$b_f$")
    coupling = mo.ui.slider(0, 0.5, 0.05, value=0.15, show_value=True, label="$U_c$")
    tolerance = mo.ui.slider(steps=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5], value=0.05, show_value=True, label="$e$")
    mo.md(rf"""
    # How long does an LSTM remember an anomaly?

    A sensor fails for a minute, and the network that reads it is left in a state it should never have seen.
    After how many good readings are its answers as if nothing had happened, and who can *promise* that?

    *After Yoshihara et al., [Enhancing AI System Resiliency: Formulation and Guarantee for LSTM Resilience Based on Control
    Theory](https://arxiv.org/abs/2505.17696).*

    ## What recovery is

    Run two copies with the same inputs from then on, one from the spoilt state, one from the state it should be in. The
    recovery time is a **last exit**: the least $T_R$ with

    $$\|h_t-\tilde h_t\|\le e\quad\text{{for all }}t\ge T_R,$$

    from any two states of an invariant set and under any inputs within range.

    One unit, two opposite states; move its forget bias $b_f$, its recurrent weight $U_c$, the tolerance $e$:

    {mo.hstack([forget, coupling, tolerance], justify="start", gap=2)}
    """)
    return coupling, forget, tolerance


@app.function
def portrait(point):
    """The distance of the two copies over time, and what the theorem promises of it."""
    pair, e = find(KEY).build(**point)
    largest, A = lstm_recovery.norm_invariant_set(pair.net, 0), lstm_recovery.comparison_matrix_2x2(pair.net).A
    rho, distance = max(abs(np.linalg.eigvals(A))), pair.distance[:, 1]
    above = np.flatnonzero(distance > e)
    last = above[-1] + 1 if above.size else 0
    seen = f"above e until step {last}" if last < len(distance) else "above e to the end"
    with look():
        figure = Figure(figsize=(PAGE, 2.1))
        axes = figure.subplots()
        axes.plot(distance, ".-", color=BLUE, markersize=4, label=f"distance of the two copies: {seen}")
        if rho < 1:
            x = np.array([rho - A[1, 1], A[1, 0]])
            promise = max(2 * np.array([largest["cb"], largest["H_next"]]) / x) * x[1] * rho ** np.arange(len(distance))
            T = lstm_recovery.norm_recovery_time(pair.net, e)
            axes.plot(promise, color=ORANGE, label=f"what the theorem promises: within e from step {T:g} on")
        axes.axhline(e, color=BLACK, linewidth=0.8, linestyle="--", label="tolerance e")
        axes.set(yscale="log", xlabel="steps after the anomaly", ylim=(e / 30, 4))
        axes.legend(loc="best")
    return figure


@app.cell
def _(coupling, forget, tolerance):
    _opposite = {"k": 0, "q": np.inf, "umax": 1.0, "apart": 1, "c": [[0.0], [0.0]], "h": [[0.0], [0.0]]}
    _quiet = {"coupling": 1.0, "u": [[0.0]], "last": [0.0], "e": tolerance.value}
    _net = named(W_c=2, U_c=coupling.value, b_f=forget.value, b_i=1, b_o=1)
    point = _net | _opposite | _quiet
    theorem, _line = judged(KEY, point)
    mo.md(rf"""
    {mo.as_html(portrait(point))}

    ## The theorem

    A sigmoid has slope at most ¼ and tanh at most 1, so two numbers follow the two copies. With the ranges $s_f,s_i,s_o$ of the
    gates on an invariant set, and the norms of the recurrent weights in $\alpha,\beta$,

    $$\binom{{\|\Delta c_{{t+1}}\|}}{{\|\Delta h_{{t+1}}\|}}\le A\binom{{\|\Delta c_t\|}}{{\|\Delta h_t\|}},\qquad
    A=\begin{{pmatrix}}s_f&\alpha\\ s_os_f&s_o\alpha+\beta\end{{pmatrix}},$$

    and if $\rho=\rho(A)<1$, with its eigenvector $x$ and the largest possible distances $d_0$,

    $$T_R(e)\;\le\;T=\left\lceil\frac{{\log(\max(d_0/x)\,x_2/e)}}{{\log(1/\rho)}}\right\rceil .$$

    A run of two copies shows a recovery time only from below, so the best verdict here is *survives*. Push the recurrent weight
    until $\rho\ge1$, and the theorem says nothing.

    {_line}

    {why(KEY)}
    """)
    return (theorem,)


@app.cell
def _():
    _tight = find(KEY).tight_at[0]
    tightest, _line = judged(KEY, _tight)
    mo.md(f"""
    ## Where it is tight

    One unit that listens to nothing but its own cell, its input and output gates wide open: the difference decays by the
    forget gate alone, no inequality of the proof loses anything, and the promise is needed **to the very step**.

    {_line} {mo.as_html(portrait(_tight))}
    """)
    return (tightest,)


@app.cell
def _():
    _witness = find(KEY).witness["recovery is the first entry"]
    misread, _line = judged(KEY, _witness, "recovery is the first entry")
    mo.md(rf"""
    ## A misreading fails

    “Recovered once the difference is *below* $e$” sounds the same, and is not. Here the two copies agree in $h$ at first,
    because the difference hides in the cell: the first entry is step 0, and the worst is still to come.

    {_line} {mo.as_html(portrait(_witness))}
    """)
    return (misread,)


@app.cell
def _():
    from experiments.lstm_recovery_ladder import summary as _ladder
    from experiments.lstm_recovery_training import summary as _training

    _columns = {"net": "net", "norms": "norm", "Jacobian": "jac", "gate-coupled": "Ψ", "input cells": "cells"}
    _columns |= {"matrix inequality": "lmi", "attack": "attack"}
    _nets = [_row for _row in _ladder(load("lstm_recovery_ladder")) if _row["net"] in ("G0", "G1", "tanks none", "tanks norm")]
    _tanks = [_row for _row in _training(load("lstm_recovery_training")) if (_row["plant"], _row["n"]) == ("tanks", 4)]
    cost = {_row["penalty"]: _row for _row in _tanks if _row["best"] or _row["penalty"] == "none"}
    mo.md(f"""
    ## What was measured

    Certified steps for e = 0.01 on two formula nets and two trained ones. The attack, a gradient search for two states that
    stay apart, bounds the truth from below:

    {table([{_title: _row[_key] for _title, _key in _columns.items()} for _row in _nets])}

    An ordinarily trained net has **no certificate** ({cost["none"]["proved"].replace("/", " of ")} have one). Training with a
    penalty on the rate gives one, and costs accuracy: on the two tanks a penalty on ρ multiplies the test error by
    {cost["norm"]["test ratio"]:.1f} ({cost["norm"]["95 %"]} at 95 %), a penalty on the sharper, gate-coupled rate by
    {cost["coupled"]["test ratio"]:.1f} ({cost["coupled"]["95 %"]}), for {cost["coupled"]["T"]:g} certified steps instead of
    {cost["norm"]["T"]:g}.
    """)
    return (cost,)


@app.cell
def _():
    _file = Path(FOLDER, "lstm_recovery_tanks_norm.npz")
    _words = ("--output", "v", "--epsilon", "0.05", "--method", "norm", "--method", "coupled", "--attack-seconds", "0")
    _said = shell(FOLDER, "recovery", _file.name, *_words)
    _layers, _gain = lstm_recovery.read_network(_file, output="v")
    _e = lstm_recovery.hidden_tolerance("0.05", _gain)
    promised = lstm_recovery.recovery(_layers, _e, methods=["norm", "coupled"], attack_seconds=0).best
    mo.md(f"""
    ## Your own network

    Any `.npz` or `.safetensors` file with PyTorch's or Keras' names; this net was trained on two tanks:

    {_said}

    In Python: `recovery(layers, e)` with the layers of `read_network(file, output="v")`. From {promised.steps:g} good readings
    on, after *any* anomaly within range, the output is within 0.05 of where it would have been; `--proof` writes the reason,
    which `proofs-check verify-proof` checks in exact arithmetic. Without the last three options the command tries every
    certificate it knows, and then attacks its own answer.
    """)
    return (promised,)


if __name__ == "__main__":
    app.run()
