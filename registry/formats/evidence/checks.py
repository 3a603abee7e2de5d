"""Check evidence: every byte of it, with nothing at hand but a policy, or the one it brings.

The steps are those of `check_evidence.py`, which shares no code with this and comes to the same
verdict. Each step relies on those before it. That the documents' own proofs are by the issuer's
keys is checked elsewhere: it needs libraries that the other checker does without.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from registry.formats.evidence import layout
from registry.formats.evidence.chains import chains_of, positions_of
from registry.formats.evidence.container import unpack
from registry.formats.evidence.manifest import (
    Manifest,
    ManifestError,
    check_signed_by,
    entries_of,
    open_manifest,
)
from registry.formats.evidence.statements import StatementError, check_keys, check_list
from registry.formats.strict_json import loads
from registry.formats.tlog.leaves import EventLeaf, LeafError, read_leaf
from registry.formats.tlog.merkle import leaf_hash, verify_inclusion
from registry.formats.tlog.policies import Policy, PolicyVerdict
from registry.formats.tlog.proofs import Proof, ProofFormatError
from registry.formats.tlog.verifier_keys import VerifierKey

# Every refusal of the formats is a ValueError. The others are raised where a member of an event or
# document is missing or of another type: what was logged is not to be trusted with that either.
MALFORMED = (AttributeError, LookupError, TypeError, ValueError)


class Step(StrEnum):
    """What is checked, in order."""

    CONTAINER = "container"
    MANIFEST = "manifest"
    CHECKPOINT = "checkpoint"
    RECEIPTS = "receipts"
    HISTORY = "history"
    DOCUMENT = "document"
    LISTS = "lists"
    KEYS = "keys"


class EvidenceRefusedError(ValueError):
    """A step of the check does not hold, and nothing after it was looked at."""

    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


@dataclass(frozen=True)
class Evidence:
    """Evidence that passed every step: its files by name, and what they prove.

    `policy` is the one it was checked under. `chains` are the whole streams by name, the
    credential's first; `positions` those of the credential's events. `published` are the events
    that published lists, by the name of their files without ending.
    """

    files: Mapping[str, bytes]
    manifest: Manifest
    policy: Policy
    verdict: PolicyVerdict
    chains: Mapping[str, Sequence[EventLeaf]]
    positions: Sequence[int]
    published: Mapping[str, EventLeaf]

    @property
    def issued(self) -> dict[str, Any]:
        """Return what the credential's first event says."""
        return self.chains["credential"][0].event

    @property
    def signed_by(self) -> Sequence[VerifierKey]:
        """Return the trusted keys that signed: of the log, and of witnesses.

        A policy may name more. Whoever made the evidence can put anybody's keys into the policy in
        it, but not their signatures.
        """
        ids = self.manifest.key_ids
        keys = [log.key for log in self.policy.logs if log.key.key_id.hex() in ids]
        own = [key for key in keys if key.name == self.manifest.origin]
        cosigners = [cosignature.key for cosignature in self.verdict.cosignatures]
        return list(dict.fromkeys([*own, self.verdict.log, *cosigners]))

    @property
    def document(self) -> bytes | None:
        """Return the credential's document, None where it was erased."""
        found = [body for name, body in self.files.items() if is_document(name)]
        return found[0] if found else None


OnStep = Callable[[Step], None]


def _unheard(_: Step) -> None:
    """Tell nobody."""


def check_evidence(
    archive: bytes, trusted: Policy | None = None, *, passed: OnStep = _unheard
) -> Evidence:
    """Return what evidence proves, or raise EvidenceRefusedError; `passed` hears of each step.

    Without a `trusted` policy the one in the evidence is taken: it then agrees with itself, and
    nothing is said of whose it is.
    """
    with _step(Step.CONTAINER, passed):
        files = unpack(archive)
    with _step(Step.MANIFEST, passed):
        manifest, policy = _manifest(files, trusted)
    with _step(Step.CHECKPOINT, passed):
        verdict = _checkpoint(files, manifest, policy)
    with _step(Step.RECEIPTS, passed):
        leaves = _leaves(files, verdict)
    with _step(Step.HISTORY, passed):
        chains = chains_of(leaves, manifest)
        positions = positions_of(files, manifest, count=len(chains["credential"]))
    published = {name: e for name, e in leaves.items() if name.startswith(layout.PUBLICATIONS)}
    evidence = Evidence(files, manifest, policy, verdict, chains, positions, published)
    with _step(Step.DOCUMENT, passed):
        _check_documents(evidence)
    with _step(Step.LISTS, passed):
        _check_lists(evidence)
    with _step(Step.KEYS, passed):
        _check_keys(evidence)
    return evidence


