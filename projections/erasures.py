"""The erasures view: what was asked, decided and done, for operators and for what goes on."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    func,
    select,
)

from projections import positions
from projections.credentials import VIEW as CREDENTIALS
from projections.credentials import credentials_table
from projections.projection import TableMaker, UnhandledEventError
from projections.queries import Page, Window, page_of
from projections.rows import Rows
from registry.domain import events as e
from registry.domain.erasure import ErasureState
from registry.store.database import Database
from registry.store.tables import stored_events

VIEW = "erasures"


def erasures_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the table, or with name "erasures" the view over it."""
    return Table(
        name,
        metadata,
        Column("erasure_id", Text, primary_key=True),
        Column("issuer_id", Text, nullable=False),
        Column("subject_ref", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("requested_at", Text, nullable=False),
        Column("requested_by", Text, nullable=False),
        Column("decided_at", Text),
        Column("decided_by", Text),
        Column("decline_reason", Text),
        Column("completed_at", Text),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Index(f"{name}_by_state", "state", "position"),
    )


class ErasuresProjection:
    """One row an erasure."""

    name = VIEW
    schema_version = 1
    tables: ClassVar[Mapping[str, TableMaker]] = {VIEW: erasures_table}

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.ErasureRequested():
                rows.insert(VIEW, (str(event.originator_id),), _new_row(event, position))
            case e.ErasureConfirmed():
                self._decide(event, rows, ErasureState.PENDING)
            case e.ErasureDeclined():
                self._decide(event, rows, ErasureState.DECLINED, decline_reason=event.reason)
            case e.ErasureCompleted():
                done = {"completed_at": event.recorded_at}
                self._change(event, rows, ErasureState.COMPLETED, **done)
            case (
                e.IssuerEvent()
                | e.AchievementEvent()
                | e.CredentialEvent()
                | e.CredentialNamed()
                | e.StatusListEvent()
                | e.LegalHoldEvent()
                | e.AccreditationSchemeOpened()
                | e.AccreditationEvent()
            ):
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)

    def _decide(self, event: e.ErasureEvent, rows: Rows, state: ErasureState, **more: str) -> None:
        decided = {"decided_at": event.recorded_at, "decided_by": event.actor}
        self._change(event, rows, state, **decided, **more)

    def _change(self, event: e.ErasureEvent, rows: Rows, state: ErasureState, **more: str) -> None:
        values = {"state": state.value, "version": event.originator_version, **more}
        rows.change(VIEW, (str(event.originator_id),), values)


def _new_row(event: e.ErasureRequested, position: int) -> dict[str, object]:
    return {
        "erasure_id": str(event.originator_id),
        "issuer_id": event.issuer_id,
        "subject_ref": event.subject_ref,
        "reason": event.reason,
        "state": ErasureState.REQUESTED.value,
        "requested_at": event.recorded_at,
        "requested_by": event.actor,
        "decided_at": None,
        "decided_by": None,
        "decline_reason": None,
        "completed_at": None,
        "version": event.originator_version,
        "position": position,
    }


_views = MetaData()
_erasures = erasures_table(_views, VIEW)
_credentials = credentials_table(_views, CREDENTIALS)
_CONFIRMED = (ErasureState.PENDING.value, ErasureState.COMPLETED.value)


class ViewedHoldings:
    """What the views tell of erasures and of a learner's credentials."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def credentials_of(self, reference: str) -> Collection[str]:
        """Return the ids of the credentials that were issued under a reference."""
        own = _credentials.c.subject_ref == reference
        with self._database.reading() as connection:
            query = select(_credentials.c.credential_id).where(own)
            return set(connection.execute(query).scalars())

    def pending(self) -> Sequence[str]:
        """Return the ids of the erasures that were confirmed and are not completed.

        What was recorded since the view was folded counts too: a crash may have come right after.
        """
        query = select(_erasures.c.erasure_id).where(
            _erasures.c.state == ErasureState.PENDING.value
        )
        with self._database.snapshot() as connection:
            viewed = connection.execute(query.order_by(_erasures.c.position)).scalars()
            found = dict.fromkeys(viewed)
            for erasure_id, topic in connection.execute(_unfolded(connection)):
                if topic == e.ErasureConfirmed.TOPIC:
                    found[str(erasure_id)] = None
                else:
                    found.pop(str(erasure_id), None)
        return list(found)

    def confirmed(self) -> Collection[str]:
        """Return the ids of all erasures that were confirmed, completed or not."""
        query = select(_erasures.c.erasure_id).where(_erasures.c.state.in_(_CONFIRMED))
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())


def _unfolded(connection: Connection) -> Select[Any]:
    """Select the confirmations and completions that the view does not hold yet."""
    folded = positions.live(connection, VIEW).position
    topics = (e.ErasureConfirmed.TOPIC, e.ErasureCompleted.TOPIC)
    return (
        select(stored_events.c.originator_id, stored_events.c.topic)
        .where(stored_events.c.notification_id > folded, stored_events.c.topic.in_(topics))
        .order_by(stored_events.c.notification_id)
    )


def open_erasures(database: Database) -> Mapping[str, int]:
    """Return how many erasures wait for a decision, and how many for their end."""
    waiting = (ErasureState.REQUESTED.value, ErasureState.PENDING.value)
    query = select(_erasures.c.state, func.count()).where(_erasures.c.state.in_(waiting))
    with database.reading() as connection:
        found = {row[0]: row[1] for row in connection.execute(query.group_by(_erasures.c.state))}
    return {state: found.get(state, 0) for state in waiting}


def page(database: Database, window: Window, *, state: str | None) -> Page:
    """List erasures, newest first; those in one state, if it is named."""
    wanted = select(_erasures)
    if state is not None:
        wanted = wanted.where(_erasures.c.state == state)
    return page_of(database, _erasures, wanted, window)
