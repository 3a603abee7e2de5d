import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.tlog.notes import (
    Note,
    NoteError,
    NoteSignature,
    NoteSigner,
    NoteUnsignedError,
    SignatureInvalidError,
    VerifierKey,
    VerifierKeyError,
    verify,
)

# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
EXAMPLE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
EXAMPLE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM=\n"
)
SIGNATURE = "— a AAAAAAA=\n"


def note(text: str, *signers: NoteSigner) -> Note:
    return Note(text, tuple(signer.sign(text) for signer in signers))


def other_signer(name: str) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.generate())


def test_the_example_of_go_verifies() -> None:
    key = VerifierKey.parse(EXAMPLE_KEY)
    found = Note.parse(EXAMPLE.encode())
    assert verify(found, [key]) == [key]
    assert found.to_bytes() == EXAMPLE.encode()
    assert key.vkey == EXAMPLE_KEY


@pytest.mark.parametrize("position", range(0, len(EXAMPLE) - 12, 3))
def test_the_example_does_not_verify_with_a_character_changed(position: int) -> None:
    changed = "B" if EXAMPLE[position] != "B" else "C"
    text = EXAMPLE[:position] + changed + EXAMPLE[position + 1 :]
    with pytest.raises(NoteError):
        verify(Note.parse(text.encode()), [VerifierKey.parse(EXAMPLE_KEY)])


def test_a_note_survives_being_written(signer: NoteSigner) -> None:
    made = note("first\n\nsecond, żółw\n", signer, other_signer("other.example"))
    assert Note.parse(made.to_bytes()) == made


def test_unknown_signatures_are_passed_over(signer: NoteSigner) -> None:
    namesake = other_signer(signer.name)
    made = note("text\n", other_signer("other.example"), namesake, signer)
    assert verify(made, [signer.verifier_key]) == [signer.verifier_key]


def test_every_key_that_signed_is_named_once(signer: NoteSigner) -> None:
    newer = other_signer(signer.name)
    made = note("text\n", newer, signer, newer)
    keys = [signer.verifier_key, newer.verifier_key]
    assert verify(made, keys) == [newer.verifier_key, signer.verifier_key]


def test_a_note_nobody_known_signed_is_refused(signer: NoteSigner) -> None:
    with pytest.raises(NoteUnsignedError):
        verify(note("text\n", signer), [other_signer("other.example").verifier_key])


def test_a_bad_signature_of_a_known_key_is_not_passed_over(signer: NoteSigner) -> None:
    newer = other_signer(signer.name)
    bad = NoteSignature(signer.name, signer.verifier_key.key_id, bytes(64))
    made = note("text\n", newer).with_signatures([bad])
    with pytest.raises(SignatureInvalidError):
        verify(made, [signer.verifier_key, newer.verifier_key])


def test_a_signature_of_another_text_is_refused(signer: NoteSigner) -> None:
    made = Note("text\n", (signer.sign("other text\n"),))
    with pytest.raises(SignatureInvalidError):
        verify(made, [signer.verifier_key])


def test_a_witness_key_does_not_sign_notes(signer: NoteSigner) -> None:
    key = VerifierKey(signer.name, 4, signer.verifier_key.public_key)
    forged = NoteSignature(key.name, key.key_id, signer.private_key.sign(b"text\n"))
    with pytest.raises(NoteUnsignedError):
        verify(Note("text\n", (forged,)), [key])


def test_a_text_without_a_last_newline_is_not_signed(signer: NoteSigner) -> None:
    with pytest.raises(NoteError, match="ends in a newline"):
        signer.sign("text")


def test_a_signature_is_added_once(signer: NoteSigner) -> None:
    made = note("text\n", signer)
    assert made.with_signatures([signer.sign("text\n")]) == made


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n" + SIGNATURE.encode(),
        b"text\n\n" + SIGNATURE.encode()[:-1],
        b"text\n\n" + SIGNATURE.encode() + b"more\n",
        b"te\xffxt\n\n" + SIGNATURE.encode(),
        b"te\txt\n\n" + SIGNATURE.encode(),
        b"te\rxt\n\n" + SIGNATURE.encode(),
        b"te\0xt\n\n" + SIGNATURE.encode(),
        b"text\n\n- a AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\n\n— a\u00a0b AAAAAAA=\n".encode(),
        "text\n\n— a\u2028b AAAAAAA=\n".encode(),
        "text\n\n— a+b AAAAAAA=\n".encode(),
        "text\n\n— a  AAAAAAA=\n".encode(),
        "text\n\n— a AAAAAAA= \n".encode(),
        "text\n\n— a AAAAAAA\n".encode(),
        "text\n\n— a AAAAAAB=\n".encode(),
        "text\n\n— a AAAA_AA=\n".encode(),
        "text\n\n— a AAAAAA==\n".encode(),
        "text\n\n— a ====\n".encode(),
    ],
)
def test_malformed_notes_are_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(data)


def test_the_size_of_a_note_is_limited() -> None:
    Note.parse(f"text\n\n{SIGNATURE * 64}".encode())
    with pytest.raises(NoteError, match="64 signatures"):
        Note.parse(f"text\n\n{SIGNATURE * 65}".encode())
    with pytest.raises(NoteError, match="bytes"):
        Note.parse(f"{'x' * 262_144}\n\n{SIGNATURE}".encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+c74f20a3",
        EXAMPLE_KEY.removeprefix("PeterNeumann"),
        EXAMPLE_KEY.replace("PeterNeumann", "Peter Neumann"),
        EXAMPLE_KEY.replace("PeterNeumann", "PeterNewmann"),
        EXAMPLE_KEY.replace("c74f20a3", "C74F20A3"),
        EXAMPLE_KEY.replace("c74f20a3", "c74f20a4"),
        EXAMPLE_KEY.replace("+AR", "+Ag"),
        EXAMPLE_KEY + "=",
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY + "\n",
        "name+00000000+",
        "name\udc80+c74f20a3+AR",
    ],
)
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(VerifierKeyError):
        VerifierKey.parse(text)
