"""Complete a credential that was sent to be secured: what is missing is added, nothing changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from registry.domain.errors import InvalidValueError
from registry.domain.instants import document_instant
from registry.domain.securing import Mechanism
from registry.formats.one_or_many import values_of
from registry.formats.stamps import parse_stamp
from registry.formats.vcdm.core import is_version_1
from registry.requests import CredentialOrder
from registry.store.vault import Person

Document = dict[str, Any]

DATA_INTEGRITY = (
    "https://w3id.org/security/data-integrity/v1",
    "https://w3id.org/security/data-integrity/v2",
)
SUBJECT_ID = "credentialSubject.id"
NAMELESS = "nameless"
"""The kinds of person a generic credential is about: its subject's id, or nobody to be found."""


def completed(
    order: CredentialOrder,
    *,
    did: str,
    mechanism: Mechanism,
    entries: Sequence[Document],
    now: datetime,
) -> Document:
    """Return the credential with its issuer, its entries or, in VCDM 1.1, what its proof needs.

    Nothing is added to a credential that has a proof, which would no longer be one of it. Raises
    InvalidValueError for another issuer, and for what the mechanism cannot secure.
    """
    document = _with_issuer(order.credential, did)
    _check_proofs(order, mechanism)
    if entries:
        document["credentialStatus"] = entries[0] if len(entries) == 1 else [*entries]
    if is_version_1(document):
        _check_data_integrity(mechanism)
        if "proof" not in document:
            _complete_version_1(document, now=now)
    return document


def gets_entries(order: CredentialOrder) -> bool:
    """Say whether the registry may give the credential status entries.

    Those it brings are left, and a credential with entries conforms to VCDM 2.0 (Bitstring Status
    List 1.0 §2.1).
    """
    credential = order.credential
    return not ({"credentialStatus", "proof"} & credential.keys() or is_version_1(credential))


def _with_issuer(credential: Mapping[str, Any], did: str) -> Document:
    issuer = credential.get("issuer", None if "proof" in credential else did)
    if isinstance(issuer, Mapping) and "proof" not in credential:
        issuer = {"id": did, **issuer}
    if (issuer.get("id") if isinstance(issuer, Mapping) else issuer) != did:
        raise InvalidValueError(
            "the credential names another issuer, or has a proof and names none",
            field="credential.issuer",
            remedy=f"name {did}",
        )
    return {**credential, "issuer": issuer}


def _check_proofs(order: CredentialOrder, mechanism: Mechanism) -> None:
    proofs = values_of(order.credential.get("proof"))
    known = [proof.get("id") for proof in proofs if isinstance(proof, Mapping)]
    missing = [name for name in values_of(order.previous_proof) if name not in known]
    if missing or (order.previous_proof is not None and mechanism.is_jwt):
        raise InvalidValueError(
            "only a Data Integrity proof can follow another, and only one of this credential",
            field="options.previousProof",
            remedy="name the id of a proof that the credential has",
        )


def _check_data_integrity(mechanism: Mechanism) -> None:
    if mechanism.is_jwt:
        raise InvalidValueError(
            f"credentials of VCDM 1.1 are secured with Data Integrity, not with {mechanism}",
            field="credential.@context",
            remedy="send a credential of VCDM 2.0",
        )


def _complete_version_1(document: Document, *, now: datetime) -> None:
    contexts = [*values_of(document["@context"])]
    if not any(context in DATA_INTEGRITY for context in contexts):
        contexts.append(DATA_INTEGRITY[-1])
    document["@context"] = contexts
    document.setdefault("issuanceDate", document_instant(now))


def period(document: Document, now: datetime) -> tuple[datetime, datetime | None]:
    """Return since when and until when a credential is valid; without a start, since now.

    The credential is one that `check_issuable` accepted, so that what it names are instants.
    """
    names = ("issuanceDate", "expirationDate")
    start, end = names if is_version_1(document) else ("validFrom", "validUntil")
    return parse_stamp(document.get(start)) or now, parse_stamp(document.get(end))


def person(document: Mapping[str, Any], *, nonce: str) -> Person:
    """Return whom the vault keeps the document for: the one subject with an id, or nobody known."""
    subjects = values_of(document.get("credentialSubject"))
    ids = {subject.get("id") for subject in subjects if isinstance(subject, Mapping)}
    if len(ids) == 1 and isinstance(only := ids.pop(), str):
        return Person(SUBJECT_ID, only)
    return Person(NAMELESS, nonce)
