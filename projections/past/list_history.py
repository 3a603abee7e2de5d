"""The list history: every version of every list that was published, and who may fetch it.

Everyone may fetch the newest version. The difference of two versions reveals who changed when, so
that earlier ones are for auditors, unless the list's history was opened.
"""

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

from projections.projection import TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e

LIST_VERSIONS = "list_versions"
LIST_HISTORIES = "list_histories"


def list_versions_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the table, or the view over it.

    `position` is the last event folded into the version, `published_position` the event that
    published it. `digest` is that of the form with an embedded proof, `jws_digest` that of the
    compact JWS where there is one.
    """
    return Table(
        name,
        metadata,
        Column("list_id", Text, primary_key=True),
        Column("purpose", Text, primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("issuer_id", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("published_position", BigInteger, nullable=False),
        Column("published_at", Text, nullable=False),
        Column("valid_from", Text, nullable=False),
        Column("valid_until", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("jws_digest", Text),
        Index(f"{name}_by_time", "list_id", "purpose", "valid_from"),
    )


def list_histories_table(metadata: MetaData, name: str) -> Table:
    """Describe one row a list: whose it is, and whether everyone may fetch its past versions."""
    return Table(
        name,
        metadata,
        Column("list_id", Text, primary_key=True),
        Column("issuer_id", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("opened_position", BigInteger, nullable=False),
        Column("public", Boolean, nullable=False),
    )


class ListHistoryProjection:
    """Two tables: the versions, and the lists they are of."""

    name = "list_history"
    schema_version = 1
    tables: ClassVar[Mapping[str, TableMaker]] = {
        LIST_VERSIONS: list_versions_table,
        LIST_HISTORIES: list_histories_table,
    }

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.StatusListPublished():
                self._publish(event, position, rows)
            case e.StatusListOpened():
                self._open(event, position, rows)
            case e.StatusListHistoryOpened():
                rows.change(LIST_HISTORIES, (str(event.originator_id),), {"public": True})
            case e.StatusListHistoryClosed():
                rows.change(LIST_HISTORIES, (str(event.originator_id),), {"public": False})
            case (
                e.IssuerEvent()
                | e.AchievementEvent()
                | e.CredentialEvent()
                | e.CredentialNamed()
                | e.StatusListEvent()
                | e.ErasureEvent()
                | e.LegalHoldEvent()
                | e.AccreditationSchemeOpened()
                | e.AccreditationEvent()
            ):
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)

    def _open(self, event: e.StatusListOpened, position: int, rows: Rows) -> None:
        row = {
            "list_id": str(event.originator_id),
            "issuer_id": event.issuer_id,
            "size": event.size,
            "opened_position": position,
            "public": False,
        }
        rows.insert(LIST_HISTORIES, (row["list_id"],), row)

    def _publish(self, event: e.StatusListPublished, position: int, rows: Rows) -> None:
        digests = [form["digest"] for form in event.representations]
        row = {
            "list_id": event.list_id,
            "purpose": event.purpose,
            "version": event.originator_version,
            "issuer_id": event.issuer_id,
            "position": event.position,
            "published_position": position,
            "published_at": event.recorded_at,
            "valid_from": event.valid_from,
            "valid_until": event.valid_until,
            "digest": digests[0],
            "jws_digest": digests[1] if len(digests) > 1 else None,
        }
        rows.insert(LIST_VERSIONS, (event.list_id, event.purpose, event.originator_version), row)
