"""Which signed checkpoint the stored events are held against, and on whose word."""

from dataclasses import dataclass

from sqlalchemy import Connection

from projections.transparency import tree_state
from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.errors import TransparencyError
from projections.transparency.floor import LogFiles, LogFolder
from projections.transparency.growing_files import damaged
from projections.transparency.origins import origin_of
from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError, open_checkpoint
from registry.formats.tlog.notes import NoteError
from registry.formats.tlog.policies import Policy, PolicyNotMetError
from registry.formats.tlog.tiles import root


class UntrustedCheckpointError(TransparencyError):
    """A checkpoint is not one that the events can be held against."""


@dataclass(frozen=True)
class Brought:
    """What an auditor brings who does not take the registry's word: a checkpoint, a policy."""

    checkpoint: bytes | None = None
    policy: Policy | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether the registry's word is taken."""
        return self.checkpoint is None and self.policy is None


NOTHING_BROUGHT = Brought()


@dataclass(frozen=True)
class Trusted:
    """The newest checkpoint of the log that grows, and the one that an auditor believes, if any."""

    files: LogFiles
    newest: Checkpoint
    believed: Checkpoint | None


def trusted(
    folder: LogFolder, public_url: str, brought: Brought, *, shard: str | None = None
) -> Trusted | None:
    """Return what to hold the events against, None where nothing was ever signed.

    A checkpoint that was brought must be one the log's folder still extends. Raises
    UntrustedCheckpointError or FloorDamagedError.
    """
    files = folder.log(max(folder.newest, 1))
    note = files.checkpoint()
    if note is None:
        if brought.is_nothing:
            return None
        raise damaged(f"{files.path} holds no checkpoint")
    newest = _own(files, note)
    if newest.origin != (origin := origin_of(public_url, files.number, shard)):
        raise damaged(f"{files.path} is of the log {newest.origin}, not of {origin}")
    believed = None if brought.is_nothing else _believed(files, note, brought)
    if believed is not None:
        _check_extended(files, newest, believed)
    return Trusted(files, newest, believed)


def check_never_logged(folder: LogFolder, connection: Connection) -> None:
    """Raise FloorDamagedError where the database knows of a log whose folder is gone."""
    state = tree_state.newest(connection)
    if state is not None and state.size and not folder.numbers():
        raise damaged(f"{folder.root} holds no log, the database knows of {state.size} leaves")


def _own(files: LogFiles, note: bytes) -> Checkpoint:
    try:
        return open_checkpoint(note, files.keys())
    except (NoteError, CheckpointError) as error:
        raise damaged(f"the checkpoint in {files.path}: {error}") from error


def _believed(files: LogFiles, newest: bytes, brought: Brought) -> Checkpoint:
    """Return the checkpoint that was brought, or the newest one the policy is satisfied with."""
    note = brought.checkpoint
    try:
        if brought.policy is None:
            return open_checkpoint(note or newest, files.keys())
        cosigned = CosignedCheckpoints(files.path, brought.policy).newest()
        return brought.policy.check(note or cosigned or newest).checkpoint
    except (NoteError, CheckpointError, PolicyNotMetError) as error:
        raise UntrustedCheckpointError(
            str(error), remedy="bring another checkpoint, or the policy that fits it"
        ) from error


def _check_extended(files: LogFiles, newest: Checkpoint, believed: Checkpoint) -> None:
    if believed.origin != newest.origin:
        raise UntrustedCheckpointError(
            f"it is of the log {believed.origin}, the one that grows is {newest.origin}",
            remedy=f"bring a checkpoint of {newest.origin}",
        )
    if believed.size > newest.size:
        raise damaged(
            f"the log's folder ends at {newest.size} leaves, the checkpoint that was brought "
            f"covers {believed.size}: it was put back to an earlier state"
        )
    if root(believed.size, files.read_tile) != believed.root:
        raise damaged(
            f"the log's folder does not extend the checkpoint of {believed.size} leaves that was "
            "brought: history was forked, or the folder's tiles were changed"
        )
