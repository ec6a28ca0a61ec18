import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gmm_density, gmm_small_gap
from benchmarks.run import NAMES, page, shown
from benchmarks.timing import Table, Times, alternate, ratio
from bounds.gmm_entropy.mixture import log_density, sample
from bounds.gmm_entropy.pair_gap import pair_gaps


@pytest.mark.parametrize(("K", "m"), [(2, 2), (8, 16)])
@pytest.mark.parametrize("peer", ["scikit-learn", "scipy"])
def test_peers_compute_what_ours_computes(peer, K, m):
    w, mu, cov = gmm_density.blobs(K, m)
    x = sample(w, mu, cov, 500, np.random.default_rng(0))
    np.testing.assert_allclose(gmm_density.PEERS[peer](w, mu, cov)(x), log_density(w, mu, cov, x), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("log10_gap", [-3, -100, -1000])
def test_pairs_are_moved_to_the_gap_that_is_asked_for(log10_gap):
    q = gmm_small_gap.separated(2, 2, log10_gap)
    assert pair_gaps(q.w, q.mu, q.cov)[0, 1] == pytest.approx(log10_gap * math.log(10), rel=1e-9)


def test_a_gap_that_no_distance_gives_is_refused():
    with pytest.raises(ValueError, match="No distance of the 2 components in 64 dimensions"):
        gmm_small_gap.separated(2, 64, -3)


def test_both_naive_ways_and_the_sampler_estimate_one_number():
    q = gmm_small_gap.separated(2, 2, -1)
    gap = math.exp(pair_gaps(q.w, q.mu, q.cov)[0, 1])
    peer = gmm_density.PEERS["scikit-learn"](q.w, q.mu, q.cov)
    for values in gmm_small_gap.naive(peer, q, 200_000, np.random.default_rng(0)):
        assert abs(values.mean() - gap) < 6 * values.std() / math.sqrt(len(values))
    found = gmm_small_gap.ours(q, np.random.default_rng(0))
    assert abs(math.exp(found.log_gap) / gap - 1) < 6 * found.relative_error


def test_as_many_draws_are_asked_for_as_one_per_cent_takes():
    values = np.array([0.0, 2.0])  # mean and standard deviation 1
    assert gmm_small_gap.draws_needed(values, 1.0) == pytest.approx(196**2, rel=1e-4)


def test_jobs_take_turns_and_the_first_round_does_not_count():
    order = []
    times = alternate({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2)
    assert order == list("ababab")
    assert [len(one.clock) for one in times.values()] == [2, 2]


def test_the_ratio_is_taken_within_a_round():
    slow, fast = Times([2.0, 40.0, 6.0], []), Times([1.0, 10.0, 3.0], [])
    assert ratio(slow, fast) == 2


def test_a_page_has_one_table_for_rows_of_one_kind():
    where = {"date": "2000-01-01", "CPU": "a CPU", "cores": 2, "versions": {}, "load, start": 0.1, "load, end": 0.2}
    table = Table("T", "N", [{"x": 1}, {"x": 2}, {"y": 3.14159}])._asdict()
    text = page({"one": {"machine": where, "tables": [table]}})
    assert text.count("| --- |") == 2
    assert "| 3.14 |" in text
    assert [shown(v) for v in (12.345, 1234.5, 5e10, "word", 10**6)] == ["12.3", "1234", "5.0e+10", "word", "1000000"]


def test_what_is_kept_is_what_the_page_shows():
    folder = Path(__file__).parents[1] / "benchmarks"
    kept = {name: json.loads((folder / "results" / f"{name}.json").read_text()) for name in NAMES}
    assert page(kept) == (folder / "RESULTS.md").read_text()


def test_an_unknown_benchmark_is_refused():
    script = Path(__file__).parents[1] / "benchmarks" / "run.py"
    done = subprocess.run([sys.executable, script, "--only", "z"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no benchmark 'z'; there are " in done.stderr
