"""Checkpoints with the cosignatures of witnesses, beside the log they are about.

In the folder of a log, `cosigning` is the newest checkpoint that any witness cosigned, with what
was collected so far. Once that makes the policy's quorum it is also `cosigned/SIZE`, kept for ever
as the proof that the tree was that large at that time, and `cosigned/latest` of the greatest size.
A file that was damaged counts as one that is not there: witnesses are asked again.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock

import structlog

from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError
from registry.formats.tlog.cosignatures import verify_cosignatures
from registry.formats.tlog.notes import Note, NoteError, NoteSignature
from registry.formats.tlog.policies import Policy, PolicyNotMetError, PolicyVerdict
from registry.store.folders import make_folder, read_file, replace_file

log = structlog.get_logger(__name__)

COLLECTING = "cosigning"
COSIGNED = "cosigned"
LATEST = "latest"


class CosignedCheckpoints:
    """Keeps what witnesses signed of one log; every file is whole and durable once it is there.

    One process adds (`witnesses.WitnessClient` sees to that), any number read. `folder` is the
    log's own; without a `policy` there is no quorum, and nothing counts as cosigned.
    """

    def __init__(self, folder: Path, policy: Policy | None) -> None:
        self._folder = folder
        self._policy = policy
        self._adding = Lock()
        self._judged: tuple[bytes, bool] = (b"", False)

    def add(self, checkpoint: bytes, signatures: Iterable[NoteSignature]) -> bool:
        """Put verified cosignatures under a signed checkpoint; return whether they make a quorum.

        Of each key the first is kept, which proves the greatest age. Those under an older
        checkpoint than the one collected for are kept only if they make the quorum.
        """
        with self._adding:
            signed = Note.parse(self._collected(checkpoint))
            there = {(each.name, each.key_id) for each in signed.signatures}
            new = [each for each in signatures if (each.name, each.key_id) not in there]
            signed = signed.with_signatures(new)
            size, body = Checkpoint.parse(signed.text).size, signed.to_bytes()
            if size >= _size(self._sound(self._folder / COLLECTING)):
                replace_file(self._folder / COLLECTING, body)
            is_cosigned = self._satisfies(body)
            if is_cosigned:
                self._keep(size, body)
            return is_cosigned

    def with_cosignatures(self, checkpoint: bytes) -> bytes:
        """Return a signed checkpoint with the cosignatures collected for it so far, if any."""
        return _merged(checkpoint, self._sound(self._folder / COLLECTING))

    def newest(self) -> bytes | None:
        """Return the largest checkpoint that satisfies the policy, or None."""
        latest = self._sound(self._folder / COSIGNED / LATEST) or self._largest()
        return latest if latest is not None and self._satisfies(latest) else None

    def all(self) -> Iterator[bytes]:
        """Yield every cosigned checkpoint that is kept, the smallest first."""
        for size in self._sizes():
            if (body := self._sound(self._folder / COSIGNED / str(size))) is not None:
                yield body

    def verdict(self, checkpoint: bytes) -> PolicyVerdict | None:
        """Return who cosigned a checkpoint and when, or None if the policy is not satisfied."""
        try:
            return self._policy.check(checkpoint) if self._policy else None
        except PolicyNotMetError:
            return None

    def _sizes(self) -> list[int]:
        """Return the sizes of the cosigned checkpoints that are kept, the smallest first."""
        folder = self._folder / COSIGNED
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(int(name) for name in names if name.isdecimal())

    def _largest(self) -> bytes | None:
        """Return the checkpoint that `latest` is a copy of, for when it cannot be read."""
        sizes = self._sizes()
        return self._sound(self._folder / COSIGNED / str(sizes[-1])) if sizes else None

    def _collected(self, checkpoint: bytes) -> bytes:
        """Return a checkpoint with everything that is known to be signed under it."""
        kept = self._sound(self._folder / COSIGNED / str(_size(checkpoint)))
        return _merged(self.with_cosignatures(checkpoint), kept)

    def _keep(self, size: int, body: bytes) -> None:
        folder = self._folder / COSIGNED
        make_folder(folder)
        replace_file(folder / str(size), body)
        if size >= _size(self._sound(folder / LATEST)):
            replace_file(folder / LATEST, body)

    def _sound(self, file: Path) -> bytes | None:
        """Return the checkpoint in a file, None where there is none or it was damaged."""
        body = read_file(file)
        if body is None or (body and body == self._judged[0]):
            return body
        try:
            note = Note.parse(body)
            Checkpoint.parse(note.text)
            if self._policy is not None:
                verify_cosignatures(note, [each.key for each in self._policy.witnesses.values()])
        except (NoteError, CheckpointError) as error:
            log.error("a cosigned checkpoint was damaged", file=str(file), reason=str(error))
            return None
        return body

    def _satisfies(self, checkpoint: bytes) -> bool:
        # Receipts ask about the same checkpoint again and again.
        if self._judged[0] != checkpoint:
            self._judged = checkpoint, self.verdict(checkpoint) is not None
        return self._judged[1]


def _merged(checkpoint: bytes, other: bytes | None) -> bytes:
    """Return a note with the signatures of another one too, if both are of the same text."""
    note = Note.parse(checkpoint)
    if other is None or (more := Note.parse(other)).text != note.text:
        return checkpoint
    there = {(each.name, each.key_id) for each in note.signatures}
    new = [each for each in more.signatures if (each.name, each.key_id) not in there]
    return note.with_signatures(new).to_bytes()


def _size(checkpoint: bytes | None) -> int:
    return -1 if checkpoint is None else Checkpoint.parse(Note.parse(checkpoint).text).size
