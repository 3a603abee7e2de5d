"""The log's folder: what is served of the transparency log, and the floor it never goes below.

It lies outside the database. Each log has a folder of its number: `entries/x000/…` holds the
leaves as bundles, `tile/<level>/…` the hashes, both in files that only grow at their end, so that
a partial tile is the beginning of a file; `checkpoint` the newest signed checkpoint, `keys` every
key that ever signed one, `positions` where in the database the leaves came from, `closed` the
origin of the log that follows.

Contract: `append` is durable on return. What a checkpoint covers is never written again, and a
checkpoint never goes below another; leaves beyond it may be overwritten after a crash. Any number
of processes read while one writes, which has the folder's lock.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from projections.transparency.errors import CheckpointShrinksError
from projections.transparency.growing_files import (
    Writing,
    append_lines,
    damaged,
    last_line,
    read_beginning,
    read_whole,
)
from projections.transparency.runs import Run
from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError
from registry.formats.tlog.entry_bundles import decode_entries, encode_entries
from registry.formats.tlog.merkle import HASH_BYTES
from registry.formats.tlog.notes import Note, NoteError
from registry.formats.tlog.tile_paths import number_path
from registry.formats.tlog.tiles import TILE_WIDTH, new_tiles
from registry.formats.tlog.verifier_keys import VerifierKey
from registry.store.folders import make_folder, read_file, replace_file, try_lock

POSITIONS = "positions"
_LENGTH_BYTES = 2
_LOOK_AGAIN_SECONDS = 0.01

Line = TypeVar("Line")


class LogFolder:
    """The folder of every log of a registry; `root` need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def newest(self) -> int:
        """The number of the log that grows, 0 before the first."""
        return max(self.numbers(), default=0)

    def numbers(self) -> list[int]:
        """Return the numbers of the logs there are; an empty folder begins none."""
        if not self.root.is_dir():
            return []
        names = [each.name for each in self.root.iterdir() if each.name.isdecimal()]
        return [number for number in sorted(map(int, names)) if self._is_begun(number)]

    def log(self, number: int) -> "LogFiles":
        """Return the files of one log, which need not exist yet."""
        return LogFiles(self.root, number)

    def last_signers(self, *, before: int) -> list[VerifierKey]:
        """Return the keys that signed the last checkpoint of each log before one."""
        logs = [self.log(number) for number in self.numbers() if number < before]
        return [key for log in logs for key in log.signers()]

    def _is_begun(self, number: int) -> bool:
        """Return whether a log was signed, or may be since the one before it was closed."""
        if number > 1 and self.log(number).checkpoint() is None:
            return self.log(number - 1).closed_by() is not None
        return number > 0

    @contextmanager
    def locked(self, *, wait_seconds: float = 0.0) -> Iterator[bool]:
        """Say whether nobody else writes now, and keep others from it until leaving."""
        make_folder(self.root)
        with (self.root / ".lock").open("w") as lock:
            yield _is_locked(lock, until=time.monotonic() + wait_seconds)


