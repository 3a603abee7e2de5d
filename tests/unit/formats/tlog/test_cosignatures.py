import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError
from registry.formats.tlog.cosignatures import Cosignature, sign_cosignature, verify_cosignatures
from registry.formats.tlog.merkle import leaf_hash
from registry.formats.tlog.notes import (
    Note,
    NoteError,
    NoteSignature,
    NoteSigner,
    SignatureInvalidError,
)
from tests.unit.formats.tlog.conftest import ORIGIN
from tests.unit.formats.tlog.witnesses import Witness, signed

CHECKPOINT = Checkpoint(ORIGIN, 300, leaf_hash(b"root"))
AT = 1_790_000_000


@pytest.fixture(params=[Witness.with_ed25519, Witness.with_mldsa44])
def any_witness(request: pytest.FixtureRequest) -> Witness:
    made: Witness = request.param("witness.example/any")
    return made


def test_a_cosignature_says_who_and_when(any_witness: Witness, signer: NoteSigner) -> None:
    note = any_witness.cosign(signed(CHECKPOINT, signer), at=AT)
    again = Note.parse(note.to_bytes())
    assert verify_cosignatures(again, [any_witness.key]) == [Cosignature(any_witness.key, AT)]


def test_a_witness_that_cosigned_twice_is_there_twice(any_witness: Witness) -> None:
    note = any_witness.cosign(any_witness.cosign(signed(CHECKPOINT), at=AT), at=AT + 1)
    times = [cosignature.at for cosignature in verify_cosignatures(note, [any_witness.key])]
    assert times == [AT, AT + 1]


def test_unknown_witnesses_are_passed_over(any_witness: Witness, witness: Witness) -> None:
    note = any_witness.cosign(signed(CHECKPOINT))
    assert verify_cosignatures(note, [witness.key]) == []


@pytest.mark.parametrize(
    "changed",
    [
        Checkpoint(ORIGIN + "/2", 300, CHECKPOINT.root),
        Checkpoint(ORIGIN, 301, CHECKPOINT.root),
        Checkpoint(ORIGIN, 300, leaf_hash(b"other root")),
    ],
)
def test_a_cosignature_of_another_checkpoint_is_refused(
    changed: Checkpoint, any_witness: Witness
) -> None:
    note = any_witness.cosign(signed(CHECKPOINT))
    with pytest.raises(SignatureInvalidError):
        verify_cosignatures(Note(changed.text, note.signatures), [any_witness.key])


def test_a_cosignature_with_another_time_is_refused(any_witness: Witness) -> None:
    [signature] = any_witness.cosign(signed(CHECKPOINT), at=AT).signatures
    earlier = (AT - 1).to_bytes(8) + signature.signature[8:]
    forged = NoteSignature(signature.name, signature.key_id, earlier)
    with pytest.raises(SignatureInvalidError):
        verify_cosignatures(Note(CHECKPOINT.text, (forged,)), [any_witness.key])


@pytest.mark.parametrize("length", [1, 8, 71, 73, 2_427])
def test_a_cosignature_of_another_length_is_refused(length: int, any_witness: Witness) -> None:
    forged = NoteSignature(any_witness.name, any_witness.key.key_id, bytes(length))
    with pytest.raises(SignatureInvalidError):
        verify_cosignatures(Note(CHECKPOINT.text, (forged,)), [any_witness.key])


def test_a_signature_of_the_note_is_no_cosignature(signer: NoteSigner) -> None:
    assert verify_cosignatures(signed(CHECKPOINT, signer), [signer.verifier_key]) == []


def test_an_ed25519_cosignature_covers_extension_lines(witness: Witness) -> None:
    extended = Checkpoint(ORIGIN, 300, CHECKPOINT.root, ("more",))
    note = witness.cosign(signed(extended))
    assert verify_cosignatures(note, [witness.key])
    with pytest.raises(SignatureInvalidError):
        verify_cosignatures(Note(CHECKPOINT.text, note.signatures), [witness.key])


def test_an_ml_dsa_cosignature_may_leave_the_time_out(quantum_safe_witness: Witness) -> None:
    note = quantum_safe_witness.cosign(signed(CHECKPOINT), at=0)
    [cosignature] = verify_cosignatures(note, [quantum_safe_witness.key])
    assert cosignature.at == 0


def test_only_checkpoints_are_cosigned(witness: Witness) -> None:
    with pytest.raises(CheckpointError):
        witness.cosign(Note("any text\n", ()))
    with pytest.raises(CheckpointError):
        verify_cosignatures(Note("any text\n", ()), [witness.key])


@pytest.mark.parametrize("at", [-1, 2**63])
def test_a_time_no_cosignature_carries_is_refused(at: int) -> None:
    key = Ed25519PrivateKey.generate()
    with pytest.raises(NoteError):
        sign_cosignature(CHECKPOINT.text, name="witness.example", private_key=key, at=at)


def test_a_name_that_ml_dsa_cosignatures_have_no_room_for_is_refused() -> None:
    with pytest.raises(NoteError, match="longer"):
        Witness.with_mldsa44("w" * 256).cosign(signed(CHECKPOINT))
