"""The master key: where it comes from, and what is refused; sealing binds bytes to a name."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from registry.store.key_store import (
    NONCE_BYTES,
    SECRET_BYTES,
    MasterKeyError,
    make_master_key,
    read_master_key,
    seal,
    unseal,
)

KEY = bytes(range(SECRET_BYTES))
NONCE = b"n" * NONCE_BYTES


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "master.key"
    make_master_key(file)
    return file


def text_of(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


def test_new_key_is_readable_by_its_owner_alone(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert len(read_master_key(None, file=key_file)) == SECRET_BYTES


def test_new_keys_differ(key_file: Path, tmp_path: Path) -> None:
    make_master_key(tmp_path / "other.key")
    other = read_master_key(None, file=tmp_path / "other.key")
    assert read_master_key(None, file=key_file) != other


def test_new_key_never_overwrites_one(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        make_master_key(key_file)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610, 0o601, 0o777])
def test_key_file_that_others_can_use_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(MasterKeyError, match="others can read") as refusal:
        read_master_key(None, file=key_file)
    assert refusal.value.remedy == f"run: chmod 600 {key_file}"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_key_file_of_the_owner_alone_is_read(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    assert read_master_key(None, file=key_file)


def test_missing_key_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="does not exist") as refusal:
        read_master_key(None, file=tmp_path / "master.key")
    assert refusal.value.remedy is not None


def test_key_of_the_settings_comes_before_the_file(key_file: Path) -> None:
    assert read_master_key(text_of(KEY), file=key_file) == KEY


@pytest.mark.parametrize("text", [text_of(KEY), text_of(KEY).rstrip("="), f" {text_of(KEY)}\n"])
def test_key_is_read_with_and_without_padding(text: str, tmp_path: Path) -> None:
    assert read_master_key(text, file=tmp_path / "absent") == KEY


@pytest.mark.parametrize(
    "text", ["", "x", text_of(KEY[:31]), text_of(KEY + b"x"), KEY.hex(), "ł" * 43, "!" * 43]
)
def test_malformed_key_is_refused_without_repeating_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError) as refusal:
        read_master_key(text, file=tmp_path / "absent")
    assert not text or text not in f"{refusal.value} {refusal.value.remedy}"


def test_key_with_a_letter_outside_the_alphabet_is_refused(tmp_path: Path) -> None:
    """Dropping the letter would silently take a damaged key for another one."""
    with pytest.raises(MasterKeyError):
        read_master_key(text_of(KEY)[:20] + "!" + text_of(KEY)[20:], file=tmp_path / "absent")


def test_sealed_bytes_open_under_their_name() -> None:
    sealed = seal(KEY, b"secret", bound_to="list/1", nonce=NONCE)
    assert b"secret" not in sealed
    assert unseal(KEY, sealed, bound_to="list/1") == b"secret"


@pytest.mark.parametrize(("key", "name"), [(KEY, "list/2"), (KEY[::-1], "list/1")])
def test_sealed_bytes_open_under_no_other_name_or_key(key: bytes, name: str) -> None:
    sealed = seal(KEY, b"secret", bound_to="list/1", nonce=NONCE)
    with pytest.raises(InvalidTag):
        unseal(key, sealed, bound_to=name)


@pytest.mark.parametrize("place", range(NONCE_BYTES + len(b"secret") + 16))
def test_sealed_bytes_with_any_bit_changed_do_not_open(place: int) -> None:
    sealed = bytearray(seal(KEY, b"secret", bound_to="list/1", nonce=NONCE))
    sealed[place] ^= 1
    with pytest.raises(InvalidTag):
        unseal(KEY, bytes(sealed), bound_to="list/1")
