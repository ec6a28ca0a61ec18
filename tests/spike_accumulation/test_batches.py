"""Batches of floats against the exact simulators: bit for bit where weights are dyadic, within an argued budget elsewhere."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.spike_accumulation import batches as fast
from bounds.spike_accumulation import (
    bptt_gradients,
    clipped_linear_forward,
    ottt_gradients,
    saf_e_gradients,
    saf_f_gradients,
    sr_gradients,
    surrogate,
)
from bounds.spike_accumulation.gradients import squared_error

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
