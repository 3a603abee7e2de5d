"""Secure a credential by any of the mechanisms, and give it in the form that is handed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.securing import KeyType, Mechanism
from registry.formats import data_integrity, jws, rdf, vc_jwt
from registry.formats.canonical import Canonicaliser, jcs
from registry.formats.data_integrity import Cryptosuite
from registry.formats.shapes import Forms
from registry.formats.signer import Signer
from registry.formats.strict_json import StrictJsonError, loads

VC: Final = "application/vc"

# The mechanisms of the ECDSA suites name their curve, which the suites leave to the key.
_SUFFIXES: Final[Mapping[KeyType, str]] = {KeyType.P256: "-p256", KeyType.P384: "-p384"}


class SecuringError(ValueError):
    """A mechanism cannot secure a credential in the way it is asked to."""


@dataclass(frozen=True)
class Secured:
    """A secured credential: its JSON in JCS form for `application/vc`, else a compact JWS."""

    body: bytes
    media_type: str


def secure_credential(
    document: dict[str, Any],
    *,
    mechanism: Mechanism,
    signer: Signer,
    created: str,
    previous_proof: str | list[str] | None = None,
    lone_proof_in_array: bool = True,
    canonicalise: Canonicaliser = rdf.canonicalise,
    shapes: Forms | None = None,
) -> Secured:
    """Return a credential secured by a mechanism with a key of the type it needs.

    `created` and `previous_proof` are for Data Integrity. Open Badges want an array of proofs also
    where there is one; other readers of one proof want it as an object. Raises SecuringError,
    VcJwtError, and as `canonical.rdfc` does for documents not every part of which would be signed.
    With `shapes`, documents like those before them take a fraction of the time.
    """
    if signer.key_type is not mechanism.key_type:
        raise SecuringError(f"{mechanism} needs a key of type {mechanism.key_type}")
    if mechanism.is_jwt and previous_proof is not None:
        raise SecuringError(f"{mechanism} has no chains of proofs")
    cryptosuite = cryptosuite_of(mechanism)
    if cryptosuite is None:
        token = _jwt(document, mechanism=mechanism, signer=signer, shapes=shapes)
        return Secured(token.encode("ascii"), media_type_of(mechanism))
    secured = data_integrity.secure(
        document,
        cryptosuite=cryptosuite,
        signer=signer,
        created=created,
        previous_proof=previous_proof,
        canonicalise=canonicalise,
        shapes=shapes,
    )
    return Secured(jcs(secured if lone_proof_in_array else lone_proof_alone(secured)), VC)


def check_readable(secured: Secured) -> None:
    """Raise SecuringError for a secured credential that nobody could read strictly.

    One that was read before may be longer than is read once it is secured, and RFC 8785 writes 1e17
    with all its digits, as an integer that not every reader holds (RFC 7493 §2.2).
    """
    body = secured.body
    try:
        loads(body if secured.media_type == VC else jws.parse(body.decode("ascii")).payload)
    except (StrictJsonError, jws.JwsError) as error:
        raise SecuringError(f"once secured, it could not be read: {error}") from error


def lone_proof_alone(secured: dict[str, Any]) -> dict[str, Any]:
    """Return a secured document whose one proof is an object; several stay an array.

    Proofs are not part of what they sign, so neither is the array around them.
    """
    match secured["proof"]:
        case [proof]:
            return secured | {"proof": proof}
    return secured


def as_json(body: bytes, media_type: str) -> dict[str, Any]:
    """Return a secured credential as JSON: itself, or the envelope that carries a token."""
    if media_type == VC:
        credential: dict[str, Any] = loads(body)
        return credential
    return vc_jwt.envelope(body.decode("ascii"), media_type=media_type)


def media_type_of(mechanism: Mechanism) -> str:
    """Return the media type of the credentials a mechanism secures."""
    if not mechanism.is_jwt:
        return VC
    return vc_jwt.JWT if _is_open_badge(mechanism) else vc_jwt.VC_JWT


def cryptosuite_of(mechanism: Mechanism) -> Cryptosuite | None:
    """Return the Data Integrity cryptosuite of a mechanism, None for those that make tokens."""
    if mechanism.is_jwt:
        return None
    return Cryptosuite(mechanism.removesuffix(_SUFFIXES.get(mechanism.key_type, "")))


def _jwt(
    document: dict[str, Any], *, mechanism: Mechanism, signer: Signer, shapes: Forms | None
) -> str:
    if _is_open_badge(mechanism):
        return vc_jwt.secure_open_badge(document, signer=signer, shapes=shapes)
    return vc_jwt.secure(document, signer=signer, shapes=shapes)


def _is_open_badge(mechanism: Mechanism) -> bool:
    return mechanism.startswith("ob-jwt-")
