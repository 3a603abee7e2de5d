"""Check what a receipt proves: that a document's digest was logged, under a policy.

A receipt is a C2SP tlog-proof whose extra data is the leaf itself. A credential's receipt proves
that it was issued, not that nothing came later; a status list's, that the list was published.
"""

from dataclasses import dataclass
from typing import Any

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import Cosignature
from registry.formats.tlog.leaves import EventLeaf, LeafError, read_leaf
from registry.formats.tlog.merkle import InclusionError, leaf_hash, verify_inclusion
from registry.formats.tlog.policies import Policy, PolicyNotMetError
from registry.formats.tlog.proofs import Proof
from registry.formats.tlog.verifier_keys import VerifierKey


class ReceiptError(ValueError):
    """A receipt does not prove that the document was logged."""


@dataclass(frozen=True)
class ReceiptVerdict:
    """The event a receipt proves, the checkpoint above it, and whose signatures it bears."""

    leaf: EventLeaf
    checkpoint: Checkpoint
    log: VerifierKey
    cosignatures: tuple[Cosignature, ...]


def check_receipt(document_digest: str, receipt: Proof, policy: Policy) -> ReceiptVerdict:
    """Return what a receipt proves of the document with this SHA-256 in hex, or raise ReceiptError.

    The leaf issues a credential or publishes a status list with that digest, it stands in the tree
    at the receipt's index, and the tree's checkpoint satisfies the policy.
    """
    if receipt.extra is None:
        raise ReceiptError("the receipt does not carry its leaf")
    try:
        leaf = read_leaf(receipt.extra)
        verdict = policy.check(receipt.checkpoint)
        verify_inclusion(
            leaf_hash=leaf_hash(receipt.extra),
            index=receipt.index,
            size=verdict.checkpoint.size,
            proof=receipt.path,
            root=verdict.checkpoint.root,
        )
    except (LeafError, InclusionError, PolicyNotMetError) as error:
        raise ReceiptError(str(error)) from error
    if not isinstance(leaf, EventLeaf) or document_digest not in _digests(leaf):
        raise ReceiptError("the leaf is about another document")
    return ReceiptVerdict(leaf, verdict.checkpoint, verdict.log, verdict.cosignatures)


def _digests(leaf: EventLeaf) -> list[Any]:
    """Return the digests of the documents that an event says were signed."""
    match leaf.topic, leaf.event:
        case "credential-issued-v1", {"document_digest": digest}:
            return [digest]
        case "status-list-published-v1", {"representations": list(representations)}:
            return [
                representation.get("digest")
                for representation in representations
                if isinstance(representation, dict)
            ]
    return []
