"""Name issuers by did:web and did:key, and find the keys their documents give for assertions.

Sources: DIDs v1.0, the did:web method, the did:key method, Controlled Identifiers v1.0 §3.3.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from registry.formats.multikey import MultikeyError, PublicKey, decode_public_key

_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Percent-encoding is left out: what servers and proxies make of %2E or %2F differs.
_SEGMENT: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]+")
_HTTPS: Final = re.compile(r"https://([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?((?:/[^?#]*)?)")
_WEB: Final = re.compile(r"did:web:([a-z0-9.-]+)(?:%3A([1-9][0-9]{0,4}))?((?::[^:]+)*)")
_KEY: Final = re.compile(r"did:key:(z[1-9A-HJ-NP-Za-km-z]+)")


class DidError(ValueError):
    """A DID, its document or a key in it is not what is asked for."""


def did_key(public_key_multibase: str) -> str:
    """Return the did:key of a Multikey value."""
    return f"did:key:{public_key_multibase}"


def did_key_document(did: str) -> dict[str, Any]:
    """Return the document a did:key stands for: its one key, for assertions."""
    match = _KEY.fullmatch(did)
    if match is None:
        raise DidError("not a did:key")
    return did_document(did, assertion_keys=[match[1]])


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


def did_document(did: str, *, assertion_keys: Sequence[str]) -> dict[str, Any]:
    """Return a DID document whose keys, given as Multikey values, may all sign assertions."""
    return {
        "@context": list(_CONTEXTS),
        "id": did,
        "verificationMethod": [
            {
                "id": f"{did}#{value}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": value,
            }
            for value in assertion_keys
        ],
        "assertionMethod": [f"{did}#{value}" for value in assertion_keys],
    }


def assertion_key(document: dict[str, Any], verification_method: str) -> PublicKey:
    """Return the key a DID document gives for assertions under a verification method's id.

    Raises DidError unless the id is the document's own id and a fragment, is listed or embedded in
    `assertionMethod`, and names exactly one Multikey that the document's subject controls
    (Controlled Identifiers v1.0 §3.3).
    """
    did = document.get("id")
    if not isinstance(did, str) or not verification_method.startswith(f"{did}#"):
        raise DidError("the verification method is not one of the document's")
    method = _assertion_method(document, verification_method)
    if method.get("type") != "Multikey" or method.get("controller") != did:
        raise DidError("the verification method is not a Multikey controlled by the subject")
    return _public_key(method.get("publicKeyMultibase"))


def _assertion_method(document: dict[str, Any], method_id: str) -> dict[str, Any]:
    listed = _array(document, "assertionMethod")
    methods = [entry for entry in listed if isinstance(entry, dict)]
    if any(_absolute(entry, document) == method_id for entry in listed if isinstance(entry, str)):
        entries = _array(document, "verificationMethod")
        methods += [entry for entry in entries if isinstance(entry, dict)]
    found = [method for method in methods if _absolute(method.get("id"), document) == method_id]
    if len(found) != 1:
        raise DidError(f"{len(found)} keys for assertions with this id, not one")
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


def _public_key(value: object) -> PublicKey:
    if not isinstance(value, str):
        raise DidError("publicKeyMultibase is not a string")
    try:
        return decode_public_key(value)
    except MultikeyError as error:
        raise DidError("publicKeyMultibase is not a supported key") from error


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