def is_document(name: str) -> bool:
    """Tell whether a file is the credential's document."""
    return name.startswith(layout.DOCUMENT_FOLDER)


@contextmanager
def _step(step: Step, passed: OnStep) -> Iterator[None]:
    try:
        yield
    except MALFORMED as error:
        raise EvidenceRefusedError(step, _said(error)) from error
    passed(step)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"malformed: {error!r}"


def _manifest(files: Mapping[str, bytes], trusted: Policy | None) -> tuple[Manifest, Policy]:
    for name in (layout.MANIFEST, layout.POLICY):
        if name not in files:
            raise ManifestError(f"there is no file named {name}")
    enclosed, signed = Policy.parse(files[layout.POLICY]), files[layout.MANIFEST]
    manifest = open_manifest(signed, [log.key for log in enclosed.logs])
    policy = trusted or enclosed
    check_signed_by(signed, manifest, [log.key for log in policy.logs])
    found = entries_of({name: body for name, body in files.items() if name != layout.MANIFEST})
    if found != manifest.files:
        names = {name for name, _ in set(found.items()) ^ set(manifest.files.items())}
        raise ManifestError(f"changed, missing or added: {', '.join(sorted(names)[:5])}")
    return manifest, policy


def _checkpoint(files: Mapping[str, bytes], manifest: Manifest, policy: Policy) -> PolicyVerdict:
    verdict = policy.check(files.get(layout.CHECKPOINT, b""))
    if verdict.checkpoint.origin != manifest.origin:
        raise ManifestError(f"it is of the log {verdict.checkpoint.origin}")
    return verdict


def _leaves(files: Mapping[str, bytes], verdict: PolicyVerdict) -> dict[str, EventLeaf]:
    """Return every event that has a receipt, by the name of the receipt without its ending."""
    return {
        name.removesuffix(layout.RECEIPT): _leaf(name, body, files[layout.CHECKPOINT], verdict)
        for name, body in files.items()
        if name.endswith(layout.RECEIPT)
    }


def _leaf(name: str, receipt: bytes, checkpoint: bytes, verdict: PolicyVerdict) -> EventLeaf:
    proof = Proof.parse(receipt)
    if proof.checkpoint != checkpoint or proof.extra is None:
        raise ProofFormatError(f"{name} stands under another checkpoint, or lacks its leaf")
    verify_inclusion(
        leaf_hash=leaf_hash(proof.extra),
        index=proof.index,
        size=verdict.checkpoint.size,
        proof=proof.path,
        root=verdict.checkpoint.root,
    )
    leaf = read_leaf(proof.extra)
    if not isinstance(leaf, EventLeaf):
        raise LeafError(f"{name} is no event")
    return leaf


def _check_documents(evidence: Evidence) -> None:
    digest = evidence.issued["document_digest"]
    if sum(map(is_document, evidence.files)) > 1:
        raise StatementError("there is more than one document")
    for name, body in evidence.files.items():
        if is_document(name) and sha256(body).hexdigest() != digest:
            raise StatementError(f"{name} is another document than the one that was issued")


def _check_lists(evidence: Evidence) -> None:
    history = list(zip(evidence.chains["credential"], evidence.positions, strict=True))
    for name, body in evidence.files.items():
        if name.startswith(layout.LISTS_FOLDER):
            leaf = evidence.published.get(layout.EVENTS_FOLDER + name.rpartition(".")[0])
            if leaf is None:
                raise StatementError(f"{name} lacks the event that published it")
            check_list(name, body, leaf, history=history)


def _check_keys(evidence: Evidence) -> None:
    documents = {
        name: loads(body)
        for name, body in evidence.files.items()
        if name.startswith(layout.DID_FOLDER)
    }
    for name, document in documents.items():
        check_keys(name, document, evidence.chains["issuer"])
    methods = {m["id"] for document in documents.values() for m in document["verificationMethod"]}
    if documents and evidence.issued["verification_method"] not in methods:
        raise StatementError("the credential's key stands in none of the DID documents")
