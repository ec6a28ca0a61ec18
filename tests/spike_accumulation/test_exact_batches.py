"""Thousands of networks in integers: they are the networks that Fractions see, no defect goes unseen, nothing wraps."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.common.spikes import IntegerNetwork
from bounds.spike_accumulation.exact_batches import _gradients, as_net, draw_nets, verify
from bounds.spike_accumulation.forward_equivalence import Case, potentials_and_spikes
from bounds.spike_accumulation.gradients import ottt_gradients
from bounds.spike_accumulation.networks import fires, ties

half = Fraction(1, 2)
LEAKS = [Fraction(0), Fraction(1, 3), half, Fraction(9, 10), Fraction(1)]


class StrictSaf(IntegerNetwork):
    """A defect: a tie does not fire."""

    def saf(self, form="closed", strict=False):
        return super().saf(form, strict=True)


class WrongTrace(IntegerNetwork):
    """A defect that the forward pass does not show: one trace too large."""

    def saf(self, form="closed", strict=False):
        Uhat, ahat, thr, s = super().saf(form)
        ahat[0] = ahat[0].copy()
        ahat[0][-1, 3] += 1
        return Uhat, ahat, thr, s


def test_both_forms_agree_with_lif_forward_and_in_every_gradient() -> None:
    learning = 0.0
    for i, lam in enumerate(LEAKS):
        drawn = draw_nets(np.random.default_rng(i), 300, (3, 2, 4, 2)[: 3 + i % 2], 5, lam, Fraction(1))
        for form in ("closed", "recurrence"):
            found = verify(drawn.integers(), form, drawn.y)
            assert found.forward.all()
            assert found.gradients.all()
        assert found.fires.mean() > 0.5
        learning += found.learns.mean() / len(LEAKS)
    assert learning > 0.3


def test_a_defect_is_seen_in_the_networks_that_have_it_and_in_no_other() -> None:
    drawn = draw_nets(np.random.default_rng(1), 500, (2, 3, 2), 4, half, Fraction(1))
    net = drawn.integers()
    strict = verify(StrictSaf(*net), targets=drawn.y)
    assert not strict.forward[strict.ties].any()
    assert strict.forward[~strict.ties].all()
    assert strict.ties.sum() > 50
    trace = verify(WrongTrace(*net), targets=drawn.y)
    assert set(np.flatnonzero(~trace.gradients)) <= {3}
    assert set(np.flatnonzero(~trace.forward)) == {3}


def test_they_are_the_networks_that_fractions_see() -> None:
    for i, lam in enumerate(LEAKS):
        drawn = draw_nets(np.random.default_rng(10 + i), 6, (3, 2, 2), 4, lam, half)
        net = drawn.integers()
        found = verify(net, targets=drawn.y)
        u = net.lif()[0]
        for k in range(6):
            slow = as_net(drawn, k)
            assert [net.potentials(layer[:, k]).tolist() for layer in u[1:]] == [layer.tolist() for layer in slow.lif[0][1:]]
            assert found.fires[k] == fires(slow)
            assert found.ties[k] == ties(slow)
            assert found.forward[k] == (max(potentials_and_spikes(Case(slow, 0, "closed")).lo) == 0)
            assert found.learns[k] == any(bool(np.any(step.W[0] != 0)) for step in ottt_gradients(**slow.training).steps)


@pytest.mark.parametrize("lam", [half, Fraction(9, 10)])
def test_gradients_are_those_of_ottt_up_to_one_factor_per_step_and_kind(lam: Fraction) -> None:
    drawn = draw_nets(np.random.default_rng(3), 40, (2, 2, 3, 2), 5, lam, Fraction(1))
    net = drawn.integers()
    u, s, _ = net.lif()
    units = np.array([net.c**t for t in range(1, 6)], dtype=object)[:, None, None]
    traces = [layer.astype(object) for layer in net.saf()[1]]
    steps = list(_gradients(net, [layer - net.th * units for layer in u[1:]], s[-1], traces, drawn.y))
    compared = 0
    for k in range(40):
        for ours, theirs in zip(steps, ottt_gradients(**as_net(drawn, k).training).steps, strict=True):
            wanted = [part for l in (2, 1, 0) for part in (theirs.b[l], theirs.W[l])] + [theirs.F]
            for got, want in zip(ours, wanted, strict=True):
                where = np.flatnonzero(want.ravel() != 0)
                assert np.array_equal(got[k].ravel() != 0, want.ravel() != 0)
                ratios = {Fraction(int(got[k].ravel()[j])) / want.ravel()[j] for j in where}
                assert len(ratios) <= 1
                compared += len(where)
    assert compared > 500


def test_products_that_do_not_fit_64_bits_are_python_integers() -> None:
    drawn = draw_nets(np.random.default_rng(4), 3, (4, 4, 4, 4, 4), 8, half, Fraction(1))
    net = drawn.integers()
    assert net.bits <= 64
    u, s, _ = net.lif()
    units = np.array([2**t for t in range(1, 9)])[:, None, None]
    steps = list(_gradients(net, [layer - net.th * units for layer in u[1:]], s[-1], net.saf()[1], drawn.y))
    assert steps[-1][-2].dtype == object
    assert verify(net, targets=drawn.y).gradients.all()
