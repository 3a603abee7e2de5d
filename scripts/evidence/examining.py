"""Take every step of the check of evidence, and keep what came of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from registry.domain.events import CredentialDocumentErased
from registry.domain.text import Text
from registry.formats.canonical import Canonicaliser
from registry.formats.document_digest import DocumentUnreadableError, document_digest
from registry.formats.evidence.checks import (
    MALFORMED,
    Evidence,
    EvidenceRefusedError,
    Step,
    check_evidence,
)
from registry.formats.evidence.compromised import compromised_since
from registry.formats.evidence.layout import DID_FOLDER, LISTS_FOLDER
from registry.formats.evidence.statements import due_bit
from registry.formats.tlog.leaves import EventLeaf
from registry.formats.tlog.policies import Policy
from registry.verification.evidence import check_signatures
from registry.verification.report import Check, Outcome
from scripts.evidence import wording


@dataclass(frozen=True)
class Taken:
    """A step that was taken."""

    step: str
    outcome: Outcome
    said: Text


@dataclass
class Examination:
    """The steps taken, and the evidence once it is known to be whole."""

    taken: list[Taken] = field(default_factory=list)
    evidence: Evidence | None = None

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome of all steps."""
        found = {taken.outcome for taken in self.taken}
        order = (Outcome.FAILED, Outcome.UNKNOWN)
        return next((outcome for outcome in order if outcome in found), Outcome.PASSED)

    def add(self, step: str, outcome: Outcome, said: Text) -> None:
        """Keep a step."""
        self.taken.append(Taken(step, outcome, said))

    def passed(self, step: Step) -> None:
        """Keep a step that is passed."""
        self.add(step, Outcome.PASSED, wording.PASSED[step])

    def tell_absent(self, evidence: Evidence) -> None:
        """Say of steps that had nothing to look at that they had not."""
        absent = dict(_absent(evidence))
        self.taken = [
            replace(taken, said=absent.get(taken.step, taken.said)) for taken in self.taken
        ]


def examine(
    archive: bytes, trusted: Policy | None, *, copy: bytes | None, canonicalise: Canonicaliser
) -> Examination:
    """Return what came of the check; where a step fails, nothing after it was looked at."""
    examination = Examination()
    try:
        evidence = check_evidence(archive, trusted, passed=examination.passed)
    except EvidenceRefusedError as error:
        failed = wording.FAILED[error.step]
        said = Text(f"{failed.pl} ({error.reason}).", f"{failed.en} ({error.reason}).")
        examination.add(error.step, Outcome.FAILED, said)
        return examination
    examination.evidence = evidence
    examination.tell_absent(evidence)
    if copy is not None:
        _compare(examination, evidence, copy)
    if examination.outcome is Outcome.PASSED:
        _check_signatures(examination, evidence, copy=copy, canonicalise=canonicalise)
        _add_compromise(examination, evidence)
    return examination


def _check_signatures(
    examination: Examination,
    evidence: Evidence,
    *,
    copy: bytes | None,
    canonicalise: Canonicaliser,
) -> None:
    try:
        checks = check_signatures(evidence, copy=copy, canonicalise=canonicalise)
    except MALFORMED as error:
        said = f"malformed: {error!r}"
        examination.add(wording.SIGNATURES, Outcome.FAILED, Text(said, said))
    else:
        _add_signatures(examination, checks)


def _absent(evidence: Evidence) -> Iterator[tuple[str, Text]]:
    if evidence.document is None:
        topics = {leaf.topic for leaf in evidence.chains["credential"]}
        is_erased = CredentialDocumentErased.TOPIC in topics
        yield Step.DOCUMENT, wording.ERASED if is_erased else wording.NOT_ENCLOSED
    if not any(name.startswith(LISTS_FOLDER) for name in evidence.files):
        yield Step.LISTS, wording.NO_LISTS
    if not any(name.startswith(DID_FOLDER) for name in evidence.files):
        yield Step.KEYS, wording.NO_KEYS


def _compare(examination: Examination, evidence: Evidence, copy: bytes) -> None:
    try:
        is_issued = document_digest(copy) == evidence.issued["document_digest"]
    except DocumentUnreadableError:
        is_issued = False
    if is_issued:
        examination.add(wording.COPY, Outcome.PASSED, wording.PASSED[wording.COPY])
    else:
        examination.add(wording.COPY, Outcome.FAILED, wording.OTHER_COPY)


def _add_signatures(examination: Examination, checks: Sequence[Check]) -> None:
    worst = [check for check in checks if check.outcome is not Outcome.PASSED]
    for check in worst:
        examination.add(wording.SIGNATURES, check.outcome, check.sentence)
    if not worst and checks:
        said = wording.PASSED[wording.SIGNATURES]
        examination.add(wording.SIGNATURES, Outcome.PASSED, said)


def _add_compromise(examination: Examination, evidence: Evidence) -> None:
    issued = evidence.issued
    since = compromised_since(issued, evidence.chains["issuer"])
    if since is None:
        return
    is_later = since > str(issued["recorded_at"])
    said = wording.COMPROMISED_LATER if is_later else wording.COMPROMISED_BEFORE
    told = {"since": since, "issued_at": issued["recorded_at"]}
    outcome = Outcome.PASSED if is_later else Outcome.UNKNOWN
    sentence = Text(said.pl.format(**told), said.en.format(**told))
    examination.add(wording.COMPROMISE, outcome, sentence)


def facts_of(evidence: Evidence) -> dict[str, Any]:
    """Return what the evidence proves, for programs."""
    manifest, verdict = evidence.manifest, evidence.verdict
    policy = evidence.policy
    keys = [log.key for log in policy.logs] + [each.key for each in policy.witnesses.values()]
    return {
        "credential_id": manifest.credential_id,
        "position": manifest.position,
        "made_at": manifest.made_at,
        "has_document": evidence.document is not None,
        "log": {"origin": manifest.origin, "size": verdict.checkpoint.size},
        "trusted_keys": [key.vkey for key in keys],
        "signed_by": [key.vkey for key in evidence.signed_by],
        "cosignatures": [
            {"witness": each.key.name, "at": each.at} for each in verdict.cosignatures
        ],
        "history": [
            _event(leaf, position)
            for leaf, position in zip(
                evidence.chains["credential"], evidence.positions, strict=True
            )
        ],
        "lists": [_version(evidence, leaf) for _, leaf in sorted(evidence.published.items())],
    }


def _event(leaf: EventLeaf, position: int) -> Mapping[str, Any]:
    told = {name: leaf.event.get(name) for name in ("recorded_at", "effective_at", "reason")}
    return {"position": position, "event": leaf.topic, **told}


def _version(evidence: Evidence, leaf: EventLeaf) -> Mapping[str, Any]:
    history = list(zip(evidence.chains["credential"], evidence.positions, strict=True))
    return {
        "purpose": leaf.event["purpose"],
        "version": leaf.version,
        "published_at": leaf.event["recorded_at"],
        "position": leaf.event["position"],
        "entry": due_bit(leaf.event, history),
    }
