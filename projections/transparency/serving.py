"""What of the logs may be served: only what a signed checkpoint covers, read from the folder."""

from dataclasses import dataclass

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.floor import LogFiles, LogFolder
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

    def __init__(self, folder: LogFolder, public_url: str, *, policy: Policy | None = None) -> None:
        self._folder = folder
        self._public_url = public_url
        self._policy = policy

    def all(self) -> list[LogDescription]:
        """Return every log that has a checkpoint, the first one first."""
        logs = [self._folder.log(number) for number in self._folder.numbers()]
        return [self._described(files) for files in logs if files.checkpoint() is not None]

    def checkpoint(self, number: int) -> bytes | None:
        """Return the checkpoint of a log that is served now, with its cosignatures.

        Where the policy asks for a quorum it is the newest that one has cosigned, also while the
        witnesses are away: a larger one, served in between, would make the log seem to shrink.
        """
        files = self._folder.log(number)
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
        files = self._folder.log(number)
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
        files = self._folder.log(number)
        if address.number * TILE_WIDTH + address.width > files.covered():
            return None
        return files.read_bundle(address.number, address.width)

    def _described(self, files: LogFiles) -> LogDescription:
        signers = files.keys()
        return LogDescription(
            origin=origin_of(self._public_url, files.number),
            url=self._public_url + prefix_of(files.number),
            size=files.covered(),
            keys=tuple(key.vkey for key in signers),
            succeeded_by=files.closed_by(),
        )
