"""The LSTM itself: golden step, a scalar program written from the definition, gradients, layouts, files, sentences."""

import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bounds.common.lstm import (
    LSTMNet,
    bptt_layers,
    fingerprint,
    formula_net,
    from_arrays,
    from_keras,
    from_pytorch,
    load,
    lstm_step,
    random_net,
    run,
    run_layers,
    sigmoid,
    sigmoid_slope,
    tanh_slope,
    to_keras,
    to_pytorch,
)

G1 = formula_net(2, 1, 0.5, 0.3, 0.3, 0)
STACK = (random_net(1, 3, 2, 0.9, 0.7, 0.3, 0.5), random_net(2, 2, 3, 0.9, 0.7, 0.3, 0.0))


def scalar_step(net: LSTMNet, c: list[float], h: list[float], u: list[float]) -> tuple[list[float], list[float]]:
    """The definition with `math` and loops; shares nothing with the vectorised program."""

    def gate(g: int, j: int) -> float:
        a = net.b[g, j] + sum(net.W[g, j, l] * u[l] for l in range(net.m)) + sum(net.U[g, j, k] * h[k] for k in range(net.n))
        return math.tanh(a) if g == 3 else 1 / (1 + math.exp(-a))

    new = [gate(0, j) * c[j] + gate(1, j) * gate(3, j) for j in range(net.n)]
    return new, [gate(2, j) * math.tanh(new[j]) for j in range(net.n)]


def test_golden_step_of_g1() -> None:
    c, h = lstm_step(G1, np.array([0.1, -0.2]), np.array([0.05, 0.3]), np.array([0.7]))
    np.testing.assert_allclose(c, [-0.15211836537806223, 0.0024452134810867138], rtol=1e-14)
    np.testing.assert_allclose(h, [-0.07121658218686859, 0.0013900044689347426], rtol=1e-13)


def test_two_layers_over_a_batch_agree_with_the_definition() -> None:
    rng = np.random.default_rng(0)
    u = rng.standard_normal((5, 4, 2))
    tapes = run_layers(STACK, [np.zeros((4, 3)), np.zeros((4, 2))], [np.zeros((4, 3)), np.zeros((4, 2))], u)
    for k in range(4):
        states: list[tuple[list[float], list[float]]] = [([0.0] * 3, [0.0] * 3), ([0.0] * 2, [0.0] * 2)]
        for t in range(5):
            feed = list(u[t, k])
            for l, net in enumerate(STACK):
                states[l] = scalar_step(net, *states[l], feed)
                feed = states[l][1]
        np.testing.assert_allclose(tapes[1].h[-1, k], states[1][1], atol=1e-14)
        np.testing.assert_allclose(tapes[0].c[-1, k], states[0][0], atol=1e-14)


def test_gradients_through_two_layers_agree_with_central_differences() -> None:
    rng = np.random.default_rng(3)
    u, weight = rng.standard_normal((7, 3, 2)), rng.standard_normal((7, 3, 2))
    starts = [rng.standard_normal((3, net.n)) for net in STACK for _ in range(2)]

    def loss(nets: tuple[LSTMNet, ...], start: list[np.ndarray], u: np.ndarray) -> float:
        return float(np.sum(weight * run_layers(nets, start[::2], start[1::2], u)[-1].h[1:]))

    gradients = bptt_layers(STACK, run_layers(STACK, starts[::2], starts[1::2], u), weight)
    for l, net in enumerate(STACK):
        for name in ("W", "U", "b"):
            value = getattr(net, name)
            for where in list(np.ndindex(value.shape))[::3]:
                ends = []
                for step in (1e-6, -1e-6):
                    moved = {k: getattr(net, k).copy() for k in ("W", "U", "b")}
                    moved[name][where] += step
                    ends.append(loss((*STACK[:l], LSTMNet(**moved), *STACK[l + 1 :]), starts, u))
                assert getattr(gradients[l], name)[where] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)
    for position, gradient in ((0, gradients[0].c), (1, gradients[0].h), (2, gradients[1].c), (3, gradients[1].h)):
        step = np.zeros((3, STACK[position // 2].n))
        step[1, 0] = 1e-6
        ends = [
            loss(STACK, [s + sign * step * (k == position) if k == position else s for k, s in enumerate(starts)], u)
            for sign in (1, -1)
        ]
        assert gradient[1, 0] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)
    step = np.zeros_like(u)
    step[2, 1, 1] = 1e-6
    assert gradients[0].u[2, 1, 1] == pytest.approx(
        (loss(STACK, starts, u + step) - loss(STACK, starts, u - step)) / 2e-6, abs=1e-8
    )


def test_activations_keep_their_tails() -> None:
    z = np.array([-700.0, -40.0, -1.0, 0.0, 1.0, 40.0, 700.0])
    np.testing.assert_allclose(sigmoid(z), [math.exp(-abs(x)) ** (x < 0) / (1 + math.exp(-abs(x))) for x in z], rtol=1e-15)
    assert sigmoid_slope(0.0) == 0.25
    assert tanh_slope(0.0) == 1.0
    assert tanh_slope(30.0) == pytest.approx(1 / math.cosh(30.0) ** 2, rel=1e-14)
    assert sigmoid_slope(-90.0) == pytest.approx(math.exp(-90.0), rel=1e-14)
    assert np.array_equal(sigmoid(np.array([-1e5, 1e5])), [0.0, 1.0])


def test_layouts_come_back_unchanged_and_name_the_right_gate() -> None:
    for net, again in zip(STACK, from_pytorch(to_pytorch(STACK)), strict=True):
        assert all(np.array_equal(getattr(net, k), getattr(again, k)) for k in ("W", "U", "b"))
    again = from_keras(**to_keras(G1))
    assert all(np.array_equal(getattr(G1, k), getattr(again, k)) for k in ("W", "U", "b"))
    torch_bias = np.arange(8.0)  # n = 2: i, f, g, o
    [net] = from_pytorch(
        {"weight_ih_l0": np.zeros((8, 1)), "weight_hh_l0": np.zeros((8, 2)), "bias_ih_l0": torch_bias, "bias_hh_l0": torch_bias}
    )
    assert net.b.tolist() == [[4, 6], [0, 2], [12, 14], [8, 10]]
    assert from_keras(np.zeros((1, 8)), np.zeros((2, 8)), torch_bias).b.tolist() == [[2, 3], [0, 1], [6, 7], [4, 5]]


def test_files_of_both_kinds_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "torch.npz", **{f"lstm.{k}": v for k, v in to_pytorch(STACK).items()}, head=np.zeros(3))
    save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in to_pytorch(STACK).items()}, tmp_path / "a.safetensors")
    np.savez(tmp_path / "keras.npz", **{f"lstm/lstm_cell/{k}:0": v for k, v in to_keras(G1).items()})
    assert fingerprint(load(tmp_path / "torch.npz")) == fingerprint(STACK)
    np.testing.assert_allclose(load(tmp_path / "a.safetensors")[1].U, STACK[1].U, rtol=1e-6)
    assert fingerprint(load(tmp_path / "keras.npz")) == fingerprint(G1)


