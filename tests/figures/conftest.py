"""What the tests of all figures share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """pyplot keeps every figure until it is closed, and warns of the twenty-first."""
    yield
    from matplotlib import pyplot

    pyplot.close("all")
