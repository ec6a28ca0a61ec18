"""Does the chain trained net -> rationals -> integers -> spikes hold on every test image, and how often do floats miss it?

scikit-learn's digits, inputs k/16, permutation of seed 0, 1347 images to train on and 450 to test. Dense 64-128-64-10 and two
convolutional nets on (1, 8, 8): 8 and 16 channels, 3 x 3 kernels, halved by stride 2 or average pooling; M_w states of weights
and M_a of activations, LBN, 25 epochs of Adam on batches of 32, cosine from 0.002, float32. Seeds 0, 1, 2.

Each net is folded three times: "fine", the rationals that float64 computes; "grid", rounded to multiples of 1/(2(M_a - 1) 64),
a grid on which thresholds lie, so that ties occur; "signs", the same after the first γ of each layer is set to 0 and the second
to its negative. Wrong are images with any state, score (of integers and spikes) or class unlike exact arithmetic; "as trained"
is inference with the running statistics, not folded, in float32 and float64, compared with the fine fold.

A grid of powers of two suits M_a = 2, 3, 5, whose thresholds floats hold; for M_a = 4 they are sixths, and floats miss ties.

A unit is one net and seed. The full form takes about 5 minutes on one idle core, the quick one 20 seconds.
"""

from typing import Any

import numpy as np

from bounds.common.training import digits
from bounds.quantized_dnn.chain import FoldedLayer, Run, check_chain, different_images, exact_run, fold, input_integers
from bounds.quantized_dnn.training import QuantizedNet, Recipe, convolutional, fully_connected, infer, train

INPUT_STATES = 17
GRID = 6
NETS = {
    "dense": ((2, 2), (2, 5), (3, 2), (3, 3), (3, 5), (5, 3), (5, 4), (5, 5)),
    "stride": ((2, 2), (3, 3), (3, 4), (5, 5)),
    "pool": ((2, 3), (3, 4), (5, 5)),
}


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        chosen = (("dense", 3, 4), ("dense", 2, 2), ("stride", 5, 3), ("pool", 3, 5))
        return [{"kind": kind, "M_w": M_w, "M_a": M_a, "seed": 0, "epochs": 3} for kind, M_w, M_a in chosen]
    return [
        {"kind": kind, "M_w": M_w, "M_a": M_a, "seed": seed, "epochs": 25}
        for kind, states in NETS.items()
        for M_w, M_a in states
        for seed in range(3)
    ]


def trained(kind: str, M_w: int, M_a: int, seed: int, epochs: int) -> tuple[QuantizedNet, np.ndarray, np.ndarray]:
    """The net, and test images and labels."""
    images, labels = digits(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    rng = np.random.default_rng(seed)
    if kind == "dense":
        net = fully_connected(rng, (64, 128, 64, 10), M_w, M_a, np.float32)
    else:
        net = convolutional(rng, 8, (8, 16), 10, M_w, M_a, kind, np.float32)
    train(net, images[order[:1347]], labels[order[:1347]], Recipe(epochs=epochs), rng)
    return net, images[order[1347:]], labels[order[1347:]]


def work(kind: str, M_w: int, M_a: int, seed: int, epochs: int) -> list[dict[str, Any]]:
    net, images, labels = trained(kind, M_w, M_a, seed, epochs)
    about = {"net": kind, "M_w": M_w, "M_a": M_a, "seed": seed}
    return [about | found for found in three_folds(net, images, labels, INPUT_STATES, GRID)]


def three_folds(
    net: QuantizedNet, images: np.ndarray, labels: np.ndarray, input_states: int, grid: int
) -> list[dict[str, Any]]:
    """One row each for fine, grid and signs, the grid of the two last being 1/(2(M_a - 1) 2^grid). Changes the net."""
    k = input_integers(images, input_states)
    fine = fold(net, input_states)
    reference = exact_run(fine, k).run
    wrong = {f"as_trained{bits}_wrong": as_trained(net, images, bits, reference) for bits in (32, 64)}
    rows = [row("fine", fine, k, labels) | wrong]
    rows.append(row("grid", fold(net, input_states, grid), k, labels))
    for gamma in net.gamma[:-1]:
        gamma[:2] = 0, -gamma[1]
    rows.append(row("signs", fold(net, input_states, grid), k, labels))
    return rows


def as_trained(net: QuantizedNet, images: np.ndarray, bits: int, reference: Run) -> int:
    """Images for which inference in floats has another state or class than exact arithmetic."""
    assert net.M_a is not None
    states, logits = infer(net, images.astype(f"float{bits}"))
    run = Run([np.rint(a * (net.M_a - 1)).astype(np.int64) for a in states], logits)
    return int(different_images(reference, run).sum())


def row(name: str, layers: list[FoldedLayer], k: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    found = check_chain(layers, k)
    A = [a for layer in layers[:-1] for a in layer.A]
    return {
        "fold": name,
        "images": found.images,
        "accuracy": float(np.mean(np.array(found.classes) == labels)),
        "A_negative": sum(a < 0 for a in A),
        "A_zero": sum(a == 0 for a in A),
        "decisions": found.decisions,
        "ties": found.ties,
        "integer_wrong": found.integer_wrong,
        "spiking_wrong": found.spiking_wrong,
        "float32_wrong": found.float32_wrong,
        "float64_wrong": found.float64_wrong,
        "float32_classes": found.float32_classes,
        "float64_classes": found.float64_classes,
        "as_trained32_wrong": None,
        "as_trained64_wrong": None,
        "bits": max(found.bits),
        "steps": found.steps,
        "spikes": found.spikes,
        "accumulations": sum(found.accumulations),
        "pJ": found.pJ,
        "ann_pJ": found.ann_pJ,
    }


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line per net and fold: means over seeds of accuracy and cost, sums of images, ties and wrong ones."""
    lines = []
    for key in dict.fromkeys((row["net"], row["M_w"], row["M_a"], row["fold"]) for row in rows):
        mine = [row for row in rows if (row["net"], row["M_w"], row["M_a"], row["fold"]) == key]
        total = {name: sum(row[name] or 0 for row in mine) for name in mine[0] if name not in ("net", "fold")}
        line: dict[str, Any] = dict(zip(("net", "M_w", "M_a", "fold"), key, strict=True))
        line |= {"accuracy %": round(100 * total["accuracy"] / len(mine), 2), "images": total["images"], "ties": total["ties"]}
        line |= {"integers wrong": total["integer_wrong"], "spikes wrong": total["spiking_wrong"]}
        line |= {"float32": total["float32_wrong"], "float64": total["float64_wrong"]}
        line |= {"other class": total["float32_classes"] + total["float64_classes"], "bits": mine[0]["bits"]}
        line |= {"spikes": round(total["spikes"] / len(mine)), "pJ": round(total["pJ"] / len(mine))}
        lines.append(line | {"pJ / ANN": round(total["pJ"] / total["ann_pJ"], 3)})
    return lines
