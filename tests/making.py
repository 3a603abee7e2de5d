"""Make the parts of a registry for a test: real ones, over a real database, on the test's clock."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eventsourcing.persistence import StoredEvent

from registry.allocation import Allocator
from registry.application import CredentialRegistry
from registry.commands import REGISTRY, Caller, Commands
from registry.domain.achievement import Profile
from registry.domain.instants import instant
from registry.domain.securing import KeyType, Mechanism
from registry.domain.subject import IdentityType
from registry.formats.shapes import Forms, Shapes
from registry.housekeeping import Housekeeping
from registry.issuance import Learner, Order
from registry.requests import NewAchievement, Organisation
from registry.store import installation, schema
from registry.store.database import Database, StoreUnavailableError
from registry.store.key_store import KeyStore
from registry.store.recorders import (
    EventRecorder,
    PostgresEventRecorder,
    SqliteEventRecorder,
    open_recorder,
)
from registry.store.vault import Vault
from registry.streams import Streams

PUBLIC_URL = "https://registry.example.org"
MASTER_KEY = bytes(range(32))
START = datetime(2026, 11, 22, 18, tzinfo=UTC)
OPERATOR = Caller("api-key:operator")
SAMPLES = Path(__file__).with_name("samples")


@dataclass
class Clock:
    """A clock that goes a millisecond each time it is read, and as far as a test sets it."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def advance(self, **by: float) -> None:
        """Go on (or, below zero, back) by a `timedelta` of these arguments."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Parts:
    """The write side of a registry; `clock` is what a test may turn."""

    database: Database
    recorder: EventRecorder
    keys: KeyStore
    commands: Commands
    streams: Streams
    vault: Vault
    allocator: Allocator
    application: CredentialRegistry
    housekeeping: Housekeeping
    clock: Clock = field(repr=False)

    def close(self) -> None:
        self.database.close()


def migrate(url: str) -> None:
    """Make the tables."""
    database = Database(url)
    try:
        schema.upgrade(database)
    finally:
        database.close()


def initialise(url: str) -> None:
    """Make the tables, the registry's secret and its public URL."""
    migrate(url)
    database = Database(url)
    try:
        installation.record_public_url(database, PUBLIC_URL, at=instant(START))
        KeyStore(database, MASTER_KEY).find_or_create([REGISTRY], at=instant(START))
    finally:
        database.close()


def connect(
    url: str,
    *,
    list_size: int = 131_072,
    clock: Clock | None = None,
    recorder: Callable[[Database], EventRecorder] = open_recorder,
    accreditation_enforced: bool = False,
    make_forms: Callable[[], Forms] = Shapes,
) -> Parts:
    """Build the parts over a database that `initialise` prepared."""
    clock = clock or Clock()
    database = Database(url)
    keys = KeyStore(database, MASTER_KEY)
    commands = Commands(keys, clock=clock, entropy=os.urandom)
    events = recorder(database)
    streams = Streams(events, wake=lambda _: None)
    vault = Vault(database, keys)
    allocator = Allocator(streams, keys, commands, list_size=list_size)
    application = CredentialRegistry(
        streams=streams,
        commands=commands,
        keys=keys,
        vault=vault,
        allocator=allocator,
        public_url=PUBLIC_URL,
        accreditation_enforced=accreditation_enforced,
        make_forms=make_forms,
    )
    housekeeping = Housekeeping(database=database, streams=streams, commands=commands, vault=vault)
    return Parts(
        database=database,
        recorder=events,
        keys=keys,
        commands=commands,
        streams=streams,
        vault=vault,
        allocator=allocator,
        application=application,
        housekeeping=housekeeping,
        clock=clock,
    )


def organisation(
    number: int = 1, *, did_method: str = "web", key_type: KeyType = KeyType.ED25519
) -> Organisation:
    """Return an organisation to register."""
    url = f"https://uczelnia-{number}.example"
    names = f"Uczelnia {number}", f"University {number}"
    return Organisation(*names, "PL", url, did_method, key_type)


def definition(name: str = "python-data-analysis") -> dict[str, Any]:
    """Return one of the sample definitions."""
    plain: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return plain


def new_issuer(
    application: CredentialRegistry,
    number: int = 1,
    *,
    key_types: Sequence[KeyType] = (KeyType.ED25519,),
) -> str:
    """Register an issuer that can sign; return its id."""
    issuer = application.register_issuer(OPERATOR, organisation(number))
    for key_type in key_types:
        application.add_signing_key(OPERATOR, str(issuer.id), key_type)
    return str(issuer.id)


def new_achievement(
    application: CredentialRegistry,
    issuer_id: str,
    *,
    profile: Profile = Profile.DEFAULT,
    mechanism: Mechanism = Mechanism.EDDSA_JCS_2022,
) -> str:
    """Define a complete micro-credential, unless told with a quick cryptosuite; return its id."""
    new = NewAchievement(definition("minimal"), cryptosuite=mechanism, profile=profile)
    return str(application.define_achievement(OPERATOR, issuer_id, new).id)


def learner(number: int = 1, *, name: str | None = None) -> Learner:
    """Return a learner known by an e-mail address."""
    return Learner(IdentityType.EMAIL_ADDRESS, f"learner-{number}@example.org", name=name)


def order(achievement_id: str, number: int = 1, **details: Any) -> Order:
    """Return an order of one credential for learner `number`."""
    return Order(achievement_id, learner(number), **details)


class Unsure:
    """A recorder that fails one save of a topic, before or (`applied`) after it took effect."""

    topic: str | None = None
    applied = False

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[int]:
        save = super().insert_events  # type: ignore[misc]
        if self.topic and any(event.topic.startswith(self.topic) for event in stored_events):
            self.topic = None
            if self.applied:
                save(stored_events, **kwargs)
            raise StoreUnavailableError("the answer was lost")
        return save(stored_events, **kwargs)  # type: ignore[no-any-return]


class UnsureSqlite(Unsure, SqliteEventRecorder):
    pass


class UnsurePostgres(Unsure, PostgresEventRecorder):
    pass


def open_unsure(database: Database) -> EventRecorder:
    """Return a recorder that `fail_once` can make fail."""
    return (UnsureSqlite if database.is_sqlite else UnsurePostgres)(database)


def fail_once(parts: Parts, topic: str, *, applied: bool) -> None:
    """Let the next save of a topic fail: not `applied`, or its answer to COMMIT lost."""
    assert isinstance(parts.recorder, Unsure)
    parts.recorder.topic, parts.recorder.applied = topic, applied
