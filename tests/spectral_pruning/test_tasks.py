"""The tasks: shapes, disjoint parts, and a language whose entropy is what it is said to be."""

from itertools import product

import numpy as np
import pytest

from bounds.common.training import digits, mnist
from bounds.spectral_pruning import tasks
from bounds.spectral_pruning.tasks import MarkovText, additive_text, language, pixel_digits, pixel_mnist, row_digits


@pytest.fixture(scope="module")
def pictures():
    return mnist(np.float32)


@pytest.fixture(autouse=True)
def _read_once(pictures, monkeypatch):
    """The file of MNIST takes seconds to read."""
    monkeypatch.setattr(tasks, "mnist", lambda dtype: pictures)


def text(symbols=3, seed=0):
    P = np.random.default_rng(seed).dirichlet(np.ones(symbols), size=(symbols, symbols))
    return MarkovText(P / P.sum(2, keepdims=True))


@pytest.mark.parametrize(
    ("make", "shape", "sizes"),
    [
        (pixel_digits, (64, 1), (1200, 237, 360)),
        (row_digits, (8, 8), (1200, 237, 360)),
        (pixel_mnist, (196, 1), (3500, 500, 1000)),
    ],
)
def test_pictures_become_sequences_in_three_parts(make, shape, sizes):
    task = make()
    for part, n in zip((task.train, task.validation, task.test), sizes, strict=True):
        assert part.x.shape == (n, *shape)
        assert part.x.dtype == np.float32
        assert part.targets.shape == (n,)
        assert part.x.min() >= 0
        assert 0.9 < part.x.max() <= 1
        assert set(part.targets.tolist()) == set(range(10))


def test_every_digit_is_in_exactly_one_part_and_keeps_its_label():
    images, labels = digits(np.float32)
    task = pixel_digits()
    found = [(x.tobytes(), int(y)) for part in (task.train, task.validation, task.test) for x, y in zip(*part, strict=True)]
    assert sorted(found) == sorted((x.tobytes(), int(y)) for x, y in zip(images, labels, strict=True))


def test_rows_and_pixels_are_the_same_pictures():
    assert np.array_equal(row_digits().test.x.reshape(360, 64), pixel_digits().test.x[:, :, 0])


def test_small_pictures_are_means_of_four_pixels(pictures):
    picture = pictures[0][np.random.default_rng(0).permutation(5000)[0]].reshape(28, 28)
    small = pixel_mnist().train.x[0].reshape(14, 14)
    assert small[5, 7] == pytest.approx(picture[10:12, 14:16].mean(), abs=1e-7)
    assert small.mean() == pytest.approx(picture.mean(), abs=1e-6)


def test_the_entropy_rate_is_the_growth_of_the_entropy_of_blocks():
    chain = text()

    def block_entropy(length):
        """H(X_1, ..., X_length) by listing every word."""
        total = 0.0
        for word in product(range(3), repeat=length):
            p = chain.pairs[word[0], word[1]]
            for a, b, c in zip(word, word[1:], word[2:], strict=False):
                p *= chain.transition[a, b, c]
            total -= p * np.log(p)
        return total

    assert chain.pairs.sum() == pytest.approx(1, abs=1e-13)
    assert block_entropy(7) - block_entropy(6) == pytest.approx(chain.entropy_rate, abs=1e-12)
    assert block_entropy(4) - block_entropy(3) == pytest.approx(chain.entropy_rate, abs=1e-12)  # for it is stationary
    singles = chain.pairs.sum(1)
    assert block_entropy(2) + float(np.sum(singles * np.log(singles))) == pytest.approx(chain.first_entropy, abs=1e-12)
    assert 5 * chain.optimum(5) == pytest.approx(block_entropy(6) + float(np.sum(singles * np.log(singles))), abs=1e-12)


def test_a_memoryless_text_has_the_entropy_of_its_letters():
    p = np.array([0.5, 0.25, 0.25])
    chain = MarkovText(np.broadcast_to(p, (3, 3, 3)).copy())
    assert chain.entropy_rate == pytest.approx(1.5 * np.log(2), abs=1e-14)
    assert chain.first_entropy == pytest.approx(1.5 * np.log(2), abs=1e-14)


def test_drawn_texts_surprise_their_own_chain_by_the_optimum():
    chain = additive_text()
    words = chain.draw(20_000, 12, np.random.default_rng(1))
    later = -np.log(chain.transition[words[:, :-2], words[:, 1:-1], words[:, 2:]])
    first = -np.log((chain.pairs / chain.pairs.sum(1, keepdims=True))[words[:, 0], words[:, 1]])
    surprise = (first + later.sum(1)) / 11
    error = surprise.std() / np.sqrt(len(words))
    assert abs(surprise.mean() - chain.optimum(11)) < 5 * error
    assert 100 * error < chain.optimum(11)  # the comparison means something
    last = np.bincount(words[:, -1], minlength=20) / len(words)  # stationary: late symbols as often as early ones
    assert np.abs(last - chain.pairs.sum(0)).max() < 5 * 0.5 / np.sqrt(len(words))


def test_the_task_asks_for_the_next_symbol():
    task = language(steps=6, sizes=(50, 20, 30))
    assert task.every_step
    assert task.train.x.shape == (50, 6, 20)
    assert np.array_equal(task.train.x.sum(2), np.ones((50, 6), np.float32))
    assert np.array_equal(task.train.x.argmax(2)[:, 1:], task.train.targets[:, :-1])
    assert task.optimum == pytest.approx(additive_text().optimum(6))
    assert not np.array_equal(task.train.targets[:20], task.validation.targets)


@pytest.mark.parametrize("P", [np.ones((2, 2)), np.ones((2, 2, 2)), np.full((2, 2, 2), np.nan), np.zeros((2, 2, 2))])
def test_what_is_no_chain_is_refused(P):
    with pytest.raises(ValueError, match="transition must be"):
        MarkovText(P)


def test_a_chain_that_hardly_mixes_is_refused():
    stay = np.zeros((2, 2, 2))
    stay[:, 0], stay[:, 1] = [1 - 1e-9, 1e-9], [3e-9, 1 - 3e-9]
    with pytest.raises(ValueError, match="mixes too slowly"):
        MarkovText(stay / stay.sum(2, keepdims=True))
