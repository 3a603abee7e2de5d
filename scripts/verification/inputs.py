"""Read what is to be verified: files, folders, JSON Lines, URLs, standard input, compact JWTs.

One document is held at a time, so that a folder or a file of any size can be read.
"""

import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from registry.domain.text import Text
from registry.formats.strict_json import MAX_BYTES
from registry.verification import checks
from registry.verification.ports import Fetcher, FetchError
from registry.verification.report import Check, Outcome
from registry.verification.sentences.sentence import PARSING
from scripts.verification import json_lines
from scripts.verification.wording import (
    NO_OWN_FILE,
    NO_REGULAR_FILE,
    TOO_LONG,
    UNREADABLE,
    why_unreadable,
)

STANDARD_INPUT = "-"
DOCUMENTS = frozenset({".json", ".jsonld", ".jwt", ".txt"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})

_ACCEPT = "application/vc, application/vc+jwt, application/ld+json;q=0.9, application/json;q=0.8"
_CHECK = "format"

# Also one that was cut off: no file is called so.
_COMPACT_JWT = re.compile(r"\s*eyJ[\w.~-]*\s*", re.ASCII)


@dataclass(frozen=True)
class Document:
    """The bytes of one document, and what to call the place it came from."""

    source: str
    body: bytes


@dataclass(frozen=True)
class Unread:
    """A place that gave no document; `check` says why."""

    source: str
    check: Check


Input = Document | Unread


@dataclass(frozen=True)
class Inputs:
    """Everything the user named.

    `apart` are folders and files that are no inputs, though they may lie in a folder that is
    one: where lists are saved, and the report.
    """

    sources: Sequence[str]
    fetcher: Fetcher
    lines: bool = False
    apart: Collection[Path] = ()

    @property
    def is_many(self) -> bool:
        """Say whether a folder or JSON Lines is among the sources."""
        return self.lines or any(_is_folder(s) or _is_lines(s) for s in self.sources)

    def is_alone(self, one: Input) -> bool:
        """Say whether `one` is the whole of what the user named, and on this machine."""
        return [one.source] == list(self.sources) and "://" not in one.source

    def read(self) -> Iterator[Input]:
        """Yield the documents in the order of the sources, of folders in the order of names."""
        for source in self.sources:
            yield from self._of_source(source)

    def count(self) -> int | None:
        """Return how many `read` will yield; None where that shows only while reading."""
        if STANDARD_INPUT in self.sources and self.lines:
            return None
        return sum(self._count(source) for source in self.sources)

    def _of_source(self, source: str) -> Iterator[Input]:
        if source == STANDARD_INPUT:
            read = json_lines.read if self.lines else _whole
            yield from _inputs(source, sys.stdin.buffer, read=read)
        elif _COMPACT_JWT.fullmatch(source) and not os.path.lexists(source):
            yield _bounded(_abridged(source.strip()), source.strip().encode())
        elif "://" in source:
            yield self._fetched(source)
        elif _is_folder(source):
            for path in self._files(Path(source)):
                yield from _of_file(str(path), within=Path(source))
        else:
            yield from _of_file(source)

    def _fetched(self, url: str) -> Input:
        try:
            return _bounded(url, self.fetcher.fetch(url, accept=_ACCEPT).body)
        except FetchError as error:
            return _unreachable(url, error)

    def _files(self, folder: Path) -> Iterator[Path]:
        apart = {_real(path) for path in self.apart} - {_real(folder)}
        return _files(folder, apart)

    def _count(self, source: str) -> int:
        if _is_folder(source):
            return sum(_count(path) for path in self._files(Path(source)))
        return _count(Path(source)) if _is_lines(source) else 1


def _unreachable(url: str, error: FetchError) -> Unread:
    named, code = _named(url), "credential-unreachable"
    told = checks.unknown(_CHECK, code, looked_at=named, reason=error.reason)
    return Unread(named, told.check)


class _NotOfTheFolderError(Exception):
    """What lies in a folder is no file of its own; `reason` says what it is."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def _unreadable(source: str, reason: Text) -> Unread:
    sentence = Text(UNREADABLE.pl.format(reason.pl), UNREADABLE.en.format(reason.en))
    return _unread(source, Outcome.UNKNOWN, "document-unreadable", sentence=sentence)


def _unread(source: str, outcome: Outcome, code: str, *, sentence: Text) -> Unread:
    named = _named(source)
    return Unread(named, Check(_CHECK, outcome, code, sentence, named, PARSING))


def _files(folder: Path, apart: Collection[Path]) -> Iterator[Path]:
    """Yield the files of a folder and those below it, sorted; links to folders are not followed."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        # Opening it will fail too, and say why.
        yield folder
        return
    for path in entries:
        if _real(path) in apart:
            continue
        is_folder = _is_folder(str(path))
        if is_folder and not os.path.islink(path):  # noqa: PTH114 - as in _is_folder
            yield from _files(path, apart)
        elif not is_folder and path.suffix.lower() in DOCUMENTS | JSON_LINES:
            yield path


def _of_file(source: str, within: Path | None = None) -> Iterator[Input]:
    path = Path(source)
    read = json_lines.read if _is_lines(source) else _whole
    try:
        if within is not None:
            _require_own(path, within)
        with path.open("rb") as file:
            yield from _inputs(source, file, read=read)
    except _NotOfTheFolderError as error:
        yield _unreadable(source, error.reason)
    except (OSError, ValueError) as error:
        yield _unreadable(source, why_unreadable(error))


def _require_own(path: Path, folder: Path) -> None:
    """Refuse what a folder may hold to lead elsewhere, or to keep its reader waiting for ever."""
    if not _real(path).is_relative_to(_real(folder)):
        raise _NotOfTheFolderError(NO_OWN_FILE)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise _NotOfTheFolderError(NO_REGULAR_FILE)


def _inputs(
    source: str,
    file: BinaryIO,
    *,
    read: Callable[[BinaryIO], Iterator[tuple[int | None, bytes]]],
) -> Iterator[Input]:
    for number, body in read(file):
        yield _bounded(source if number is None else f"{source}:{number}", body)


def _whole(file: BinaryIO) -> Iterator[tuple[int | None, bytes]]:
    yield None, file.read(MAX_BYTES + 1)


def _bounded(source: str, body: bytes) -> Input:
    if len(body) > MAX_BYTES:
        return _unread(source, Outcome.FAILED, "document-too-long", sentence=TOO_LONG)
    return Document(_named(source), body)


def _named(source: str) -> str:
    """Return the name of a source as text; names of files may be bytes that are no UTF-8."""
    return os.fsencode(source).decode(errors="replace")


def _abridged(token: str) -> str:
    """Return a token's ends: its middle is a person's data, and too long for a line."""
    return f"{token[:12]}…{token[-6:]}"


def _real(path: Path) -> Path:
    # Other than Path.resolve, it takes links that lead to themselves.
    return Path(os.path.realpath(path))


def _is_folder(source: str) -> bool:
    # It takes what may not be looked at or cannot be a path at all.
    return "://" not in source and os.path.isdir(source)  # noqa: PTH112 - Path.is_dir raises there


def _is_lines(source: str) -> bool:
    return "://" not in source and Path(source).suffix.lower() in JSON_LINES


def _count(path: Path) -> int:
    if not _is_lines(str(path)):
        return 1
    try:
        # Whoever counts a pipe has emptied it.
        if not path.is_file():
            return 1
        with path.open("rb") as file:
            return sum(1 for _ in json_lines.read(file))
    except OSError:
        return 1
