"""The events that evidence is made of, as the log has them, under one checkpoint."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from projections.transparency import tree_state
from projections.transparency.errors import LogContradictedError
from projections.transparency.floor import LogFiles
from projections.transparency.receipts import prove
from registry.formats.tlog.leaves import EventLeaf, LeafError, read_leaf
from registry.formats.tlog.proofs import Proof
from registry.store.tables import stored_events


@dataclass(frozen=True)
class Logged:
    """An event: its position, its leaf, and the proof of the leaf."""

    position: int
    leaf: EventLeaf
    proof: Proof


@dataclass(frozen=True)
class LoggedStreams:
    """Reads whole streams from one log, up to the position that its checkpoint covers."""

    connection: Connection
    files: LogFiles
    checkpoint: bytes
    until: int

    def stream(self, stream_id: str) -> list[Logged]:
        """Return the events of a stream, oldest first; raises LogContradictedError."""
        return [self._logged(*place, stream_id) for place in self._positions(stream_id)]

    def event(self, stream_id: UUID, version: int) -> Logged | None:
        """Return one event of a stream, None where the checkpoint does not cover it."""
        return next(
            (
                self._logged(position, each, str(stream_id))
                for position, each in self._positions(str(stream_id), version=version)
            ),
            None,
        )

    def _positions(
        self, stream_id: str, *, version: int | None = None
    ) -> Iterator[tuple[int, int]]:
        columns, is_sqlite = stored_events.c, self.connection.dialect.name == "sqlite"
        query = select(columns.notification_id, columns.originator_version).where(
            columns.originator_id == (stream_id if is_sqlite else UUID(stream_id)),
            columns.notification_id <= self.until,
        )
        if version is not None:
            query = query.where(columns.originator_version == version)
        for row in self.connection.execute(query.order_by(columns.originator_version)).all():
            yield row.notification_id, row.originator_version

    def _logged(self, position: int, version: int, stream_id: str) -> Logged:
        index = tree_state.index_of(self.connection, self.files.number, position)
        if index is None:
            raise _contradicted(f"the event at position {position} is no leaf")
        proof = prove(self.files, index, self.checkpoint)
        try:
            leaf = read_leaf(proof.extra or b"")
        except LeafError as error:
            raise _contradicted(f"leaf {index}: {error}") from error
        if not isinstance(leaf, EventLeaf) or (leaf.stream, leaf.version) != (stream_id, version):
            raise _contradicted(f"leaf {index} is another event than the one at {position}")
        return Logged(position, leaf, proof)


def _contradicted(reason: str) -> LogContradictedError:
    return LogContradictedError(reason, remedy="run: registry replay --verify")
