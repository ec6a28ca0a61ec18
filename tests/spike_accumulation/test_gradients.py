"""Golden gradients, forward-mode derivatives as an oracle, and what the methods promise about batches and bad input."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.spike_accumulation import (
    bptt_gradients,
    gradient_inner_product,
    lambda_sum,
    online_run,
    ottt_gradients,
    saf_e_gradients,
    saf_f_gradients,
    sr_gradients,
    surrogate,
)
from bounds.spike_accumulation.gradients import cross_entropy, squared_error
from bounds.spike_accumulation.networks import GOLDEN, net
from bounds.spike_accumulation.per_step_gradients import CLAIM
from proofs_check.points import draws
from tests.spike_accumulation.slow_loops import along, at_the_end, plain, saf, total_charge

golden = net(**GOLDEN)


def text(gradients: list[np.ndarray]) -> str:
    return "; ".join(",".join(str(v) for v in g.ravel()) for g in gradients)


def check(found, W: str, b: str) -> None:
    assert text(found.W) == W
    assert text(found.b) == b
    assert all(isinstance(v, Fraction) for g in (*found.W, *found.b) for v in g.ravel())


def test_golden_gradients_of_single_steps() -> None:
    for gradients in (ottt_gradients(**golden.training), saf_e_gradients(**golden.training)):
        check(
            gradients.steps[1],
            "-273/1024,-273/2048,-585/4096,-585/8192; -13/64,0",
            "-273/1024,-585/4096; -39/128",
        )
        check(
            gradients.steps[2],
            "-2275/8192,-2275/16384,-5075/32768,-5075/65536; -25/256,-25/128",
            "-2275/8192,-5075/32768; -175/512",
        )
        assert not any(g.any() for t in (0, 3) for g in (*gradients.steps[t].W, *gradients.steps[t].b))
        check(
            gradients.total,
            "-4459/8192,-4459/16384,-9755/32768,-9755/65536; -77/256,-25/128",
            "-4459/8192,-9755/32768; -331/512",
        )


def test_golden_gradients_through_time() -> None:
    check(
        bptt_gradients(**golden.training),
        "-6433/8192,-6433/16384,-13545/32768,-13545/65536; -77/256,-25/128",
        "-6433/8192,-13545/32768; -331/512",
    )
    check(
        bptt_gradients(**golden.training, detach_reset=False),
        "-61717/131072,-61717/262144,-1047085/4194304,-1047085/8388608; -907/4096,-25/128",
        "-61717/131072,-1047085/4194304; -4321/8192",
    )


def test_golden_gradients_at_the_end() -> None:
    plain_slope = saf_f_gradients(**golden.at_rest, surrogate=golden.slope)
    check(
        plain_slope,
        "-2961/10240,-2961/20480,-14147/122880,-14147/245760; -329/1440,-329/3600",
        "-2961/10240,-14147/122880; -329/960",
    )
    matched = saf_f_gradients(**golden.at_rest, derivative="matched")
    actual = sr_gradients(golden.W, golden.b, golden.x[0], golden.y, golden.th, squared_error, matched.rates)
    for found in (matched, actual):
        check(found, "-7/15,-7/30,-7/30,-7/60; -14/45,-28/225", "-7/15,-7/30; -7/15")
    ideal = sr_gradients(golden.W, golden.b, golden.x[0], golden.y, golden.th, squared_error)
    check(ideal, "-1/16,-1/32,-1/32,-1/64; -3/64,-5/128", "-1/16,-1/32; -1/16")
    assert text(matched.rates) == "1,1/2; 2/3,4/15; 8/15"
    assert text(ideal.rates) == "1,1/2; 3/4,5/8; 15/16"
    assert text([plain_slope.W[0] / matched.W[0], plain_slope.W[1] / matched.W[1]]) == (
        "1269/2048,1269/2048,2021/4096,2021/4096; 47/64,47/64"
    )


@pytest.mark.parametrize(
    ("rule", "outer", "w", "b", "spikes"),
    [
        ("ottt", "trace", "7/12; 13/16; 13/16", "1/12; 5/16; 5/16", "0; 0; 1"),
        ("saf_recurrence", "trace", "7/12; 13/16; 13/16", "1/12; 5/16; 5/16", "0; 0; 1"),
        ("saf_closed", "trace", "7/12; 7/12; 7/9", "1/12; 1/12; 5/18", "0; 1; 0"),
        ("saf_recurrence", "spike", "7/12; 53/72; 53/72", "1/12; 5/16; 5/16", "0; 0; 1"),
    ],
)
def test_golden_online_runs(rule, outer, w: str, b: str, spikes: str) -> None:
    half = Fraction(1, 2)
    run = online_run(rule, [[[half]]], [[0]], [[1]] * 3, [1], half, 1, surrogate("tri", 1), squared_error, half, outer)
    assert (text([t[0] for t in run.W]), text([t[0] for t in run.b]), text([t[0] for t in run.spikes])) == (w, b, spikes)


# ---- forward mode ---------------------------------------------------------------------------------------------------


def slow_slope(n):
    """The slope of one neuron."""
    return lambda z: n.slope(np.array([z], dtype=object))[0]


def some_parameters(rng, n) -> list[tuple]:
    """A weight of each connection and a bias of each layer."""
    keys = [(l, l + 1) for l in range(n.N)] + list(n.F)
    widths = [n.x.shape[1], *(len(b) for b in n.b)]
    chosen = [("W", (i, j), int(rng.integers(widths[j])), int(rng.integers(widths[i]))) for i, j in keys]
    return chosen + [("b", j, int(rng.integers(widths[j]))) for j in range(1, n.N + 1)]


def entry(gradients, parameter):
    """The derivative that a method claims."""
    if parameter[0] == "b":
        return gradients.b[parameter[1] - 1][parameter[2]]
    return gradients.connections[parameter[1]][parameter[2], parameter[3]]


def test_ottt_saf_e_and_bptt_are_derivatives_in_forward_mode() -> None:
    """Per step for OTTT and SAF-E; any graph, readout, every flag. Half of the entries compared are not zero."""
    rng, nonzero, total = np.random.default_rng(0), 0, 0
    for point in draws(CLAIM.space, 3, "forward mode", range(5, 105)):
        c = CLAIM.build(**point)
        n, readout = c.net, c.flags["readout"]
        extra = {key: w.tolist() for key, w in n.F.items()}
        given = (
            [w.tolist() for w in n.W],
            [b.tolist() for b in n.b],
            n.x.tolist(),
            n.y.tolist(),
            n.lam,
            n.th,
            slow_slope(n),
            n.loss,
        )
        flags = (*(["spike input"] if not c.flags["input_trace"] else []), *(["bias 1"] if c.flags["bias"] == "inst" else []))
        ottt, saf_e = ottt_gradients(**n.training, **c.flags), saf_e_gradients(**n.training, **c.flags, form=c.form)
        detached = bptt_gradients(**n.training, readout=readout)
        full = bptt_gradients(**n.training, readout=readout, detach_reset=False)
        for parameter in some_parameters(rng, n):
            slow = along(parameter, *given, extra, n.v0, "ottt", readout, flags)
            assert [entry(step, parameter) for step in ottt.steps] == slow
            assert [entry(step, parameter) for step in saf_e.steps] == slow
            assert entry(detached, parameter) == along(parameter, *given, extra, n.v0, "bptt", readout)
            assert entry(full, parameter) == along(parameter, *given, extra, n.v0, "bptt full", readout)
            nonzero, total = nonzero + any(slow), total + 1
    assert nonzero > 0.25 * total > 60


def test_saf_f_and_spike_representation_are_derivatives_in_forward_mode() -> None:
    rng, nonzero, total = np.random.default_rng(1), 0, 0
    for point in draws(
        {k: v for k, v in CLAIM.space.items() if k not in ("readout", "input_trace", "bias", "form")}, 4, "end", range(5, 105)
    ):
        n = net(**{**point, "feedback": 0, "graph": "chain"})
        W, b = [w.tolist() for w in n.W], [v.tolist() for v in n.b]
        U, ahat = saf(W, b, n.x.tolist(), n.lam, n.th, None, n.v0)
        L, kappa, slope = total_charge(n.lam, n.T), Fraction(2, 3), slow_slope(n)
        last = [layer[-1] for layer in ahat]
        thr = [[n.th * (n.lam * (a[-2][k] if n.T > 1 else 0) + 1) for k in range(len(a[0]))] for a in ahat]
        matched = [[kappa if 0 < v < n.th * L else Fraction(0) for v in layer[-1]] for layer in U]
        surrogates = [[slope(v - h) for v, h in zip(layer[-1], row, strict=True)] for layer, row in zip(U, thr, strict=True)]
        y = ([a / L for a in last[-1]], n.y.tolist())
        ours = (
            saf_f_gradients(**n.at_rest, derivative="matched", kappa=kappa),
            saf_f_gradients(**n.at_rest, derivative="plain", surrogate=n.slope),
        )
        x0 = n.x[0]
        a, z = [x0.tolist()], []
        for w, bias in zip(W, b, strict=True):
            z.append([(sum(p * q for p, q in zip(row, a[-1], strict=True)) + c) / n.th for row, c in zip(w, bias, strict=True)])
            a.append([min(max(v, Fraction(0)), Fraction(1)) for v in z[-1]])
        inside = [None, *([(1 / n.th if 0 < v < 1 else Fraction(0)) for v in layer] for layer in z)]
        ideal = sr_gradients(n.W, n.b, x0, n.y, n.th, n.loss)
        assert plain(ideal.rates) == a
        for parameter in some_parameters(rng, n):
            for found, slopes in zip(ours, (matched, surrogates), strict=True):
                slow = at_the_end(parameter, W, b, slopes, last, y, n.loss, 1 / L, L)
                got = (
                    found.b[parameter[1] - 1][parameter[2]] if parameter[0] == "b" else found.W[parameter[1][0]][parameter[2:]]
                )
                assert got == slow
                nonzero, total = nonzero + bool(slow), total + 1
            slow = at_the_end(parameter, W, b, inside, a, (a[-1], n.y.tolist()), n.loss, Fraction(1), Fraction(1))
            got = ideal.b[parameter[1] - 1][parameter[2]] if parameter[0] == "b" else ideal.W[parameter[1][0]][parameter[2:]]
            assert got == slow
    assert nonzero > 0.1 * total > 60


# ---- batches, feedback, floats, input that does not fit -------------------------------------------------------------


def test_a_batch_gives_the_sum_over_its_samples() -> None:
    rng = np.random.default_rng(5)
    W = [rng.normal(0.4, 0.5, (5, 4)), rng.normal(0.3, 0.5, (3, 5))]
    b, x, y = [rng.normal(0.1, 0.1, 5), rng.normal(0, 0.1, 3)], rng.random((6, 7, 4)), np.eye(3)[rng.integers(0, 3, 7)]
    sigmoid, rest = surrogate("sigmoid", 1.0), {"lam": 0.5, "th": 1.0}
    for loss in (squared_error, cross_entropy):
        for method in (
            lambda x, y, loss=loss: ottt_gradients(W, b, x, y, **rest, surrogate=sigmoid, loss_grad=loss, readout=True).total,
            lambda x, y, loss=loss: bptt_gradients(W, b, x, y, **rest, surrogate=sigmoid, loss_grad=loss),
            lambda x, y, loss=loss: saf_f_gradients(W, b, x, y, **rest, loss_grad=loss, surrogate=sigmoid, readout=True),
            lambda x, y, loss=loss: sr_gradients(W, b, x[0], y, 1.0, loss),
        ):
            whole, parts = method(x, y), [method(x[:, i], y[i]) for i in range(7)]
            for l in range(2):
                np.testing.assert_allclose(whole.W[l], sum(p.W[l] for p in parts), rtol=1e-12, atol=1e-14)
                np.testing.assert_allclose(whole.b[l], sum(p.b[l] for p in parts), rtol=1e-12, atol=1e-14)


def test_saf_f_sends_no_error_back_through_feedback() -> None:
    half = Fraction(1, 2)
    given = {"W": [[[half]]], "b": [[0]], "x": [[1]] * 3, "y": [1], "lam": half, "th": 1, "loss_grad": squared_error}
    found = saf_f_gradients(**given, derivative="matched", F=[[half]])
    assert found.errors[0] * 0 == found.F  # nothing fired before t = 3, so nothing was fed back
    fired = saf_f_gradients(**{**given, "x": [[2], [0], [0]]}, derivative="matched", F=[[half]])
    assert fired.errors[0] * half == fired.F


def test_the_sigmoid_surrogate_is_the_one_of_the_reference_code() -> None:
    slope = surrogate("sigmoid", 1.0)
    assert slope(np.zeros(1)) == 1.0
    q = 1 / (1 + np.exp(-2.0))
    assert slope(np.array([0.5])) == pytest.approx(4 * q * (1 - q), rel=1e-15)
    with pytest.raises(ValueError, match="not rational"):
        slope(np.array([Fraction(1)], dtype=object))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["tri", "rect"])
def test_a_threshold_given_as_an_integer_leaves_floats_floats(name, kind) -> None:
    for th in (1, 1.0, Fraction(1)):
        slopes = surrogate(name, th)(np.array([0.25, 2], dtype=kind))
        assert slopes.dtype == kind
        assert slopes.tolist() == [0.75 if name == "tri" else 1, 0]


def test_inner_products_and_cosines_per_layer() -> None:
    inner, cosine = gradient_inner_product(
        [np.array([[3.0, 4.0]]), np.zeros((1, 1))], [np.array([[4.0, 3.0]]), np.ones((1, 1))]
    )
    assert inner == [24.0, 0.0]
    assert cosine[0] == pytest.approx(0.96)
    assert np.isnan(cosine[1])


def test_lambda_sum_starts_at_zero_and_ends_the_geometric_way() -> None:
    assert lambda_sum(Fraction(0), 5) == 1
    assert lambda_sum(Fraction(1), 5) == 5
    assert lambda_sum(Fraction(9, 10), 0) == 0
    assert lambda_sum(Fraction(2, 3), 7) == (1 - Fraction(2, 3) ** 7) * 3


def test_rates_and_gradients_that_do_not_fit_are_refused() -> None:
    n = net(**GOLDEN)
    with pytest.raises(ValueError, match="rates must list one vector for each layer"):
        sr_gradients(n.W, n.b, n.x[0], n.y, n.th, squared_error, rates=[n.x[0]])
    with pytest.raises(ValueError, match="y must have shape"):
        saf_f_gradients(**{**n.at_rest, "y": [1, 1]}, surrogate=n.slope)
    with pytest.raises(ValueError, match="equal shapes"):
        gradient_inner_product([[[1, 2]]], [[[1]]])
    with pytest.raises(ValueError, match="form must be"):
        saf_e_gradients(**n.training, form="close")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y": [0.5]}, "y holds floats"),
        ({"y": [1, 0]}, r"y must have shape \(1,\), or \(batch, 1\) as x has it, got \(2,\)"),
        ({"y": [[1]]}, r"y must have shape"),
        ({"bias": "none"}, "bias must be"),
        ({"outer": "both"}, "outer must be"),
        ({"W": [[[1, 1]]], "b": [[0]], "readout": True}, "needs at least one spiking layer"),
        ({"readout": True, "F": {(0, 2): [[1, 1]]}}, "one connection only"),
    ],
)
def test_bad_training_input_is_refused(change, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ottt_gradients(**{**golden.training, **change})
