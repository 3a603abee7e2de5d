"""Make a list's document and bytes from its bits: the one way, for publishing and for replay."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from projections.publish_folder import list_name
from registry.domain.events import StatusListPublished
from registry.formats import data_integrity, status_list_credential
from registry.formats.canonical import jcs
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multibase import b58_decode

MEDIA_TYPE = "application/vc"


@dataclass(frozen=True)
class ListTerms:
    """What a version of a list says besides its bits; instants as text, `ttl_ms` milliseconds."""

    list_id: str
    purpose: str
    issuer_did: str
    valid_from: str
    valid_until: str
    ttl_ms: int
    cryptosuite: Cryptosuite
    verification_method: str
    created: str


def list_url(public_url: str, list_id: str, purpose: str) -> str:
    """Return the URL a list is fetched from."""
    return f"{public_url}/{list_name(list_id, purpose)}"


def unsigned(public_url: str, terms: ListTerms, encoded_list: str) -> dict[str, Any]:
    """Return the list credential without its proof."""
    return status_list_credential.build(
        url=list_url(public_url, terms.list_id, terms.purpose),
        issuer=terms.issuer_did,
        purpose=terms.purpose,
        encoded_list=encoded_list,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        ttl_ms=terms.ttl_ms,
    )


def proof_options(terms: ListTerms) -> dict[str, Any]:
    """Return the proof without its value."""
    return data_integrity.proof_options(
        terms.cryptosuite, verification_method=terms.verification_method, created=terms.created
    )


def signed_bytes(
    document: dict[str, Any], terms: ListTerms, *, sign: Callable[[bytes], bytes]
) -> tuple[bytes, str]:
    """Return the served bytes of a signed list and the proof's value."""
    signature = sign(data_integrity.hash_data(document, proof_options(terms)))
    secured = _secured(document, terms, signature)
    return jcs(secured), secured["proof"]["proofValue"]


def published_bytes(
    public_url: str, terms: ListTerms, encoded_list: str, *, proof_value: str
) -> bytes:
    """Return the served bytes of a version again, from what its event recorded; needs no key."""
    document = unsigned(public_url, terms, encoded_list)
    signature = b58_decode(proof_value.removeprefix("z"))
    return jcs(_secured(document, terms, signature))


def _secured(document: dict[str, Any], terms: ListTerms, signature: bytes) -> dict[str, Any]:
    # One proof as an object: openvc-core reads no array, and every verifier tried reads this.
    secured = data_integrity.attach(document, proof_options(terms), signature=signature)
    return secured | {"proof": secured["proof"][0]}


def terms_of(event: StatusListPublished) -> ListTerms:
    """Return what a published version said, from its event.

    The DID is the verification method's, since a list is signed by its issuer's own key.
    """
    representation = event.representations[0]
    return ListTerms(
        list_id=event.list_id,
        purpose=event.purpose,
        issuer_did=representation["verification_method"].partition("#")[0],
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        ttl_ms=event.ttl_ms,
        cryptosuite=Cryptosuite(representation["cryptosuite"]),
        verification_method=representation["verification_method"],
        created=representation["created"],
    )
