"""Checking a receipt: what each step says, and that no changed byte gets by."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from projections.transparency.receipts import prove
from registry.formats.canonical import jcs
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import Cosignature, cosigner_key, sign_cosignature
from registry.formats.tlog.leaves import event_leaf
from registry.formats.tlog.notes import Note
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.proofs import Proof
from scripts.transparency.checking import check, facts_of, said_of, sentence_of
from scripts.transparency.steps import StepFailedError, Steps
from tests.small_log import ORIGIN, SmallLog
from tests.witness import CosignerKey

DOCUMENT = jcs({"id": "urn:uuid:1", "proof": {"proofValue": "z1"}})
STREAM = "5c15a521-fed0-8e9b-a031-8711f26c5292"
WITNESSES: dict[str, CosignerKey] = {
    "w1.example": Ed25519PrivateKey.generate(),
    "w2.example": MLDSA44PrivateKey.generate(),
}
AT = 1_800_000_000


@dataclass(frozen=True)
class Case:
    """A document, its receipt and the policy that is satisfied with it."""

    receipt: Proof
    policy: Policy

    def refusal(self, receipt: bytes, document: bytes = DOCUMENT) -> str:
        """Return the step at which a receipt is refused."""
        with pytest.raises(StepFailedError) as refused:
            check(Steps("badge"), document, receipt, self.policy)
        return refused.value.name


def leaf_of(topic: str, members: dict[str, object], *, recorded_at: str = "2027-01-15") -> bytes:
    state = json.dumps(members | {"recorded_at": recorded_at}).encode()
    return event_leaf(stream=STREAM, version=1, topic=topic, state=state)


def case_of(folder: Path, leaf: bytes, *, quorum: bool = True) -> Case:
    log = SmallLog(folder)
    log.grow(4)
    log.append([leaf])
    log.grow(6)
    note = Note.parse(log.sign())
    cosignatures = [
        sign_cosignature(note.text, name=name, private_key=key, at=AT)
        for name, key in WITNESSES.items()
    ]
    signed = note.with_signatures(cosignatures).to_bytes()
    lines = [f"log {log.key.vkey}"]
    lines += [f"witness {name} {cosigner_key(name, k).vkey}" for name, k in WITNESSES.items()]
    lines += ["group both all w1.example w2.example", f"quorum {'both' if quorum else 'none'}", ""]
    return Case(prove(log.files, 4, signed), Policy.parse("\n".join(lines).encode()))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    digest = sha256(DOCUMENT).hexdigest()
    leaf = leaf_of("credential-issued-v1", {"document_digest": digest})
    return case_of(tmp_path_factory.mktemp("log"), leaf)


def test_each_step_of_a_sound_receipt_is_told(case: Case) -> None:
    steps = Steps("badge.json")

    check(steps, DOCUMENT, case.receipt.to_text().encode(), case.policy)

    assert [(step["step"], step["outcome"]) for step in steps.taken] == [
        ("document", "passed"),
        ("leaf", "passed"),
        ("tree", "passed"),
        ("signatures", "passed"),
    ]
    said = " ".join(step["said"] for step in steps.taken)
    assert "leaf 4 stands in the tree of 11" in said
    assert "w1.example at 2027-01-15T08:00:00Z, w2.example at 2027-01-15T08:00:00Z" in said


def test_what_is_proved_and_what_not_is_said_plainly(case: Case) -> None:
    verdict = check(Steps(""), DOCUMENT, case.receipt.to_text().encode(), case.policy)

    sentence = sentence_of(verdict)

    assert "proves that the credential was issued" in sentence
    assert "does not prove that nothing came later" in sentence
    assert "in the log by 2027-01-15T08:00:00Z" in sentence
    assert facts_of(verdict, 4)["checkpoint"]["origin"] == ORIGIN


def test_receipt_of_a_list_is_about_one_version(tmp_path: Path) -> None:
    digest = sha256(DOCUMENT).hexdigest()
    leaf = leaf_of(
        "status-list-published-v1", {"representations": [{"digest": "0"}, {"digest": digest}]}
    )
    case = case_of(tmp_path, leaf)

    verdict = check(Steps(""), DOCUMENT, case.receipt.to_text().encode(), case.policy)

    assert "no later version was" in sentence_of(verdict)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (AT, "w1.example at 2027-01-15T08:00:00Z"),
        (0, "w1.example, who does not say when"),
        (2**63 - 1, "w1.example at 9223372036854775807 s"),
    ],
)
def test_any_time_a_witness_may_sign_can_be_said(at: int, said: str) -> None:
    key = cosigner_key("w1.example", WITNESSES["w1.example"])
    assert said_of(Cosignature(key, at)) == said


def test_without_witnesses_no_time_is_claimed(tmp_path: Path) -> None:
    digest = sha256(DOCUMENT).hexdigest()
    leaf = leaf_of("credential-issued-v1", {"document_digest": digest})
    case = case_of(tmp_path, leaf)
    lines = [f"log {case.policy.logs[0].key.vkey}", "quorum none", ""]
    alone = Policy.parse("\n".join(lines).encode())

    verdict = check(Steps(""), DOCUMENT, case.receipt.to_text().encode(), alone)

    assert "No witness says when that was" in sentence_of(verdict)


def test_every_changed_byte_of_a_receipt_is_refused(case: Case) -> None:
    text = case.receipt.to_text().encode()
    # Every byte of the short lines, every seventh of the long ones, which are base64 of one thing.
    line_starts = [0, *(at + 1 for at, byte in enumerate(text) if byte == 0x0A)]
    places = {at for start in line_starts for at in range(start, start + 50)} | {
        *range(0, len(text), 7)
    }

    for at in sorted(place for place in places if place < len(text)):
        changed = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        assert case.refusal(changed), at


@pytest.mark.parametrize("cut", [0, 1, 10, 500, -1, -300])
def test_receipt_that_was_cut_is_refused(case: Case, cut: int) -> None:
    assert case.refusal(case.receipt.to_text().encode()[:cut])


def test_changed_document_is_refused_at_the_document(case: Case) -> None:
    changed = DOCUMENT.replace(b"z1", b"z2")

    assert case.refusal(case.receipt.to_text().encode(), changed) == "document"
    assert case.refusal(case.receipt.to_text().encode(), b"{") == "document"


def test_another_leaf_is_refused_at_the_tree(case: Case) -> None:
    digest = sha256(DOCUMENT).hexdigest()
    forged = leaf_of("credential-issued-v1", {"document_digest": digest}, recorded_at="2020-01-01")

    assert case.refusal(replace(case.receipt, extra=forged).to_text().encode()) == "tree"


def test_leaf_that_is_no_event_is_refused_at_the_leaf(case: Case) -> None:
    nonsense = replace(case.receipt, extra=b"nonsense")

    assert case.refusal(nonsense.to_text().encode()) == "leaf"


def test_leaf_of_another_kind_with_the_digest_is_refused(tmp_path: Path) -> None:
    digest = sha256(DOCUMENT).hexdigest()
    leaf = leaf_of("credential-revoked-v1", {"document_digest": digest})
    case = case_of(tmp_path, leaf)

    assert case.refusal(case.receipt.to_text().encode()) == "document"


def test_too_few_witnesses_are_refused_at_the_signatures(case: Case) -> None:
    note = Note.parse(case.receipt.checkpoint)
    fewer = Note(note.text, note.signatures[:2]).to_bytes()

    assert case.refusal(replace(case.receipt, checkpoint=fewer).to_text().encode()) == "signatures"


def test_checkpoint_of_another_tree_is_refused_at_the_signatures(case: Case) -> None:
    note = Note.parse(case.receipt.checkpoint)
    checkpoint = Checkpoint.parse(note.text)
    other = Note(replace(checkpoint, size=12).text, note.signatures).to_bytes()

    assert case.refusal(replace(case.receipt, checkpoint=other).to_text().encode()) == "signatures"


def test_receipt_without_its_leaf_is_refused(case: Case) -> None:
    bare = replace(case.receipt, extra=None).to_text().encode()

    assert case.refusal(bare)


def test_what_is_no_receipt_is_refused_at_the_receipt(case: Case) -> None:
    assert case.refusal(b64encode(b"nonsense")) == "receipt"
    assert case.refusal(b"\xff") == "receipt"
