"""The base of the aggregates: commands decide and record, `when` applies and never fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from registry.domain.errors import IdempotencyConflictError, VersionMismatchError
from registry.domain.events import Event
from registry.domain.instants import instant


@dataclass(frozen=True)
class Command:
    """Who asks for a change, when, and how a repeat of the same request is recognised.

    `nonce` is called once an event. `expected_version` is the version the caller read (If-Match).
    """

    recorded_at: datetime
    actor: str
    command_id: str
    request_digest: str
    nonce: Callable[[], str]
    expected_version: int | None = None


class ForeignEventError(TypeError):
    """The event belongs to the stream of another kind of aggregate."""


class Aggregate:
    """A stream of events and the state they fold to."""

    def __init__(self, aggregate_id: UUID) -> None:
        self.id = aggregate_id
        self.version = 0
        self._pending: list[Event] = []
        self._answered: dict[str, tuple[str, int]] = {}

    def when(self, event: Event) -> None:
        """Change the state as `event` says; refuses only a ForeignEventError."""
        raise NotImplementedError

    def apply(self, event: Event) -> None:
        """Fold one event of the stream into the state."""
        self.version = event.originator_version
        self._answered[event.command_id] = (event.request_digest, self.version)
        self.when(event)

    def fold(self, events: Iterable[Event]) -> Self:
        """Fold events that follow the present version, in order."""
        for event in events:
            self.apply(event)
        return self

    def record(self, event_class: type[Event], command: Command, **details: Any) -> None:
        """Apply a new event and keep it until `collect_events` takes it to the store."""
        event = event_class(
            originator_id=self.id,
            originator_version=self.version + 1,
            recorded_at=instant(command.recorded_at),
            actor=command.actor,
            command_id=command.command_id,
            request_digest=command.request_digest,
            nonce=command.nonce(),
            **details,
        )
        self.apply(event)
        self._pending.append(event)

    def collect_events(self) -> Sequence[Event]:
        """Hand over the events recorded since the last call, oldest first."""
        pending, self._pending = self._pending, []
        return pending

    def answered(self, command: Command) -> int | None:
        """Return the version this very command led to before, or None if it is new.

        Raises IdempotencyConflictError where the same key came with another request.
        """
        if command.command_id not in self._answered:
            return None
        digest, version = self._answered[command.command_id]
        if digest != command.request_digest:
            raise IdempotencyConflictError(
                "the Idempotency-Key belongs to an earlier request with another body",
                field="Idempotency-Key",
                remedy="use a new key for a new request, or repeat the first one unchanged",
            )
        return version

    def expect(self, command: Command) -> None:
        """Raise VersionMismatchError unless the caller saw the present version or named none."""
        if command.expected_version not in (None, self.version):
            raise VersionMismatchError(
                f"you read version {command.expected_version}, it is now {self.version}",
                field="If-Match",
                remedy="read it again and decide on what it is now",
            )
