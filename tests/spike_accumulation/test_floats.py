"""Floats: the known disagreements, certificates against exact arithmetic, and where no rounding happens."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.common.spikes import lif_forward, saf_forward
from bounds.spike_accumulation import certified_lif, certified_saf, dyadic_exact
from bounds.spike_accumulation.certified_floats import CLAIM, Certified
from bounds.spike_accumulation.float_disagreement import FloatNeuron
from bounds.spike_accumulation.neurons import simulate_neuron
from proofs_check.points import draws
from tests.spike_accumulation.slow_loops import lif


def rational(value) -> Fraction:
    """A float of any width as the number it is."""
    return Fraction(float(value))


def train(spikes) -> str:
    return "".join(str(int(s)) for s in spikes)


@pytest.mark.parametrize(
    ("w", "T", "lif_train", "saf_train", "of_the_decimal"),
    [
        (0.1, 12, "000000000010", "000000000100", "000000000100"),
        (0.3, 12, "000100100010", "000100100100", "000100100100"),
        (0.7, 12, "011011011011", "011011011101", "011011011101"),
    ],
)
def test_float_lif_and_float_saf_disagree(w: float, T: int, lif_train: str, saf_train: str, of_the_decimal: str) -> None:
    n = FloatNeuron(w, 1.0, T)
    assert tuple(map(train, n.spikes)) == (lif_train, saf_train)
    tenths = Fraction(round(10 * w), 10)
    assert train(simulate_neuron([tenths] * T, Fraction(1), Fraction(1))[1]) == of_the_decimal
    of_the_double = train(simulate_neuron([Fraction(w)] * T, Fraction(1), Fraction(1))[1])
    assert of_the_double == (saf_train if w == 0.1 else lif_train)
    for certified in (certified_lif(**n.arguments), certified_saf(**n.arguments)):
        first_in_doubt = [int(np.argmin(certified.certified[1][:, 0]))]
        assert first_in_doubt == [9]
        assert not certified.certified[1][9:].any()


def test_at_the_edge_of_the_dead_zone_both_forms_fire_wrongly_and_agree() -> None:
    for kind, step in ((np.float64, 54), (np.float32, 25)):
        for spikes in FloatNeuron(0.5, 0.5, 60, kind).spikes:
            assert int(np.argmax(spikes)) + 1 == step
    assert not simulate_neuron([Fraction(1, 2)] * 60, Fraction(1, 2), Fraction(1))[1].any()
    found = certified_lif(**FloatNeuron(0.5, 0.5, 60).arguments)
    assert found.certified[1][:40].all()
    assert not found.certified[1][53]


def test_a_certificate_is_never_wrong_and_most_spikes_have_one() -> None:
    certified, decisions, healed = 0, 0, 0
    for point in draws(CLAIM.space, 12, "never wrong", range(120)):
        n = CLAIM.build(**point)
        x = [[rational(v) for v in row] for row in n.arguments["x"]]
        W = [[[rational(v) for v in row] for row in w] for w in n.arguments["W"]]
        b = [[rational(v) for v in bias] for bias in n.arguments["b"]]
        th = rational(n.arguments["th"])
        u, s, _ = lif(W, b, x, rational(n.arguments["lam"]), th)
        for found in n.certified:
            for l in range(1, len(b) + 1):
                for t in range(len(s[l])):
                    for k in range(len(b[l - 1])):
                        decisions += 1
                        certified += bool(found.certified[l][t, k])
                        assert not found.certified[l][t, k] or int(found.s[l][t, k]) == s[l][t][k]
                        off = rational(found.argument[l][t, k]) - (u[l][t][k] - th)
                        assert abs(off) <= rational(found.error[l][t, k])
                healed += int(np.count_nonzero(np.diff(found.certified[l].astype(int), axis=0) > 0))
    assert certified > 0.9 * decisions
    assert healed > 0  # with a leak, a doubt can fade away


def test_running_errors_follow_their_rules() -> None:
    rng = np.random.default_rng(0)
    for kind in (np.float32, np.float64):
        a, b = rng.normal(size=5).astype(kind), rng.normal(size=5).astype(kind)
        w = rng.normal(size=(5, 3)).astype(kind)
        third = kind(1 / 3)
        found = (third * Certified(a) + Certified(b) - third) @ w
        true = [rational(third) * (rational(p) - 1) + rational(q) for p, q in zip(a, b, strict=True)]
        for k in range(3):
            exact = sum(v * rational(w[i, k]) for i, v in enumerate(true))
            assert abs(rational(found.value[k]) - exact) <= rational(found.error[k])
        assert found.value.dtype == kind
        assert found.error.max() < 1e-4


def test_overflow_is_undecided_and_underflow_is_paid_for() -> None:
    huge = certified_lif([[[1e308]]], [[1e308]], [[10.0], [1.0]], 1.0, 1.0)
    assert not huge.certified[1].any()
    tiny = certified_lif([[[1e-200]]], [[0.0]], [[1e-200]], 1.0, 1e-320)
    assert tiny.s[1][0, 0] == 0
    assert tiny.certified[1][0, 0]
    assert tiny.error[1][0, 0] > 0
    with pytest.raises(ValueError, match="take floats"):
        certified_lif([[[1]]], [[0]], [[1]], 1, 1)


def test_the_bit_condition_holds_up_to_the_step_before_the_first_error() -> None:
    for T in (51, 52, 53, 60):
        found = dyadic_exact([[[0.5]]], [[0.0]], [[1.0]] * T, 0.5, 1.0)
        assert (found.holds, found.p, found.q, found.R <= 2) == (T <= 52, 1, 0, True)
    assert not dyadic_exact([[[0.375]]], [[0.0]], [[1.0]] * 2, 0.9, 1.0).holds
    assert dyadic_exact([[[Fraction(1, 3)]]], [[0]], [[1]], 1, 1).p == -1


def test_a_leak_of_nine_tenths_rounds_in_the_second_step() -> None:
    u, _, _ = lif_forward([[[0.375]]], [[0.0]], [[1.0]] * 2, 0.9, 1.0)
    assert Fraction(u[1][1, 0]) != Fraction(0.9) * Fraction(3, 8) + Fraction(3, 8)


def test_float32_stays_float32() -> None:
    n = FloatNeuron(0.3, 1.0, 4, np.float32)
    assert lif_forward(**n.arguments)[0][1].dtype == saf_forward(**n.arguments)[0][1].dtype == np.float32


def test_the_first_threshold_is_there_for_every_neuron_even_in_a_single_step() -> None:
    assert saf_forward([[[1], [1]]], [[0, 0]], [[1]], 1, 1)[2][1].tolist() == [[1, 1]]
