import math

import numpy as np
import pytest

from benchmarks import lstm_attack, lstm_certificates, lstm_lmi
from bounds.common.lstm import run
from bounds.lstm_recovery.interval_box import widths
from bounds.lstm_recovery.methods import certificates, proved_box


def test_torch_computes_the_gradients_that_ours_computes():
    pytest.importorskip("torch")
    problem = lstm_attack.Problem(n=3, m=2, batch=4, steps=5)
    for mine, theirs in zip(problem.ours(), problem.peer()(), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy().reshape(mine.shape), rtol=0, atol=1e-14)


def test_the_attack_asks_for_one_unit_of_each_candidate():
    problem = lstm_attack.Problem(n=3, m=2, batch=4, steps=5)
    assert (problem.dh != 0).sum() == 4
    assert not problem.dh[:-1].any()
    problem.products()
    assert run(problem.net, problem.c, problem.h, problem.u).h.shape == (6, 4, 3)


def test_the_plain_bisection_and_ours_certify_about_the_same_time():
    net = lstm_lmi.net(1)
    T, seconds = lstm_lmi.bisection(net, proved_box(net), 0.01, solves=8)
    (found,) = certificates(net, 0.01, methods=["lmi"], prove=False)
    assert len(seconds) == 8
    assert found.steps <= T + 1 < math.inf


def test_the_plain_program_has_no_answer_out_of_reach():
    net = lstm_lmi.net(1)
    box = proved_box(net)
    assert lstm_lmi.plain(net, box, 0.2) is None
    P, lam, p, kappa = lstm_lmi.plain(net, box, 0.9)
    assert (P.shape, lam.shape, p.shape) == ((2, 2), (6, 1), (2,))
    assert kappa == pytest.approx(math.sqrt(p @ widths(box) ** 2))


def test_the_shortest_round_counts_and_the_answer_is_kept():
    spent, answer = lstm_certificates.seconds(lambda: 7)
    assert answer == 7
    assert 0 <= spent < 1
