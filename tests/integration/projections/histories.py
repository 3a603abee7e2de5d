"""Histories of statuses, made up event by event without signing anything."""

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from projections import ALL
from projections.catch_up import CatchUp
from projections.history import History
from projections.past import as_of
from projections.past.moments import Question, resolve
from projections.positions import prepare
from projections.queries import Window
from registry.domain import events as e
from registry.domain.instants import instant
from registry.store import schema
from registry.store.database import Database
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder, open_recorder

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIST_SIZE = 131_072
MOMENTS = (None, *(START + timedelta(hours=number) for number in (-0.5, 0.5, 2.5, 4.5)))
"""Instants that a history is asked about."""

NEXT = {
    "issue": ("active", ("suspend", "revoke", "erase")),
    "suspend": ("suspended", ("reinstate", "revoke", "erase")),
    "reinstate": ("active", ("suspend", "revoke", "erase")),
    "revoke": ("revoked", ("erase",)),
}
"""What was done to a credential -> the status it leaves, and what can be done next."""


def hour(number: float) -> str:
    """Return an instant of the histories."""
    return instant(START + timedelta(hours=number))


@dataclass
class Made:
    """A credential of a history, and what happened to it: (position, effective, status)."""

    issuer_id: str
    list_id: str
    index: int
    stream: UUID = field(default_factory=uuid4)
    version: int = 0
    last: str = ""
    told: list[tuple[int, str, str]] = field(default_factory=list)
    entries: list[tuple[int, str, int]] = field(default_factory=list)

    def status(self, position: int, effective_at: str | None) -> str | None:
        """Return the status that the last event tells of those that were known and in effect."""
        known = [
            status
            for recorded, effective, status in self.told
            if recorded <= position and (effective_at is None or effective <= effective_at)
        ]
        return known[-1] if known else None

    def is_set(self, purpose: str, position: int) -> bool:
        """Return the entry's bit."""
        bits = [bit for at, what, bit in self.entries if what == purpose and at <= position]
        return bool(bits and bits[-1])


class Told:
    """A database, and the histories told to it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.recorder: EventRecorder = open_recorder(database)
        self.history = History(self.recorder)
        self.catch_up = CatchUp(database, self.history, ALL)
        self.mapper = EventMapper()

    def tell(self, event: e.Event) -> int:
        """Append an event, fold it, and return its position."""
        [position] = self.recorder.insert_events([self.mapper.to_stored_event(event)])
        self.catch_up.run()
        return position

    def open_list(self, issuer_id: str, *, at: str = hour(0)) -> str:
        """Open a list and return its id."""
        stream = uuid4()
        self.tell(
            e.StatusListOpened(
                **common(stream, 1, at),
                issuer_id=issuer_id,
                cryptosuite="eddsa-jcs-2022",
                profile="default",
                purposes=["revocation", "suspension"],
                size=LIST_SIZE,
                sequence=0,
            )
        )
        return str(stream)

    def act(self, credential: Made, verb: str, *, at: str, effective_at: str | None = None) -> int:
        """Do something to a credential; return the position of the event."""
        credential.version += 1
        position = self.tell(_event(credential, verb, at, effective_at))
        if verb != "erase":
            credential.last = verb
            effective = effective_at or (min(at, hour(0)) if verb == "issue" else at)
            credential.told.append((position, effective, NEXT[verb][0]))
        if verb in ("suspend", "reinstate"):
            credential.entries.append((position, "suspension", int(verb == "suspend")))
        if verb == "revoke":
            credential.entries.append((position, "revocation", 1))
        return position


@contextmanager
def told(url: str) -> Iterator[Told]:
    """Give an empty history in the database at a URL."""
    database = Database(url)
    try:
        schema.upgrade(database)
        prepare(database, ALL)
        yield Told(database)
    finally:
        database.close()


def _event(credential: Made, verb: str, at: str, effective_at: str | None) -> e.Event:
    base: dict[str, Any] = common(credential.stream, credential.version, at)
    base |= {"issuer_id": credential.issuer_id}
    place: dict[str, Any] = {"list_id": credential.list_id, "list_index": credential.index}
    match verb:
        case "issue":
            return e.CredentialIssued(
                **base,
                **place,
                achievement_id=str(uuid4()),
                achievement_version=1,
                profile="default",
                subject_ref=str(uuid4()),
                document_digest="00" * 32,
                verification_method="did:web:registry.example.org#z6Mk",
                cryptosuite="eddsa-jcs-2022",
                valid_from=hour(0),
            )
        case "erase":
            return e.CredentialDocumentErased(
                **base, subject_ref=str(uuid4()), erasure_id=str(uuid4())
            )
    classes: dict[str, type[e.StatusEvent]] = {
        "suspend": e.CredentialSuspended,
        "reinstate": e.CredentialReinstated,
        "revoke": e.CredentialRevoked,
    }
    details: dict[str, Any] = {"reason": "other", "effective_at": effective_at}
    return classes[verb](**base, **place, **details)


def common(stream: UUID, version: int, at: str) -> dict[str, Any]:
    """Return what every event says."""
    return {
        "originator_id": stream,
        "originator_version": version,
        "recorded_at": at,
        "actor": "api-key:1",
        "command_id": random.randbytes(16).hex(),
        "request_digest": "",
        "nonce": random.randbytes(16).hex(),
    }


def ask_everything(connection: Connection, made: list[Made], position: int) -> dict[Any, Any]:
    """Return every answer as of a position: of each credential, issuer and list."""
    answers: dict[Any, Any] = {}
    for effective in MOMENTS:
        found = resolve(connection, Question(position, effective_at=effective))
        for credential in made:
            spans = as_of.spans(connection, str(credential.stream), found)
            span = as_of.span_at(spans, found.effective_at)
            answers[effective, credential.stream] = span.status if span else None
        for issuer_id in {credential.issuer_id for credential in made}:
            page = as_of.issuer_statuses(connection, issuer_id, found, Window(100))
            answers[effective, issuer_id] = {r["credential_id"]: r["status"] for r in page.rows}
            answers[effective, issuer_id, "counts"] = as_of.issuer_counts(
                connection, issuer_id, found
            )
    lists = {credential.list_id for credential in made}
    for list_id, purpose in itertools.product(lists, ("revocation", "suspension")):
        entries = as_of.set_entries(connection, list_id, purpose, position=position)
        answers[list_id, purpose] = [entry["list_index"] for entry in entries]
    return answers


def expect_everything(made: list[Made], position: int) -> dict[Any, Any]:
    """Return what the answers must be, from what was told."""
    answers: dict[Any, Any] = {}
    for effective in MOMENTS:
        at = instant(effective) if effective else None
        for credential in made:
            answers[effective, credential.stream] = credential.status(position, at)
        for issuer_id in {credential.issuer_id for credential in made}:
            own = {
                str(each.stream): status
                for each in made
                if each.issuer_id == issuer_id and (status := each.status(position, at))
            }
            answers[effective, issuer_id] = own
            counted = sorted(own.values())
            answers[effective, issuer_id, "counts"] = {s: counted.count(s) for s in counted}
    lists = {credential.list_id for credential in made}
    for list_id, purpose in itertools.product(lists, ("revocation", "suspension")):
        answers[list_id, purpose] = sorted(
            each.index
            for each in made
            if each.list_id == list_id and each.is_set(purpose, position)
        )
    return answers
