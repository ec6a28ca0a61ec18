"""SAF against LIF: golden values, an oracle of slow loops, integers against Fractions, and a hundred thousand networks."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from bounds.common.spikes import integer_network, lif_forward, saf_forward, saf_to_lif
from bounds.spike_accumulation.forward_equivalence import CLAIM, potentials_and_spikes
from proofs_check.points import draws
from tests.spike_accumulation.slow_loops import lif, plain, saf

half = Fraction(1, 2)
GOLDEN = {
    "W": [[[half, half], [-half / 2, 5 * half / 2]], [[1, half]]],
    "b": [[0, half / 2], [-half / 4]],
    "x": [[1, half]] * 4,
    "lam": half,
    "th": 1,
}


def fractions(text: str) -> list[list[Fraction]]:
    return [[Fraction(entry) for entry in row.split(",")] for row in text.split(";")]


def test_golden_potentials_and_spikes() -> None:
    u, s, _ = lif_forward(**GOLDEN)
    Uhat, ahat, _, spikes = saf_forward(**GOLDEN)
    assert u[1].tolist() == fractions("3/4,5/8; 9/8,15/16; 13/16,35/32; 37/32,43/64")
    assert s[1].tolist() == spikes[1].tolist() == fractions("0,0; 1,0; 0,1; 1,0")
    assert Uhat[1].tolist() == fractions("3/4,5/8; 9/8,15/16; 21/16,35/32; 45/32,75/64")
    assert ahat[1].tolist() == fractions("0,0; 1,0; 1/2,1; 5/4,1/2")
    assert u[2].tolist() == Uhat[2].tolist() == fractions("-1/8; 13/16; 25/32; 81/64")
    assert s[2].tolist() == ahat[2].tolist() == fractions("0; 0; 0; 1")
    assert all(isinstance(entry, Fraction) for layer in (*u[1:], *s, *Uhat[1:], *ahat) for entry in layer.ravel())


def test_both_simulators_agree_with_the_slow_loops_on_every_kind_of_graph() -> None:
    kinds, fired = set(), 0
    for point in draws(CLAIM.space, 5, "slow loops", range(60)):
        c = CLAIM.build(**point)
        n = c.net
        arguments = ([w.tolist() for w in n.W], [b.tolist() for b in n.b], n.x.tolist(), n.lam, n.th)
        extra = {key: w.tolist() for key, w in n.F.items()}
        u, s, v = lif_forward(**c.arguments)
        assert [plain(u)[1:], plain(s), plain(v)[1:]] == [
            part[start:] for part, start in zip(lif(*arguments, extra, n.v0, c.delay), (1, 0, 1), strict=True)
        ]
        Uhat, ahat, _, _ = saf_forward(**c.arguments, form=c.form)
        slow_Uhat, slow_ahat = saf(*arguments, extra, n.v0, c.delay)
        assert [plain(Uhat)[1:], plain(ahat)] == [slow_Uhat[1:], slow_ahat]
        kinds.add((bool(extra), c.delay, c.form))
        fired += bool(np.any(s[-1] != 0))
    assert len(kinds) == 8
    assert fired >= 30


def test_most_drawn_networks_spike() -> None:
    """A silent network proves nothing; the last layer fires in 0.64 of the draws, the first in 0.73."""
    nets = [CLAIM.build(**point) for point in draws(CLAIM.space, 1, "share", range(300))]
    assert sum(bool(np.any(c.net.lif[1][-1] != 0)) for c in nets) > 0.6 * 300
    assert sum(bool(np.any(c.net.lif[1][1] != 0)) for c in nets) > 0.7 * 300


def random_integers(rng: np.random.Generator, nets: int, widths: tuple[int, ...], T: int) -> dict[str, object]:
    """A batch of chains with feedback, in eighths."""
    pairs = list(pairwise(widths))
    return {
        "W": [rng.integers(-8, 13, (nets, k, n)) for n, k in pairs],
        "b": [rng.integers(-4, 9, (nets, k)) for _, k in pairs],
        "x": rng.integers(-4, 13, (T, nets, widths[0])),
        "F": rng.integers(-8, 9, (nets, widths[1], widths[-1])),
    }


def differing(net, form: str) -> tuple[int, int, float]:
    """Number of entries that break an identity, number of ties, share of nets whose last layer fires."""
    u, s, v = net.lif()
    Uhat, ahat, _, spikes = net.saf(form)
    made = saf_to_lif(Uhat, ahat, net.a, net.th)
    pairs = [*zip(u[1:], made[0][1:], strict=True), *zip(s, made[1], strict=True), *zip(v[1:], made[2][1:], strict=True)]
    wrong = sum(int(np.count_nonzero(a != b)) for a, b in [*pairs, *zip(s, spikes, strict=True)])
    units = np.array([net.c**t for t in range(1, len(net.x) + 1)], dtype=u[1].dtype)[:, None, None]
    return (
        wrong,
        sum(int(np.count_nonzero(a == net.th * units)) for a in u[1:]),
        float(np.mean(np.any(s[-1] != 0, axis=(0, 2)))),
    )


def equivalence_on_random_integers(nets: int, seed: int) -> tuple[int, int, float]:
    rng = np.random.default_rng(seed)
    leaks = [Fraction(0), Fraction(1, 3), half, Fraction(2, 3), Fraction(9, 10), Fraction(1)]
    ties, share, each = 0, [], nets // (2 * len(leaks))
    for i, (lam, form) in enumerate((lam, form) for lam in leaks for form in ("closed", "recurrence")):
        widths = tuple(rng.integers(1, 5, rng.integers(2, 6)).tolist())
        th, start = (half, Fraction(1), Fraction(3, 2), Fraction(2))[i % 4], Fraction(i % 2, 2)
        drawn = random_integers(rng, each, widths, int(rng.integers(4, 11)))
        net = integer_network(**drawn, lam=lam, th=th, v0=start * th, weights_per_one=8, inputs_per_one=8)
        wrong, tied, fired = differing(net, form)
        assert wrong == 0, (lam, form, widths)
        ties, share = ties + tied, [*share, fired]
    return each * 2 * len(leaks), ties, float(np.mean(share))


def test_it_holds_on_ten_thousand_networks_in_integers() -> None:
    nets, ties, fired = equivalence_on_random_integers(12_000, seed=3)
    assert nets == 12_000
    assert ties > 1000
    assert fired > 0.5


@pytest.mark.slow
def test_it_holds_on_two_hundred_thousand_networks_in_integers() -> None:
    found = [equivalence_on_random_integers(12_000, seed) for seed in range(20)]
    assert sum(nets for nets, _, _ in found) == 240_000
    assert np.mean([fired for _, _, fired in found]) > 0.5


def test_integers_are_the_same_numbers_as_fractions() -> None:
    rng = np.random.default_rng(8)
    for lam, th in ((Fraction(9, 10), Fraction(3, 2)), (Fraction(1, 3), half), (Fraction(1), Fraction(1))):
        drawn = random_integers(rng, 3, (3, 2, 4), 7)
        net = integer_network(**drawn, lam=lam, th=th, v0=th / 2, weights_per_one=8, inputs_per_one=8)
        (u, s, v), (Uhat, ahat, thr, _) = net.lif(), net.saf()
        for i in range(3):
            eighths = {name: [np.asarray(a)[i] * Fraction(1, 8) for a in drawn[name]] for name in ("W", "b")}
            rest = {
                "x": drawn["x"][:, i] * Fraction(1, 8),
                "F": drawn["F"][i] * Fraction(1, 8),
                "lam": lam,
                "th": th,
                "v0": th / 2,
            }
            for ours, theirs in zip(
                (u, v), (lif_forward(**eighths, **rest)[0], lif_forward(**eighths, **rest)[2]), strict=True
            ):
                assert [net.potentials(a[:, i]).tolist() for a in ours[1:]] == plain(theirs[1:])
            assert [net.spikes(a[:, i]).tolist() for a in s[1:]] == plain(lif_forward(**eighths, **rest)[1][1:])
            slow = saf_forward(**eighths, **rest)
            assert [net.potentials(a[:, i]).tolist() for a in Uhat[1:]] == plain(slow[0][1:])
            assert [net.potentials(a[:, i]).tolist() for a in thr[1:]] == plain(slow[2][1:])
            assert [net.spikes(a[:, i]).tolist() for a in ahat[1:]] == plain(slow[1][1:])


def test_integers_that_do_not_fit_64_bits_become_python_integers_and_stay_right() -> None:
    drawn = random_integers(np.random.default_rng(2), 2, (2, 2), 24)
    net = integer_network(**drawn, lam=Fraction(9, 10), th=1, weights_per_one=8, inputs_per_one=8)
    assert net.bits > 64
    assert net.lif()[0][1].dtype == object
    assert differing(net, "closed")[0] == differing(net, "recurrence")[0] == 0
    assert max(abs(int(v)) for v in net.saf()[0][1].ravel()) > 2**63


def test_the_proved_width_covers_the_largest_number_that_occurs() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        drawn = random_integers(rng, 200, (3, 3, 2), int(rng.integers(2, 12)))
        net = integer_network(**drawn, lam=(half, Fraction(9, 10))[seed % 2], th=1, weights_per_one=8, inputs_per_one=8)
        seen = [*net.lif()[0][1:], *net.lif()[2][1:], *net.saf()[0][1:], *net.saf()[2][1:]]
        largest = max(int(np.abs(a).max()) for a in seen)
        assert largest.bit_length() + 1 <= net.bits <= largest.bit_length() + 14


def test_a_maximum_of_traces_is_not_the_trace_of_the_maximum() -> None:
    c = CLAIM.variant("max pooling of traces").build(**CLAIM.witness["max pooling of traces"])
    _, ahat, _, _ = saf_forward(**c.arguments)
    assert c.net.lif[1][1].tolist() == [[1, 0], [0, 1]]
    assert np.max(ahat[1][1]) == 1  # the trace of the maximum (1, 1) would be 3/2
    assert max(potentials_and_spikes(c).lo.ravel()) > 0


def test_a_misspelt_convention_does_not_select_another() -> None:
    for change, words in (({"form": "close"}, "form must be 'closed' or"), ({"bias": "inst."}, "bias must be 'acc' or")):
        with pytest.raises(ValueError, match=words):
            saf_forward(**{**GOLDEN, **change})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lam": Fraction(3, 2)}, "lam must lie"),
        ({"th": 0}, "th must be positive"),
        ({"x": [1, 2]}, "x must have shape"),
        ({"W": [[[1, 1]], [[1, 1]]]}, r"W\[0\] must have shape"),
        ({"b": [[0, 0]]}, "one matrix and one bias per layer"),
        ({"F": [[1, 1]]}, "F must have shape"),
        ({"lam": 0.5}, "lam holds floats and"),
        ({"W": [[["1"]], [[1]]]}, r"W\[0\] must hold numbers"),
        ({"W": [[[1, 1], [1]], [[1, 1]]]}, r"W\[0\] must be a full rectangle"),
        ({"W": [[[[1, 1], [1, 1]]] * 4, [[1, 1]]]}, "weights over time need changing=True"),
        ({"changing": True, "b": [[[0, 0], [0]]] * 3}, "must list as many steps one as the other"),
        ({"reset": "sof"}, "reset must be 'soft' or 'hard' or 'none', got 'sof'"),
        ({"delay": 2}, "delay must be 0 or 1, got 2"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_in_one_sentence(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as problem:
        lif_forward(**{**GOLDEN, **change})
    assert "\n" not in str(problem.value)