def test_fingerprint_sees_one_ulp_and_the_shape() -> None:
    W = G1.W.copy()
    W[3, 1, 0] = np.nextafter(W[3, 1, 0], 1)
    assert fingerprint(LSTMNet(W, G1.U, G1.b)) != fingerprint(G1)
    assert fingerprint(LSTMNet(G1.W, G1.U, G1.b)) == fingerprint(G1)


def test_bad_input_is_one_clear_sentence(tmp_path: Path) -> None:
    good = to_pytorch(STACK)
    with pytest.raises(ValueError, match=r"U must have shape \(4, 2, 2\)"):
        LSTMNet(np.zeros((4, 2, 1)), np.zeros((4, 3, 3)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"every weight must be finite, but b\[i\]\[1\] is nan"):
        LSTMNet(G1.W, G1.U, np.where(np.arange(8).reshape(4, 2) == 3, np.nan, G1.b))
    with pytest.raises(ValueError, match="weight_hh_l1 is missing"):
        from_pytorch({k: v for k, v in good.items() if k != "weight_hh_l1"})
    with pytest.raises(ValueError, match="bidirectional"):
        from_pytorch(good | {"weight_ih_l0_reverse": good["weight_ih_l0"]})
    with pytest.raises(ValueError, match="projections"):
        from_pytorch(good | {"weight_hr_l0": np.zeros((1, 3))})
    with pytest.raises(ValueError, match="peepholes"):
        from_arrays(good | {"peephole_f": np.zeros(3)})
    with pytest.raises(ValueError, match="only bias_ih_l0 is there"):
        from_pytorch({k: v for k, v in good.items() if k != "bias_hh_l0"})
    with pytest.raises(ValueError, match="4 gates"):
        from_pytorch(good | {"weight_ih_l0": np.zeros((7, 2))})
    with pytest.raises(ValueError, match=r"found 'a\.', 'b\.'"):
        from_pytorch({f"{p}.{k}": v for p in "ab" for k, v in good.items()})
    with pytest.raises(ValueError, match="layer 1 takes 3 inputs, but layer 0 has 2 units"):
        run_layers((G1, random_net(0, 2, 3, 1, 1, 1, 0)), [], [], np.zeros((1, 1)))
    with pytest.raises(ValueError, match=r"net\.pt should end in \.npz or \.safetensors"):
        load(tmp_path / "net.pt")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04nonsense")
    with pytest.raises(ValueError, match=r"broken\.npz is no \.npz of plain arrays, or not a whole one"):
        load(tmp_path / "broken.npz")
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"broken\.safetensors is no \.safetensors of plain arrays"):
        load(tmp_path / "broken.safetensors")
    np.savez(tmp_path / "objects.npz", weight_ih_l0=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"objects\.npz is no .*: it holds Python objects$"):
        load(tmp_path / "objects.npz")
    with pytest.raises(ValueError, match="u must have last axis 1"):
        lstm_step(G1, np.zeros(2), np.zeros(2), np.zeros(2))


def test_one_trajectory_needs_no_batch_axis() -> None:
    tape = run(G1, np.zeros(2), np.zeros(2), np.full((3, 1), 0.5))
    c, h = np.zeros(2), np.zeros(2)
    for t in range(3):
        c, h = lstm_step(G1, c, h, np.array([0.5]))
        np.testing.assert_allclose(tape.h[t + 1], h, atol=1e-15)
    assert tape.gates.shape == (3, 4, 2)