class LogFiles:
    """The files of one log."""

    def __init__(self, root: Path, number: int) -> None:
        self.number = number
        self.path = root / str(number)

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile."""
        return read_beginning(self._tile(level, number), width * HASH_BYTES)

    def read_bundle(self, number: int, width: int) -> bytes:
        """Return the first `width` entries of a bundle, each after its length."""
        data = read_whole(self._bundle(number))
        return data[: _end_of_entries(data, width, self._bundle(number))]

    def leaf(self, index: int) -> bytes:
        """Return one leaf."""
        number, offset = divmod(index, TILE_WIDTH)
        return decode_entries(self.read_bundle(number, offset + 1))[-1]

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the leaves from `start` to before `stop`."""
        for number in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
            first = number * TILE_WIDTH
            entries = decode_entries(self.read_bundle(number, min(TILE_WIDTH, stop - first)))
            yield from entries[max(0, start - first) :]

    def append(self, size: int, leaves: Sequence[bytes], hashes: Sequence[bytes]) -> None:
        """Put leaves after the first `size`, with their hashes into the tiles; durable on return.

        Raises CheckpointShrinksError where a checkpoint covers more than `size` leaves.
        """
        if size < self.covered():
            raise CheckpointShrinksError(
                f"leaf {size} of log {self.number} is under a signed checkpoint already"
            )
        writing, parts = Writing(), new_tiles(size, hashes, self.read_tile)
        for number, offset, piece in _bundles(size, leaves):
            path = self._bundle(number)
            start = _end_of_entries(read_whole(path), offset, path) if offset else 0
            writing.at(path, start, encode_entries(piece))
        for part in parts:
            path = self._tile(part.level, part.number)
            writing.at(path, part.offset * HASH_BYTES, part.data)
        writing.sync()

    def checkpoint(self) -> bytes | None:
        """Return the newest checkpoint as the log signed it, None before the first."""
        return read_file(self.path / "checkpoint")

    def covered(self) -> int:
        """Return how many leaves the newest checkpoint covers, 0 before the first."""
        note = self.checkpoint()
        return 0 if note is None else checkpoint_in(note).size

    def put_checkpoint(self, note: bytes) -> None:
        """Make a signed checkpoint the newest; raises CheckpointShrinksError for a smaller one."""
        size, covered = checkpoint_in(note).size, self.covered()
        if size < covered:
            raise CheckpointShrinksError(f"a checkpoint of {size} leaves after one of {covered}")
        make_folder(self.path)
        replace_file(self.path / "checkpoint", note)

    def keys(self) -> tuple[VerifierKey, ...]:
        """Return every key that ever signed a checkpoint of this log."""
        return tuple(self._lines("keys", VerifierKey.parse))

    def signers(self) -> tuple[VerifierKey, ...]:
        """Return the keys that signed the newest checkpoint."""
        note = self.checkpoint()
        signatures = Note.parse(note).signatures if note is not None else ()
        return tuple(key for key in self.keys() if any(each.is_by(key) for each in signatures))

    def add_keys(self, keys: Iterable[VerifierKey]) -> None:
        """Add keys to those that ever signed."""
        known = self.keys()
        all_keys = dict.fromkeys([*known, *keys])
        if len(all_keys) > len(known):
            make_folder(self.path)
            replace_file(self.path / "keys", "".join(f"{k.vkey}\n" for k in all_keys).encode())

    def runs(self) -> list[Run]:
        """Return where the leaves came from in the database."""
        return self._lines(POSITIONS, _run)

    def put_runs(self, runs: Sequence[Run], *, size: int) -> None:
        """Keep the runs that begin before leaf `size`, and put new ones after them; durable."""
        path, new = self.path / POSITIONS, _written(runs)
        last = last_line(path)
        if last is None or (last and _run_in(last, path).first_index >= size):
            # A crash left more than is there, or a part of a line.
            kept = [run for run in self.runs() if run.first_index < size]
            replace_file(path, _written(kept) + new)
        elif new:
            make_folder(self.path)
            append_lines(path, new)

    def closed_by(self) -> str | None:
        """Return the origin of the log that follows a closed one, None for one that grows."""
        text = read_file(self.path / "closed")
        return text.decode().strip() if text is not None else None

    def close(self, successor: str) -> None:
        """Note which log follows."""
        if self.closed_by() is None:
            make_folder(self.path)
            replace_file(self.path / "closed", f"{successor}\n".encode())

    def _lines(self, name: str, read: Callable[[str], Line]) -> list[Line]:
        """Return what each line of a file says, [] without the file; raises FloorDamagedError.

        A line without an end is one that is being written, or that a crash left.
        """
        path = self.path / name
        lines, _end, _rest = (read_file(path) or b"").rpartition(b"\n")
        try:
            return [read(line) for line in lines.decode().splitlines()]
        except ValueError as error:
            raise damaged(f"{path}: {error}") from error

    def _bundle(self, number: int) -> Path:
        return self.path / "entries" / number_path(number)

    def _tile(self, level: int, number: int) -> Path:
        return self.path / "tile" / str(level) / number_path(number)


def _written(runs: Iterable[Run]) -> bytes:
    return "".join(f"{run.first_position} {run.first_index}\n" for run in runs).encode()


def _run_in(line: bytes, path: Path) -> Run:
    try:
        return _run(line.decode())
    except ValueError as error:
        raise damaged(f"{path}: {error}") from error


def _run(line: str) -> Run:
    position, index = map(int, line.split())
    return Run(position, index)


def checkpoint_in(note: bytes) -> Checkpoint:
    """Return what a checkpoint in the folder says; raises FloorDamagedError."""
    try:
        return Checkpoint.parse(Note.parse(note).text)
    except (NoteError, CheckpointError) as error:
        raise damaged(f"the checkpoint in the log's folder is none: {error}") from error


def _bundles(size: int, leaves: Sequence[bytes]) -> Iterator[tuple[int, int, Sequence[bytes]]]:
    """Yield the number of each bundle that grows, how many entries it has, and those to add."""
    taken = 0
    while taken < len(leaves):
        number, offset = divmod(size + taken, TILE_WIDTH)
        piece = leaves[taken : taken + TILE_WIDTH - offset]
        yield number, offset, piece
        taken += len(piece)


def _end_of_entries(data: bytes, count: int, path: Path) -> int:
    """Return where the first `count` entries end."""
    end = 0
    for _ in range(count):
        start = end + _LENGTH_BYTES
        end = start + int.from_bytes(data[end:start])
        if start > len(data) or end > len(data):
            raise damaged(f"{path} holds fewer than {count} entries")
    return end


def _is_locked(lock: IO[str], *, until: float) -> bool:
    while not try_lock(lock):
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_AGAIN_SECONDS)
    return True
