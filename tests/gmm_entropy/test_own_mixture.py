"""A user's own mixture: every file kind and covariance type, every mistake in one sentence, digits end to end."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bounds.gmm_entropy.mixture import mixture
from bounds.gmm_entropy.own_mixture import UnreadableMixture, certify, from_sklearn, read_mixture
from tests.gmm_entropy.oracles import LINE, LINE_GAP

W, MU = np.array([0.25, 0.75]), np.array([[0.0, 0.0, 0.0], [2.0, -1.0, 1.0]])
FULL = np.array([np.diag([1.0, 2.0, 0.5]), np.diag([1.5, 1.0, 3.0])])
FULL[0, 0, 1] = FULL[0, 1, 0] = 0.3


def write(folder: Path, kind: str, **fields: Any) -> Path:
    file = folder / f"mixture{kind}"
    if kind == ".npz":
        np.savez(file, **fields)
    elif kind == ".json":
        file.write_text(json.dumps({name: np.asarray(v).tolist() for name, v in fields.items()}))
    else:
        from safetensors.numpy import save_file

        save_file({name: np.ascontiguousarray(v) for name, v in fields.items()}, file)
    return file


@pytest.mark.parametrize("kind", [".npz", ".json", ".safetensors"])
@pytest.mark.parametrize(
    ("covariances", "full"),
    [
        (FULL, FULL),
        (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([np.diag([1.0, 2.0, 3.0]), np.diag([4.0, 5.0, 6.0])])),
        (np.array([2.0, 3.0]), np.array([2 * np.eye(3), 3 * np.eye(3)])),
        (FULL[0], np.array([FULL[0], FULL[0]])),
    ],
    ids=["full", "diag", "spherical", "tied"],
)
def test_every_covariance_type_from_every_kind_of_file(
    kind: str, covariances: np.ndarray, full: np.ndarray, tmp_path: Path
) -> None:
    x = read_mixture(write(tmp_path, kind, weights=W, means=MU, covariances=covariances))
    np.testing.assert_array_equal(x.w, W)
    np.testing.assert_array_equal(x.mu, MU)
    np.testing.assert_array_equal(x.cov, full)


def test_a_square_matrix_that_may_mean_two_types_must_say_which(tmp_path: Path) -> None:
    fields = {"weights": W, "means": MU[:, :2], "covariances": np.array([[1.0, 0.1], [0.1, 2.0]])}
    with pytest.raises(UnreadableMixture, match="may mean diag or tied: say which in a field covariance_type"):
        read_mixture(write(tmp_path, ".npz", **fields))
    tied = read_mixture(write(tmp_path, ".npz", **fields, covariance_type="tied"))
    np.testing.assert_array_equal(tied.cov[0], fields["covariances"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weights": [0.25, 0.5]}, "sum to 0.75"),
        ({"weights": [1.25, -0.25]}, "is not a positive weight"),
        ({"weights": [0.25, np.nan]}, r"weights holds a NaN or an infinity at index \(1,\)"),
        ({"weights": [0.2, 0.3, 0.5]}, r"weights should be \(K,\) and means \(K, m\)"),
        ({"means": [0.0, 1.0]}, r"weights should be \(K,\) and means \(K, m\)"),
        ({"covariances": np.ones((2, 2, 2))}, r"covariances has shape \(2, 2, 2\); for K = 2 and m = 3 it should be"),
        ({"covariances": -FULL}, "not positive definite"),
        ({"covariances": FULL + np.triu(np.ones((3, 3)), 1)}, "not symmetric"),
        ({"covariances": np.array([np.diag([1.0, 1.0, 1e-11]), np.eye(3)])}, "condition number"),
        ({"covariances": np.full((2, 3), np.inf)}, "covariances holds a NaN or an infinity"),
        ({"covariance_type": "fat"}, "covariance_type is 'fat'; it should be one of full, diag, spherical, tied"),
        ({"covariance_type": "diag"}, r"it should be \(2, 3\) \(diag\)"),
    ],
)
def test_wrong_contents_are_named_in_one_sentence(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"weights": W, "means": MU, "covariances": FULL} | change
    with pytest.raises(UnreadableMixture, match=sentence) as caught:
        read_mixture(write(tmp_path, ".npz", **fields))
    assert "\n" not in str(caught.value)


def test_wrong_files_are_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMixture, match="has no field 'means'; it holds covariances, weights"):
        read_mixture(write(tmp_path, ".npz", weights=W, covariances=FULL))
    with pytest.raises(UnreadableMixture, match=r"should end in \.npz, \.json or \.safetensors"):
        read_mixture(tmp_path / "mixture.pkl")
    with pytest.raises(FileNotFoundError, match="is not there"):
        read_mixture(tmp_path / "absent.npz")
    for kind in (".npz", ".json", ".safetensors"):
        file = tmp_path / f"noise{kind}"
        file.write_bytes(b"\x80\x81 no such file")
        with pytest.raises(UnreadableMixture, match=r"is not whole JSON|is no \.npz|is no \.safetensors"):
            read_mixture(file)
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(UnreadableMixture, match="should hold an object"):
        read_mixture(tmp_path / "list.json")
    (tmp_path / "ragged.json").write_text('{"weights": [0.5, 0.5], "means": [[0], [1, 2]], "covariances": [1, 1]}')
    with pytest.raises(UnreadableMixture, match="without ragged rows"):
        read_mixture(tmp_path / "ragged.json")


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "objects.npz"
    np.savez(file, weights=np.array([0.5, None], dtype=object), means=MU, covariances=FULL)
    with pytest.raises(UnreadableMixture, match=r"no \.npz of plain arrays"):
        read_mixture(file)


def test_an_unfitted_model_is_refused() -> None:
    from sklearn.mixture import GaussianMixture

    with pytest.raises(UnreadableMixture, match="must be a scikit-learn mixture after fit"):
        from_sklearn(GaussianMixture(2))


@pytest.mark.parametrize("kind", ["full", "diag", "spherical", "tied"])
def test_a_fitted_model_of_any_type(kind: str) -> None:
    from sklearn.mixture import GaussianMixture

    points = np.random.default_rng(0).normal(size=(200, 3)) * [1, 2, 3]
    fitted = GaussianMixture(3, covariance_type=kind, random_state=0).fit(points)
    x = from_sklearn(fitted)
    one = points[:1]
    from bounds.gmm_entropy.mixture import log_density

    assert log_density(x.w, x.mu, x.cov, one)[0] == pytest.approx(fitted.score_samples(one)[0], rel=1e-10)


def test_the_line_example_is_enclosed_and_every_bound_lies_above() -> None:
    found = certify(mixture(LINE.w, LINE.mu, LINE.cov), samples=5000, seed=1)
    gap = float(LINE_GAP)
    assert found.log_gap.lo <= np.log(gap) <= found.log_gap.hi
    assert found.entropy.lo <= 2.101001889097805 <= found.entropy.hi
    assert found.approximation.lo <= 2.4485915472692463 <= found.approximation.hi
    assert found.log_gap_sampled is not None
    assert found.log_gap_sampled.lo <= np.log(gap) <= found.log_gap_sampled.hi
    assert found.monte_carlo is not None
    assert found.monte_carlo.lo <= 2.101001889097805 <= found.monte_carlo.hi
    assert all(bound.log_value >= np.log(gap) and bound.log_excess > -1e-9 for bound in found.bounds)


def test_each_method_encloses_the_same_gap() -> None:
    """The line example in the plane, turned: equal covariances on a line, then three components by pair sum and triple term."""
    turn = np.array([[0.6], [0.8]])
    tilted = mixture(LINE.w, LINE.mu @ turn.T, np.repeat(np.eye(2)[None], 3, axis=0))
    by_line = certify(tilted, samples=0)
    assert by_line.gap_by == "equal covariances, quadrature on the line"
    nearly = np.repeat(np.eye(2)[None], 3, axis=0)
    nearly[2] = nearly[2] + 1e-13 * np.eye(2)  # no longer equal, so another method; the gap moves by 1e-13
    by_triple = certify(mixture(LINE.w, LINE.mu @ turn.T, nearly), samples=0)
    assert by_triple.gap_by == "pair sum and triple term"
    for found in (by_line, by_triple):
        assert found.log_gap.lo <= np.log(float(LINE_GAP)) <= found.log_gap.hi
        assert float(found.log_gap.hi) - float(found.log_gap.lo) < 1e-7


def test_one_component_is_exact() -> None:
    found = certify(mixture([1.0], [[1.0, 2.0]], [np.eye(2)]), samples=0)
    assert found.log_gap == (-np.inf, -np.inf, "proved", 0.0)
    assert found.entropy.lo <= np.log(2 * np.pi * np.e) <= found.entropy.hi
    assert found.bounds == ()


def test_a_gap_below_the_range_of_floats_keeps_its_logarithm() -> None:
    found = certify(mixture([0.5, 0.5], [[0.0, 0.0], [100.0, 0.0]], [np.eye(2), np.eye(2)]), samples=0)
    assert found.log_gap.lo <= -1253.68712385448 <= found.log_gap.hi
    assert all(bound.log_excess > -1e-9 for bound in found.bounds)  # none of them underflows to a false 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "approximation", "tree", "total", "sampled"),
    [
        (2, 8.109, 0.369, 0.542, 0.4570),
        (5, 17.59, 0.0629, 0.0868, 0.0795),
        (10, 31.66, 0.0209, 0.0236, 0.02309),
        (20, 54.72, 6.49e-4, 7.67e-4, 7.69e-4),
        (40, 88.15, 1.427e-5, 1.494e-5, 1.493e-5),
    ],
)
def test_digits_after_a_projection_end_to_end(m: int, approximation: float, tree: float, total: float, sampled: float) -> None:
    """The specification's numbers, seen with scikit-learn 1.9.1; the fit depends on its version, hence three digits."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    scores = PCA(m, random_state=0).fit_transform(load_digits().data)
    fitted = GaussianMixture(10, covariance_type="full", reg_covar=1e-3, random_state=0).fit(scores)
    found = certify(from_sklearn(fitted), samples=50_000)
    assert found.approximation.lo == pytest.approx(approximation, rel=2e-3)
    assert np.exp(found.log_gap.lo) == pytest.approx(tree, rel=5e-3)
    assert np.exp(found.log_gap.hi) == pytest.approx(total, rel=5e-3)
    assert found.log_gap_sampled is not None
    assert np.exp(found.log_gap_sampled.lo) <= sampled * 1.005
    assert sampled * 0.995 <= np.exp(found.log_gap_sampled.hi)


