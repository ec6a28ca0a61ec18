"""What errors on data say of the risk (SP-13 to SP-15)."""

import math
from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest

from bounds import spectral_pruning as sp
from bounds.spectral_pruning import hold_out, kl_below_pinsker, one_predictor, one_scale_net, parameter_lipschitz
from bounds.spectral_pruning.generalization import EPSILONS, grid_radius
from bounds.spectral_pruning.learning import ATOMS, GRID_NATS, UNITS, T, experiment, learn, nats, output, slack
from bounds.spectral_pruning.memory import interpolate, memory
from proofs_check.points import draws
from tests.spectral_pruning.oracles import run_exactly

RADII = {"h": 0.75, "i": 2.25, "b": 0.75, "o": 1.5, "c": 0.25}


def test_golden_constants_and_slack() -> None:
    lips = sp.parameter_lipschitz_constants(RADII, math.sqrt(2), 6)
    golden = {"h": 20.66209682914224, "i": 4.997739578943007, "b": 3.533935546875, "o": 9.263577141852009, "c": 1.0}
    assert lips == pytest.approx(golden, rel=1e-14)
    assert sp.covering_log_number(6, 2, 1, RADII, lips, 2.0**-8) == pytest.approx(598.9308554265972, rel=1e-14)
    total = sp.generalization_slack(6, 2, 1, RADII, math.sqrt(2), 6, 20000, 0.05, 2.0**-8)
    assert total == pytest.approx(0.1304834610808678, rel=1e-13)


def test_the_best_scale_is_the_best_of_the_grid() -> None:
    arguments = (6, 2, 1, RADII, math.sqrt(2), 6, 20000, 0.05)
    best = min(sp.generalization_slack(*arguments, eps) for eps in EPSILONS)
    assert sp.generalization_slack(*arguments) == best
    terms = sp.generalization_terms(*arguments, extra_nats=20.8)
    assert terms["transfer"] == 2 * terms["eps"]
    assert terms["deviation"] == pytest.approx(math.sqrt((terms["net_nats"] + 20.8 + math.log(20)) / 40000), rel=1e-14)


def test_lipschitz_constants_by_their_definition() -> None:
    q, drive, G = 0.9 * 2, 2 * (0.5 * 3 + 0.25), [sum((0.9 * 2) ** i for i in range(t)) for t in range(8)]
    H = [drive * g for g in G]
    K = [0.0]
    for t in range(1, 8):
        K.append(q * K[-1] + 2 * H[t - 1])
    lips = sp.parameter_lipschitz_constants({"h": 0.9, "i": 0.5, "b": 0.25, "o": 3.0, "c": 7.0}, 3.0, 7, rho=2.0)
    expected = {
        "h": 3 * np.mean(K[1:]),
        "i": 3 * 2 * 3 * np.mean(G[1:]),
        "b": 3 * 2 * np.mean(G[1:]),
        "o": np.mean(H[1:]),
        "c": 1.0,
    }
    assert lips == pytest.approx(expected, rel=1e-13)


def test_a_positive_chain_reaches_the_constant_of_the_recurrent_weight() -> None:
    point = parameter_lipschitz.CLAIM.witness["no accumulation in Λ_h"] | {"step": 1e-7}
    s = parameter_lipschitz.neighbours(**point)
    ratio = float(parameter_lipschitz.distance(s).hi) / float(parameter_lipschitz.bound(s).hi)
    assert 0.99 < ratio < 1.001


@pytest.mark.parametrize("block", ["h", "i", "b", "o", "c"])
def test_no_block_of_parameters_can_be_left_out_of_the_distance(block: str) -> None:
    point = {"Wh": [[0.5]], "Wi": [[1.0]], "b": [1.0], "Wo": [[1.0]], "x": [[1.0]] * 4, "step": 0.01, "rho": 2}
    still = {"dWh": [[0.0]], "dWi": [[0.0]], "db": [0.0], "dWo": [[0.0]], "dbo": [0.0]}
    moved = "d" + parameter_lipschitz.NAMES[block]
    s = parameter_lipschitz.neighbours(**point, **still | {moved: (np.asarray(still[moved]) + 1).tolist()})
    assert parameter_lipschitz.distance(s).lo > parameter_lipschitz.bound(s, **{block: 0.0}).hi
    assert parameter_lipschitz.distance(s).lo <= parameter_lipschitz.bound(s).hi  # equal but for "h"


