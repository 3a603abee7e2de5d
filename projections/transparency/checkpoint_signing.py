"""Sign checkpoints: of what is durable, consistent with the one before, by every key there is."""

from collections.abc import Callable, Sequence

from projections.transparency.errors import FloorDamagedError, LogContradictedError
from projections.transparency.floor import LogFiles, checkpoint_in
from projections.transparency.log_signers import LogSigners
from projections.transparency.tree_state import LogState
from registry.formats.tlog import tiles
from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError, open_checkpoint
from registry.formats.tlog.notes import Note, NoteError, NoteSigner

SIGN_SECONDS = 0.1
"""The least time between two checkpoints."""


class CheckpointSigning:
    """Signs what the log has grown to, at most every 100 ms; `monotonic` counts seconds."""

    def __init__(self, signers: LogSigners, *, monotonic: Callable[[], float]) -> None:
        self._signers = signers
        self._monotonic = monotonic
        self._signed_at = -SIGN_SECONDS

    @property
    def is_resting(self) -> bool:
        """Whether a checkpoint was signed only just now."""
        return self._monotonic() - self._signed_at < SIGN_SECONDS

    def require_key(self, state: LogState) -> None:
        """Raise LogKeyError where no key signs: what nobody can sign is not to become leaves.

        Leaves without a key could not be told from those of a log whose key was lost.
        """
        self._signers.of(state.number, state.origin)

    def sign(self, files: LogFiles, state: LogState) -> None:
        """Sign a checkpoint of a log whose every leaf is durable, where leaves or keys are new.

        Raises FloorDamagedError, LogContradictedError or LogKeyError, and signs nothing then.
        """
        if not state.size:
            return
        signers = self._signers.of(state.number, state.origin)
        if files.covered() == state.size and _is_signed_by(files, signers):
            return
        check_tree(files, state)
        text = Checkpoint(state.origin, state.size, state.frontier.root()).text
        note = Note(text, tuple(signer.sign(text) for signer in signers))
        # Auditors must know every key that ever signed, so its name comes before its signature.
        files.add_keys(signer.verifier_key for signer in signers)
        files.put_checkpoint(note.to_bytes())
        self._signed_at = self._monotonic()


def check_own(note: bytes, state: LogState, signers: LogSigners) -> None:
    """Raise FloorDamagedError unless a key that signs now signed a checkpoint of this log."""
    keys = [signer.verifier_key for signer in signers.of(state.number, state.origin)]
    try:
        open_checkpoint(note, keys)
    except (NoteError, CheckpointError) as error:
        raise FloorDamagedError(
            f"the checkpoint in the log's folder is not this registry's: {error}",
            remedy="restore the log's folder and log.key from copies that belong together",
        ) from error


def _is_signed_by(files: LogFiles, signers: Sequence[NoteSigner]) -> bool:
    note = Note.parse(files.checkpoint() or b"")
    signed = {signature.key_id for signature in note.signatures}
    return signed >= {signer.verifier_key.key_id for signer in signers}


def check_tree(files: LogFiles, state: LogState) -> None:
    """Raise unless the folder's tiles hold the tree of `state` and that of the last checkpoint.

    Both roots are computed from the same tiles, so the new tree extends the old one.
    """
    note = files.checkpoint()
    if note is not None:
        checkpoint = checkpoint_in(note)
        if checkpoint.origin != state.origin:
            raise LogContradictedError(
                f"the log's folder is that of {checkpoint.origin}, not of {state.origin}",
                remedy="set REGISTRY_LOG_FOLDER to this registry's own folder",
            )
        _check_root(files, checkpoint.size, checkpoint.root, what="the signed checkpoint")
    _check_root(files, state.size, state.frontier.root(), what="the database's tree")


def _check_root(files: LogFiles, size: int, root: bytes, *, what: str) -> None:
    if tiles.root(size, files.read_tile) != root:
        raise FloorDamagedError(
            f"the tiles of log {files.number} do not hash to {what} of {size} leaves",
            remedy="restore the log's folder from a copy, or see docs/transparency-log.md",
        )