PAIR_BY_THIRDS = float(np.log(2 / 3 * 0.5817256983752091296999))  # unit separation, weights 1/3 each


@pytest.mark.parametrize("far", [1e4, 1e6, 1e8, 1e10, 1e14])
@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize("m", [2, 5])
def test_a_component_far_away_costs_the_near_pair_no_digits(far: float, first: int, m: int) -> None:
    """In common coordinates of size 1e14 the near pair would coincide: its certificate was wrong by a fifth."""
    mu = np.zeros((3, m))
    mu[1, :2] = 0.0, 1.0
    mu[2] = far * np.linspace(0.6, 1.0, m)
    mu = np.roll(mu, first, axis=0)
    found = certify(mixture([1 / 3] * 3, mu, np.repeat(np.eye(m)[None], 3, axis=0)), samples=0)
    assert found.log_gap.lo <= PAIR_BY_THIRDS <= found.log_gap.hi
    assert float(found.log_gap.hi) - float(found.log_gap.lo) < 1e-8


NARROW = np.array([[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]])
WIDE = np.array([[2.0, 0.3], [0.3, 1.0]])


@pytest.mark.parametrize(
    ("w", "mu", "cov"),
    [
        ([0.5, 0.5], [[0.0], [1e8]], [[[1.0]], [[1e-12]]]),  # no usable saddle
        ([0.5, 0.5], [[0.0, 0.0], [50.0, -50.0]], [NARROW, WIDE]),
        ([0.3, 0.3, 0.4], [[0.0, 0.0], [1.0, 2.0], [3.0, -1.0]], [NARROW, WIDE, NARROW]),
        ([0.3, 0.3, 0.4], [[0.0, 0.0], [1.0, 2.0], [3.0, -1.0]], [NARROW] * 3),
        ([0.5, 0.25, 0.25], [[0.0, 0.0], [1000.0, 2.0], [3000.0, -1.0]], [WIDE, 2 * WIDE, WIDE]),
        ([0.5, 0.25, 0.25], [[0.0, 0.0], [1e149, 2.0], [3.0, -1.0]], [WIDE, 2 * WIDE, WIDE]),
        ([1e-300, 1.0], [[0.0], [1.0]], [[[1.0]], [[1.0]]]),
    ],
)
def test_extreme_mixtures_get_a_finite_certificate_below_the_label_entropy(w: list[float], mu: Any, cov: Any) -> None:
    found = certify(mixture(w, mu, cov), samples=200)
    assert np.isfinite(found.entropy.lo)
    assert found.entropy.lo <= found.entropy.hi
    label = {bound.name: bound.log_value for bound in found.bounds}["label entropy H(w)"]
    assert found.log_gap.lo < found.log_gap.hi <= label + 1e-9
    assert found.log_gap_sampled is not None
    assert found.log_gap_sampled.lo <= found.log_gap.hi
    assert found.log_gap.lo <= found.log_gap_sampled.hi


