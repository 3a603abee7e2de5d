"""Write and read proofs that something was logged (C2SP tlog-proof)."""

from dataclasses import dataclass
from typing import Final

from registry.formats.tlog.lines import (
    LineError,
    base64_bytes,
    base64_text,
    decimal,
    hash_bytes,
)
from registry.formats.tlog.notes import MAX_NOTE_BYTES, Note, NoteError

HEADER: Final = "c2sp.org/tlog-proof@v1"
# No tree below 2**63 leaves is higher.
MAX_PATH: Final = 63
_EXTRA: Final = "extra "
_INDEX: Final = "index "
# Room for an entry of 64 KiB in base64, the path, and the largest note.
_MAX_CHARACTERS: Final = MAX_NOTE_BYTES + 100_000


class ProofFormatError(ValueError):
    """A text is not a proof that something was logged."""


@dataclass(frozen=True)
class Proof:
    """Where a leaf stands, the path from it to the root, and the signed checkpoint of the tree.

    `path` begins with the leaf's sibling; `checkpoint` is the note as the log and its witnesses
    signed it. `extra` is whatever the application adds, and nothing vouches for it.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, text: str | bytes) -> "Proof":
        """Return the proof in a text, which `to_text` gives again, or raise ProofFormatError."""
        head, blank, checkpoint = _decoded(text).partition("\n\n")
        if not blank:
            raise ProofFormatError("a proof is lines, a blank line and a checkpoint")
        header, *lines = head.split("\n")
        if header != HEADER:
            raise ProofFormatError(f"a proof begins with {HEADER}")
        try:
            Note.parse(checkpoint.encode())
            return _proof(lines, checkpoint.encode())
        except (LineError, NoteError) as error:
            raise ProofFormatError(f"a line of the proof: {error}") from error

    def to_text(self) -> str:
        """Return the proof as it is stored and delivered."""
        extra = [] if self.extra is None else [_EXTRA + base64_text(self.extra)]
        path = [base64_text(step) for step in self.path]
        lines = [HEADER, *extra, f"{_INDEX}{self.index}", *path]
        return "\n".join(lines) + "\n\n" + self.checkpoint.decode()


def _proof(lines: list[str], checkpoint: bytes) -> Proof:
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = base64_bytes(lines[0].removeprefix(_EXTRA))
        lines = lines[1:]
    if not lines or not lines[0].startswith(_INDEX):
        raise ProofFormatError("a proof names the index of the entry")
    index, path = decimal(lines[0].removeprefix(_INDEX)), lines[1:]
    if len(path) > MAX_PATH:
        raise ProofFormatError(f"a path has at most {MAX_PATH} hashes")
    return Proof(index, tuple(hash_bytes(step) for step in path), checkpoint, extra)


def _decoded(text: str | bytes) -> str:
    if len(text) > _MAX_CHARACTERS:
        raise ProofFormatError(f"a proof has at most {_MAX_CHARACTERS} bytes")
    try:
        # A text is written once, so that one with lone surrogates is refused too.
        return text.decode() if isinstance(text, bytes) else text.encode().decode()
    except UnicodeError:
        raise ProofFormatError("a proof is UTF-8") from None
