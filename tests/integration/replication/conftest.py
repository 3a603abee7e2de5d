"""A primary and its synchronous standby, of the tests' own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.bootstrap import Registry
from tests.integration.projections.by_hand import open_registry
from tests.replication import Pair


@pytest.fixture(scope="session")
def shared_pair() -> Iterator[Pair]:
    """Both, for tests that leave them running as they were."""
    yield from running()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Both, for a test that kills or parts them."""
    yield from running()


def running() -> Iterator[Pair]:
    pair = Pair()
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Registry]]:
    """Builds the registry of the test's folder, as each process that starts does."""
    built: list[Registry] = []

    def build(database_url: str, **settings: object) -> Registry:
        built.append(open_registry(tmp_path, database_url, **settings))
        return built[-1]

    yield build
    for registry in built:
        registry.close()
