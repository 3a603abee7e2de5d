"""Answer for the network from a folder of saved status lists and DID documents."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from registry.formats.did import DidError, did_web_document_url
from registry.formats.multibase import b64url_decode
from registry.formats.strict_json import MAX_BYTES, loads
from registry.verification.instants import InstantError, parse_instant
from registry.verification.ports import Fetched, FetchError
from registry.verification.report import shown

JSON = "application/json"
JWT = "application/vc+jwt"


_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Saved:
    """A file that answers for a URL."""

    path: Path
    media_type: str
    valid_from: datetime | None
    signed_at: datetime | None
    modified_ns: int

    @property
    def age(self) -> tuple[datetime, datetime]:
        """Order the files for one URL by what they say of their age, the newest last."""
        return self.valid_from or _EARLIEST, self.signed_at or _EARLIEST

    def rank(self, accept: str) -> tuple[bool, int]:
        """Order files that are equally new, the one to be given last."""
        return _is_preferred(self.media_type, accept), self.modified_ns


class SavedDocuments:
    """A `ports.Fetcher` that knows nothing but the files of a folder, and asks no network.

    A file answers for the URL that its document bears as its `id`: a status list for its own (of
    a compact JWT, its payload's), the document of a did:web for the URL that the DID stands for.
    A file whose name ends in the SHA-256 of a URL answers for that one as well, so that a list
    without an `id` can be kept. Of several for one URL, the one with the latest `validFrom`, then
    with the latest proof, is given; where these are equal or missing, the one in the form asked
    for, then the one last written. Lists that are equally new and differ are as good as none.

    Names of files do not matter otherwise. The folder is read once; files over 1 MiB and files
    that are neither JSON nor a compact JWT are passed over, and links out of it are not followed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved: dict[str, list[_Saved]] = {}
        for path in _files(folder):
            self._add(path)

    def fetch(self, url: str, *, accept: str) -> Fetched:
        """Return the saved document for a URL; raises `FetchError` where there is none."""
        found = self._saved.get(url, []) + self._saved.get(digest_of(url), [])
        if not found:
            raise self._missing(url)
        age = max(saved.age for saved in found)
        newest = max(
            (saved for saved in found if saved.age == age), key=lambda saved: saved.rank(accept)
        )
        if newest.valid_from is not None and self._is_contested(newest, found):
            raise self._contested(url)
        body = read_bounded(newest.path)
        if body is None:
            raise self._missing(url)
        return Fetched(body.strip() if newest.media_type == JWT else body, newest.media_type)

    def _add(self, path: Path) -> None:
        body = read_bounded(path)
        document = claims(body) if body is not None else None
        if body is None or document is None:
            return
        media_type = JSON if _is_json(body) else JWT
        times = valid_from(document), signed_at(document)
        saved = _Saved(path, media_type, *times, path.stat().st_mtime_ns)
        for name in {_url(document), path.stem[-64:]} - {None}:
            self._saved.setdefault(str(name), []).append(saved)

    def _is_contested(self, newest: _Saved, found: Sequence[_Saved]) -> bool:
        """Say whether another file of the same form and age says something else."""
        twins = [
            saved
            for saved in found
            if (saved.age, saved.media_type) == (newest.age, newest.media_type)
        ]
        return len({read_bounded(saved.path) for saved in twins}) > 1

    def _contested(self, url: str) -> FetchError:
        named, folder = shown(url), shown(str(self._folder))
        return FetchError(
            f"{folder} holds several documents for {named} that are equally new and differ.",
            pl=f"w {folder} jest kilka różnych, równie nowych dokumentów spod adresu {named}.",
        )

    def _missing(self, url: str) -> FetchError:
        named, folder = shown(url), shown(str(self._folder))
        return FetchError(
            f"it is not among the documents saved in {folder}; "
            f"save what {named} answers there while you are online.",
            pl=f"nie ma go wśród dokumentów zapisanych w {folder}; "
            f"zapisz tam odpowiedź {named}, gdy masz połączenie z siecią.",
        )


def digest_of(url: str) -> str:
    """Return what a file's name ends in to answer for a URL: its SHA-256, 64 hex digits."""
    return sha256(url.encode()).hexdigest()


def claims(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `body`, or the payload of a compact JWT; None for all else."""
    try:
        value = loads(body if _is_json(body) else _payload(body))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def valid_from(document: dict[str, Any]) -> datetime | None:
    """Return when a credential begins to hold; None where it does not say so plainly."""
    try:
        return parse_instant(document.get("validFrom"))
    except InstantError:
        return None


def signed_at(document: dict[str, Any]) -> datetime | None:
    """Return when a document's one proof was made; None where that is not plain."""
    proof = document.get("proof")
    try:
        return parse_instant(proof.get("created") if isinstance(proof, dict) else None)
    except InstantError:
        return None


def read_bounded(path: Path) -> bytes | None:
    """Return the bytes of a regular file; None if it cannot be read or is longer than 1 MiB."""
    try:
        # A pipe in the folder would otherwise keep its reader waiting for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    return body if len(body) <= MAX_BYTES else None


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def _payload(token: bytes) -> bytes:
    """Return the middle of a compact JWT; raises ValueError. Whoever uses it checks it strictly."""
    _header, payload, _signature = token.strip().decode("ascii").split(".")
    return b64url_decode(payload)


def _url(document: dict[str, Any]) -> str | None:
    id_ = document.get("id", document.get("jti"))
    if not isinstance(id_, str):
        return None
    if not id_.startswith("did:web:"):
        return id_
    try:
        return did_web_document_url(id_)
    except DidError:
        return None


def _is_preferred(media_type: str, accept: str) -> bool:
    """Say whether the first of the types asked for has the form, JSON or JWT, of `media_type`."""
    first = accept.partition(",")[0].partition(";")[0].strip()
    return first.endswith("jwt") == media_type.endswith("jwt")


def _files(folder: Path) -> Iterator[Path]:
    root = os.path.realpath(folder)
    for place, folders, names in os.walk(root):
        folders.sort()
        paths = (Path(os.path.realpath(Path(place, name))) for name in sorted(names))
        yield from (path for path in paths if path.is_relative_to(root))