def test_distance_between_networks_with_fifty_digits() -> None:
    for point in draws(parameter_lipschitz.CLAIM.space, 2, "oracle", range(5, 25)):
        s = parameter_lipschitz.neighbours(**point)
        total = mpmath.mpf(0)
        with mpmath.workdps(50):
            runs = []
            for params in s.sloped:
                if s.activation == "relu":
                    _, y = run_exactly(params, s.x)
                    runs.append([mpmath.mpf(v[0].numerator) / v[0].denominator for v in y[0]])
                    continue
                names = ("Wh", "Wi", "b", "Wo", "bo")
                Wh, Wi, b, Wo, bo = (mpmath.matrix(np.atleast_2d(params[name]).tolist()) for name in names)
                h, outputs = mpmath.zeros(Wh.rows, 1), []
                for u in s.x[0]:
                    h = (Wh * h + Wi * mpmath.matrix(u.tolist()) + b.T).apply(mpmath.tanh)
                    outputs.append((Wo * h + bo)[0])
                runs.append(outputs)
            total = sum((abs(a - b) for a, b in zip(*runs, strict=True)), mpmath.mpf(0)) / s.x.shape[1]
            enclosure = parameter_lipschitz.distance(s)
            assert enclosure.lo <= total <= enclosure.hi


# ---- the world of the learner ---------------------------------------------------------------------------------------


def test_risks_of_the_learner_by_plain_loops() -> None:
    e = experiment(seed=5, n=1000, k=2, delta=0.5, trials=2)
    student, x, y = e.world
    counts = np.random.default_rng([5, 2]).multinomial(1000, np.full(ATOMS, 1 / ATOMS), size=2)
    h, _ = run_exactly(student, x)
    for outcome, row in zip(e.outcomes, counts, strict=True):
        # ridge regression on the n sequences written out one by one
        Z = np.array([[*map(float, state), 1.0] for s, times in enumerate(row) for state in h[s] * int(times)])
        target = np.array([y[s, t] for s, times in enumerate(row) for _ in range(times) for t in range(T)])
        beta = np.linalg.solve(Z.T @ Z / len(Z) + 1e-4 * np.eye(UNITS + 1), Z.T @ target / len(Z))
        fitted = np.array([[float(np.dot([*map(float, h[s][t]), 1.0], beta)) for t in range(T)] for s in range(ATOMS)])
        losses = np.minimum(1, abs(y - fitted)).mean(axis=1)
        assert outcome.train_full == pytest.approx(np.average(losses, weights=row), rel=1e-8)


def test_pruning_error_bounds_the_change_of_training_risk() -> None:
    for k in (1, 3, 6):
        for o in experiment(seed=8, n=500, k=k, delta=0.5, trials=3).outcomes:
            assert abs(o.train - o.train_full) <= o.pruning_error + 1e-12
    assert o.pruning_error < 1e-3  # nothing is lost where everything is kept


def test_radii_hold_the_pruned_network() -> None:
    e = experiment(seed=2, n=300, k=3, delta=0.5, trials=1)
    student, x, y = e.world
    h = sp.rnn_forward(student, x)[0]
    o = learn(e, student, x, y, h, np.full(ATOMS, 1 / ATOMS))
    assert all(4 * r == int(4 * r) and r >= 0.25 for r in o.radii)
    assert o.risk == pytest.approx(o.train, rel=1e-12)  # trained on the whole world
    assert output(student, x).shape == (ATOMS, T)


def test_slack_of_the_world_pays_for_the_grid() -> None:
    radii = (0.5, 1.0, 0.25, 0.75, 0.75)
    named = dict(zip("hiboc", radii, strict=True))
    assert slack(2, radii, 5000, 0.5) == sp.generalization_slack(
        2, 2, 1, named, math.sqrt(2), T, 5000, 0.5, extra_nats=5 * math.log(64)
    )
    assert pytest.approx(20.794415, abs=1e-6) == GRID_NATS
    assert nats(2, 8) == pytest.approx(13 * 8 * math.log(2) + 5 * math.log(64), rel=1e-15)


def test_a_network_that_memorises_fits_every_label() -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 8, 24):
        assert interpolate(np.sort(rng.random(n)), rng.integers(0, 2, n)) < 1e-6
    assert memory(8, 0.05, 0).gaps == pytest.approx(0.5, abs=1e-6)


