"""A registry on a clock that the test turns, over a database of either kind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.bootstrap import Registry
from registry.domain.securing import Mechanism
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.making import Clock

Another = Callable[[], ByHand]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every registry that is built in this test."""
    clock = Clock()
    monkeypatch.setattr("api.clock.now", clock)
    return clock


@pytest.fixture
def mechanism() -> Mechanism:
    """What secures the credentials and lists of this test."""
    return Mechanism.EDDSA_JCS_2022


@pytest.fixture
def another(
    database_url: str, tmp_path: Path, clock: Clock, mechanism: Mechanism
) -> Iterator[Another]:
    """Start one more process, as it were, over the same database and publish folder."""
    opened: list[Registry] = []

    def start() -> ByHand:
        opened.append(open_registry(tmp_path, database_url))
        return ByHand(opened[-1], clock, mechanism)

    yield start
    for registry in opened:
        registry.close()


@pytest.fixture
def by_hand(another: Another) -> ByHand:
    """A new registry."""
    return another()
