"""A registry from its composition root, whose background work a test does by hand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from sqlalchemy import Table, select, text

from api import bootstrap, founding
from api.bootstrap import Registry
from api.settings import Settings
from projections import ALL, positions
from projections.history import History, Recorded, Unreadable
from projections.list_documents import document_of
from projections.publish_folder import PublishedVersion, jwt_name, list_name
from projections.replay import Replay
from registry.domain.credential import Credential
from registry.domain.events import Event, StatusListPublished
from registry.domain.securing import KeyType, Mechanism
from registry.domain.status_list import publication_id
from registry.formats import bitstring
from registry.requests import NewAchievement, StatusChange
from registry.store.recorders import open_recorder
from tests.making import OPERATOR, PUBLIC_URL, Clock, definition, new_issuer, order

E = TypeVar("E", bound=Event)

PURPOSES = ("revocation", "suspension")


def open_registry(folder: Path, database_url: str, **settings: Any) -> Registry:
    """Build a registry in a folder, as a process that starts does, and do not start its thread."""
    url = {"public_url": PUBLIC_URL}
    given = Settings.read(folder=folder, database_url=database_url, **{**url, **settings})
    founding.initialise(given)
    return bootstrap.build(given)


@dataclass(frozen=True)
class ByHand:
    """A registry, and what a test does with it; nothing happens that is not asked for.

    `mechanism` secures the credentials it issues, and so their lists.
    """

    registry: Registry
    clock: Clock
    mechanism: Mechanism = Mechanism.EDDSA_JCS_2022

    def settle(self) -> int:
        """Let a second pass, fold every event, publish what is due; return how many lists."""
        self.clock.advance(seconds=1)
        self.registry.catch_up.run()
        return self.registry.publisher.tick()

    def issue(self, count: int = 1, *, number: int = 1) -> list[Credential]:
        """Issue credentials of a new issuer, who has keys of the type they need and of Ed25519."""
        application = self.registry.application
        issuer_id = new_issuer(application, number)
        if self.mechanism.key_type is not KeyType.ED25519:
            application.add_signing_key(OPERATOR, issuer_id, self.mechanism.key_type)
        new = NewAchievement(definition("minimal"), cryptosuite=self.mechanism)
        achievement_id = str(application.define_achievement(OPERATOR, issuer_id, new).id)
        orders = [order(achievement_id, learner) for learner in range(count)]
        return [one.credential for one in application.issue(OPERATOR, issuer_id, orders)]

    def revoke(self, credential: Credential) -> None:
        self._change("revoke", credential)

    def suspend(self, credential: Credential, **details: Any) -> None:
        self._change("suspend", credential, **details)

    def reinstate(self, credential: Credential) -> None:
        self._change("reinstate", credential)

    def _change(self, verb: str, credential: Credential, **details: Any) -> None:
        change = StatusChange("other", **details)
        act = getattr(self.registry.application, verb)
        act(OPERATOR, credential.issuance.issuer_id, str(credential.id), change)

    def current(self, credential: Credential, purpose: str = "revocation") -> PublishedVersion:
        """Return which version of a credential's list is served."""
        current = self.registry.folder.current(name_of(credential, purpose))
        assert current is not None
        return current

    def names(self, credential: Credential, purpose: str = "revocation") -> list[str]:
        """Return the names that a credential's list is published under."""
        both = [name_of(credential, purpose), jwt_name_of(credential, purpose)]
        return both if self.mechanism.is_jwt else both[:1]

    def versions(self, credential: Credential, purpose: str = "revocation") -> list[int]:
        """Return which version of each form of a credential's list is served, 0 for none."""
        found = [self.registry.folder.current(name) for name in self.names(credential, purpose)]
        return [current.version if current else 0 for current in found]

    def served(self, credential: Credential, purpose: str = "revocation") -> dict[str, Any]:
        """Return a credential's list as a web server would serve it."""
        path = self.registry.folder.root / name_of(credential, purpose)
        document: dict[str, Any] = json.loads(path.read_bytes())
        return document

    def bit(self, credential: Credential, purpose: str = "revocation") -> int:
        """Return what a verifier reads at a credential's index, in whatever form it reads."""
        (bit,) = set(self.bits(credential, purpose))
        return bit

    def bits(self, credential: Credential, purpose: str = "revocation") -> list[int]:
        """Return what a verifier reads at a credential's index in each form of the list."""
        bodies = [
            (self.registry.folder.root / name).read_bytes()
            for name in self.names(credential, purpose)
        ]
        texts = [document_of(body)["credentialSubject"]["encodedList"] for body in bodies]
        index = index_of(credential)
        return [bitstring.value(bitstring.decode(text), index) for text in texts]

    def alarm(self, credential: Credential, purpose: str = "revocation") -> str | None:
        """Return why a credential's list is not published, or None."""
        alarm = self.registry.publisher.alarms.get((list_of(credential), purpose))
        return alarm.reason if alarm else None

    def publications(
        self, credential: Credential, purpose: str = "revocation"
    ) -> list[StatusListPublished]:
        """Return what was recorded of a credential's list, oldest first."""
        stream = publication_id(list_of(credential), purpose)
        return [
            event for event in self.events(StatusListPublished) if event.originator_id == stream
        ]

    def events(self, event_class: type[E]) -> list[E]:
        """Return every event of one class, oldest first."""
        return [item.event for item in self._recorded() if isinstance(item.event, event_class)]

    def position_of(self, event: Event) -> int:
        """Return the position of an event."""
        (position,) = [item.position for item in self._recorded() if item.event == event]
        return position

    def _recorded(self) -> list[Recorded]:
        return [item for item in self.registry.history.all() if isinstance(item, Recorded)]

    def replay(self) -> Replay:
        return Replay(
            database=self.registry.database,
            history=self.registry.history,
            folder=self.registry.folder,
            public_url=PUBLIC_URL,
            projections=ALL,
            log_folder=self.registry.transparency.folder,
        )

    def add_unknown_event(self, stream: UUID | None = None, *, topic: str = "later-v7") -> int:
        """Append an event that only a later version of the registry knows; return its position."""
        recorder = open_recorder(self.registry.database)
        stream = stream or uuid4()
        version = len(recorder.select_events(stream)) + 1
        return recorder.insert_events([StoredEvent(stream, version, topic, b"{}")])[0]

    def execute(self, statement: str, **parameters: Any) -> None:
        """Change the database behind the registry's back."""
        with self.registry.database.writing() as connection:
            connection.execute(text(statement), parameters)

    def live_table(self, view: str) -> Table:
        """Return the table that a view shows now."""
        (projection,) = [each for each in ALL if view in each.tables]
        with self.registry.database.reading() as connection:
            generation = positions.live(connection, projection.name).generation
        return generation.tables(projection.tables)[view]

    def rows(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return every row of every view, in order of the keys."""
        return {view: self._rows(view) for projection in ALL for view in projection.tables}

    def _rows(self, view: str) -> list[Mapping[str, Any]]:
        table = self.live_table(view)
        query = select(table).order_by(*table.primary_key)
        with self.registry.database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def positions(self) -> dict[str, int]:
        """Return up to which event each projection is folded."""
        with self.registry.database.reading() as connection:
            return {each.name: positions.live(connection, each.name).position for each in ALL}


class SlowHistory(History):
    """Reads a page and then does not get on for as long as `meanwhile` takes."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def page(
        self, after: int, *, stop: int | None = None, topics: tuple[str, ...] = ()
    ) -> list[Recorded | Unreadable]:
        page = super().page(after, stop=stop, topics=topics)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return page


def list_of(credential: Credential) -> str:
    """Return the id of the list that a credential has its entries in."""
    assert credential.issuance.list_id is not None
    return credential.issuance.list_id


def index_of(credential: Credential) -> int:
    """Return the index of a credential's entries."""
    assert credential.issuance.list_index is not None
    return credential.issuance.list_index


def achievement_of(credential: Credential) -> str:
    """Return the id of the achievement that a credential states."""
    assert credential.issuance.achievement_id is not None
    return credential.issuance.achievement_id


def name_of(credential: Credential, purpose: str = "revocation") -> str:
    """Return the name of a credential's list in the publish folder."""
    return list_name(list_of(credential), purpose)


def jwt_name_of(credential: Credential, purpose: str = "revocation") -> str:
    """Return the name of the compact JWS of a credential's list."""
    return jwt_name(list_of(credential), purpose)