def test_rounding_of_the_spectrum_is_counted_at_the_saddle_and_not_at_one_half() -> None:
    """Very different spreads: at t = 1/2 the budget exceeded the gap by e^176 and the certificate said nothing."""
    found = certify(mixture([0.5, 0.5], [[0.0], [1e-3]], [[[1.0]], [[1e-30]]]), samples=0)
    assert float(found.log_gap.hi) - float(found.log_gap.lo) < 0.01
    assert found.log_gap.lo < -30.159 < found.log_gap.hi


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("alike", [False, True])
def test_ill_conditioned_coordinates_are_covered_by_the_budget(K: int, alike: bool) -> None:
    """Whitened in fifty digits the same mixture is well conditioned: both certificates must agree, and on H̃ too."""
    import mpmath as mp

    rng = np.random.default_rng([K, alike])
    with mp.workdps(50):
        for size in (1e5, 1e9):
            B = np.linalg.qr(rng.normal(size=(3, 3)))[0] * np.geomspace(1, np.sqrt(size) / 10, 3)
            root = np.tril(rng.normal(size=(K, 3, 3)), -1) * 0.3 + np.eye(3)
            cov = B @ root @ np.swapaxes(root, 1, 2) @ B.T
            cov = (cov + np.swapaxes(cov, 1, 2)) / 2
            if alike:
                cov = np.repeat(cov[:1], K, axis=0)
            x = mixture(rng.dirichlet(np.ones(K)), rng.normal(size=(K, 3)) @ B.T * 2, cov)
            factor = mp.cholesky(mp.matrix(x.cov[0].tolist()))
            inverse = factor**-1
            white = [inverse * mp.matrix(c.tolist()) * inverse.T for c in x.cov]
            mean = [inverse * (mp.matrix(v.tolist()) - mp.matrix(x.mu[0].tolist())) for v in x.mu]
            plain = mixture(x.w, np.array(mean, dtype=float), np.array([c.tolist() for c in white], dtype=float))
            log_det = float(sum(mp.log(factor[i, i]) for i in range(3)))
            found, expected = certify(x, samples=0), certify(plain, samples=0)
            assert found.log_gap.lo <= expected.log_gap.hi
            assert expected.log_gap.lo <= found.log_gap.hi
            assert found.approximation.lo <= expected.approximation.hi + log_det + 1e-13
            assert expected.approximation.lo + log_det - 1e-13 <= found.approximation.hi
            assert float(found.log_gap.hi) - float(found.log_gap.lo) < (0.3 if K == 3 else 0.01)


def test_the_label_entropy_keeps_the_share_of_a_weight_that_one_minus_it_loses() -> None:
    """-w log w of the heavy weight is 0 in floats, but its true value is the light weight itself."""
    found = certify(mixture([1e-300, 1.0], [[0.0], [1e-3]], [[[1.0]], [[1.0]]]), samples=0)
    label = {bound.name: bound.log_value for bound in found.bounds}["label entropy H(w)"]
    assert label == pytest.approx(np.log(1e-300) + np.log(300 * np.log(10) + 1), abs=1e-12)
    assert found.log_gap.lo <= label
