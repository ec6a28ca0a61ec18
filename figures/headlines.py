"""The papers' headline numbers beside ours.

Theirs are typed from what could be read of the papers, with how sure that is:

- sure: two independent sources, or the paper's own text; likely: one good source; weak: second-hand, not confirmed;
- derived: a ratio, difference or count of such numbers; third party: not the paper's, but about the same thing;
- not recoverable: the figure or table exists, or may exist, and its number could not be read.

Ours are computed when the table is made, from the kept results of experiments or by the functions of the claims. They are
subtracted only where the two are about the same thing: ratios, differences and counts, though of our own model and data.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import signature
from typing import Any, Literal

import numpy as np

Rows = list[dict[str, Any]]
Certainty = Literal["sure", "likely", "weak", "derived", "third party", "not recoverable"]


@dataclass(frozen=True)
class Headline:
    """One number; `compared`: whether a difference of the two says anything."""

    what: str
    unit: str
    ours: float
    basis: str
    theirs: float | None = None
    certainty: Certainty = "not recoverable"
    source: str = ""  # of theirs
    compared: bool = True


def rows() -> Rows:
    """All of them as plain values, paper by paper."""
    found = []
    for paper, headlines in PAPERS.items():
        for one in headlines():
            difference = one.ours - one.theirs if one.theirs is not None and one.compared else None
            said = {"paper": paper, "what": one.what, "unit": one.unit, "theirs": one.theirs, "certainty": one.certainty}
            said["source"] = one.source
            found.append(said | {"ours": one.ours, "difference": difference, "basis": one.basis})
    return found


@cache
def _load(name: str) -> Rows:
    from experiments.results import load

    return load(name)


def _own(experiment: str, what: str) -> str:
    return f"experiment {experiment} ({what}): own model and data"


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def gmm_entropy() -> Iterator[Headline]:
    """No figure or table could be read. proxymix is a package whose reference page has two numbers of the same quantities."""
    from bounds.gmm_entropy import log_expected_pair_gap, log_pair_gap
    from bounds.gmm_entropy.main_bound_best_s import Factor, log_infimum
    from bounds.gmm_entropy.mixture import Mixture
    from bounds.gmm_entropy.own_mixture import certify

    two = Mixture(np.array([0.5, 0.5]), np.array([[-2.0, 0.0], [2.0, 0.0]]), np.array([np.eye(2), np.eye(2)]))

    def middle(which: str) -> float:
        found = getattr(certify(two, samples=0), which)
        return float(found.lo + found.hi) / 2

    def mean_gap(m: int) -> float:
        return math.exp(log_expected_pair_gap(0.5, 0.5, m, math.sqrt(2)))

    def looseness(m: int, delta: float = 8.0) -> float:
        bound = float(log_infimum(Factor(m, delta / 2, 0.5)).hi)
        return float(bound - log_pair_gap(0.5, 0.5, np.ones(1), np.array([delta]))) / math.log(10)

    at, said = "two unit Gaussians in the plane, four apart", "middle of the interval of gmm_entropy.own_mixture.certify"
    for what, which, theirs in (("approximate entropy", "approximation", 3.531024), ("entropy, sampled", "entropy", 3.433183)):
        yield Headline(
            f"{what}: {at} (proxymix)", "nats", middle(which), said, theirs, "third party", "reference page of proxymix"
        )
    for m in (1, 10, 100):
        what = f"mean gap of two components with means N(0, I), m = {m}"
        yield Headline(what, "nats", mean_gap(m), "gmm_entropy.log_expected_pair_gap")
    for m in (1, 10, 100):
        what, said = f"log₁₀ of the main bound over the gap, δ = 8, m = {m}", "gmm_entropy.main_bound_best_s, log_pair_gap"
        yield Headline(what, "", looseness(m), said)


def lstm_recovery() -> Iterator[Headline]:
    """Neither plants nor numbers could be read."""

    def steps(attack: bool) -> list[float]:
        return [r["steps"] for r in _load("lstm_recovery_ladder") if r["net"] == "G0" and (r["method"] == "attack") == attack]

    def penalised() -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Nets of 4 units for the tanks with the norm penalty at 0.95, and those of the same seeds without a penalty."""
        mine = [r for r in _load("lstm_recovery_training") if (r["plant"], r["units"], r["cascade"]) == ("tanks", 4, False)]
        free = {r["seed"]: r for r in mine if r["penalty"] == "none"}
        return [(r, free[r["seed"]]) for r in mine if (r["penalty"], r["target"], r["strength"]) == ("norm", 0.95, 0.05)]

    def cost() -> float:
        return math.exp(_mean(math.log(r["mse_test"] / free["mse_test"]) for r, free in penalised()))

    ladder, training = _own("lstm_recovery_ladder", "formula net G0, e = 0.01"), _own("lstm_recovery_training", "two tanks")
    yield Headline("best certified recovery time", "steps", min(steps(False)), ladder)
    yield Headline("longest recovery found", "steps", max(steps(True)), ladder)
    time = float(np.median([r["best"] for r, _ in penalised()]))
    yield Headline("certified recovery time, norm penalty at 0.95, median", "steps", time, training)
    yield Headline("test error, norm penalty at 0.95, over that without", "", cost(), training)