def test_a_coin_that_cannot_be_decided_is_undecided_and_no_error() -> None:
    from proofs_check.verdict import judge

    claim = one_scale_net.CLAIM.variant("a slack of order 1/n")
    point = {"n": 2000, "delta": 0.3, "log_eps": -5.0}
    for _ in range(60):  # δ moves to the probability itself, which moves with δ
        found = one_scale_net.coin_failure(one_scale_net.coin(**point))
        point["delta"] = (found.lo + found.hi) / 2
    assert judge(claim, point).verdict == "undecided"


def test_the_fair_coin_breaks_a_fast_rate() -> None:
    failure = one_scale_net.coin_failure(one_scale_net.coin(100_000, 0.05, -6.0))
    assert failure.lo == pytest.approx(0.952, abs=1e-3)
    n, eps = 50, 1e-4
    limit = 2 * eps + (math.log1p(2 * 5 / eps) + math.log(20)) / (2 * n)
    direct = sum(comb(n, e) for e in range(n + 1) if abs(e / n - 0.5) > limit) / 2**n
    assert one_scale_net.coin_failure((n, 0.05, eps)).lo == pytest.approx(direct, abs=1e-8)


# ---- hold-out and description length --------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p", "delta"), [(1, 0.5, 0.3), (17, 0.21, 0.05), (40, 0.7, 0.5), (60, 0.02, 0.01)])
def test_failure_probabilities_by_binomial_sums(n: int, p: float, delta: float) -> None:
    from scipy.stats import beta

    weight = [float(comb(n, e) * Fraction(p) ** e * (1 - Fraction(p)) ** (n - e)) for e in range(n + 1)]
    uppers = [1.0 if e == n else beta.ppf(1 - delta, e + 1, n - e) for e in range(n + 1)]
    cp = sum(w for w, u in zip(weight, uppers, strict=True) if u < p)
    hoeffding = sum(w for e, w in enumerate(weight) if e / n + math.sqrt(math.log(1 / delta) / (2 * n)) < p)
    both = hold_out.both(hold_out.HoldOut(n, p, delta))
    assert both.lo <= max(cp, hoeffding) <= both.hi
    with mpmath.workdps(30):
        kl = [
            mpmath.mpf(0)
            if e / n >= p
            else (Fraction(e, n) * mpmath.log(e / (n * p)) if e else 0)
            + (1 - Fraction(e, n)) * mpmath.log((1 - e / n) / (1 - p))
            for e in range(n + 1)
        ]
    chernoff = sum(w for w, value in zip(weight, kl, strict=True) if value > math.log(1 / delta) / n)
    one = one_predictor.one_sided(hold_out.HoldOut(n, p, delta))
    assert one.lo <= chernoff * (1 + 1e-12)
    assert chernoff <= one.hi * (1 + 1e-12)


def test_ten_sequences_without_an_error_are_no_proof() -> None:
    x = hold_out.HoldOut(10, 0.1, 0.05)
    assert hold_out.failure(x, lambda e: hold_out.one_less(e, 10, 0.05)).lo == pytest.approx(0.9**10, rel=1e-6)
    assert sp.clopper_pearson_upper(0, 8, 0.05) == pytest.approx(0.312, abs=1e-3)
    assert sp.clopper_pearson_upper(10, 100, 0.05) == pytest.approx(0.1637176232758148, rel=1e-13)
    assert sp.clopper_pearson_upper(3, 3, 0.05) == 1.0


def test_a_single_coin_breaks_the_two_sided_reading() -> None:
    x = hold_out.HoldOut(1, 0.5, 0.51)
    assert one_predictor.two_sided(x, math.log(1 / 0.51)).lo == pytest.approx(1.0)
    assert one_predictor.two_sided(x, math.log(2 / 0.51)).hi == 0.0


