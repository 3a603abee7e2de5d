"""Make a list's document and its secured forms: the one way, for publishing and for replay.

A list is always served with an embedded proof, which every verifier of lists reads; a list whose
credentials are JWTs also as a compact JWS, so that it is secured the way they are (Bitstring
Status List v1.0 §2.2). That is W3C's `vc+jwt` under each JWT mechanism: the list must be a
conforming credential, the form of Open Badges is for badges, and a badge's type on a list would
let the one be shown as the other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from projections.publish_folder import PublishedVersion, jwt_name, list_name
from registry.domain.events import StatusListPublished
from registry.domain.securing import KeyType, Mechanism
from registry.formats import data_integrity, jws, status_list_credential, vc_jwt
from registry.formats.canonical import jcs
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multibase import b58_decode, b64url_encode
from registry.formats.securing import VC, cryptosuite_of, lone_proof_alone
from registry.formats.signer import Signer
from registry.formats.vc_jwt import VC_JWT
from registry.issuance import list_url

_EMBEDDED: Final = {
    KeyType.ED25519: Mechanism.EDDSA_RDFC_2022,
    KeyType.P256: Mechanism.ECDSA_RDFC_2019_P256,
    KeyType.P384: Mechanism.ECDSA_RDFC_2019_P384,
    # No Data Integrity suite signs with RSA.
    KeyType.RSA: Mechanism.EDDSA_RDFC_2022,
}
_NAMES: Final = {VC: list_name, VC_JWT: jwt_name}


class UnknownFormError(ValueError):
    """A list was published in a form that this version of the registry does not know."""


@dataclass(frozen=True)
class ListTerms:
    """What a version of a list says besides its bits; instants as text, `ttl_ms` milliseconds."""

    list_id: str
    purpose: str
    issuer_did: str
    valid_from: str
    valid_until: str
    ttl_ms: int


@dataclass(frozen=True)
class Form:
    """One secured form of a version: its served bytes, and what its event records of them."""

    body: bytes
    recorded: dict[str, str]


def mechanisms(mechanism: Mechanism) -> tuple[Mechanism, ...]:
    """Return how each form of a list is secured, the one with an embedded proof first."""
    if mechanism.is_jwt:
        return _EMBEDDED[mechanism.key_type], mechanism
    return (mechanism,)


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


def secured(
    document: dict[str, Any], mechanism: Mechanism, *, signer: Signer, created: str
) -> Form:
    """Return the form of a list that a mechanism and its key make."""
    cryptosuite = cryptosuite_of(mechanism)
    if cryptosuite is None:
        token = vc_jwt.secure(document, signer=signer)
        how = {"media_type": VC_JWT, "alg": str(jws.parse(token).header["alg"])}
        body, proof_value = token.encode("ascii"), token.rpartition(".")[2]
    else:
        # Not in an array: openvc-core reads none, and every verifier tried reads this.
        proved = lone_proof_alone(
            data_integrity.secure(document, cryptosuite=cryptosuite, signer=signer, created=created)
        )
        how = {"media_type": VC, "cryptosuite": cryptosuite.value}
        body, proof_value = jcs(proved), proved["proof"]["proofValue"]
    recorded = {
        **how,
        "verification_method": signer.verification_method,
        "created": created,
        "proof_value": proof_value,
        "digest": sha256(body).hexdigest(),
    }
    return Form(body, recorded)


def published_bytes(document: dict[str, Any], recorded: Mapping[str, str]) -> bytes:
    """Return the served bytes of a form again, from what its event recorded; needs no key."""
    if recorded["media_type"] == VC_JWT:
        return _jws_again(document, recorded)
    options = data_integrity.proof_options(
        Cryptosuite(recorded["cryptosuite"]),
        verification_method=recorded["verification_method"],
        created=recorded["created"],
    )
    signature = b58_decode(recorded["proof_value"].removeprefix("z"))
    return jcs(lone_proof_alone(data_integrity.attach(document, options, signature=signature)))


def _jws_again(document: dict[str, Any], recorded: Mapping[str, str]) -> bytes:
    # Written out, since what is made today may have another header than what was made then.
    header = {
        "alg": recorded["alg"],
        "cty": "vc",
        "kid": recorded["verification_method"],
        "typ": "vc+jwt",
    }
    parts = (b64url_encode(jcs(header)), b64url_encode(jcs(document)), recorded["proof_value"])
    return ".".join(parts).encode("ascii")


def document_of(body: bytes) -> dict[str, Any]:
    """Return the list credential that a form holds, with its proof where that is embedded."""
    if body.startswith(b"{"):
        document: dict[str, Any] = json.loads(body)
    else:
        document = json.loads(jws.parse(body.decode("ascii")).payload)
    return document


def encoded_list_of(body: bytes) -> str:
    """Return the compressed bits that a form of a list holds, as they stand in it."""
    encoded: str = document_of(body)["credentialSubject"]["encodedList"]
    return encoded


def terms_of(event: StatusListPublished) -> ListTerms:
    """Return what a published version said, from its event.

    The DID is the verification method's, since a list is signed by its issuer's own key.
    """
    return ListTerms(
        list_id=event.list_id,
        purpose=event.purpose,
        issuer_did=event.representations[0]["verification_method"].partition("#")[0],
        valid_from=event.valid_from,
        valid_until=event.valid_until,
        ttl_ms=event.ttl_ms,
    )


def published_versions(event: StatusListPublished) -> dict[str, PublishedVersion]:
    """Return the names in the publish folder that a version took, and what stands there.

    The order is that of `event.representations`; raises UnknownFormError.
    """
    return {
        _name(event, recorded): PublishedVersion(event.originator_version, recorded["digest"])
        for recorded in event.representations
    }


def _name(event: StatusListPublished, recorded: Mapping[str, str]) -> str:
    media_type = recorded["media_type"]
    if media_type not in _NAMES:
        raise UnknownFormError(f"a list published as {media_type}")
    return _NAMES[media_type](event.list_id, event.purpose)
