from fractions import Fraction

import numpy as np
import pytest

from bounds.common.convolution import Convolution
from bounds.synaptic_penalty import (
    average_pool_fanout,
    conv_fanout_1d,
    conv_fanout_2d,
    conv_output_size,
    event_driven_layer,
    opposite_order_pair,
    penalty_gradient,
    skip_fanout,
    synaptic_penalty,
)
from bounds.synaptic_penalty.count_penalty_ratio import Choices, limit, mean_spread
from bounds.synaptic_penalty.own_network import fanout

F = Fraction


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        ((8, 3, 1, 1), [2, 3, 3, 3, 3, 3, 3, 2]),
        ((8, 3, 2, 1), [1, 2, 1, 2, 1, 2, 1, 1]),
        ((7, 5, 3, 2), [1, 2, 2, 1, 2, 2, 1]),
        ((7, 3, 2, 0), [1, 1, 2, 1, 2, 1, 1]),
        ((9, 3, 1, 2, 2), [2, 2, 3, 3, 3, 3, 3, 2, 2]),
    ],
)
def test_golden_fanouts(arguments, counts):
    assert conv_fanout_1d(*arguments).tolist() == counts


def test_golden_total_of_an_eight_by_eight_map():
    assert conv_fanout_2d((1, 8, 8), 8, 3, padding=1).sum() == 3872
    assert 8 * 9 * 64 == 4608  # what a constant fan-out says: 19 % more


def test_the_counterexamples_number_by_number():
    corner, site = np.zeros((1, 8, 8), int), np.zeros((1, 8, 8), int)
    corner[0, 0, 0] = site[0, 3, 3] = 1
    kernel = np.ones((4, 1, 3, 3), int)
    assert event_driven_layer(corner, kernel, padding=1)[1] == 16
    assert event_driven_layer(site, kernel, stride=2, padding=1)[1] == 16
    assert conv_fanout_1d(8, 3, 1, 1).sum() == 22
    assert conv_output_size(8, 3, 1, 1) * 3 == 24
    assert conv_fanout_1d(4, 1, 2)[1] == 0
    assert conv_fanout_1d(1, 5, 1, 2).sum() == 1
    assert synaptic_penalty([np.full((1, 1, 1), F(1, 2))], [[F(1)]], 2) * 2 == F(1, 4)


def test_a_convolution_of_torch_reads_each_site_as_often_as_its_fanout_says():
    torch = pytest.importorskip("torch")
    for n, k, s, pad, d, groups in [(7, 3, 1, 1, 1, 1), (8, 3, 2, 1, 1, 2), (9, 2, 3, 2, 2, 2), (6, 1, 2, 0, 1, 1)]:
        x = torch.zeros(1, 4, n, n, dtype=torch.float64, requires_grad=True)
        layer = torch.nn.Conv2d(4, 6, k, s, pad, d, groups, bias=False, dtype=torch.float64)
        torch.nn.init.ones_(layer.weight)
        layer(x).sum().backward()
        found = conv_fanout_2d((4, n, n), 6, k, s, pad, d, groups)
        assert found.tolist() == x.grad[0].numpy().astype(int).tolist()


def test_events_add_up_to_the_dense_layer_on_real_sizes():
    rng = np.random.default_rng(0)
    spikes, kernel = (rng.random((4, 12, 12)) < 0.2).astype(int), rng.integers(-9, 9, (6, 2, 3, 3))
    _, operations = event_driven_layer(spikes, kernel, stride=2, padding=1, groups=2)
    psi = conv_fanout_2d((4, 12, 12), 6, 3, 2, 1, groups=2)
    assert operations == (psi * spikes).sum() == synaptic_penalty([spikes.reshape(1, 1, -1)], [psi.ravel()])


def test_pooling_and_skips():
    psi = average_pool_fanout(conv_fanout_2d((2, 3, 3), 4, 3, padding=1), 2, (7, 6))
    assert psi.shape == (2, 7, 6)
    assert psi[:, 6].sum() == 0
    assert psi[0, 0, 0] == psi[0, 1, 1] == 16
    assert skip_fanout((2, 3, 3)).sum() == 18
    assert skip_fanout((1, 4, 4), "projection", 5, 2).sum() == 20


