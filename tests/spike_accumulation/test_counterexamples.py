"""The smallest counterexamples to what is almost true, number by number."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.common.spikes import lif_forward, saf_forward
from bounds.spike_accumulation import (
    bptt_gradients,
    ottt_gradients,
    rate_discrepancy,
    saf_e_gradients,
    saf_f_gradients,
    simulate_neuron,
    sr_gradients,
    surrogate,
)
from bounds.spike_accumulation.charge_conservation import mean_input
from bounds.spike_accumulation.gradients import squared_error
from bounds.spike_accumulation.networks import GOLDEN, net, point

half, quarter, eighth = Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)
one_half_leak = {"lam": half, "th": 1}


def trains(**given) -> tuple[str, str]:
    """Spikes of the first neuron, LIF and SAF, where SAF may get other arguments."""
    saf = given.pop("saf", {})
    lif = lif_forward(**given)[1][1][:, 0]
    return tuple("".join(str(int(s)) for s in spikes) for spikes in (lif, saf_forward(**{**given, **saf})[3][1][:, 0]))


def test_spike_trains_of_a_wrong_saf() -> None:
    drive = {"W": [[[3 * quarter]]], "b": [[0]], **one_half_leak}
    assert trains(**drive, x=[[1]] * 4, saf={"threshold_leak": Fraction(1)}) == ("0101", "0100")
    tie = {**drive, "W": [[[1]]], "x": [[1]]}
    assert trains(**tie, saf={"strict": True}) == ("1", "0")
    assert trains(**tie, strict=True) == ("0", "0")
    biased = {**drive, "W": [[[0]]], "b": [[3 * quarter]], "x": [[1]] * 4}
    assert trains(**biased, saf={"bias": "inst"}) == ("0101", "0000")
    assert trains(**drive, x=[[1]] * 6, F=[[-half]], saf={"F": [[-quarter]]}) == ("010010", "010101")


def test_a_bias_that_changes_while_the_network_runs() -> None:
    given = {"W": [[[[quarter]]]] * 2, "b": [[[0]], [[half]]], "x": [[1]] * 2, **one_half_leak, "changing": True}
    assert lif_forward(**given)[0][1][1] == Fraction(7, 8)
    assert saf_forward(**given)[0][1][1] == Fraction(9, 8)
    assert saf_forward(**given, form="recurrence")[0][1][1] == Fraction(7, 8)


def test_spike_for_trace_and_one_for_lambda() -> None:
    golden = net(**GOLDEN)
    right, wrong = saf_e_gradients(**golden.training), saf_e_gradients(**golden.training, outer="spike")
    assert right.steps[2].W[1].tolist() == [[-Fraction(25, 256), -Fraction(25, 128)]]
    assert wrong.steps[2].W[1].tolist() == [[0, -Fraction(25, 128)]]
    inst = saf_e_gradients(**golden.training, bias="inst")
    assert right.steps[1].b[0].tolist() == [-Fraction(273, 1024), -Fraction(585, 4096)]
    assert inst.steps[1].b[0].tolist() == [-Fraction(91, 512), -Fraction(195, 2048)]


def test_ottt_and_bptt_below_the_top() -> None:
    n = net(**point([[[3 * quarter]]] * 2, [[0]] * 2, [1], half, T=2, y=[1]))
    ottt = ottt_gradients(**n.training).total
    detached, full = bptt_gradients(**n.training), bptt_gradients(**n.training, detach_reset=False)
    assert [g.W[0][0, 0] for g in (ottt, detached, full)] == [-Fraction(189, 512), -Fraction(243, 512), -Fraction(783, 2048)]
    assert ottt.W[1] == detached.W[1] == -3 * eighth


def test_the_power_of_the_threshold() -> None:
    n = net(**point([[[1]], [[1]]], [[0], [half]], [1], 1, th=2, T=4, y=[1]))
    ours = saf_f_gradients(**n.at_rest, derivative="matched", kappa=1)
    sr = sr_gradients(n.W, n.b, n.x[0], n.y, n.th, squared_error, ours.rates)
    assert [(p / q)[0, 0] for p, q in zip(ours.W, sr.W, strict=True)] == [4, 2]
    started = net(**point([[[0]]], [[0]], [1], half, y=[1], start=half))
    ours = saf_f_gradients(**started.at_rest, derivative="matched")
    assert ours.W[0] == -1
    assert sr_gradients(started.W, started.b, [1], [1], 1, squared_error, ours.rates).W[0] == 0


def four(n, layer: int, readout: bool = False) -> list:
    """The gradient of a layer by OTTT_A, SAF-F plain and matched, SR ideal."""
    flags = {"readout": readout}
    found = (
        ottt_gradients(**n.training, **flags).total,
        saf_f_gradients(**n.at_rest, surrogate=n.slope, **flags),
        saf_f_gradients(**n.at_rest, derivative="matched", **flags),
        sr_gradients(n.W, n.b, n.x[0], n.y, n.th, n.loss, **flags),
    )
    return [g.W[layer] for g in found]


def test_gradients_that_point_apart() -> None:
    target = net(**point([[[half]]], [[0]], [1], 1, T=2, y=[5 * eighth]))
    assert [g[0, 0] for g in four(target, 0)] == [Fraction(7, 32), -eighth, -eighth, -eighth]
    lower = net(**point([[[1]], [[half], [3 * quarter]]], [[0], [0, 0]], [1], 1, T=2, y=[1, 0]))
    assert [g[0, 0] for g in four(lower, 0)] == [quarter, -Fraction(1, 16), 0, 0]
    all_lower = net(**point([[[3 * quarter]], [[1], [half]]], [[0], [0, 0]], [1], 1, T=3, y=[1, 0]))
    assert [g[0, 0] for g in four(all_lower, 0)] == [3 * eighth, -eighth, -Fraction(1, 6), -Fraction(1, 16)]
    linear = net(**point([[[half]], [[3 * half]]], [[0], [-1]], [1], 1, T=2, y=[0]))
    assert [g[0, 0] for g in four(linear, 1, readout=True)[:2]] == [quarter, -eighth]


@pytest.mark.parametrize(
    ("w", "samples", "per_sample", "summed"),
    [
        (
            [quarter, 3 * quarter],
            [([0, half], 1), ([0, 1], 0)],
            {1: (Fraction(45, 256), eighth)},
            (-Fraction(1, 256), 0, Fraction(7, 512)),
        ),
        (
            [-quarter, 3 * quarter],
            [([1, 1], 1), ([quarter, 3 * quarter], 0)],
            {1: (quarter, Fraction(5, 16))},
            (-Fraction(1, 16),) * 3,
        ),
    ],
)
def test_batches_that_point_apart(w, samples, per_sample, summed) -> None:
    gradients = [four(net(**point([[w]], [[0]], x, 1, T=2, y=[y])), 0) for x, y in samples]
    for method, expected in per_sample.items():
        assert tuple((g[0] * g[method]).sum() for g in gradients) == expected
    total = [sum(g[k] for g in gradients) for k in range(4)]
    assert tuple((total[0] * other).sum() for other in total[1:]) == summed


def test_rates_that_miss_their_formula() -> None:
    once = net(**point([[[1]]], [[0]], [1], half))
    assert once.rates[1] == 1
    assert mean_input(once, 1, once.Lambda) - once.lif[0][1][-1] == 0  # with u for v the formula gives 0
    twice = net(**point([[[half]]], [[0]], [1], half, T=2))
    assert (twice.rates[1][0], twice.lif[2][1][-1, 0]) == (0, 3 * quarter)
    assert half - twice.lif[2][1][-1, 0] / 2 == eighth  # T for Λ
    uneven = net(**point([[[eighth], [quarter]], [[3, 5 * half]]], [[0, 0], [0]], [1], 1, T=8))
    assert [rate.tolist() for rate in uneven.rates[1:]] == [[eighth, quarter], [3 * eighth]]
    started = rate_discrepancy([half, -half], Fraction(1), Fraction(1), half)
    assert (started.a, started.upper) == (half, quarter)


def test_the_uniform_loss_of_ottt_is_no_upper_bound() -> None:
    s = np.array([0, 1], dtype=object)
    weights = np.array([half, 1], dtype=object) / Fraction(3, 2)
    assert (weights * s).sum() == Fraction(2, 3) > Fraction(1, 2)
    assert simulate_neuron([0, 1], half, Fraction(1))[3][-1] / Fraction(3, 2) == Fraction(2, 3)


def test_the_step_of_the_online_counterexample() -> None:
    n = net(**point([[[half]]], [[0]], [1], half, T=3, y=[1]))
    first = ottt_gradients(**n.training).steps[0]
    assert first.W[0] == -Fraction(1, 6)
    assert n.slope(np.array([-half])) == half == surrogate("tri", 1)(np.array([half]))
