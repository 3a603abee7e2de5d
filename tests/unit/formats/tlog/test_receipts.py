import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import pytest

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.leaves import event_leaf, succession_leaf
from registry.formats.tlog.notes import NoteSigner
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.proofs import Proof, ProofFormatError
from registry.formats.tlog.receipts import ReceiptError, check_receipt
from tests.unit.formats.tlog.conftest import ORIGIN
from tests.unit.formats.tlog.trees import grown, numbered
from tests.unit.formats.tlog.witnesses import Witness, signed

STREAM = "0b8a6e4c-8f7e-8f52-9e43-0f6f0a8f5b11"
DIGEST = sha256(b"a credential").hexdigest()
INDEX = 299


@dataclass(frozen=True)
class Issued:
    """A receipt, and the policy by which it is to be believed."""

    receipt: Proof
    policy: Policy


def leaf(topic: str, event: dict[str, Any]) -> bytes:
    return event_leaf(stream=STREAM, version=1, topic=topic, state=json.dumps(event).encode())


CREDENTIAL = leaf("credential-issued-v1", {"document_digest": DIGEST})
LIST = leaf(
    "status-list-published-v1",
    {"representations": [{"digest": "00" * 32}, {"digest": DIGEST}]},
)


def receipt_of(entry: bytes, signer: NoteSigner, witness: Witness) -> Proof:
    tree = grown([*numbered(INDEX), entry, *numbered(30)])
    checkpoint = Checkpoint(ORIGIN, len(tree.leaves), tree.root())
    note = witness.cosign(signed(checkpoint, signer)).to_bytes()
    return Proof(INDEX, tuple(tree.inclusion(INDEX, len(tree.leaves))), note, entry)


@pytest.fixture
def policy(signer: NoteSigner, witness: Witness) -> Policy:
    lines = f"log {signer.verifier_key.vkey}\nwitness w {witness.key.vkey}\nquorum w\n"
    return Policy.parse(lines.encode())


@pytest.mark.parametrize("entry", [CREDENTIAL, LIST], ids=["credential", "list"])
def test_a_receipt_proves_that_a_document_was_logged(
    entry: bytes, signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    verdict = check_receipt(DIGEST, receipt_of(entry, signer, witness), policy)
    assert verdict.leaf.stream == STREAM
    assert verdict.checkpoint.size == INDEX + 31
    assert verdict.log == signer.verifier_key
    assert [cosignature.key for cosignature in verdict.cosignatures] == [witness.key]


@pytest.mark.parametrize(
    "entry",
    [
        leaf("credential-issued-v1", {"document_digest": "00" * 32}),
        leaf("credential-issued-v1", {"note_digest": DIGEST}),
        leaf("credential-issued-v1", {}),
        leaf("credential-revoked-v1", {"document_digest": DIGEST}),
        leaf("status-list-published-v1", {"representations": {"digest": DIGEST}}),
        leaf("status-list-published-v1", {"representations": [DIGEST]}),
        leaf("status-list-published-v1", {"digest": DIGEST}),
        succession_leaf(origin=ORIGIN, checkpoint=DIGEST.encode()),
    ],
)
def test_a_leaf_that_is_not_about_the_document_is_refused(
    entry: bytes, signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    with pytest.raises(ReceiptError, match="another document"):
        check_receipt(DIGEST, receipt_of(entry, signer, witness), policy)


def test_a_receipt_of_another_document_is_refused(
    signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    other = sha256(b"another").hexdigest()
    with pytest.raises(ReceiptError, match="another document"):
        check_receipt(other, receipt_of(CREDENTIAL, signer, witness), policy)


def test_the_leaf_is_not_believed_before_it_is_found_in_the_tree(
    signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    receipt = receipt_of(leaf("credential-issued-v1", {}), signer, witness)
    with pytest.raises(ReceiptError, match="another root"):
        check_receipt(DIGEST, replace(receipt, extra=CREDENTIAL), policy)


def test_a_receipt_without_its_leaf_is_refused(
    signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    receipt = replace(receipt_of(CREDENTIAL, signer, witness), extra=None)
    with pytest.raises(ReceiptError, match="carry its leaf"):
        check_receipt(DIGEST, receipt, policy)


def test_a_receipt_the_witness_did_not_cosign_is_refused(
    signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    stranger = Witness.with_ed25519("witness.example/stranger")
    with pytest.raises(ReceiptError, match="quorum"):
        check_receipt(DIGEST, receipt_of(CREDENTIAL, signer, stranger), policy)


def test_a_receipt_is_refused_with_any_line_gone_or_changed(
    signer: NoteSigner, witness: Witness, policy: Policy
) -> None:
    lines = receipt_of(CREDENTIAL, signer, witness).to_text().splitlines(keepends=True)
    check_receipt(DIGEST, Proof.parse("".join(lines)), policy)
    for number, line in enumerate(lines):
        middle = len(line) // 2
        flipped = line[:middle] + ("A" if line[middle] != "A" else "B") + line[middle + 1 :]
        for other in ("", flipped, line + line):
            changed = "".join([*lines[:number], other, *lines[number + 1 :]])
            # A signature may well stand there twice: it says nothing more.
            if other == line + line and line.startswith("—"):
                continue
            with pytest.raises((ProofFormatError, ReceiptError)):
                check_receipt(DIGEST, Proof.parse(changed), policy)
