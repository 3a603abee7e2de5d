"""Given these events, when this command, then exactly those events, or that error.

Every `then` also replays: history and new events must fold to the very state the command left.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import pytest

from registry.domain.aggregate import Aggregate, Command
from registry.domain.errors import RegistryError
from registry.domain.events import Event
from registry.domain.instants import instant

A = TypeVar("A", bound=Aggregate)
E = TypeVar("E", bound=RegistryError)

THEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STREAM = UUID("6a1f4f4e-3f0e-8d2c-9d5e-0a1b2c3d4e5f")
NONCE = "00112233445566778899aabbccddeeff"


def command(
    *,
    at: datetime = NOW,
    key: str = "now",
    digest: str = "digest of now",
    expected_version: int | None = None,
) -> Command:
    """Return a command that is asked for at `at`."""
    return Command(at, "api-key:1", key, digest, lambda: NONCE, expected_version)


def event(event_class: type[Event], number: int, *, at: datetime = THEN, **details: Any) -> Event:
    """Return event `number` of the stream, recorded by an earlier command."""
    key = {"command_id": f"then {number}", "request_digest": f"digest of then {number}"}
    return _event(event_class, number, at=at, details=key | details)


def recorded(
    event_class: type[Event], number: int, *, by: Command | None = None, **details: Any
) -> Event:
    """Return event `number` of the stream as the command `by` must have recorded it."""
    by = by or command()
    key = {"command_id": by.command_id, "request_digest": by.request_digest}
    return _event(event_class, number, at=by.recorded_at, details=key | details)


def _event(
    event_class: type[Event], number: int, *, at: datetime, details: dict[str, Any]
) -> Event:
    return event_class(
        originator_id=STREAM,
        originator_version=number,
        recorded_at=instant(at),
        actor="api-key:1",
        nonce=NONCE,
        **details,
    )


class Given(Generic[A]):
    """An aggregate with its history, and in time the command to give it."""

    def __init__(self, aggregate_class: Callable[[UUID], A], *history: Event) -> None:
        self._class = aggregate_class
        self._history = history
        self.aggregate = self._replayed(history)
        self._act: Callable[[A], object] = lambda _: None

    def when(self, act: Callable[[A], object]) -> "Given[A]":
        """Remember the command; `then` gives it."""
        self._act = act
        return self

    def then(self, *expected: Event) -> A:
        """Assert that exactly these events came of it, and that they replay to the same state."""
        self._act(self.aggregate)
        assert tuple(self.aggregate.collect_events()) == expected
        replayed = self._replayed((*self._history, *expected))
        assert vars(self.aggregate) == vars(replayed)
        return self.aggregate

    def then_refused(self, error: type[E]) -> E:
        """Assert that exactly this error came of it, and nothing else."""
        before = vars(self._replayed(self._history))
        with pytest.raises(error) as refusal:
            self._act(self.aggregate)
        assert type(refusal.value) is error
        assert refusal.value.reason
        assert vars(self.aggregate) == before
        return refusal.value

    def _replayed(self, events: Sequence[Event]) -> A:
        return self._class(STREAM).fold(events)
