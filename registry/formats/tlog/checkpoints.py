"""Read and write checkpoints: the size and root of a log's tree (C2SP tlog-checkpoint)."""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.formats.tlog.lines import LineError, base64_text, decimal, hash_bytes
from registry.formats.tlog.merkle import EMPTY_ROOT
from registry.formats.tlog.notes import Note, verify
from registry.formats.tlog.verifier_keys import VerifierKey


class CheckpointError(ValueError):
    """A text is not a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of its tree: how many leaves it has, and their root; it carries no time."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return the checkpoint in the text of a note, or raise CheckpointError."""
        *lines, rest = text.split("\n")
        if rest or len(lines) < 3 or not all(lines):
            raise CheckpointError("a checkpoint is three or more lines: origin, size, root")
        try:
            checkpoint = cls(lines[0], decimal(lines[1]), hash_bytes(lines[2]), tuple(lines[3:]))
        except LineError as error:
            raise CheckpointError(f"the size or root of a checkpoint: {error}") from None
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise CheckpointError("an empty tree has another root")
        return checkpoint

    @property
    def text(self) -> str:
        """Return the text that is signed, with its last newline."""
        lines = [self.origin, str(self.size), base64_text(self.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def open_checkpoint(note: bytes, log_keys: Iterable[VerifierKey]) -> Checkpoint:
    """Return a signed checkpoint that one of a log's keys signed.

    A key signs for its own log only, so keys whose name is not the origin are passed over. Raises
    NoteError for a note that is malformed or not signed so, CheckpointError for another text.
    """
    parsed = Note.parse(note)
    checkpoint = Checkpoint.parse(parsed.text)
    verify(parsed, [key for key in log_keys if key.name == checkpoint.origin])
    return checkpoint