def test_penalties_of_the_three_kinds():
    spikes = [np.ones((2, 3, 4)), np.ones((2, 3, 5))]
    psi = [np.full(4, 7), np.full(5, 2)]
    assert [synaptic_penalty(spikes, psi, 1, kind) for kind in ("syn", "tot", "bal")] == pytest.approx([114, 27, 6])
    assert penalty_gradient([np.zeros((2, 1, 1))], [np.array([6])])[0].tolist() == [[[3.0]], [[3.0]]]
    assert penalty_gradient([np.zeros((2, 1, 1))], [np.array([6])], p=2)[0].tolist() == [[[0.0]], [[0.0]]]


def test_opposite_orders():
    r, other = opposite_order_pair(np.array([1, 1]), np.array([10, 1]))
    assert (r, other) == ([F(2, 11), 0], [0, 1])
    r, other = opposite_order_pair([0.5, 1.5, 1.0], [3, 2, 1])
    assert sum(a * b for a, b in zip([F(1, 2), F(3, 2), 1], r, strict=True)) < sum(
        a * b for a, b in zip([F(1, 2), F(3, 2), 1], other, strict=True)
    )
    assert sum(a * b for a, b in zip([3, 2, 1], r, strict=True)) > sum(a * b for a, b in zip([3, 2, 1], other, strict=True))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conv_output_size(2, 5), "a kernel of 5 with dilation 1 does not fit on 2 sites with padding 0"),
        (lambda: conv_output_size(8, 3, 0), "stride must be at least 1, got 0"),
        (lambda: conv_output_size(8, 3, padding=-1), "padding must not be negative, got -1"),
        (lambda: conv_fanout_2d((3, 8, 8), 4, 3, groups=2), "groups must divide C_in = 3 and C_out = 4, got 2"),
        (lambda: average_pool_fanout(np.ones((1, 2, 2)), 2, (6, 6)), r"psi_conv must have shape \(C, 3, 3\), got \(1, 2, 2\)"),
        (lambda: skip_fanout((1, 2, 2), "dense"), 'kind must be "identity" or "projection"'),
        (lambda: skip_fanout((1, 2, 2), "projection"), "a projection needs C_out >= 1"),
        (lambda: event_driven_layer([2], [[1]]), "spikes must be 0 or 1"),
        (lambda: event_driven_layer([1, 0], [[1]]), r"weights must have shape \(n_out, 2\), got \(1, 1\)"),
        (lambda: event_driven_layer([1], [[1]], pool=2), r'pooling is "average" or "max" of maps'),
        (lambda: event_driven_layer(np.ones((1, 2, 2)), np.ones((1, 1, 1, 1)), pooling="sum"), "got 'sum' and 1"),
        (lambda: event_driven_layer(np.ones((1, 2, 2)), np.ones((1, 1, 1, 1)), pool=3), "n must be at least 1"),
        (lambda: event_driven_layer([1], [[1]], [1, 2]), r"bias must have shape \(1,\), got \(2,\)"),
        (lambda: event_driven_layer(np.zeros((2, 4, 4)), np.zeros((3, 1, 3, 3))), "weights must have shape"),
        (lambda: synaptic_penalty([np.ones((1, 1, 2))], [np.ones(3)]), r"spikes\[0\] must have shape \(B, T, n\)"),
        (lambda: synaptic_penalty([np.ones((1, 1, 2))], [np.ones(2)], p=0), "p must be positive, got 0"),
        (lambda: synaptic_penalty([np.ones((1, 1, 2))], [np.ones(2)], kind="sum"), 'kind must be "syn", "tot" or "bal"'),
        (lambda: opposite_order_pair([1, 2], [2, 4]), "w and psi are proportional"),
        (lambda: opposite_order_pair([1, 0], [2, 4]), "w and psi must be positive, of one length"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_sums_of_narrow_weights_do_not_wrap():
    spikes, ones = np.ones(300, int), np.ones((1, 300), int)
    for dtype in (np.int8, np.uint8, bool):
        potentials, operations = event_driven_layer(spikes, ones.astype(dtype), np.array([7], np.int8))
        assert (potentials.tolist(), operations) == ([307], 300)


def test_samples_are_counted_once_for_all_layers():
    with pytest.raises(ValueError, match="every layer must have the same batch, got 2 samples and, in layer 1, 1"):
        synaptic_penalty([np.ones((2, 3, 4)), np.ones((1, 3, 4))], [np.ones(4), np.ones(4)])


def test_the_count_is_free_of_p_also_between_the_integers():
    spikes = [np.array([[[0, 1, 1]], [[1, 0, 0]]])]
    for p in (0.25, 1 / 2, 1, 1.7, 4):
        assert p * synaptic_penalty(spikes, [np.array([5, 0, 3])], p) == pytest.approx((3 + 5) / 2, rel=1e-15)


def test_below_one_the_gradient_is_singular_at_silence_unless_the_spike_is_free():
    slope = penalty_gradient([np.array([[[0, 1, 0]]])], [np.array([3, 2, 0])], 0.5)[0]
    assert slope.tolist() == [[[np.inf, 2.0, 0.0]]]


def test_a_full_cell_of_max_pooling_costs_a_quarter_and_an_identity_skip_one_operation_a_spike():
    cell, kernel = np.ones((1, 2, 2), int), np.ones((5, 1, 1, 1), int)
    psi = average_pool_fanout(conv_fanout_2d((1, 1, 1), 5, 1), 2, (2, 2))
    after_or = event_driven_layer(cell.max(axis=(1, 2), keepdims=True), kernel)[1]
    assert (psi * cell).sum() == 4 * after_or == 20
    assert ((psi + skip_fanout((1, 2, 2))) * cell).sum() - (psi * cell).sum() == cell.sum()


@pytest.mark.parametrize("stride", [1, 2])
def test_pooled_walks_give_the_potentials_of_the_pooled_convolution_and_the_counts_of_the_fanout(stride):
    rng = np.random.default_rng(4)
    spikes, kernel = rng.integers(0, 2, (2, 7, 6)), rng.integers(-3, 4, (3, 2, 2, 2))
    fused = Convolution(kernel.astype(float), 7, 6, stride=stride, padding=1, pool=2)
    potentials, operations = event_driven_layer(spikes, kernel, stride=stride, padding=1, pool=2)
    np.testing.assert_array_equal(potentials.ravel(), 4 * fused.apply(spikes.ravel().astype(float)))
    assert operations == fanout(fused) @ spikes.ravel()
    cells = spikes[:, :6].reshape(2, 3, 2, 3, 2).max(axis=(2, 4))
    by_cells = event_driven_layer(cells, kernel, stride=stride, padding=1)
    found = event_driven_layer(spikes, kernel, stride=stride, padding=1, pool=2, pooling="max")
    np.testing.assert_array_equal(found[0], by_cells[0])
    assert found[1] == by_cells[1] < operations


@pytest.mark.parametrize("seed", range(12))
def test_the_penalty_of_a_random_architecture_is_its_walk(seed):
    """Maps through pooling into a convolution (stride, padding, dilation, groups) and along a skip; then a dense layer."""
    rng = np.random.default_rng(seed)
    groups, q, stride, dilation = (int(v) for v in rng.integers(1, 3, 4))
    kernel, padding, H, W = (int(v) for v in (rng.integers(1, 4), rng.integers(0, 3), *rng.integers(8, 13, 2)))
    maps, hidden = rng.integers(0, 2, (3, 4, H, W)), rng.integers(0, 2, (3, 20))  # three steps
    shape = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    psi = average_pool_fanout(conv_fanout_2d((4, H // q, W // q), 6, kernel, **shape), q, (H, W))
    weights = np.ones((6, 4 // groups, kernel, kernel), dtype=int)
    if seed % 2:
        psi = psi + skip_fanout((4, H, W), "projection", 6, stride)
        skip, along = np.ones((6, 4, 1, 1), dtype=int), {"stride": stride}
    else:
        psi = psi + skip_fanout((4, H, W))
        skip, along = np.ones((4, 1, 1, 1), dtype=int), {"groups": 4}
    walked = sum(
        event_driven_layer(s, weights, pool=q, **shape)[1]
        + event_driven_layer(s, skip, **along)[1]
        + event_driven_layer(h, np.ones((10, 20), dtype=int))[1]
        for s, h in zip(maps, hidden, strict=True)
    )
    omega = synaptic_penalty([maps.reshape(1, 3, -1), hidden[None]], [psi.ravel(), np.full(20, 10)])
    assert omega == walked > 0


def test_skips_are_walked_as_convolutions():
    rng = np.random.default_rng(5)
    spikes = rng.integers(0, 2, (3, 5, 4))
    potentials, operations = event_driven_layer(spikes, np.ones((3, 1, 1, 1), dtype=int), groups=3)
    np.testing.assert_array_equal(potentials, spikes)
    assert operations == (skip_fanout(spikes.shape) * spikes).sum() == spikes.sum()
    projection = rng.integers(-3, 4, (5, 3, 1, 1))
    potentials, operations = event_driven_layer(spikes, projection, stride=2)
    np.testing.assert_array_equal(potentials, np.einsum("oc,chw->ohw", projection[:, :, 0, 0], spikes[:, ::2, ::2]))
    assert operations == (skip_fanout(spikes.shape, "projection", 5, 2) * spikes).sum()


def test_the_examples_of_weights_that_are_not_the_fanout():
    psi = np.array([7] + [1] * 13)
    options = np.zeros((2, 14), int)
    options[0, 0], options[1, 1] = 10, 11
    x = Choices(psi, options)
    assert F(x.selected, int(x.energies.min())) == F(70, 11) > mean_spread(x) == F(10, 7)
    assert x.selected <= limit(x).lo
    widths = {"syn": [40, 10], "bal": [1 / 40, 1 / 40]}
    spikes = [[np.eye(1, n).reshape(1, 1, n) * (layer == l) for l, n in enumerate((40, 40))] for layer in range(2)]
    psi = [np.full(40, 40), np.full(40, 10)]
    for kind, values in widths.items():
        assert [synaptic_penalty(s, psi, 1, kind) for s in spikes] == pytest.approx(values)
    assert [widths["syn"][l] / widths["bal"][l] for l in range(2)] == [1600, 400]


def test_orders_are_opposite_on_pairs_of_any_size_and_finite_numbers_only():
    rng = np.random.default_rng(0)
    for n in range(2, 7):
        w, psi = rng.integers(1, 9, n), rng.integers(1, 9, n)
        if len({F(int(a), int(b)) for a, b in zip(w, psi, strict=True)}) == 1:
            continue
        r, other = opposite_order_pair(w, psi)
        assert all(0 <= v <= 1 for v in (*r, *other))
        assert sum(int(a) * (x - y) for a, x, y in zip(w, r, other, strict=True)) < 0
        assert sum(int(a) * (x - y) for a, x, y in zip(psi, r, other, strict=True)) > 0
    with pytest.raises(ValueError, match="a finite number or a decimal string is needed, got inf"):
        opposite_order_pair([1.0, np.inf], [1, 2])


def test_fanouts_by_pushing_each_site_through_every_output():
    """Integers and dictionaries alone, over all small geometries."""
    from math import gcd

    for n in range(1, 8):
        for k in range(1, 5):
            for s in range(1, 4):
                for pad in range(3):
                    for d in range(1, 4):
                        last = n + 2 * pad - d * (k - 1)
                        if last < 1:
                            continue
                        starts = range(0, last, s)
                        seen = [[start + d * q - pad for q in range(k)] for start in starts]
                        expected = [sum(row.count(i) for row in seen) for i in range(n)]
                        assert conv_fanout_1d(n, k, s, pad, d).tolist() == expected
                        assert max(expected) <= -(-k * gcd(s, d) // s)


def test_the_bound_of_a_site_is_attained_by_every_kernel_stride_and_dilation():
    """The claim's other entries are identities, so that both sides meet there whatever the bound is."""
    from bounds.synaptic_penalty.convolution_fanout import Axis1D, sharp

    for k in range(1, 6):
        for s in range(1, 5):
            for d in range(1, 5):
                roomy = Axis1D(4 * d * k, k, s, d * k, d)
                assert roomy.walked[0].max() == sharp(roomy)
