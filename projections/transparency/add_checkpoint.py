"""Get one checkpoint cosigned by one witness (C2SP tlog-witness, `add-checkpoint`).

The witness is shown that the tree it cosigned last is where the new one begins. What it cosigned
last is remembered beside the log; where that is wrong it says so itself, and is asked again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from projections.transparency.witness_connection import Answered, WitnessError
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import verify_cosignatures
from registry.formats.tlog.lines import LineError, base64_text, decimal
from registry.formats.tlog.notes import Note, NoteError, NoteSignature
from registry.formats.tlog.tiles import ReadTile, consistency_proof
from registry.formats.tlog.verifier_keys import VerifierKey
from registry.store.folders import make_folder, replace_file

SIZE_TYPE = "text/x.tlog.size"
ATTEMPTS = 3
"""Another process of this registry may be faster, but not for ever."""

_MEANINGS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "it does not understand the request",
    HTTPStatus.FORBIDDEN: "it knows the log by another key",
    HTTPStatus.NOT_FOUND: "it does not know the log",
}

Post = Callable[[bytes], Answered]


class WitnessDisagreesError(WitnessError):
    """A witness has seen another tree of this log: it was rewritten, cut short or forked."""


class WitnessAheadError(WitnessError):
    """A witness has cosigned a larger tree than the one it was shown."""

    def __init__(self, size: int) -> None:
        super().__init__(f"it has cosigned a tree of {size} leaves")
        self.size = size


@dataclass(frozen=True)
class LoggedCheckpoint:
    """A signed checkpoint of one log, and the tiles that its proofs are made of."""

    folder: Path
    note: Note
    checkpoint: Checkpoint
    read_tile: ReadTile

    @classmethod
    def of(cls, folder: Path, signed: bytes, read_tile: ReadTile) -> "LoggedCheckpoint":
        """Return it with the note read."""
        note = Note.parse(signed)
        return cls(folder, note, Checkpoint.parse(note.text), read_tile)


@dataclass(frozen=True)
class CosignedSize:
    """The size of the tree that a witness cosigned last, as far as it is known here."""

    file: Path

    def read(self) -> int:
        """Return the size, 0 where nothing is known."""
        try:
            return decimal(self.file.read_text().strip())
        except (FileNotFoundError, LineError):
            return 0

    def write(self, size: int) -> None:
        """Remember a size."""
        make_folder(self.file.parent)
        replace_file(self.file, f"{size}\n".encode())


def cosign(
    logged: LoggedCheckpoint, *, size: CosignedSize, post: Post, keys: Sequence[VerifierKey]
) -> list[NoteSignature]:
    """Return a witness's cosignatures, verified under its keys; signatures of others are dropped.

    Raises WitnessDisagreesError for a witness that has seen another tree, WitnessAheadError for
    one that has seen a larger one, WitnessError for any other that does not cosign.
    """
    old, new = size.read(), logged.checkpoint.size
    for _ in range(ATTEMPTS):
        answer = post(request_of(logged, min(old, new)))
        if answer.status != HTTPStatus.CONFLICT:
            signatures = _signatures(answer, logged, keys)
            size.write(new)
            return signatures
        told = _size_told(answer)
        if told > new:
            size.write(told)
            raise WitnessAheadError(told)
        if told == old == new:
            raise WitnessDisagreesError(f"it holds another tree of {new} leaves")
        old = told
        size.write(told)
    raise WitnessError("it changes its mind about the tree it cosigned last")


def request_of(logged: LoggedCheckpoint, old_size: int) -> bytes:
    """Return the body of a request: the old size, the proof from it, and the checkpoint."""
    proof = consistency_proof(old_size, logged.checkpoint.size, logged.read_tile)
    lines = [f"old {old_size}", *(base64_text(step) for step in proof)]
    return "\n".join(lines).encode() + b"\n\n" + logged.note.to_bytes()


def _signatures(
    answer: Answered, logged: LoggedCheckpoint, keys: Sequence[VerifierKey]
) -> list[NoteSignature]:
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        raise WitnessDisagreesError("it does not find the tree it cosigned last in this one")
    if answer.status != HTTPStatus.OK:
        meaning = _MEANINGS.get(answer.status, "it has a fault of its own")
        raise WitnessError(f"it answered {answer.status}: {meaning}")
    try:
        note = Note(logged.note.text, tuple(_lines(answer.body)))
        known = [each for each in note.signatures if any(each.is_by(key) for key in keys)]
        if len({(each.name, each.key_id) for each in known}) < len(known):
            # A key may sign any number of times; a note that everybody reads has few lines.
            raise NoteError("one key signed more than once")
        verify_cosignatures(note, keys)
    except NoteError as error:
        raise WitnessError(f"its answer is no cosignature: {error}") from error
    if not known:
        raise WitnessError("it signed with none of the keys that the policy names")
    return known


def _lines(body: bytes) -> list[NoteSignature]:
    try:
        *lines, rest = body.decode().split("\n")
    except UnicodeDecodeError:
        raise NoteError("not UTF-8") from None
    if rest or not lines:
        raise NoteError("signature lines end in a newline")
    return [NoteSignature.parse(f"{line}\n") for line in lines]


def _size_told(answer: Answered) -> int:
    if answer.content_type != SIZE_TYPE:
        raise WitnessError("it answered 409 without a size")
    try:
        return decimal(answer.body.decode("ascii").removesuffix("\n"))
    except (UnicodeDecodeError, LineError) as error:
        raise WitnessError("it answered 409 with something else than a size") from error
