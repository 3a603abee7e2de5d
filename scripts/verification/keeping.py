"""Keep the status lists and DID documents that were fetched, to verify offline later."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from registry.verification.ports import Fetched, Fetcher
from scripts.verification.offline import claims, digest_of, read_bounded, valid_from

_LONGEST_LABEL = 60


@dataclass(frozen=True)
class KeepingFetcher:
    """A `ports.Fetcher` that writes every answer of another into a folder, one file a URL and form.

    Kept is what was answered, unverified: it is verified whenever it is used. A list with an
    earlier `validFrom` never replaces a later one.
    """

    fetcher: Fetcher
    folder: Path

    def fetch(self, url: str, *, accept: str) -> Fetched:
        """Return what the other fetcher answers, and keep it; raises what that one raises."""
        fetched = self.fetcher.fetch(url, accept=accept)
        path = self.folder / _name(url, fetched)
        if not _is_older(fetched.body, path):
            _replace(path, fetched.body)
        return fetched


def _name(url: str, fetched: Fetched) -> str:
    """Return a name that tells a person whence it came, and `SavedDocuments` for which URL."""
    label = re.sub(r"[^A-Za-z0-9.]+", "-", url.partition("://")[2])[:_LONGEST_LABEL]
    suffix = "jwt" if fetched.media_type.endswith("jwt") else "json"
    return f"{label.strip('-.')}-{digest_of(url)}.{suffix}"


def _is_older(body: bytes, path: Path) -> bool:
    kept = read_bounded(path)
    ours, theirs = claims(body), claims(kept) if kept is not None else None
    start, floor = valid_from(ours or {}), valid_from(theirs or {})
    return floor is not None and (start is None or start < floor)


def _replace(path: Path, body: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        partial.write_bytes(body)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
