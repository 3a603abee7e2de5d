"""The manifest of evidence: one spelling, and just the signatures it names."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.evidence.manifest import (
    Manifest,
    ManifestError,
    check_signed_by,
    entries_of,
    open_manifest,
)
from registry.formats.tlog.checkpoints import CheckpointError, open_checkpoint
from registry.formats.tlog.notes import Note, NoteSigner

ORIGIN = "registry.example.org/log"
SIGNERS = [NoteSigner(ORIGIN, Ed25519PrivateKey.generate()) for _ in range(2)]
KEYS = [signer.verifier_key for signer in SIGNERS]
MANIFEST = Manifest(
    origin=ORIGIN,
    key_ids=tuple(key.key_id.hex() for key in KEYS),
    credential_id="1e8c97fc-fbc2-8630-86e9-8ef83025926e",
    position=15,
    made_at="2026-11-23T01:22:20.877882Z",
    files=entries_of({"policy": b"quorum none\n", "did/1.json": b"{}"}),
)
SIGNED = MANIFEST.signed(SIGNERS)


def test_manifest_is_opened_as_it_was_signed() -> None:
    assert open_manifest(SIGNED, KEYS) == MANIFEST


def test_manifest_is_no_checkpoint_though_one_key_signs_both() -> None:
    with pytest.raises(CheckpointError):
        open_checkpoint(SIGNED, KEYS)


def test_every_changed_byte_is_refused() -> None:
    for at in range(len(SIGNED)):
        tampered = SIGNED[:at] + bytes([SIGNED[at] ^ 1]) + SIGNED[at + 1 :]
        with pytest.raises(ManifestError):
            open_manifest(tampered, KEYS)


def test_signature_taken_away_or_put_under_is_refused() -> None:
    note, stranger = Note.parse(SIGNED), NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    one, two = note.signatures
    for signatures in ((one,), (two, one), (one, two, two), (one, two, stranger.sign(note.text))):
        with pytest.raises(ManifestError):
            open_manifest(Note(note.text, signatures).to_bytes(), [*KEYS, stranger.verifier_key])


def test_manifest_by_a_key_that_is_not_known_is_refused() -> None:
    with pytest.raises(ManifestError):
        open_manifest(SIGNED, KEYS[:1])
    stranger = NoteSigner(ORIGIN, Ed25519PrivateKey.generate()).verifier_key
    with pytest.raises(ManifestError):
        check_signed_by(SIGNED, MANIFEST, [stranger])


def test_whoever_trusts_one_of_two_keys_trusts_the_manifest() -> None:
    check_signed_by(SIGNED, MANIFEST, KEYS[1:])


def test_key_of_another_log_signs_no_manifest_of_this_one() -> None:
    other = NoteSigner("other.example/log", SIGNERS[0].private_key).verifier_key
    with pytest.raises(ManifestError):
        check_signed_by(SIGNED, MANIFEST, [other])


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("format 1", "format 2"),
        ("position 15", "position 015"),
        ("position 15", "position -1"),
        (" 2 did/1.json", " 02 did/1.json"),
        ("did/1.json", "zzz/1.json"),
    ],
)
def test_text_in_another_spelling_is_refused_though_it_is_signed(line: str, other: str) -> None:
    text = MANIFEST.text.replace(line, other)
    note = Note(text, tuple(signer.sign(text) for signer in SIGNERS))
    with pytest.raises(ManifestError):
        open_manifest(note.to_bytes(), KEYS)


def test_manifest_names_as_many_keys_as_sign() -> None:
    one = replace(MANIFEST, key_ids=MANIFEST.key_ids[:1])
    assert open_manifest(one.signed(SIGNERS[:1]), KEYS) == one
    with pytest.raises(ManifestError):
        open_manifest(one.signed(SIGNERS), KEYS)
