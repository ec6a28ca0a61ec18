"""Batches of floats against the exact simulators: bit for bit where weights are dyadic, within an argued budget elsewhere."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.common.convolution import Convolution
from bounds.spike_accumulation import batches as fast
from bounds.spike_accumulation import (
    bptt_gradients,
    certified_lif,
    clipped_linear_forward,
    online_run,
    ottt_gradients,
    saf_e_gradients,
    saf_f_gradients,
    sr_gradients,
    surrogate,
)
from bounds.spike_accumulation.gradients import cross_entropy, squared_error

HALF = Fraction(1, 2)
CASES = [  # widths, T, lam, th, readout, static
    ((3, 4, 2), 4, HALF, 1, False, False),
    ((3, 4, 2), 4, HALF, 1, False, True),
    ((3, 5, 4, 2), 4, Fraction(1), HALF, False, False),
    ((3, 5, 4, 2), 2, HALF, Fraction(2), True, False),
    ((2, 4, 3, 2), 4, Fraction(1), 1, True, True),
    ((4, 2), 4, HALF, 1, False, False),
    ((3, 4, 2), 2, Fraction(0), 1, False, False),
]


def eighths(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-5, 13, shape).astype(object) * Fraction(1, 8)


class Both:
    """One net with a batch of three, as Fractions for the library and as floats for the fast functions."""

    def __init__(self, widths, T, lam, th, readout, static, seed=0, dtype=np.float64) -> None:
        rng = np.random.default_rng(seed)
        n = len(widths) - 1
        self.W = [eighths(rng, widths[l + 1], widths[l]) for l in range(n)]
        self.b = [eighths(rng, widths[l + 1]) for l in range(n)]
        self.x = eighths(rng, 1 if static else T, 3, widths[0])
        self.y = rng.integers(0, 2, (3, widths[-1])).astype(object) * Fraction(1)
        self.lam, self.th, self.readout, self.static, self.T, self.dtype = lam, Fraction(th), readout, static, T, dtype

    @property
    def exact(self) -> dict:
        x = np.repeat(self.x, self.T, axis=0) if self.static else self.x
        return {"W": self.W, "b": self.b, "x": x, "lam": self.lam, "th": self.th}

    @property
    def training(self) -> dict:
        slope = surrogate("tri", self.th)
        return self.exact | {"y": self.y, "surrogate": slope, "loss_grad": squared_error, "readout": self.readout}

    @property
    def net(self) -> fast.Net:
        W, b = ([a.astype(self.dtype) for a in arrays] for arrays in (self.W, self.b))
        return fast.Net(W, b, float(self.lam), float(self.th), self.readout)

    @property
    def data(self) -> dict:
        x = (self.x[0] if self.static else self.x).astype(self.dtype)
        return {"x": x, "y": self.y.astype(self.dtype), "loss_grad": squared_error, "T": self.T}

    @property
    def slope(self):
        return fast.in_place_slope("tri", float(self.th))


def exactly(found: fast.Gradient, expected) -> None:
    """Bit for bit: a float is a Fraction, and it must be the right one."""
    assert any(g.any() for g in found.W), "a gradient that vanishes proves nothing"
    for mine, theirs in zip((*found.W, *found.b), (*expected.W, *expected.b), strict=True):
        assert mine.dtype == np.float64
        assert [Fraction(v) for v in mine.ravel()] == theirs.ravel().tolist()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("block", [1, 3, None])
def test_ottt_and_saf_e_are_exact_on_dyadic_nets(case, block) -> None:
    both = Both(*case)
    expected = ottt_gradients(**both.training).total
    exactly(fast.ottt(both.net, slope=both.slope, block=block, **both.data), expected)
    exactly(fast.ottt(both.net, slope=both.slope, block=block, wrapped=True, **both.data), expected)
    for form in ("closed", "recurrence"):
        exactly(fast.saf_e(both.net, slope=both.slope, block=block, form=form, **both.data), expected)


@pytest.mark.parametrize("case", CASES)
def test_every_step_and_every_convention_is_the_library_s(case) -> None:
    both = Both(*case, seed=1)
    for flags in ({}, {"input_trace": False}, {"bias": "inst"}, {"input_trace": False, "bias": "inst"}):
        expected = saf_e_gradients(**both.training, **flags).steps
        for blocks in (fast.ottt_blocks, fast.saf_e_blocks):
            found = list(blocks(both.net, slope=both.slope, **both.data, **flags))
            for mine, theirs in zip(found, expected, strict=True):
                for g, e in zip((*mine.W, *mine.b), (*theirs.W, *theirs.b), strict=True):
                    assert [Fraction(v) for v in g.ravel()] == e.ravel().tolist()
        assert any(g.W[0].any() for g in expected)


@pytest.mark.parametrize("case", CASES)
def test_bptt_is_exact_on_dyadic_nets(case) -> None:
    both = Both(*case)
    for detach in (True, False):
        expected = bptt_gradients(**both.training, detach_reset=detach)
        exactly(fast.bptt(both.net, slope=both.slope, detach_reset=detach, **both.data), expected)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("block", [1, None])
def test_saf_f_and_spike_representation_up_to_the_division_by_the_charge(case, block) -> None:
    both = Both(*case)
    at_end = {name: value for name, value in both.training.items() if name != "surrogate"}
    # 1/Λ_T is not dyadic: three products of it, each rounded by 2^-53, of numbers below 100
    for derivative, more in (("plain", {"slope": both.slope}), ("matched", {}), ("matched", {"kappa": 0.75})):
        options = {"derivative": derivative} | ({"kappa": Fraction(3, 4)} if "kappa" in more else {})
        expected = saf_f_gradients(**at_end, surrogate=surrogate("tri", both.th), **options)
        found = fast.saf_f(both.net, derivative=derivative, block=block, **both.data, **more)
        for mine, theirs in zip((*found.W, *found.b), (*expected.W, *expected.b), strict=True):
            np.testing.assert_allclose(mine, theirs.astype(float), rtol=0, atol=1e-12)
        rates = fast.spiking_rates(both.net, both.data["x"], T=both.T, block=block).rates
        for mine, theirs in zip(rates, expected.rates, strict=True):
            np.testing.assert_allclose(mine, theirs.astype(float), rtol=0, atol=1e-13)
    still = both.x[0]
    expected = sr_gradients(both.W, both.b, still, both.y, both.th, squared_error, readout=both.readout)
    found = fast.spike_representation(both.net, still.astype(float), both.data["y"], squared_error)
    for g, e in zip((*found.W, *found.b), (*expected.W, *expected.b), strict=True):
        assert [Fraction(v) for v in g.ravel()] == e.ravel().tolist()
    a, z = clipped_linear_forward(both.W, both.b, still, both.th, readout=both.readout)
    mine = fast.clipped_linear(both.net, still.astype(float))
    assert [v.tolist() for v in (*mine[0], *mine[1])] == [v.astype(float).tolist() for v in (*a, *z)]


@pytest.mark.parametrize("case", [CASES[0], CASES[1], CASES[3], CASES[4]])
def test_online_runs_are_the_library_s_when_the_caller_updates_in_place(case) -> None:
    both = Both(*case, seed=2)
    for rule, blocks, more in (
        ("ottt", fast.ottt_blocks, {}),
        ("saf_closed", fast.saf_e_blocks, {}),
        ("saf_recurrence", fast.saf_e_blocks, {"form": "recurrence"}),
    ):
        training = {name: value for name, value in both.training.items() if name != "surrogate"}
        expected = online_run(rule, surrogate=surrogate("tri", both.th), lr=Fraction(1, 64), **training)
        net = both.net
        for g in blocks(net, slope=both.slope, **both.data, **more):
            for value, step in zip((*net.W, *net.b), (*g.W, *g.b), strict=True):
                value -= step / 64
        # weights are no longer multiples of 1/8: a few hundred roundings of 2^-53 of numbers below 10
        for mine, theirs in zip((*net.W, *net.b), (*expected.W[-1], *expected.b[-1]), strict=True):
            np.testing.assert_allclose(mine, theirs.astype(float), rtol=0, atol=1e-12)


def test_the_known_online_run_on_which_the_closed_form_leaves_ottt() -> None:
    ends = {}
    for form, blocks, more in (
        ("OTTT", fast.ottt_blocks, {}),
        ("recurrence", fast.saf_e_blocks, {"form": "recurrence"}),
        ("closed", fast.saf_e_blocks, {}),
    ):
        net = fast.Net([np.array([[0.5]])], [np.zeros(1)], 0.5, 1.0)
        slope = fast.in_place_slope("tri", 1.0)
        for g in blocks(net, np.ones((1, 1)), np.ones((1, 1)), slope, squared_error, T=3, **more):
            net.W[0][...] -= g.W[0] / 2
            net.b[0][...] -= g.b[0] / 2
        ends[form] = (net.W[0].item(), net.b[0].item())
    assert ends["OTTT"] == pytest.approx((13 / 16, 5 / 16), abs=1e-15)
    assert ends["recurrence"] == pytest.approx((13 / 16, 5 / 16), abs=1e-15)
    assert ends["closed"] == pytest.approx((7 / 9, 5 / 18), abs=1e-15)


@pytest.mark.parametrize("readout", [False, True])
@pytest.mark.parametrize("static", [False, True])
def test_convolution_with_average_pooling_is_the_matrix_it_stands_for(readout, static) -> None:
    rng = np.random.default_rng(4)
    kernels = [rng.integers(-4, 6, shape).astype(float) / 16 for shape in ((2, 1, 3, 3), (3, 2, 2, 2))]
    convs = [Convolution(kernels[0], 5, 4, padding=1), Convolution(kernels[1], 5, 4, pool=2)]
    dense = rng.integers(-4, 6, (2, convs[1].shape[0])).astype(float) / 16
    b = [rng.integers(3, 8, n).astype(float) / 16 for n in (convs[0].shape[0], convs[1].shape[0], 2)]
    x = rng.integers(0, 9, (4, 3, 20)).astype(float) / 8
    y = np.eye(2)[[0, 1, 1]]
    data = {"x": x[0] if static else x, "y": y, "loss_grad": squared_error, "T": 4}
    slope = fast.in_place_slope("sigmoid", 1.0)
    with_kernels = fast.Net([*convs, dense], b, 1.0, 1.0, readout)
    matrices = fast.Net([*(conv.matrix() for conv in convs), dense], b, 1.0, 1.0, readout)
    still = x[0]
    for found, expected in (
        (fast.ottt(with_kernels, slope=slope, **data), fast.ottt(matrices, slope=slope, **data)),
        (fast.saf_e(with_kernels, slope=slope, **data), fast.saf_e(matrices, slope=slope, **data)),
        (fast.bptt(with_kernels, slope=slope, **data), fast.bptt(matrices, slope=slope, **data)),
        (fast.saf_f(with_kernels, slope=slope, **data), fast.saf_f(matrices, slope=slope, **data)),
        (
            fast.spike_representation(with_kernels, still, y, squared_error),
            fast.spike_representation(matrices, still, y, squared_error),
        ),
    ):
        assert all(g.any() for g in expected.W)
        for conv, g, full in zip(convs, found.W, expected.W, strict=False):
            for entry in np.ndindex(conv.entries.shape):  # the sum over the places where a kernel's entry stands
                unit = np.zeros_like(conv.entries)
                unit[entry] = 1
                assert g[entry] == pytest.approx(np.sum(full * conv.with_entries(unit).matrix()), abs=1e-12)
        for mine, theirs in zip((found.W[2], *found.b), (expected.W[2], *expected.b), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("neurons", ["lif", "saf"])
@pytest.mark.parametrize("static", [False, True])
def test_spikes_that_are_certain_are_fired_in_floats_of_any_weights(dtype, neurons, static) -> None:
    rng = np.random.default_rng(5)
    W = [rng.normal(0, 0.5, shape).astype(dtype) for shape in ((20, 8), (20, 20), (5, 20))]
    b = [rng.normal(0.1, 0.1, len(w)).astype(dtype) for w in W]
    T, lam = 12, 0.5
    x = rng.random((T, 8)).astype(dtype)
    x = np.repeat(x[:1], T, axis=0) if static else x
    seen = certified_lif(W, b, x, lam, 1.0)
    # a layer's own error is bounded by E; another order of the same sums, and the factor Λ_t of a static SAF input, is
    # within four of them. Whoever depends on an uncertain spike is uncertain in `certified` already.
    sure = [np.abs(a) > 4 * e for a, e in zip(seen.argument[1:], seen.error[1:], strict=True)]
    assert np.mean(np.concatenate([s.ravel() for s in sure])) > 0.9
    rates = fast.spiking_rates(fast.Net(W, b, lam, 1.0), (x[:1] if static else x[:, None]).astype(dtype), T=T, neurons=neurons)
    weights = 0.5 ** np.arange(T - 1, -1, -1)
    compared = 0
    for trace, count, s, certain in zip(rates.traces, rates.counts, seen.s[1:], sure, strict=True):
        assert trace.dtype == dtype
        whole = certain.all(axis=0)  # a trace in binary is the whole spike train
        compared += whole.sum()
        assert np.array_equal(trace[0][whole], (weights @ s)[whole].astype(dtype))
        assert np.array_equal(count[0][whole], s.sum(axis=0)[whole])
    assert compared > 30


def test_float32_stays_float32_and_float64_losses_do_not_widen_it() -> None:
    both = Both(*CASES[3], dtype=np.float32)
    data = both.data | {"loss_grad": lambda o, y: (o - y).astype(np.float64)}
    pairs = [fast.ottt(both.net, slope=both.slope, **data), fast.saf_e(both.net, slope=both.slope, **data)]
    pairs += [fast.bptt(both.net, slope=both.slope, **data), fast.saf_f(both.net, slope=both.slope, **data)]
    pairs += [fast.spike_representation(both.net, data["x"][0], data["y"], data["loss_grad"])]
    assert all(g.dtype == np.float32 for pair in pairs for g in (*pair.W, *pair.b))


def test_the_slopes_are_those_of_the_library() -> None:
    x = np.linspace(-3, 3, 601)
    for name in ("tri", "rect", "sigmoid"):
        for th in (0.5, 1.0, 2.0):
            mine = fast.in_place_slope(name, th)(x.copy())
            # 1 - tanh² and 4q(1 - q) cancel, each to a few units of 2^-53 of 1; the others are at most 1/th
            budget = 3e-15 if name == "sigmoid" else 5e-16 / th
            np.testing.assert_allclose(mine, surrogate(name, th)(x), rtol=0, atol=budget)


def test_cross_entropy_through_a_readout() -> None:
    both = Both(*CASES[3])
    training = {name: value.astype(float) for name, value in both.exact.items() if name == "x"}
    training |= {"W": both.net.W, "b": both.net.b, "lam": 0.5, "th": 2.0, "y": both.data["y"], "readout": True}
    training |= {"surrogate": surrogate("sigmoid", 2.0), "loss_grad": cross_entropy}
    expected = ottt_gradients(**training).total
    found = fast.ottt(both.net, **both.data | {"loss_grad": cross_entropy}, slope=fast.in_place_slope("sigmoid", 2.0))
    for mine, theirs in zip((*found.W, *found.b), (*expected.W, *expected.b), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-13)


def test_bad_input_is_named() -> None:
    both = Both(*CASES[0])
    net, x, y = both.net, both.data["x"], both.data["y"]
    call = {"slope": both.slope, "loss_grad": squared_error}
    with pytest.raises(ValueError, match="T must be given for a static x"):
        fast.ottt(net, x[0], y, **call)
    with pytest.raises(ValueError, match="len\\(x\\)"):
        fast.ottt(net, x, y, T=5, **call)
    with pytest.raises(ValueError, match="x must have shape"):
        fast.saf_e(net, x[:, :, :2], y, **call)
    with pytest.raises(ValueError, match="x must be float64"):
        fast.saf_e(net, x.astype(np.float32), y, **call)
    for bad in (np.nan, np.inf, -np.inf):
        broken = x.copy()
        broken[1, 1, 1] = bad
        with pytest.raises(ValueError, match="not finite"):
            fast.bptt(net, broken, y, **call)
        with pytest.raises(ValueError, match="not finite"):
            fast.Net([np.full((1, 1), bad)], [np.zeros(1)], 0.5, 1.0)
    with pytest.raises(ValueError, match="block"):
        fast.ottt(net, x, y, block=0, **call)
    with pytest.raises(ValueError, match="shape of o"):
        fast.saf_f(net, x, y, lambda o, y: 0.0, both.slope)
    for method, change in ((fast.ottt, {"bias": "none"}), (fast.saf_e, {"bias": "none"}), (fast.saf_e, {"form": "open"})):
        with pytest.raises(ValueError, match=f"{next(iter(change))} must be .* or .*, got"):
            method(net, x, y, **call, **change)
    for change in ({"neurons": "relu"}, {"form": "open"}):
        with pytest.raises(ValueError, match=f"{next(iter(change))} must be .* or .*, got"):
            fast.spiking_rates(net, x, **change)
    with pytest.raises(ValueError, match="derivative"):
        fast.saf_f(net, x, y, squared_error)
    with pytest.raises(ValueError, match="two layers"):
        fast.Net([np.ones((1, 1))], [np.zeros(1)], 0.5, 1.0, readout=True)
    with pytest.raises(ValueError, match="do not fit"):
        fast.Net([np.ones((2, 1)), np.ones((1, 3))], [np.zeros(2), np.zeros(1)], 0.5, 1.0)
    with pytest.raises(ValueError, match="float32 or float64"):
        fast.Net([np.ones((1, 1), dtype=int)], [np.zeros(1)], 0.5, 1.0)
    with pytest.raises(ValueError, match="numpy arrays"):
        fast.Net([[[1.0]]], [[0.0]], 0.5, 1.0)
    with pytest.raises(ValueError, match="numpy array, got list"):
        fast.ottt(net, x.tolist(), y, **call)
    with pytest.raises(ValueError, match="leak"):
        fast.Net([np.ones((1, 1))], [np.zeros(1)], 1.5, 1.0)
    with pytest.raises(ValueError, match="surrogate"):
        fast.in_place_slope("step", 1.0)
    with pytest.raises(ValueError, match="positive"):
        fast.in_place_slope("tri", 0.0)
