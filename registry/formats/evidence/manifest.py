"""The manifest of evidence: every file's size and SHA-256, signed with the log's keys.

It is a signed note (C2SP signed-note). Its first line is the log's origin and `/evidence`, which
no checkpoint begins with, so that neither can be shown as the other though one key signs both. The
text names the keys that sign, each signs once and in that order: the note has one spelling, and
nothing can be put under it or taken away.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from registry.domain.instants import parse_instant
from registry.formats.tlog.notes import Note, NoteError, NoteSigner, verify
from registry.formats.tlog.verifier_keys import VerifierKey

NAME: Final = "manifest"
_FORMAT: Final = "format 1"
_SUFFIX: Final = "/evidence"
_HEAD_LINES: Final = 5
_KEYS: Final = re.compile(r"keys((?: [0-9a-f]{8}){1,16})")
_CREDENTIAL: Final = re.compile(r"credential ([0-9a-f-]{36})")
_POSITION: Final = re.compile(r"position (0|[1-9][0-9]{0,17})")
_MADE_AT: Final = re.compile(r"made ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z)")
_FILE: Final = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,17}) ([!-~]{1,400})")


class ManifestError(ValueError):
    """The manifest is malformed, not signed by the log's key, or not about these files."""


@dataclass(frozen=True)
class Manifest:
    """Whose evidence it is, as of which position, made when, and the digest and size of each file.

    `key_ids` are the ids (hex) of the keys that sign, in order. `files` maps a name to the SHA-256
    in hex and the size in bytes, sorted by name.
    """

    origin: str
    key_ids: tuple[str, ...]
    credential_id: str
    position: int
    made_at: str
    files: Mapping[str, tuple[str, int]]

    @property
    def text(self) -> str:
        """Return what is signed."""
        lines = [f"{digest} {size} {name}" for name, (digest, size) in sorted(self.files.items())]
        head = [
            self.origin + _SUFFIX,
            _FORMAT,
            " ".join(["keys", *self.key_ids]),
            f"credential {self.credential_id}",
            f"position {self.position}",
            f"made {self.made_at}",
        ]
        return "\n".join([*head, *lines]) + "\n"

    def signed(self, signers: Iterable[NoteSigner]) -> bytes:
        """Return the signed note; the signers are those named in it, in order."""
        signatures = tuple(signer.sign(self.text) for signer in signers)
        return Note(self.text, signatures).to_bytes()


def entries_of(files: Mapping[str, bytes]) -> dict[str, tuple[str, int]]:
    """Return the digest and the size of each file."""
    return {name: (sha256(body).hexdigest(), len(body)) for name, body in sorted(files.items())}


def open_manifest(data: bytes, log_keys: Iterable[VerifierKey]) -> Manifest:
    """Return the manifest in a note that is signed by just those keys it names, all of them known.

    A key signs only for the log whose origin is the key's name. Raises ManifestError.
    """
    try:
        note = Note.parse(data)
        manifest = _parse(note.text)
        verified = verify(note, _own(manifest, log_keys))
    except NoteError as error:
        raise ManifestError(str(error)) from error
    under = tuple(signature.key_id.hex() for signature in note.signatures)
    if not under == manifest.key_ids == tuple(key.key_id.hex() for key in verified):
        raise ManifestError("other keys signed than the manifest names")
    return manifest


def check_signed_by(data: bytes, manifest: Manifest, log_keys: Iterable[VerifierKey]) -> None:
    """Raise ManifestError unless one of the keys signed the manifest that was opened."""
    try:
        verify(Note.parse(data), _own(manifest, log_keys))
    except NoteError as error:
        raise ManifestError(str(error)) from error


def _own(manifest: Manifest, log_keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    return [key for key in log_keys if key.name == manifest.origin]


def _parse(text: str) -> Manifest:
    origin, *lines = text.removesuffix("\n").split("\n")
    if not origin.endswith(_SUFFIX) or len(lines) < _HEAD_LINES or lines[0] != _FORMAT:
        raise ManifestError(f"a manifest begins with a log's origin, {_SUFFIX} and {_FORMAT!r}")
    heads = zip((_KEYS, _CREDENTIAL, _POSITION, _MADE_AT), lines[1:_HEAD_LINES], strict=True)
    keys, credential_id, position, made_at = (_match(*head)[1] for head in heads)
    _check_instant(made_at)
    found = [_match(_FILE, line) for line in lines[_HEAD_LINES:]]
    manifest = Manifest(
        origin=origin.removesuffix(_SUFFIX),
        key_ids=tuple(keys.split()),
        credential_id=credential_id,
        position=int(position),
        made_at=made_at,
        files={match[3]: (match[1], int(match[2])) for match in found},
    )
    if manifest.text != text:
        raise ManifestError("the files of a manifest are sorted and each stands there once")
    return manifest


def _check_instant(text: str) -> None:
    try:
        parse_instant(text)
    except ValueError as error:
        raise ManifestError(f"{text} is no instant") from error


def _match(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    match = pattern.fullmatch(line)
    if match is None:
        raise ManifestError(f"a line of the manifest is malformed: {line[:80]!r}")
    return match
