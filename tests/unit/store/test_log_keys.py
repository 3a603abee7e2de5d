"""The keys that sign the log lie in a file of their own, for its owner alone."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.store.log_keys import (
    LogKeyError,
    add_log_key,
    make_log_key,
    read_log_keys,
    retire_log_key,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.key"


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def test_a_key_that_was_made_is_read_again(file: Path) -> None:
    made = make_log_key(file)
    assert [public(key) for key in read_log_keys(None, file=file)] == [public(made)]


def test_only_the_owner_reads_the_file(file: Path) -> None:
    make_log_key(file)
    add_log_key(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_making_never_overwrites_a_key(file: Path) -> None:
    make_log_key(file)
    with pytest.raises(FileExistsError):
        make_log_key(file)


def test_a_file_that_others_can_read_is_refused_with_the_remedy(file: Path) -> None:
    make_log_key(file)
    file.chmod(0o640)
    with pytest.raises(LogKeyError) as refusal:
        read_log_keys(None, file=file)
    assert refusal.value.remedy == f"run: chmod 600 {file}"


def test_the_first_line_is_the_primary_key_and_the_last_the_newest(file: Path) -> None:
    first, second = make_log_key(file), add_log_key(file)
    assert [public(key) for key in read_log_keys(None, file=file)] == [
        public(first),
        public(second),
    ]


def test_keys_given_as_text_are_read_instead_of_the_file(file: Path) -> None:
    seeds = [bytes([number] * 32) for number in (1, 2)]
    text = "\n".join(base64.urlsafe_b64encode(seed).decode().rstrip("=") for seed in seeds)
    assert [key.private_bytes_raw() for key in read_log_keys(text, file=file)] == seeds


def test_a_retired_key_is_gone_from_the_file(file: Path) -> None:
    first, second = make_log_key(file), add_log_key(file)
    retire_log_key(file, public(first))
    assert [public(key) for key in read_log_keys(None, file=file)] == [public(second)]


def test_a_key_the_file_does_not_hold_is_not_retired(file: Path) -> None:
    make_log_key(file)
    add_log_key(file)
    with pytest.raises(LogKeyError, match="no such key"):
        retire_log_key(file, public(Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("text", ["", "\n", "AAAA", "no key", "A" * 44, "é" * 43])
def test_what_is_no_key_is_refused(file: Path, text: str) -> None:
    with pytest.raises(LogKeyError):
        read_log_keys(text, file=file)


def test_a_missing_file_is_named_with_the_remedy(file: Path) -> None:
    with pytest.raises(LogKeyError, match="does not exist") as refusal:
        read_log_keys(None, file=file)
    assert "registry log reopen" in (refusal.value.remedy or "")
