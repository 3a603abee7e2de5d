"""Find the key a DID document gives for a purpose, in each form that others publish keys in.

Source: Controlled Identifiers v1.0 §2.2 and §3.3; the types JsonWebKey2020 and
Ed25519VerificationKey2020 are older than it.
"""

from datetime import datetime
from typing import Any, Final

from registry.domain.securing import KeyType
from registry.formats.jwk import JwkError, UnsupportedJwkError, from_jwk
from registry.formats.multikey import (
    MultikeyError,
    PublicKey,
    UnsupportedKeyError,
    decode_public_key,
    key_type_of,
)
from registry.formats.stamps import parse_stamp

Method = dict[str, Any]

_FORMS: Final = {
    "Multikey": "publicKeyMultibase",
    "Ed25519VerificationKey2020": "publicKeyMultibase",
    "JsonWebKey": "publicKeyJwk",
    "JsonWebKey2020": "publicKeyJwk",
}
_PRIVATE: Final = frozenset(
    {
        "privateKeyBase58",
        "privateKeyJwk",
        "privateKeyMultibase",
        "secretKeyJwk",
        "secretKeyMultibase",
    }
)


class DidError(ValueError):
    """A DID, its document or a key in it is not what is asked for."""


class KeyNotSupportedError(DidError):
    """A document gives a key for the purpose, but of a `kind` that is not read here.

    The kind is that of the key, or the type of its verification method where that is not known.
    """

    def __init__(self, kind: object) -> None:
        super().__init__(f"keys of the kind {str(kind)[:60]!r} are not read")
        self.kind = kind


def assertion_key(
    document: dict[str, Any], verification_method: str, *, now: datetime | None = None
) -> PublicKey:
    """Return the key a DID document gives for assertions under a verification method's id.

    Raises DidError unless the id is the document's own id and a fragment, is listed or embedded in
    `assertionMethod`, and names exactly one method that the document's subject controls
    (Controlled Identifiers v1.0 §3.3), without a private key, and in force at `now` if it has an
    end. Raises KeyNotSupportedError, a DidError, for keys of other types.
    """
    return _key_for("assertionMethod", document, verification_method, now=now)


def authentication_key(
    document: dict[str, Any], verification_method: str, *, now: datetime | None = None
) -> PublicKey:
    """Return the key a DID document gives for authentication, as `assertion_key` does."""
    return _key_for("authentication", document, verification_method, now=now)


def _key_for(
    purpose: str, document: dict[str, Any], method_id: str, *, now: datetime | None
) -> PublicKey:
    did = document.get("id")
    if not isinstance(did, str) or not method_id.startswith(f"{did}#"):
        raise DidError("the verification method is not one of the document's")
    method = _method(document, method_id, purpose=purpose)
    if method.get("controller") != did:
        raise DidError("the verification method is not controlled by the document's subject")
    if private := _PRIVATE & method.keys():
        raise DidError(f"the verification method makes a private key public ({min(private)})")
    _check_in_force(method, now)
    return _public_key(method)


def _method(document: dict[str, Any], method_id: str, *, purpose: str) -> Method:
    listed = _array(document, purpose)
    methods = [entry for entry in listed if isinstance(entry, dict)]
    if any(_absolute(entry, document) == method_id for entry in listed if isinstance(entry, str)):
        entries = _array(document, "verificationMethod")
        methods += [entry for entry in entries if isinstance(entry, dict)]
    found = [method for method in methods if _absolute(method.get("id"), document) == method_id]
    if len(found) != 1:
        raise DidError(f"the document gives {len(found)} keys as {purpose} with this id, not one")
    return found[0]


def _array(document: dict[str, Any], name: str) -> list[Any]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise DidError(f"{name} is not an array")
    return entries


def _absolute(method_id: object, document: dict[str, Any]) -> object:
    # DIDs v1.0 §3.2.2: within its own document a DID URL may be the fragment alone.
    is_relative = isinstance(method_id, str) and method_id.startswith("#")
    return f"{document['id']}{method_id}" if is_relative else method_id


def _check_in_force(method: Method, now: datetime | None) -> None:
    """Raise DidError from the instant on at which a key expires or is revoked (§2.2)."""
    for name in ("expires", "revoked"):
        if name not in method:
            continue
        end = parse_stamp(method[name])
        if end is None or now is None or now >= end:
            raise DidError(f"the verification method {name} at {str(method[name])[:40]!r}")


def _public_key(method: Method) -> PublicKey:
    kind = method.get("type")
    if not isinstance(kind, str) or kind not in _FORMS:
        raise KeyNotSupportedError(kind)
    given = [name for name in method if name.startswith("publicKey")]
    if given != [_FORMS[kind]]:
        raise DidError(f"the {kind} does not give its key by {_FORMS[kind]} alone")
    value = method[_FORMS[kind]]
    key = jwk_key(value) if _FORMS[kind] == "publicKeyJwk" else multikey_key(value)
    if kind == "Ed25519VerificationKey2020" and key_type_of(key) is not KeyType.ED25519:
        raise DidError("the Ed25519VerificationKey2020 gives a key of another type")
    return key


def jwk_key(value: object) -> PublicKey:
    """Return the key of a `publicKeyJwk`; raises DidError and KeyNotSupportedError."""
    if not isinstance(value, dict):
        raise DidError("publicKeyJwk is not an object")
    try:
        return from_jwk(value)
    except UnsupportedJwkError as error:
        raise KeyNotSupportedError(error.kind) from error
    except JwkError as error:
        raise DidError(f"publicKeyJwk is not a key for signatures: {error}") from error


def multikey_key(value: object) -> PublicKey:
    """Return the key of a `publicKeyMultibase`; raises DidError and KeyNotSupportedError."""
    if not isinstance(value, str):
        raise DidError("publicKeyMultibase is not a string")
    try:
        return decode_public_key(value)
    except UnsupportedKeyError as error:
        raise KeyNotSupportedError(error.kind) from error
    except MultikeyError as error:
        raise DidError(f"publicKeyMultibase is not a key: {error}") from error
