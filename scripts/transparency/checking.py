"""Check a receipt of a document, with nothing but the two and a policy."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from registry.domain.events import StatusListPublished
from registry.formats.document_digest import DocumentUnreadableError, document_digest
from registry.formats.tlog.cosignatures import Cosignature
from registry.formats.tlog.leaves import LeafError
from registry.formats.tlog.merkle import InclusionError
from registry.formats.tlog.policies import Policy, PolicyNotMetError
from registry.formats.tlog.proofs import Proof, ProofFormatError
from registry.formats.tlog.receipts import ReceiptError, ReceiptVerdict, check_receipt
from scripts.transparency.steps import StepFailedError, Steps

ISSUED = (
    "The receipt proves that the credential was issued as it is, and logged. It does not prove that"
    " nothing came later: whether it was suspended or revoked is told by its status lists."
)
PUBLISHED = (
    "The receipt proves that the list was published as it is, and logged. It does not prove that"
    " no later version was."
)
NO_TIME = "No witness says when that was: the policy asks for none."

_STEP_OF_CAUSE: Mapping[type, str] = {
    LeafError: "leaf",
    PolicyNotMetError: "signatures",
    InclusionError: "tree",
}


def check(steps: Steps, document: bytes, receipt: bytes, policy: Policy) -> ReceiptVerdict:
    """Take every step of the check; raises StepFailedError at the first that does not hold."""
    digest, proof = _digest(document), _proof(receipt)
    try:
        verdict = check_receipt(digest, proof, policy)
    except ReceiptError as error:
        step = _STEP_OF_CAUSE.get(type(error.__cause__), "document")
        raise StepFailedError(step, str(error)) from error
    leaf, checkpoint = verdict.leaf, verdict.checkpoint
    steps.passed("document", f"its digest is {digest}")
    steps.passed("leaf", f"{leaf.topic} of {leaf.event.get('recorded_at')} names that digest")
    steps.passed("tree", f"leaf {proof.index} stands in the tree of {checkpoint.size}")
    steps.passed("signatures", f"the tree is signed by {verdict.log.name}{_by(verdict)}")
    return verdict


def facts_of(verdict: ReceiptVerdict, proof_index: int) -> dict[str, Any]:
    """Return what a receipt proves, for programs."""
    leaf, checkpoint = verdict.leaf, verdict.checkpoint
    return {
        "event": {
            "stream": leaf.stream,
            "version": leaf.version,
            "topic": leaf.topic,
            "recorded_at": leaf.event.get("recorded_at"),
        },
        "leaf_index": proof_index,
        "checkpoint": {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
        },
        "cosignatures": [
            {"witness": each.key.name, "key_id": each.key.key_id.hex(), "at": _time(each)}
            for each in verdict.cosignatures
        ],
    }


def sentence_of(verdict: ReceiptVerdict) -> str:
    """Return what the receipt proves and what not, and by when."""
    sentence = PUBLISHED if verdict.leaf.topic == StatusListPublished.TOPIC else ISSUED
    times = [each.at for each in verdict.cosignatures if each.at]
    if not times:
        return f"{sentence} {NO_TIME}"
    return f"{sentence} It was in the log by {_written(max(times))}, as its witnesses say."


def said_of(cosignature: Cosignature) -> str:
    """Return who cosigned and when; a cosignature may make no statement of time."""
    time = _time(cosignature)
    name = cosignature.key.name
    return f"{name} at {time}" if time else f"{name}, who does not say when"


def _digest(document: bytes) -> str:
    try:
        return document_digest(document)
    except DocumentUnreadableError as error:
        raise StepFailedError("document", str(error)) from error


def _proof(receipt: bytes) -> Proof:
    try:
        return Proof.parse(receipt)
    except ProofFormatError as error:
        raise StepFailedError("receipt", str(error)) from error


def _by(verdict: ReceiptVerdict) -> str:
    said = ", ".join(map(said_of, verdict.cosignatures))
    return f" and cosigned by {said}" if said else "; the policy asks for no witness"


def _time(cosignature: Cosignature) -> str | None:
    return _written(cosignature.at) if cosignature.at else None


def _written(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return f"{at} s"
