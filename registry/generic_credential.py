"""Complete a credential that was sent to be secured: what is missing is added, nothing changed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from registry.domain.errors import InvalidValueError
from registry.domain.instants import document_instant
from registry.domain.securing import Mechanism
from registry.formats.data_integrity import ProofError, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.stamps import parse_stamp
from registry.formats.vcdm.core import is_version_1
from registry.requests import CredentialOrder
from registry.store.vault import Person

Document = dict[str, Any]

DATA_INTEGRITY = (
    "https://w3id.org/security/data-integrity/v1",
    "https://w3id.org/security/data-integrity/v2",
)
STATUS = "https://www.w3.org/ns/credentials/status#"
LISTS = ("BitstringStatusListCredential", "BitstringStatusList")
OWN_PATHS = ("/status-lists/", "/issuers/")
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


def check_is_no_list(credential: Mapping[str, Any], *, public_url: str) -> None:
    """Raise InvalidValueError for what could be shown in the place of a list of the registry's."""
    lists = {prefix + name for name in LISTS for prefix in ("", STATUS)}
    rest = {key: value for key, value in credential.items() if key != "credentialStatus"}
    for part in _objects(rest):
        if not lists.isdisjoint(_texts(part.get("type")) + _texts(part.get("@type"))):
            raise _registrys_own("type", "a status list")
        if str(part.get("id", "")).startswith(_own_urls(public_url)):
            raise _registrys_own("id", "what is published under this URL")


def check_entries(credential: Mapping[str, Any], *, public_url: str) -> None:
    """Raise InvalidValueError for an entry of the registry's own lists: it may be another's."""
    for entry in _array(credential.get("credentialStatus")):
        url = entry.get("statusListCredential") if isinstance(entry, Mapping) else None
        if isinstance(url, str) and url.startswith(_own_urls(public_url)):
            raise _registrys_own("credentialStatus", "an entry of its lists")


def is_signed_by(document: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Say whether one of a credential's proofs is by one of the keys, Multikey -> its id."""
    by_id = {method: key for key, method in keys.items()}
    return any(
        _verifies(document, proof, by_id[proof["verificationMethod"]])
        for proof in _array(document.get("proof"))
        if isinstance(proof, Mapping) and proof.get("verificationMethod") in by_id
    )


def _verifies(document: Mapping[str, Any], proof: Mapping[str, Any], key: str) -> bool:
    try:
        verify_proof({**document}, {**proof}, public_key=decode_public_key(key))
    except ProofError:
        return False
    return True


def _own_urls(public_url: str) -> tuple[str, ...]:
    return tuple(f"{public_url}{path}" for path in OWN_PATHS)


def _registrys_own(field: str, what: str) -> InvalidValueError:
    return InvalidValueError(
        f"the registry itself makes {what}, and nobody else",
        field=f"credential.{field}",
        remedy="leave it out; entries are added as the issuer's profile says",
    )


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, Mapping):
            yield one
            rest += one.values()
        elif isinstance(one, list):
            rest += one


def _texts(value: Any) -> list[str]:
    return [text for text in _array(value) if isinstance(text, str)]


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
    proofs = _array(order.credential.get("proof"))
    known = [proof.get("id") for proof in proofs if isinstance(proof, Mapping)]
    missing = [name for name in _array(order.previous_proof) if name not in known]
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
    contexts = _array(document["@context"])
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
    subjects = _array(document.get("credentialSubject"))
    ids = {subject.get("id") for subject in subjects if isinstance(subject, Mapping)}
    if len(ids) == 1 and isinstance(only := ids.pop(), str):
        return Person(SUBJECT_ID, only)
    return Person(NAMELESS, nonce)


def _array(value: Any) -> list[Any]:
    if value is None:
        return []
    return [*value] if isinstance(value, list) else [value]
