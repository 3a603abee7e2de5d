"""What of the logs may be served: only what a signed checkpoint covers, read from the folder."""

from dataclasses import dataclass

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.floor import LogFiles, LogFolder, checkpoint_in
from projections.transparency.origins import origin_of, prefix_of
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.tile_paths import EntriesAddress, TileAddress, TilePathError
from registry.formats.tlog.tiles import TILE_HEIGHT, TILE_WIDTH


@dataclass(frozen=True)
class LogDescription:
    """A log as strangers get to know it; `succeeded_by` is the origin of the log that follows."""

    origin: str
    url: str
    size: int
    keys: tuple[str, ...]
    succeeded_by: str | None


class ServedLogs:
    """Reads the logs' folder for whoever asks; the database is not needed."""

    def __init__(
        self,
        folder: LogFolder,
        public_url: str,
        *,
        policy: Policy | None = None,
        shard: str | None = None,
    ) -> None:
        self._folder = folder
        self._public_url = public_url
        self._shard = shard
        self._policy = policy

    def all(self) -> list[LogDescription]:
        """Return every log that has a checkpoint, the first one first."""
        logs = [files for number in self._folder.numbers() if (files := self._own(number))]
        return [self._described(files) for files in logs if files.checkpoint() is not None]

    def checkpoint(self, number: int) -> bytes | None:
        """Return the checkpoint of a log that is served now, with its cosignatures.

        Where the policy asks for a quorum it is the newest that one has cosigned, also while the
        witnesses are away: a larger one, served in between, would make the log seem to shrink.
        """
        files = self._own(number)
        if files is None:
            return None
        note, cosigned = files.checkpoint(), CosignedCheckpoints(files.path, self._policy)
        if self._policy is not None and self._policy.quorum is not None:
            return cosigned.newest()
        return note and cosigned.with_cosignatures(note)

    def tile(self, number: int, path: str) -> bytes | None:
        """Return the tile that a path such as `tile/0/x001/067.p/12` names, None for none."""
        try:
            address = TileAddress.parse(path)
        except TilePathError:
            return None
        files = self._own(number)
        if files is None:
            return None
        hashes = files.covered() >> TILE_HEIGHT * address.level
        if address.number * TILE_WIDTH + address.width > hashes:
            return None
        return files.read_tile(address.level, address.number, address.width)

    def entries(self, number: int, path: str) -> bytes | None:
        """Return the bundle that a path such as `tile/entries/067` names, None for none."""
        try:
            address = EntriesAddress.parse(path)
        except TilePathError:
            return None
        files = self._own(number)
        if files is None or address.number * TILE_WIDTH + address.width > files.covered():
            return None
        return files.read_bundle(address.number, address.width)

    def _own(self, number: int) -> LogFiles | None:
        """Return a log of this shard's.

        None for one that came with a copy of the folder: it goes on growing where it came from,
        so that an older state of it is served nowhere.
        """
        files = self._folder.log(number)
        note = files.checkpoint() if self._shard is not None else None
        is_own = note is None or checkpoint_in(note).origin == self._origin(number)
        return files if is_own else None

    def _origin(self, number: int) -> str:
        return origin_of(self._public_url, number, self._shard)

    def _described(self, files: LogFiles) -> LogDescription:
        signers = files.keys()
        return LogDescription(
            origin=self._origin(files.number),
            url=self._public_url + prefix_of(files.number, self._shard),
            size=files.covered(),
            keys=tuple(key.vkey for key in signers),
            succeeded_by=files.closed_by(),
        )
