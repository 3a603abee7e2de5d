"""The status arrays: for each list and purpose one bit an entry, the fold of the events.

Revoking never clears the suspension bit. The two purposes are two lists that verifiers cache
separately: a fresh suspension list beside a stale revocation list would otherwise read valid.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from bitarray import bitarray
from bitarray.util import zeros
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from projections.projection import ImpossibleEventError, TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e

STATUS_ARRAYS = "status_arrays"
PUBLICATIONS = "publications"


class Bits(TypeDecorator[bitarray]):
    """A bit array, index 0 the most significant bit of byte 0 (Bitstring Status List §3.2)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bitarray | None, dialect: Dialect) -> Any:  # noqa: ARG002 - as the base has it
        """Give the driver bytes."""
        return value.tobytes() if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> bitarray | None:  # noqa: ARG002 - as above
        """Make bits of the driver's bytes."""
        return bitarray(bytes(value), endian="big") if value is not None else None


def status_arrays_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the table, or the view over it.

    `changed_position` is the event that last touched a bit, `opened_position` the list's first;
    `reserved` counts the indexes given to workers.
    """
    return Table(
        name,
        metadata,
        Column("list_id", Text, primary_key=True),
        Column("purpose", Text, primary_key=True),
        Column("issuer_id", Text, nullable=False),
        Column("cryptosuite", Text, nullable=False),
        Column("profile", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("bits", Bits, nullable=False),
        Column("reserved", Integer, nullable=False),
        Column("closed", Boolean, nullable=False),
        Column("retired", Boolean, nullable=False),
        Column("opened_position", BigInteger, nullable=False),
        Column("changed_position", BigInteger, nullable=False),
    )


def publications_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the newest publication of each list, or the view over it."""
    return Table(
        name,
        metadata,
        Column("list_id", Text, primary_key=True),
        Column("purpose", Text, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("valid_from", Text, nullable=False),
        Column("valid_until", Text, nullable=False),
        Column("digest", Text, nullable=False),
    )


class StatusListsProjection:
    """Two tables: the arrays, and what was last published of them."""

    name = "status_lists"
    schema_version = 1
    tables: ClassVar[Mapping[str, TableMaker]] = {
        STATUS_ARRAYS: status_arrays_table,
        PUBLICATIONS: publications_table,
    }

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.CredentialSuspended():
                self._set(event, rows, purpose="suspension", bit=1, position=position)
            case e.CredentialReinstated():
                self._set(event, rows, purpose="suspension", bit=0, position=position)
            case e.CredentialRevoked():
                self._set(event, rows, purpose="revocation", bit=1, position=position)
            case e.StatusListOpened():
                self._open(event, position, rows)
            case e.IndexesReserved():
                self._count(event, rows, event.count)
            case e.IndexesReturned():
                self._count(event, rows, -event.count)
            case e.StatusListClosed():
                self._mark(event, rows, {"closed": True})
            case e.StatusListRetired():
                self._mark(event, rows, {"retired": True})
            case e.StatusListPublished():
                self._publish(event, rows)
            case (
                e.CredentialIssued()
                | e.CredentialNamed()
                | e.CredentialDocumentErased()
                | e.IssuerEvent()
                | e.AchievementEvent()
                | e.StatusListHistoryOpened()
                | e.StatusListHistoryClosed()
                | e.ErasureEvent()
                | e.LegalHoldEvent()
                | e.AccreditationSchemeOpened()
                | e.AccreditationEvent()
            ):
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)

    def _open(self, event: e.StatusListOpened, position: int, rows: Rows) -> None:
        for purpose in event.purposes:
            row = {
                "list_id": str(event.originator_id),
                "purpose": purpose,
                "issuer_id": event.issuer_id,
                "cryptosuite": event.cryptosuite,
                "profile": event.profile,
                "size": event.size,
                "bits": zeros(event.size, endian="big"),
                "reserved": 0,
                "closed": False,
                "retired": False,
                "opened_position": position,
                "changed_position": position,
            }
            rows.insert(STATUS_ARRAYS, (row["list_id"], purpose), row)

    def _set(
        self, event: e.StatusEvent, rows: Rows, *, purpose: str, bit: int, position: int
    ) -> None:
        key = (event.list_id, purpose)
        row = rows.get(STATUS_ARRAYS, key)
        if row is None:
            return  # The list's own opening is an event unknown here: it is frozen, loudly.
        if not 0 <= event.list_index < row["size"]:
            raise ImpossibleEventError(f"index {event.list_index} of {row['size']} entries")
        row["bits"][event.list_index] = bit
        rows.change(STATUS_ARRAYS, key, {"bits": row["bits"], "changed_position": position})

    def _count(self, event: e.Event, rows: Rows, count: int) -> None:
        for key, row in self._both(event, rows):
            rows.change(STATUS_ARRAYS, key, {"reserved": row["reserved"] + count})

    def _mark(self, event: e.Event, rows: Rows, values: dict[str, Any]) -> None:
        for key, _ in self._both(event, rows):
            rows.change(STATUS_ARRAYS, key, dict(values))

    def _both(self, event: e.Event, rows: Rows) -> list[tuple[tuple[str, str], Any]]:
        keys = [(str(event.originator_id), purpose) for purpose in ("revocation", "suspension")]
        found = [(key, rows.get(STATUS_ARRAYS, key)) for key in keys]
        return [(key, row) for key, row in found if row is not None]

    def _publish(self, event: e.StatusListPublished, rows: Rows) -> None:
        key = (event.list_id, event.purpose)
        row = {
            "list_id": event.list_id,
            "purpose": event.purpose,
            "version": event.originator_version,
            "position": event.position,
            "valid_from": event.valid_from,
            "valid_until": event.valid_until,
            "digest": event.representations[0]["digest"],
        }
        if rows.get(PUBLICATIONS, key) is None:
            rows.insert(PUBLICATIONS, key, row)
        else:
            rows.change(PUBLICATIONS, key, row)
