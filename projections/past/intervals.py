"""The intervals: what was known of each credential's status, from which event on until which.

Two clocks. The *recorded* clock is the position in the history: a row counts from `recorded_from`
until the event before `recorded_until`. The *effective* clock is when it holds in the world: the
status holds from `effective_from` on. What was known as of position P to be true at an instant E
is told by the last row with recorded_from <= P and effective_from <= E: a later event overrides
what was known of every instant since its moment of effect, and of none before. So an event that
is backdated changes what is known of the past, and never what was known in the past.

A row whose status sets an entry of a list also says until which event that entry stays set. What
was set in a whole list as of a position is then one range of one index.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

from projections.projection import TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e
from registry.domain.credential import Status

STATUS_INTERVALS = "status_intervals"
MOMENTS = "recorded_moments"
CLOCK = "recorded_clock"
HIGH_WATER = "high-water"


def status_intervals_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the table, or the view over it.

    `version` is that of the credential's event that made the row, `position` that of the event
    that gave the status. `purpose` names the entry that the status sets, and `set_until` the
    event that cleared it: revoking does not clear the entry of a suspension.
    """
    purpose = Column("purpose", Text)
    return Table(
        name,
        metadata,
        Column("credential_id", Text, primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("issuer_id", Text, nullable=False),
        Column("list_id", Text),
        Column("list_index", Integer),
        Column("status", Text, nullable=False),
        Column("reason", Text),
        Column("position", BigInteger, nullable=False),
        Column("recorded_at", Text, nullable=False),
        Column("effective_from", Text, nullable=False),
        Column("recorded_from", BigInteger, nullable=False),
        Column("recorded_until", BigInteger),
        purpose,
        Column("set_until", BigInteger),
        Index(f"{name}_by_issuer", "issuer_id", "recorded_from"),
        Index(
            f"{name}_by_entry",
            "list_id",
            "purpose",
            "recorded_from",
            sqlite_where=purpose.is_not(None),
            postgresql_where=purpose.is_not(None),
        ),
    )


def moments_table(metadata: MetaData, name: str) -> Table:
    """Describe the events that were recorded later than every event before them."""
    return Table(
        name,
        metadata,
        Column("recorded_at", Text, primary_key=True),
        Column("position", BigInteger, nullable=False),
        Index(f"{name}_by_position", "position"),
    )


def clock_table(metadata: MetaData, name: str) -> Table:
    """Describe the one row that holds the latest time any event was recorded at."""
    return Table(
        name,
        metadata,
        Column("name", Text, primary_key=True),
        Column("recorded_at", Text, nullable=False),
    )


class IntervalsProjection:
    """Three tables: the statuses, and two that turn times into positions."""

    name = "intervals"
    schema_version = 1
    tables: ClassVar[Mapping[str, TableMaker]] = {
        STATUS_INTERVALS: status_intervals_table,
        MOMENTS: moments_table,
        CLOCK: clock_table,
    }

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.CredentialIssued():
                self._issue(event, position, rows)
            case e.CredentialSuspended():
                self._change(event, position, rows, Status.SUSPENDED, purpose="suspension")
            case e.CredentialReinstated():
                self._change(event, position, rows, Status.ACTIVE, purpose=None)
            case e.CredentialRevoked():
                self._change(event, position, rows, Status.REVOKED, purpose="revocation")
            case e.CredentialDocumentErased():
                self._carry_on(event, position, rows)
            case (
                e.IssuerEvent()
                | e.AchievementEvent()
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
        _keep_time(event, position, rows)

    def _issue(self, event: e.CredentialIssued, position: int, rows: Rows) -> None:
        # A status may be backdated to the start of the validity, so it is known from there on.
        start = min(event.valid_from, event.recorded_at)
        row = _row(event, position, status=Status.ACTIVE, effective_from=start)
        rows.insert(STATUS_INTERVALS, (row["credential_id"], row["version"]), row)

    def _change(
        self,
        event: e.CredentialSuspended | e.CredentialReinstated | e.CredentialRevoked,
        position: int,
        rows: Rows,
        status: Status,
        *,
        purpose: str | None,
    ) -> None:
        start = event.effective_at or event.recorded_at
        row = _row(event, position, status=status, effective_from=start)
        row |= {"reason": event.reason, "purpose": purpose}
        ended: dict[str, Any] = {"recorded_until": position}
        if status is Status.ACTIVE:
            ended["set_until"] = position
        # The row before is changed unread: reading one a status change would make a mass
        # revocation many times slower.
        credential_id, version = row["credential_id"], row["version"]
        rows.change(STATUS_INTERVALS, (credential_id, version - 1), ended)
        rows.insert(STATUS_INTERVALS, (credential_id, version), row)

    def _carry_on(self, event: e.CredentialDocumentErased, position: int, rows: Rows) -> None:
        """Repeat the status, so that the row before the next one has the version before it."""
        credential_id = str(event.originator_id)
        earlier = range(event.originator_version - 1, 0, -1)
        found = (rows.get(STATUS_INTERVALS, (credential_id, version)) for version in earlier)
        before = next((row for row in found if row is not None), None)
        if before is None:
            return  # The first event was unknown here: the stream is frozen, loudly.
        row = {**before, "version": event.originator_version, "recorded_from": position}
        cleared = {"set_until": position} if before["purpose"] else {}
        ended = {"recorded_until": position, **cleared}
        rows.change(STATUS_INTERVALS, (credential_id, before["version"]), ended)
        rows.insert(STATUS_INTERVALS, (credential_id, row["version"]), row)


def _row(
    event: e.CredentialIssued | e.StatusEvent,
    position: int,
    *,
    status: Status,
    effective_from: str,
) -> dict[str, Any]:
    return {
        "credential_id": str(event.originator_id),
        "version": event.originator_version,
        "issuer_id": event.issuer_id,
        "list_id": event.list_id,
        "list_index": event.list_index,
        "status": status.value,
        "reason": None,
        "position": position,
        "recorded_at": event.recorded_at,
        "effective_from": effective_from,
        "recorded_from": position,
        "recorded_until": None,
        "purpose": None,
        "set_until": None,
    }


def _keep_time(event: e.Event, position: int, rows: Rows) -> None:
    """Note an event that is later than all before it; a clock that was set back notes nothing."""
    highest = rows.get(CLOCK, (HIGH_WATER,))
    if highest is not None and event.recorded_at <= highest["recorded_at"]:
        return
    row = {"name": HIGH_WATER, "recorded_at": event.recorded_at}
    if highest is None:
        rows.insert(CLOCK, (HIGH_WATER,), row)
    else:
        rows.change(CLOCK, (HIGH_WATER,), {"recorded_at": event.recorded_at})
    moment = {"recorded_at": event.recorded_at, "position": position}
    rows.insert(MOMENTS, (event.recorded_at,), moment)