@pytest.mark.parametrize(("q", "c"), [(0.1, 0.05), (0.0, 0.3), (0.5, 1e-6), (0.999, 1e-3), (0.3, 5.0), (0.25, 0.0)])
def test_inverted_divergence_with_fifty_digits(q: float, c: float) -> None:
    with mpmath.workdps(50):
        exact_q, level = mpmath.mpf(q), mpmath.mpf(c)

        def kl(p: mpmath.mpf) -> mpmath.mpf:
            return (exact_q * mpmath.log(exact_q / p) if q else 0) + (1 - exact_q) * mpmath.log((1 - exact_q) / (1 - p))

        lo, hi = exact_q, mpmath.mpf(1)
        for _ in range(160):
            lo, hi = ((lo + hi) / 2, hi) if kl((lo + hi) / 2) <= level else (lo, (lo + hi) / 2)
        enclosure = kl_below_pinsker.inverse(kl_below_pinsker.Level(q, c))
        assert enclosure.lo <= lo <= enclosure.hi
        assert sp.kl_inverse_upper(q, c) == pytest.approx(float(lo), rel=1e-7 if c < 1e-3 else 1e-13)


def test_golden_inversion_to_twelve_digits() -> None:
    assert sp.kl_inverse_upper(0.1, 0.05) == pytest.approx(0.2200786011069246, rel=1e-15)
    assert sp.kl_inverse_upper(np.array([0.0, 1.0]), 0.1) == pytest.approx([1 - math.exp(-0.1), 1.0])
    assert sp.bernoulli_kl(0.0, 0.5) == pytest.approx(math.log(2))
    assert sp.bernoulli_kl(0.5, 0.0) == math.inf
    assert sp.bernoulli_kl([0.5, 1.0], [0.5, 0.25]) == pytest.approx([0.0, math.log(4)])


def test_upper_bounds_on_the_risk() -> None:
    assert sp.hoeffding_upper(0.1, 50, 0.05, B=2.0) == pytest.approx(0.1 + 2 * math.sqrt(math.log(20) / 100))
    assert sp.occam_upper(0.1, 50, 3.0, 0.05, form="hoeffding") == pytest.approx(0.1 + math.sqrt((math.log(20) + 3) / 100))
    assert sp.occam_upper(0.0, 8, 0.0, 0.05) == pytest.approx(1 - 0.05 ** (1 / 8))
    assert sp.description_nats(61, 8) == pytest.approx(61 * 8 * math.log(2) + 5 * math.log(64))


def test_quantised_parameters_are_the_nearest_levels() -> None:
    rng = np.random.default_rng(1)
    params = {
        "Wh": rng.standard_normal((3, 3)),
        "Wi": rng.standard_normal((3, 2)),
        "b": rng.standard_normal(3),
        "Wo": rng.standard_normal((1, 3)),
        "bo": np.zeros(1),
    }
    for bits in (1, 2, 5):
        for name, block in sp.quantize(params, bits).items():
            s = grid_radius(float(np.abs(params[name]).max()))
            levels = [s * (2 * i / (2**bits - 1) - 1) for i in range(2**bits)]
            nearest = [min(levels, key=lambda level: abs(level - v)) for v in params[name].ravel()]
            assert np.abs(block.ravel() - params[name].ravel()) == pytest.approx(
                np.abs(np.array(nearest) - params[name].ravel()), abs=1e-12
            )
            assert all(min(abs(level - v) for level in levels) < 1e-12 for v in block.ravel())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.parameter_lipschitz_constants({**RADII, "h": -1.0}, 1.0, 3), "radii"),
        (lambda: sp.covering_log_number(1, 1, 1, RADII, RADII, 0.0), "eps must be > 0"),
        (lambda: sp.generalization_slack(1, 1, 1, RADII, 1.0, 1, 0, 0.1), "n must"),
        (lambda: sp.generalization_slack(1, 1, 1, RADII, 1.0, 1, 5, 1.0), "delta"),
        (lambda: sp.clopper_pearson_upper(4, 3, 0.1), "4 of 3"),
        (lambda: sp.bernoulli_kl(1.5, 0.5), r"\[0, 1\]"),
        (lambda: sp.kl_inverse_upper(0.5, -1.0), ">= 0"),
        (lambda: sp.kl_inverse_upper(np.nan, 1.0), r"\[0, 1\]"),
        (lambda: sp.occam_upper(0.1, 5, 1.0, 0.1, form="gauss"), "kl"),  # type: ignore[arg-type]
        (lambda: sp.description_nats(5, 0), "bits"),
        (lambda: sp.quantize({"Wh": [[17.0]], "Wi": [[1.0]], "b": [0.0], "Wo": [[1.0]], "bo": [0.0]}, 8), "grid"),
        (lambda: sp.hoeffding_upper(0.1, 0, 0.1), "n must"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
