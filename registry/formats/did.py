"""Name issuers by did:web and did:key, and make the documents of DIDs.

Sources: DIDs v1.0, the methods did:web, did:key and did:jwk, Controlled Identifiers v1.0 §2.2.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from registry.formats.jwk import thumbprint, to_jwk
from registry.formats.multibase import MultibaseError, b64url_decode
from registry.formats.strict_json import StrictJsonError, loads
from registry.formats.verification_methods import (
    DidError,
    KeyNotSupportedError,
    assertion_key,
    authentication_key,
    jwk_key,
    multikey_key,
)

__all__ = [
    "DidError",
    "KeyNotSupportedError",
    "assertion_key",
    "authentication_key",
    "did_document",
    "did_jwk_document",
    "did_key",
    "did_key_document",
    "did_web",
    "did_web_document_url",
    "method_id",
    "method_ids",
]

_DID_CONTEXT: Final = "https://www.w3.org/ns/did/v1"
_MULTIKEY_CONTEXT: Final = "https://w3id.org/security/multikey/v1"
_JWK_CONTEXT: Final = "https://w3id.org/security/jwk/v1"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Percent-encoding is left out: what servers and proxies make of %2E or %2F differs.
_SEGMENT: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]+")
_HTTPS: Final = re.compile(r"https://([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?((?:/[^?#]*)?)")
_WEB: Final = re.compile(r"did:web:([a-z0-9.-]+)(?:%3A([1-9][0-9]{0,4}))?((?::[^:]+)*)")
_KEY: Final = re.compile(r"did:key:(z[1-9A-HJ-NP-Za-km-z]+)")
# The longest key that is read, an RSA key of 4,096 bits, needs 960 characters or so.
_JWK: Final = re.compile(r"did:jwk:([A-Za-z0-9_-]{1,4096})")


def did_key(public_key_multibase: str) -> str:
    """Return the did:key of a Multikey value."""
    return f"did:key:{public_key_multibase}"


def did_key_document(did: str) -> dict[str, Any]:
    """Return the document a did:key stands for: its one key, for assertions and authentication."""
    match = _KEY.fullmatch(did)
    if match is None:
        raise DidError("not a did:key")
    return _one_key_document(_multikey(did, match[1]), context=_MULTIKEY_CONTEXT)


def did_web(public_url: str, *path: str) -> str:
    """Return the did:web of a path below an https URL, its port percent-encoded.

    Host names only (the method forbids IP addresses); path segments of letters, digits, ".", "_"
    and "-".
    """
    match = _HTTPS.fullmatch(public_url)
    if match is None:
        raise DidError("a did:web stands for an https URL of host, port and path")
    host, port = match[1].lower(), match[2]
    base = match[3].strip("/")
    segments = [*(base.split("/") if base else []), *path]
    _check_location(host, port, segments=segments)
    authority = host if port in {None, "443"} else f"{host}%3A{port}"
    return ":".join(["did:web", authority, *segments])


def did_web_document_url(did: str) -> str:
    """Return the https URL of a did:web's document; no path means /.well-known."""
    match = _WEB.fullmatch(did)
    if match is None:
        raise DidError("not a did:web")
    host, port, path = match[1], match[2], match[3]
    segments = path.split(":")[1:]
    _check_location(host, port, segments=segments)
    authority = f"{host}:{port}" if port else host
    return "/".join([f"https://{authority}", *(segments or [".well-known"]), "did.json"])


def did_document(
    did: str, *, assertion_keys: Sequence[str], also_known_as: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a DID document whose keys, given as Multikey values, may all sign assertions.

    Each key stands in it twice, for readers of either form: as a Multikey and as a JsonWebKey (ids
    as `method_id` gives them). `also_known_as` are URIs of the same subject (DIDs v1.0 §5.1.3).
    """
    methods = [
        method
        for key in assertion_keys
        for method in (_multikey(did, key), _json_web_key(did, key))
    ]
    return {
        "@context": [_DID_CONTEXT, _MULTIKEY_CONTEXT, _JWK_CONTEXT],
        "id": did,
        **({"alsoKnownAs": list(also_known_as)} if also_known_as else {}),
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def method_id(did: str, key: str, *, is_jwt: bool) -> str:
    """Return the id under which an issuer's document gives a key, a Multikey value.

    A JWT's `kid` leads to a JsonWebKey, as VC-JOSE-COSE asks: its fragment is the thumbprint of
    RFC 7638. The one method of a did:key has one id for either use.
    """
    if is_jwt and not did.startswith("did:key:"):
        return f"{did}#{thumbprint(multikey_key(key))}"
    return f"{did}#{key}"


def method_ids(did: str, key: str) -> frozenset[str]:
    """Return every id under which an issuer's document gives a key, a Multikey value."""
    return frozenset(method_id(did, key, is_jwt=is_jwt) for is_jwt in (False, True))


def did_jwk_document(did: str) -> dict[str, Any]:
    """Return the document a did:jwk stands for: its one key, for assertions and authentication.

    Raises DidError for keys that `jwk.from_jwk` refuses, such as those for encryption.
    """
    match = _JWK.fullmatch(did)
    if match is None:
        raise DidError("not a did:jwk")
    try:
        jwk = loads(b64url_decode(match[1]))
    except (MultibaseError, StrictJsonError) as error:
        raise DidError("a did:jwk is the base64url of a JSON Web Key") from error
    jwk_key(jwk)
    method = {"id": f"{did}#0", "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk}
    return _one_key_document(method, context=_JWK_CONTEXT)


def _multikey(did: str, key: str) -> dict[str, Any]:
    method = {"id": f"{did}#{key}", "type": "Multikey", "controller": did}
    return method | {"publicKeyMultibase": key}


def _json_web_key(did: str, key: str) -> dict[str, Any]:
    public_key = multikey_key(key)
    fragment = thumbprint(public_key)
    # Controlled Identifiers v1.0 §2.2.3 recommends the thumbprint as `kid` and as fragment.
    jwk = to_jwk(public_key) | {"kid": fragment}
    method = {"id": f"{did}#{fragment}", "type": "JsonWebKey", "controller": did}
    return method | {"publicKeyJwk": jwk}


def _one_key_document(method: dict[str, Any], *, context: str) -> dict[str, Any]:
    return {
        "@context": [_DID_CONTEXT, context],
        "id": method["controller"],
        "verificationMethod": [method],
        "assertionMethod": [method["id"]],
        "authentication": [method["id"]],
    }


def _check_location(host: str, port: str | None, *, segments: Sequence[str]) -> None:
    if port is not None and int(port) > 65_535:
        raise DidError("a port is at most 65535")
    if not _HOST.fullmatch(host) or _is_address(host):
        raise DidError("a did:web names a host, not an address")
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise DidError("a did:web path has segments of letters, digits, '.', '_' and '-' only")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