def spectral_pruning() -> Iterator[Headline]:
    """Two figures exist; what they show is unknown. 128 units and about 42 kept are second-hand."""
    from experiments.spectral_pruning_training import chosen

    def mean(name: str, method: str, k: int, key: str = "test_accuracy") -> float:
        return _mean(r[key] for r in _load(f"spectral_pruning_{name}") if (r["method"], r["k"]) == (method, k))

    def base() -> float:
        return 100 * _mean(r["test_accuracy"] for r in chosen(_load("spectral_pruning_training"), "pixel_digits"))

    def fewest() -> float:
        kept = sorted({r["k"] for r in _load("spectral_pruning_comparison")})
        return float(next(k for k in kept if 100 * mean("comparison", "spectral, rec", k) >= base() - 2))

    digits, mnist = _own("spectral_pruning_comparison", "pixel digits"), _own("spectral_pruning_pixel_mnist", "14 × 14 MNIST")
    yield Headline("units kept of 128 (ours: fewest within 2 points)", "", fewest(), digits, 42, "weak", "second-hand")
    yield Headline("accuracy, IRNN of 128 units", "%", base(), digits)
    for method in ("spectral, rec", "magnitude", "low rank"):
        ours = 100 * mean("comparison", method, 42)
        yield Headline(f"accuracy, 42 units: {method}", "%", ours, digits)
    yield Headline("Pixel-MNIST, 42 units: spectral, rec", "%", 100 * mean("pixel_mnist", "spectral, rec", 42), mnist)
    ours = mean("language", "spectral, rec", 42, "tuned_test_ratio")
    language = _own("spectral_pruning_language", "drawn language in PTB's place")
    yield Headline("perplexity over the best possible, 42 units, fine-tuned", "", ours, language)


REVIEW = "a review of the paper"

# The 3 × 3 convolutions of the net in OTTT's public code, channels in and out, side of the map; then 512 → 10.
VGG = ((3, 64, 32), (64, 128, 32), (128, 256, 16), (256, 256, 16), (256, 512, 8), (512, 512, 8), (512, 512, 4), (512, 512, 4))


def spike_accumulation() -> Iterator[Headline]:
    """Tables 1 and 2 at T = 6, as one review quotes them; their ratios and differences are derived."""
    cost = _own("spike_accumulation_cost", "784-512-512-10, T = 6")
    wrapped = {"OTTT_O": "OTTT_O, two products", "OTTT_A": "OTTT_A, two products"}  # as automatic differentiation has it

    def measured(method: str, column: str) -> float:
        key = wrapped.get(method, method), 6
        return float(next(r[column] for r in _load("spike_accumulation_cost") if (r["method"], r["T"]) == key))

    def runs(data: str, method: str) -> Rows:
        return [r for r in _load(f"spike_accumulation_{data}") if (r["method"], r["T"]) == (method, 6)]

    def accuracy(data: str, method: str) -> float:
        return 100 * _mean(r["lif"] for r in runs(data, method))

    def converted() -> float:
        both = [r for data in ("digits", "mnist") for method in ("SAF-E", "SAF-F") for r in runs(data, method)]
        return 100 * float(max(abs(r["lif"] - r["saf"]) for r in both))

    def rates_apart() -> float:
        other = {r["seed"]: r for r in runs("digits", "OTTT_O")}
        keys = ("spikes_1", "spikes_2")
        return 100 * float(max(abs(r[key] - other[r["seed"]][key]) for r in runs("digits", "SAF-E") for key in keys))

    for table, ottt, saf, memory, seconds in (
        ("Table 1", "OTTT_O", "SAF-E", (1.656, 1.184), (0.666, 0.468)),
        ("Table 2", "OTTT_A", "SAF-F", (1.656, 1.157), (0.661, 0.247)),
    ):
        for what, unit, column, one, (a, b) in (
            ("memory of training", "GB", "live_bytes", 1e9, memory),
            ("time of a mini-batch", "s", "seconds", 1.0, seconds),
        ):
            for method, theirs in ((ottt, a), (saf, b)):
                ours = measured(method, column) / one
                yield Headline(f"{table}: {what}, {method}", unit, ours, cost, theirs, "likely", REVIEW, compared=False)
            ours = measured(saf, column) / measured(ottt, column)
            yield Headline(f"{table}: {what}, {saf} over {ottt}", "", ours, cost, b / a, "derived", REVIEW)
    for data, own, (a, b) in (("CIFAR-10", "digits", (93.44, 93.54)), ("CIFAR-100", "mnist", (70.70, 71.56))):
        basis = _own(f"spike_accumulation_{own}", "T = 6")
        for method, theirs in (("OTTT_O", a), ("SAF-E", b)):
            ours = accuracy(own, method)
            yield Headline(
                f"{data} (ours: {own}): accuracy of {method}", "%", ours, basis, theirs, "likely", REVIEW, compared=False
            )
        ours = accuracy(own, "SAF-E") - accuracy(own, "OTTT_O")
        yield Headline(f"{data} (ours: {own}): SAF-E less OTTT_O", "points", ours, basis, b - a, "derived", REVIEW)
    digits = _own("spike_accumulation_digits", "T = 6")
    for method in ("OTTT_A", "SAF-F"):
        ours = accuracy("digits", method)
        yield Headline(f"Table 2: accuracy of {method}", "%", ours, digits)
    both = _own("spike_accumulation_digits and _mnist", "largest of all runs")
    yield Headline("CIFAR-10 (ours: both): change by LIF inference", "points", converted(), both, 0.016, "likely", REVIEW)
    yield Headline("Figure 5: firing rates, SAF-E and OTTT_O, largest difference", "points", rates_apart(), digits)
    products = [9 * before * after * side**2 for before, after, side in VGG] + [512 * 10]
    ours = 2 - products[0] / sum(products)
    counted = "2 − m₀/S of spike_accumulation.operation_counts on the net of OTTT's code: the same net"
    yield Headline("abstract: forward products, OTTT over SAF (“halved”)", "", ours, counted, 2, "sure", "its abstract")


