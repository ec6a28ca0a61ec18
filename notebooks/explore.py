# /// script
# requires-python = ">=3.11"
# dependencies = ["proofs-check[explore]"]
#
# [tool.marimo.display]
# theme = "system"
# ///
"""Explore any claim: move its parameters, watch the two sides, switch on a misreading and see it fail.

`proofs-check explore [CLAIM]` opens it. What is not screen is in `proofs_check.exploring`.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Explore the claims", css_file="explore.css")


@app.cell
def libraries():
    import itertools

    import marimo as mo

    from proofs_check import discover, points
    from proofs_check.exploring import looking, numberline, requests, sweeps, widgets

    under_way = []  # the request that has a process of its own, if any
    return discover, itertools, looking, mo, numberline, points, requests, sweeps, under_way, widgets


@app.cell
def asked(mo):
    wanted = mo.query_params().get("claim") or mo.cli_args().get("claim")  # the claim that opens; None: the first
    return (wanted,)


@app.cell
def choose(looking, mo, wanted):
    _offered = looking.offered()
    claim_choice = mo.ui.dropdown(
        {f"{key.replace('.', ' · ').replace('_', ' ')}": key for key in _offered},
        value=(wanted if wanted in _offered else _offered[0]).replace(".", " · ").replace("_", " "),
        searchable=True,
        allow_select_none=False,
        full_width=True,
        label="Claim",
        on_change=lambda key: mo.query_params().set("claim", key),
    )
    mo.vstack([mo.Html("<h1 class='pc-title'>Explore the claims</h1>"), claim_choice])
    return (claim_choice,)


@app.cell
def claim_of(claim_choice, discover, itertools, looking, mo, requests, under_way):
    for _job in under_way:  # what the claim before was asked
        _job.cancel()
    key = claim_choice.value
    claim = discover.find(key)
    draw_numbers = itertools.count()
    pace = {"": claim.cost}  # seconds of the last judgement; declared, then measured
    spare = {}  # entries of arrays that a shorter side hides for now
    get_start, set_start = mo.state((looking.opening(claim, key), ""))
    get_job, set_job = mo.state(None)  # a request under way, and what to do with its answer
    get_trouble, set_trouble = mo.state("")  # why the last request has no answer
    get_judged, set_judged = mo.state(None)  # a slow claim's last judged point and looks
    get_map, set_map = mo.state(None)

    def ask(then, *request):
        for _job in under_way:
            _job.cancel()
        under_way[:] = [requests.Job(*request)]
        set_job((under_way[0], then))

    return (
        ask,
        claim,
        draw_numbers,
        get_job,
        get_judged,
        get_map,
        get_start,
        get_trouble,
        key,
        pace,
        set_job,
        set_judged,
        set_map,
        set_start,
        set_trouble,
        spare,
    )


@app.cell
def knobs(claim, get_start, mo, spare, widgets):
    spare.clear()
    start_point, _said = get_start()
    _all = widgets.controls(claim.space, start_point)
    scalar_controls = {one.name: one for one in _all if one.kind not in ("table", "held")}

    def _widget(one):
        if one.kind == "slider":
            _at = next(i for i, v in enumerate(one.values) if v == one.value)
            return mo.ui.slider(steps=one.shown, value=one.shown[_at], label=one.says, show_value=True, full_width=True)
        if one.kind == "number":
            return mo.ui.number(start=one.lo, stop=one.hi, step=1, value=one.value, label=one.says, full_width=True)
        return mo.ui.dropdown(one.shown, value=widgets.word(one.value), label=one.says, allow_select_none=False)

    scalars = mo.ui.dictionary({name: _widget(one) for name, one in scalar_controls.items()})
    mo.vstack([mo.Html("<h2>Point</h2>"), *scalars.elements.values()])
    return scalar_controls, scalars, start_point


@app.cell
def tables(claim, mo, scalar_controls, scalars, spare, start_point, widgets):
    _values = {n: widgets.chosen(claim.space, scalar_controls[n], raw) for n, raw in scalars.value.items()}
    array_controls = {
        one.name: one
        for one in widgets.controls(claim.space, widgets.resized(claim.space, {**start_point, **_values}, spare))
        if one.kind in ("table", "held")
    }
    arrays = mo.ui.dictionary(
        {
            one.name: mo.ui.matrix(
                one.shown,
                min_value=one.lo,
                max_value=one.hi,
                step=one.step,
                precision=3,
                scientific=bool(claim.space[one.name].log),
                row_labels=list(one.rows),
                column_labels=list(one.columns),
                label=one.says,
            )
            for one in array_controls.values()
            if one.kind == "table"
        }
    )
    _held = [
        mo.Html(f"<p class='pc-none'>{one.says}: edit it as JSON below</p>")
        for one in array_controls.values()
        if one.kind == "held"
    ]
    mo.vstack([*arrays.elements.values(), *_held])
    return array_controls, arrays


@app.cell
def statement(claim, key, looking, mo):
    _text = mo.md(looking.statement(key)).text
    _region = f"<div class='pc-statement' tabindex='0' role='region' aria-label='Statement'>{_text}</div>"
    mo.Html(looking.heading(key, claim) + _region)
    return


@app.cell
def the_point(array_controls, arrays, claim, scalar_controls, scalars, spare, start_point, widgets):
    _raw = {**scalars.value, **arrays.value}
    _controls = {**scalar_controls, **array_controls}
    point = {
        name: widgets.chosen(claim.space, _controls[name], _raw.get(name)) if name in _controls else value
        for name, value in start_point.items()  # coordinates that only a variant has stay as they are
    }
    widgets.remember(claim.space, spare, point)
    return (point,)


@app.cell
def switch_board(claim, mo):
    switches = mo.ui.dictionary({name: mo.ui.switch(label=name) for name in {**claim.falsified, **claim.also_true}})
    return (switches,)


@app.cell
def judged(claim, get_judged, key, looking, pace, point, requests, switches):
    _names = ["", *(name for name, on in switches.value.items() if on)]
    _last = get_judged()
    live = claim.cost <= looking.LIVE and pace[""] <= 10 * looking.LIVE
    if live:
        seen = requests.looks(key, _names, point)
    elif _last is not None and _last[0] == looking.exported(key, "", point):
        seen = {name: one for name, one in _last[1].items() if name in _names}
    else:
        seen = {}
    pace.update({"": seen[""].seconds} if seen else {})
    return live, seen


@app.cell
def verdict(claim, get_start, mo, numberline, seen):
    mo.Html(numberline.panel(claim, seen.get(""), get_start()[1]))
    return


@app.cell
def hypotheses(claim, mo, numberline, seen):
    _shown = None
    if seen and not seen[""].problem:
        _every = numberline.entries_table(claim, seen[""].judgement)
        _more = [mo.accordion({"Every entry": mo.Html(_every)})] if _every else []
        _shown = mo.vstack([*_more, mo.Html(f"<h2>Hypotheses</h2>{numberline.margins_table(seen[''].margins)}")])
    _shown
    return


@app.cell
def actions(ask, claim, draw_numbers, key, live, looking, mo, point, set_judged, set_start, switches):
    def _move(answer):
        set_start((answer.point if answer.point is not None else point, answer.says))

    def _judge(_):
        asked = looking.exported(key, "", point)  # the answer is about this point, wherever the widgets are by then
        ask(lambda looks: set_judged((asked, looks)), "looks", key, ["", *switches.value], point)

    judge_button = mo.ui.button(label="Judge this point", kind="success", on_change=_judge)
    tightest_button = mo.ui.button(label="Take me to the tightest instance", on_change=lambda _: ask(_move, "tightest", key))
    again_button = mo.ui.button(
        label="Another point", on_change=lambda _: set_start((looking.drawn(claim, key, next(draw_numbers)), ""))
    )
    refute_buttons = mo.ui.dictionary(
        {
            name: mo.ui.button(
                label="Show a refuting instance",
                on_change=lambda _, name=name: ask(_move, "refuting", key, name),
            )
            for name in [*claim.falsified, *([] if claim.status == "theorem" else [""])]
        }
    )
    _download = mo.download(
        looking.exported(key, "", point).encode(),
        filename=f"{key}.json",
        mimetype="application/json",
        label="This point as JSON",
    )
    _waits = [*([] if live else [judge_button]), *([] if claim.status == "theorem" else [refute_buttons[""]])]
    mo.hstack([*_waits, tightest_button, again_button, _download], justify="start", align="center", wrap=True)
    return again_button, judge_button, refute_buttons, tightest_button


@app.cell
def clock_of(get_job, mo):
    def _stop(_):
        if get_job() is not None:
            get_job()[0].cancel()

    stop_button = mo.ui.button(label="Stop", kind="danger", on_change=_stop)
    clock = mo.ui.refresh(default_interval=0.25) if get_job() is not None else None  # looks at the request until it is done
    mo.Html(f"<div class='pc-clock' aria-hidden='true'>{clock.text}</div>") if clock is not None else None
    return clock, stop_button


@app.cell
def progress(clock, get_job, get_trouble, mo, requests, set_job, set_trouble, stop_button):
    _job = get_job() if clock is not None else None
    _shown = mo.Html(f"<p class='pc-none' role='status'>{get_trouble()}</p>") if get_trouble() else None
    if _job is not None and _job[0].running:
        _shown = mo.hstack([mo.Html(requests.progress(_job[0])), stop_button], justify="start")
    elif _job is not None:
        set_job(None)
        set_trouble(requests.trouble(_job[0]))
        if not _job[0].problem:
            _job[1](_job[0].result)
    _shown
    return


@app.cell
def variants(claim, mo, numberline, refute_buttons, seen, switches):
    def _row(name, on):
        look = seen.get(name) if on else None
        found = mo.Html(numberline.variant_line(claim.variant(name), look)) if on else mo.Html("")
        search = (
            [refute_buttons[name]]
            if on and name in claim.falsified and (look is None or look.judgement.verdict != "refuted")
            else []
        )
        return mo.vstack([mo.hstack([switches[name], *search], justify="start", wrap=True), found], gap=0.2)

    _false = [_row(name, on) for name, on in switches.value.items() if name in claim.falsified]
    _true = [_row(name, on) for name, on in switches.value.items() if name in claim.also_true]
    _less = [mo.Html("<h2>Misreadings, judged at this very point</h2>"), *_false] if _false else []
    _more = [mo.Html("<h2>True although it looks like a mistake</h2>"), *_true] if _true else []
    mo.vstack([*_less, *_more])
    return


@app.cell
def sweep_choice(claim, mo, start_point, sweeps):
    _labels = list(sweeps.parameters(claim.space, start_point))
    _first = sweeps.first_parameter(claim.space, start_point)
    along = mo.ui.dropdown(_labels, value=_first, label="Sweep over", searchable=True, allow_select_none=False)
    across = mo.ui.dropdown(_labels, label="and", searchable=True)
    mo.vstack([mo.Html("<h2>Sweep</h2>"), mo.hstack([along, across], justify="start", wrap=True)])
    return across, along


@app.cell
def sweep_shown(across, along, ask, claim, get_map, key, live, looking, mo, point, set_map, sweeps):
    _known = sweeps.parameters(claim.space, point)
    _labels = [label for label in dict.fromkeys([along.value, across.value]) if label in _known]
    _asked = (looking.exported(key, "", point), _labels)
    _stops = sweeps.stops(claim, len(_labels))
    map_button = mo.ui.button(
        label="Draw the sweep",
        on_change=lambda _: ask(lambda found, asked=_asked: set_map((asked, found)), "swept", key, point, _labels, _stops),
    )
    _last = get_map()
    if live and len(_labels) == 1 and claim.cost * _stops < 0.4:
        _shown = [mo.Html(sweeps.picture(claim, sweeps.sweep(claim, point, _labels, _stops)))]
    elif _last is not None and _last[0][1] == _labels:
        _stale = [] if _last[0] == _asked else [mo.Html("<p class='pc-none'>The point has moved since.</p>"), map_button]
        _shown = [mo.Html(sweeps.picture(claim, _last[1])), *_stale]
    else:
        _shown = [map_button] if _labels else []
    mo.vstack(_shown)
    return (map_button,)


@app.cell
def as_json(key, mo, points, start_point):
    point_text = mo.ui.text_area(
        points.to_json(start_point), label="A point as JSON, or an exported file", rows=5, full_width=True, debounce=True
    )
    return (point_text,)


@app.cell
def as_json_shown(claim, looking, mo, point, point_text, set_start):
    def _take(_):
        try:
            set_start((looking.typed(point_text.value, claim), ""))
        except looking.BadPoint as problem:
            set_start((point, f"Not taken: {problem}."))

    take_button = mo.ui.button(label="Use this point", on_change=_take)
    mo.accordion({"The point as JSON": mo.vstack([point_text, take_button])})
    return (take_button,)


if __name__ == "__main__":
    app.run()
