"""Verify the signatures of the documents in evidence, with the keys of the events beside them.

A digest in the log shows which bytes the registry recorded. That the issuer's key made them is a
separate question, answered here by the key events that are proved by the same log.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from registry.domain.events import SigningKeyAdded
from registry.domain.instants import parse_instant
from registry.formats import contexts, did
from registry.formats.canonical import Canonicaliser, jcs
from registry.formats.evidence.checks import Evidence
from registry.formats.evidence.layout import LISTS_FOLDER
from registry.formats.shapes import WholeWay
from registry.verification.authenticity import Authenticity
from registry.verification.checks import failed
from registry.verification.did_documents import DidDocuments
from registry.verification.opening import open_document
from registry.verification.ports import Fetched, FetchError
from registry.verification.proofs import Means
from registry.verification.report import Check, CheckError, Outcome
from registry.verification.roles import ISSUER
from registry.verification.structure import check_structure, issuer_of


def check_signatures(
    evidence: Evidence, *, copy: bytes | None, canonicalise: Canonicaliser
) -> Sequence[Check]:
    """Report on the signatures of the credential and its lists; asks no network.

    `copy` takes the place of a document that was erased. Every key the issuer's events ever added
    counts: which of them signed the credential, and that it stood in the DID document then, is
    what `check_evidence` checked.
    """
    issuer = evidence.chains["issuer"]
    owner = issuer[0].event["did"]
    keys = [each.event["key"] for each in issuer if each.topic == SigningKeyAdded.TOPIC]
    means = Means(contexts.load, WholeWay(contexts.load, canonicalise))
    authenticity = Authenticity(DidDocuments(_Enclosed(owner, keys)), means=means)
    now = parse_instant(evidence.manifest.made_at)
    checks = [
        check
        for body in _signed_documents(evidence, copy)
        for check in _authenticity(body, authenticity, owner=owner, now=now)
    ]
    return [check for check in checks if check.outcome is not Outcome.PASSED] or checks


def _authenticity(
    body: bytes, authenticity: Authenticity, *, owner: str, now: datetime
) -> Sequence[Check]:
    try:
        opened = open_document(body)
    except CheckError as error:
        return [error.check]
    structure = check_structure(opened.document)
    if structure.outcome is not Outcome.PASSED:
        return [structure]
    if (issuer := issuer_of(opened.document)) != owner:
        return [failed("issuer", "did-document-mismatch", looked_at=issuer, did=issuer).check]
    return authenticity.check(opened, did=owner, role=ISSUER, now=now)


def _signed_documents(evidence: Evidence, copy: bytes | None) -> Iterator[bytes]:
    document = evidence.document or copy
    if document is not None:
        yield document
    yield from (body for name, body in evidence.files.items() if name.startswith(LISTS_FOLDER))


class _Enclosed:
    """A `ports.Fetcher` that knows one DID document, made of keys."""

    def __init__(self, owner: str, keys: Sequence[str]) -> None:
        self._owner = owner
        self._keys = keys

    def fetch(self, url: str, *, accept: str) -> Fetched:  # noqa: ARG002 - as the port has it
        """Return the owner's document; raises FetchError for anything else."""
        if url != did.did_web_document_url(self._owner):
            raise FetchError("evidence asks no network", pl="dowód nie korzysta z sieci")
        body = jcs(did.did_document(self._owner, assertion_keys=self._keys))
        return Fetched(body, "application/json")