def single_step_snn() -> Iterator[Headline]:
    """Eight figures and twelve tables in its first version, none of which could be read; the surrogate is in others' code."""
    from bounds.single_step_snn import s3nn_surrogate
    from experiments.single_step_snn_surrogates import chosen

    def mean(arm: str, key: str) -> float:
        return _mean(r[key] for r in chosen(_load("single_step_snn_surrogates"))[arm].values())

    kept, code = _own("single_step_snn_surrogates", "digits"), "default of single_step_snn.s3nn_surrogate"
    for name, theirs in (("alpha", 4), ("beta", 1)):
        ours = signature(s3nn_surrogate).parameters[name].default
        yield Headline(f"surrogate: {name}", "", ours, code, theirs, "likely", "code of SpikingJelly and BrainPy")
    for arm, what in (("s3nn", "one step"), ("ReLU", "full precision"), ("LIF, T = 4", "four steps")):
        yield Headline(f"accuracy, {what}", "%", 100 * mean(arm, "accuracy"), kept)
    yield Headline("energy, one step over full precision", "", mean("s3nn", "pJ") / mean("ReLU", "pJ"), kept)
    ours = mean("s3nn", "accumulations") / mean("LIF, T = 4", "accumulations")
    yield Headline("accumulations, one step over four", "", ours, kept)


def synaptic_penalty() -> Iterator[Headline]:
    """No figure or table could be read, not even its number."""
    from experiments.synaptic_penalty_tradeoff import ARCHITECTURES, COMPARISONS, judged, matched, means

    name = "synaptic_penalty_tradeoff"
    kept = _own(name, "digits")
    for claim, other in COMPARISONS.items():
        supported = sum(judged(_load(name), widths, other) == "supported" for widths in ARCHITECTURES)
        yield Headline(f"{claim}: of {len(ARCHITECTURES)} architectures, supported on", "", supported, kept)
        ours = 100 * _mean(_mean(means(matched(_load(name), w, other))) for w in ARCHITECTURES)
        yield Headline(f"{claim}: accuracy gained at equal energy", "points", ours, kept)


def quantized_dnn() -> Iterator[Headline]:
    """Fifteen pictures exist; none could be read."""
    states, batches = _own("quantized_dnn_states", "digits, LBN"), _own("quantized_dnn_batches", "digits, full precision")

    def of_states(M: int | None) -> float:
        mine = [r for r in _load("quantized_dnn_states") if (r["M_w"], r["M_a"]) == (M, M)]
        return 100 * _mean(r["accuracy"] for r in mine)

    def of_batches(norm: str, batch: int) -> float:
        mine = [r for r in _load("quantized_dnn_batches") if (r["precision"], r["norm"], r["batch"]) == ("full", norm, batch)]
        return 100 * _mean(r["accuracy"] for r in mine)

    for M in (2, 3, 5, None):
        what = f"{M} states of weights and of activations" if M else "full precision"
        yield Headline(f"accuracy, {what}", "%", of_states(M), states)
    for batch in (2, 64):
        gain = of_batches("LBN", batch) - of_batches("BN", batch)
        yield Headline(f"accuracy of LBN less that of BN, {batch} images at a time", "points", gain, batches)


PAPERS: dict[str, Callable[[], Iterator[Headline]]] = {
    "Entropy of Gaussian mixtures": gmm_entropy,
    "Recovery of LSTMs": lstm_recovery,
    "Spectral pruning": spectral_pruning,
    "SAF": spike_accumulation,
    "S3NN": single_step_snn,
    "Synaptic penalty": synaptic_penalty,
    "MaQD": quantized_dnn,
}
