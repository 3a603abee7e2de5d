"""The timeline: what happened to each issuer, achievement and credential, for people to read."""

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

from projections.projection import TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e

VIEW = "timeline"


def timeline_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the table, or the view over it."""
    return Table(
        name,
        metadata,
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("stream_id", Text, nullable=False),
        Column("stream_version", Integer, nullable=False),
        Column("issuer_id", Text, nullable=False),
        Column("event", Text, nullable=False),
        Column("recorded_at", Text, nullable=False),
        Column("effective_at", Text),
        Column("actor", Text, nullable=False),
        Column("reason", Text),
        Index(f"{name}_by_stream", "stream_id", "stream_version"),
        Index(f"{name}_by_issuer", "issuer_id", "position"),
    )


class TimelineProjection:
    """One row an event about an issuer, an achievement or a credential."""

    name = VIEW
    schema_version = 2
    tables: ClassVar[Mapping[str, TableMaker]] = {VIEW: timeline_table}

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.IssuerEvent():
                self._add(event, position, rows, issuer_id=str(event.originator_id))
            case e.AchievementEvent() | e.CredentialEvent() | e.AccreditationEvent():
                self._add(event, position, rows, issuer_id=event.issuer_id)
            case e.ErasureEvent() | e.LegalHoldEvent():
                self._add(event, position, rows, issuer_id=event.issuer_id)
            case e.AccreditationSchemeOpened():
                self._add(event, position, rows, issuer_id=event.accreditor_id)
            case e.CredentialNamed() | e.StatusListEvent():
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)

    def _add(self, event: e.Event, position: int, rows: Rows, *, issuer_id: str) -> None:
        row = {
            "position": position,
            "stream_id": str(event.originator_id),
            "stream_version": event.originator_version,
            "issuer_id": issuer_id,
            "event": event.TOPIC,
            "recorded_at": event.recorded_at,
            "effective_at": getattr(event, "effective_at", None),
            "actor": event.actor,
            "reason": getattr(event, "reason", None),
        }
        rows.insert(VIEW, (position,), row)
