"""Convolution with average pooling is the matrix it stands for, in exact arithmetic, forward and in every gradient."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.common.convolution import Convolution
from bounds.common.spikes import lif_forward, saf_forward, saf_to_lif
from bounds.spike_accumulation import (
    bptt_gradients,
    certified_lif,
    online_run,
    ottt_gradients,
    saf_e_gradients,
    saf_f_gradients,
    sr_gradients,
    surrogate,
)
from bounds.spike_accumulation.gradients import squared_error

KINDS = [
    {"height": 3, "width": 4, "stride": 1, "padding": 1, "pool": 1, "k": 3},
    {"height": 5, "width": 4, "stride": 2, "padding": 0, "pool": 1, "k": 2},
    {"height": 7, "width": 6, "stride": 1, "padding": 1, "pool": 3, "k": 2},
    {"height": 6, "width": 6, "stride": 2, "padding": 1, "pool": 2, "k": 3},
]


def eighths(rng, *shape) -> np.ndarray:
    return rng.integers(-6, 12, shape).astype(object) * Fraction(1, 8)


def convolution(rng, k: int, channels: tuple[int, int] = (2, 2), **kind) -> Convolution:
    return Convolution(eighths(rng, channels[1], channels[0], k, k), **kind)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_loop_over_positions_and_taps(kind) -> None:
    rng = np.random.default_rng(0)
    conv = convolution(rng, **kind)
    s = eighths(rng, conv.shape[1])
    maps, p, k = s.reshape(2, kind["height"], kind["width"]), kind["pool"], kind["k"]
    rows, columns = conv.map_out
    slow = np.empty((2, rows, columns), dtype=object)
    for o, r, c in np.ndindex(2, rows, columns):
        total = Fraction(0)
        for i, q, w in np.ndindex(2, k, k):
            y, x = r * kind["stride"] + q - kind["padding"], c * kind["stride"] + w - kind["padding"]
            if 0 <= y < kind["height"] // p and 0 <= x < kind["width"] // p:
                total += conv.entries[o, i, q, w] * sum(maps[i, y * p : (y + 1) * p, x * p : (x + 1) * p].ravel()) / p**2
        slow[o, r, c] = total
    assert conv.apply(s).tolist() == slow.ravel().tolist()
    assert (conv.matrix() @ s).tolist() == conv.apply(s).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_back_is_the_transpose_and_outer_its_derivative(kind) -> None:
    rng = np.random.default_rng(1)
    conv = convolution(rng, **kind)
    a, e = eighths(rng, 2, conv.shape[1]), eighths(rng, 2, conv.shape[0])
    assert conv.back(e).tolist() == (e @ conv.matrix()).tolist()
    dense, shared = e.T @ a, conv.outer(e, a)
    for index in list(np.ndindex(*conv.entries.shape))[::3]:
        unit = np.full(conv.entries.shape, Fraction(0))
        unit[index] = Fraction(1)
        assert (dense * conv.with_entries(unit).matrix()).sum() == shared[index]
    assert all(isinstance(v, Fraction) for v in (*conv.back(e).ravel(), *shared.ravel()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_convolutional_network_trains_like_its_dense_twin(kind) -> None:
    rng, half = np.random.default_rng(2), Fraction(1, 2)
    conv = convolution(rng, **kind)
    n = conv.shape[0]
    W, b = [conv, eighths(rng, 2, n) / 2], [conv.bias(eighths(rng, 2)), eighths(rng, 2)]
    dense = [conv.matrix(), W[1]]
    x = np.abs(eighths(rng, 3, conv.shape[1])) / 4
    rest = {"b": b, "x": x, "lam": half, "th": 1}
    train = {**rest, "y": [1, 0], "loss_grad": squared_error}
    tri = surrogate("tri", 1)
    for forward in (lif_forward, saf_forward):
        for layers, twins in zip(forward(W, **rest), forward(dense, **rest), strict=True):
            assert [v.tolist() for v in layers if v is not None] == [v.tolist() for v in twins if v is not None]
    Uhat, ahat, _, _ = saf_forward(W, **rest)
    for found, true in zip(saf_to_lif(Uhat, ahat, half, 1), lif_forward(W, **rest), strict=True):
        assert [v.tolist() for v in found[1:]] == [v.tolist() for v in true[1:]]
    assert any(s.any() for s in lif_forward(W, **rest)[1][1:])
    for method in (
        lambda W: ottt_gradients(W, **train, surrogate=tri).total,
        lambda W: saf_e_gradients(W, **train, surrogate=tri).total,
        lambda W: bptt_gradients(W, **train, surrogate=tri),
        lambda W: saf_f_gradients(W, **train, derivative="matched"),
        lambda W: sr_gradients(W, b, x[0], [1, 0], 1, squared_error),
    ):
        ours, twin = method(W), method(dense)
        for index in list(np.ndindex(*conv.entries.shape))[::7]:
            unit = np.full(conv.entries.shape, Fraction(0))
            unit[index] = Fraction(1)
            assert (twin.W[0] * conv.with_entries(unit).matrix()).sum() == ours.W[0][index]
        assert ours.W[1].tolist() == twin.W[1].tolist()
        assert ours.b[0].tolist() == twin.b[0].tolist()
        assert conv.per_channel(ours.b[0]).tolist() == [v.sum() for v in twin.b[0].reshape(2, -1)]


def test_online_runs_and_certificates_take_convolutions() -> None:
    rng = np.random.default_rng(3)
    conv = convolution(rng, **KINDS[3])
    x = np.abs(eighths(rng, 3, conv.shape[1]))
    b = [conv.bias([0, 0])]
    run = online_run(
        "ottt", [conv], b, x, [1] * conv.shape[0], Fraction(1, 2), 1, surrogate("tri", 1), squared_error, Fraction(1, 4)
    )
    assert run.W[-1][0].entries.shape == conv.entries.shape
    floats = conv.with_entries(conv.entries.astype(float))
    found = certified_lif([floats], [b[0].astype(float)], x.astype(float), 0.5, 1.0)
    exact = lif_forward([conv], b, x, Fraction(1, 2), 1)[1][1]
    assert found.certified[1].mean() > 0.9
    assert np.array_equal(found.s[1][found.certified[1]], exact[found.certified[1]].astype(float))


@pytest.mark.parametrize(
    ("kernel", "kind", "words"),
    [
        ((1, 1, 2), {"height": 3, "width": 3}, "kernel must have shape"),
        ((1, 1, 4, 4), {"height": 3, "width": 3}, "does not fit"),
        ((1, 1, 2, 2), {"height": 3, "width": 3, "stride": 0}, "must be positive"),
    ],
)
def test_a_kernel_that_does_not_fit_is_refused(kernel, kind, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Convolution(np.ones(kernel), **kind)
