"""Make receipts: proofs, for whoever holds a document, that its event stands in the log.

A receipt is a C2SP tlog-proof whose extra line is the leaf itself. It is made of the log's folder
alone; the database is asked where in the history the event stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ScalarSelect, select

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.errors import LogContradictedError
from projections.transparency.floor import LogFiles, LogFolder, checkpoint_in
from registry.domain.errors import NotFoundError, RegistryError
from registry.formats.tlog.checkpoints import open_checkpoint
from registry.formats.tlog.leaves import EventLeaf, LeafError, read_leaf
from registry.formats.tlog.merkle import InclusionError, leaf_hash, verify_inclusion
from registry.formats.tlog.notes import NoteError
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.proofs import Proof
from registry.formats.tlog.tiles import inclusion_proof
from registry.store.database import Database
from registry.store.tables import log_runs, stored_events

_events, _runs = stored_events.c, log_runs.c

ISSUED_VERSION = 1
"""A credential's stream begins with its issuance."""


class NotLoggedYetError(RegistryError):
    """The event is recorded, and no signed checkpoint of the log covers it yet."""


class NoSuchEventError(NotFoundError):
    """The history has no such event."""


@dataclass(frozen=True)
class _Place:
    """A leaf of one log."""

    files: LogFiles
    index: int


class Receipts:
    """Receipts under the newest checkpoint that the `policy` is satisfied with.

    Without a policy that is the newest the log signed, which no witness needs to have seen.
    """

    def __init__(self, *, database: Database, folder: LogFolder, policy: Policy | None) -> None:
        self._database = database
        self._folder = folder
        self.policy = policy
        self._cosigned: dict[int, CosignedCheckpoints] = {}

    def for_credential(self, credential_id: str) -> Proof:
        """Return the receipt of a credential's issuance; raises as `for_event` does."""
        return self.for_event(UUID(credential_id), ISSUED_VERSION)

    def for_event(self, stream: UUID, version: int) -> Proof:
        """Return the receipt of an event; raises NoSuchEventError or NotLoggedYetError.

        Raises LogContradictedError where the log has another event in that place: a receipt that
        nobody could verify is not given out.
        """
        place = self._place(stream, version)
        proof = prove(place.files, place.index, self._checkpoint(place))
        _check_is(proof.extra or b"", stream, version)
        return proof

    def index_of(self, credential_id: str) -> int:
        """Return the leaf of a credential's issuance; raises as `for_event` does."""
        return self._place(UUID(credential_id), ISSUED_VERSION).index

    def checkpoint(self, number: int) -> bytes | None:
        """Return the checkpoint that receipts of one log stand under, None before the first."""
        cosigned = self._cosigned_of(number)
        if self.policy is not None and self.policy.quorum is not None:
            return cosigned.newest()
        newest = self._folder.log(number).checkpoint()
        return None if newest is None else cosigned.with_cosignatures(newest)

    @property
    def hindrance(self) -> str | None:
        """Why no receipt can be made under the policy whatever witnesses do, None if one can."""
        newest = self._folder.log(self._folder.newest).checkpoint()
        if self.policy is None or self.policy.quorum is None or newest is None:
            return None
        try:
            open_checkpoint(newest, [log.key for log in self.policy.logs])
        except NoteError:
            return "the policy names no key that signs the log's checkpoints"
        return None

    def _checkpoint(self, place: _Place) -> bytes:
        checkpoint = self.checkpoint(place.files.number)
        if checkpoint is None or checkpoint_in(checkpoint).size <= place.index:
            raise NotLoggedYetError(
                "no checkpoint that counts covers the event yet",
                remedy="ask again in a second; where it lasts, the log or its witnesses are away",
            )
        return checkpoint

    def _cosigned_of(self, number: int) -> CosignedCheckpoints:
        path = self._folder.log(number).path
        return self._cosigned.setdefault(number, CosignedCheckpoints(path, self.policy))

    def _place(self, stream: UUID, version: int) -> _Place:
        """Return where an event stands in the log that grows; raises as `for_event` does.

        An event that the log has not come to yet may get a place, beyond all that is signed.
        """
        newest = self._folder.newest
        query = select(_events.notification_id, _index_in(newest)).where(
            _events.originator_id == (str(stream) if self._database.is_sqlite else stream),
            _events.originator_version == version,
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NoSuchEventError(f"stream {stream} has no version {version}")
        if row[1] is None:
            raise NotLoggedYetError("the log has not come to the event yet")
        return _Place(self._folder.log(newest), row[1])


def _index_in(number: int) -> ScalarSelect[int]:
    """Return the leaf that an event is in one log, as a part of the one question that is asked."""
    return (
        select(_runs.first_index + _events.notification_id - _runs.first_position)
        .where(_runs.log_number == number, _runs.first_position <= _events.notification_id)
        .order_by(_runs.first_position.desc())
        .limit(1)
        .correlate(stored_events)
        .scalar_subquery()
    )


def prove(files: LogFiles, index: int, checkpoint: bytes) -> Proof:
    """Return the proof of one leaf, with the leaf, under a checkpoint that covers it.

    Raises LogContradictedError where leaf, tiles and checkpoint do not belong together.
    """
    leaf, tree = files.leaf(index), checkpoint_in(checkpoint)
    path = inclusion_proof(index, tree.size, files.read_tile)
    _check_included(leaf, index, path, size=tree.size, root=tree.root)
    return Proof(index, tuple(path), checkpoint, leaf)


def _check_included(
    leaf: bytes, index: int, path: Sequence[bytes], *, size: int, root: bytes
) -> None:
    try:
        verify_inclusion(leaf_hash=leaf_hash(leaf), index=index, size=size, proof=path, root=root)
    except InclusionError as error:
        raise LogContradictedError(
            f"leaf {index} of the log's folder is not under its checkpoint: {error}",
            remedy="restore the log's folder from a copy, or see docs/transparency-log.md",
        ) from error


def _check_is(leaf: bytes, stream: UUID, version: int) -> None:
    try:
        found = read_leaf(leaf)
    except LeafError:
        found = None
    if not isinstance(found, EventLeaf) or (found.stream, found.version) != (str(stream), version):
        raise LogContradictedError(
            f"the log has another leaf in the place of version {version} of {stream}",
            remedy="run: registry replay --verify",
        )
