"""The keys that sign the transparency log's checkpoints: outside the database, in a file of 0600.

A line is the 32-byte seed of an Ed25519 key in base64url. Every key in the file signs; the first
is the primary. Two stand there while one takes over from the other.
"""

import base64
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.domain.errors import RegistryError
from registry.store.folders import sync_folder

SEED_BYTES = 32


class LogKeyError(RegistryError):
    """The key that signs the log's checkpoints is missing, malformed or open to others."""


def make_log_key(file: Path) -> Ed25519PrivateKey:
    """Write a new key to `file` with mode 0600 and return it; never overwrites one."""
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    _write(descriptor, [key])
    sync_folder(file.parent)
    return key


def read_log_keys(text: str | None, *, file: Path) -> tuple[Ed25519PrivateKey, ...]:
    """Return the keys in `text` or, without it, in `file`; raises LogKeyError."""
    lines = (_protected(file) if text is None else text).split()
    keys = tuple(_key(line) for line in lines)
    if not keys:
        raise _malformed()
    return keys


def add_log_key(file: Path) -> Ed25519PrivateKey:
    """Add a new key at the end of `file` and return it: it signs from the next checkpoint on."""
    key = Ed25519PrivateKey.generate()
    _replace(file, [*read_log_keys(None, file=file), key])
    return key


def make_another_log_key(file: Path) -> Ed25519PrivateKey:
    """Return a new key, beside those in `file` or, where they were lost, the only one there."""
    return add_log_key(file) if file.exists() else make_log_key(file)


def retire_log_key(file: Path, public_key: bytes) -> None:
    """Take the key with this public half out of `file`; raises LogKeyError for the last one."""
    keys = read_log_keys(None, file=file)
    kept = [key for key in keys if key.public_key().public_bytes_raw() != public_key]
    if not kept:
        raise LogKeyError(
            "it is the only key that signs the log", remedy="run first: registry log key add"
        )
    if len(kept) == len(keys):
        raise LogKeyError(f"{file} holds no such key", remedy="run: registry log status")
    _replace(file, kept)


def _replace(file: Path, keys: Sequence[Ed25519PrivateKey]) -> None:
    temporary = file.with_name(f".{file.name}.new")
    flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY
    _write(os.open(temporary, flags, 0o600), keys)
    temporary.replace(file)
    sync_folder(file.parent)


def _write(descriptor: int, keys: Sequence[Ed25519PrivateKey]) -> None:
    seeds = [base64.urlsafe_b64encode(key.private_bytes_raw()).decode() for key in keys]
    with os.fdopen(descriptor, "w") as output:
        output.writelines(f"{seed}\n" for seed in seeds)
        output.flush()
        os.fsync(output.fileno())


def _protected(file: Path) -> str:
    try:
        mode = file.stat().st_mode
    except FileNotFoundError as error:
        raise LogKeyError(
            f"there is no key for the log: REGISTRY_LOG_KEY is not set and {file} does not exist",
            field="REGISTRY_LOG_KEY",
            remedy="restore the key, or begin another log: registry log reopen; where "
            "nothing was signed yet, run: registry db upgrade",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise LogKeyError(
            f"others can read {file}", field=str(file), remedy=f"run: chmod 600 {file}"
        )
    return file.read_text()


def _key(line: str) -> Ed25519PrivateKey:
    try:
        seed = base64.b64decode(line + "=" * (-len(line) % 4), altchars="-_", validate=True)
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise _malformed()
    return Ed25519PrivateKey.from_private_bytes(seed)


def _malformed() -> LogKeyError:
    return LogKeyError(
        "a key of the log is not 32 bytes in base64url",
        field="REGISTRY_LOG_KEY",
        remedy="restore the key that `registry init` made",
    )
