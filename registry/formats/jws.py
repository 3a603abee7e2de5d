"""Sign and verify in the compact serialisation of JSON Web Signature (RFC 7515 §3.1, §7.1).

The key decides the algorithm, never the token: a header that names another one is refused
(RFC 8725 §3.1). Keys that a header brings along (`jwk`, `jku`, `x5c`, `x5u`) are not looked at
(§3.10 there).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.formats import signature as signatures
from registry.formats.canonical import jcs
from registry.formats.jwk import ALGORITHMS
from registry.formats.multibase import MultibaseError, b64url_decode, b64url_encode
from registry.formats.multikey import MultikeyError, PublicKey, key_type_of
from registry.formats.signature import WrongSignatureError
from registry.formats.signer import Signer
from registry.formats.strict_json import StrictJsonError, loads

MAX_CHARACTERS: Final = 1_048_576
MAX_HEADER_BYTES: Final = 16_384


class JwsError(ValueError):
    """A text is not a compact JWS that is understood here, or not one by this key."""


class WrongAlgorithmError(JwsError):
    """A token names another algorithm than the one its key is for."""


@dataclass(frozen=True)
class Jws:
    """A compact JWS in its parts, which nothing has verified yet.

    `header` is the protected header, `payload` the decoded bytes, `signing_input` the characters
    the signature is over.
    """

    header: Mapping[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes


def parse(token: str) -> Jws:
    """Return the parts of a compact JWS of at most 1 MiB, or raise JwsError.

    Refused: other than three parts, base64url that is not strict, a header that is not one JSON
    object of unique members, critical extensions (`crit`) and unencoded payloads (`b64`, RFC 7797),
    none of which are understood here.
    """
    if len(token) > MAX_CHARACTERS:
        raise JwsError(f"longer than {MAX_CHARACTERS} characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise JwsError(f"{len(parts)} parts, not three")
    try:
        header, payload, signature = (b64url_decode(part) for part in parts)
    except MultibaseError as error:
        raise JwsError(str(error)) from error
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return Jws(_header(header), payload, signing_input, signature)


def sign(header: Mapping[str, Any], payload: bytes, signer: Signer) -> str:
    """Return the compact JWS of a payload; `alg` is put into the header."""
    algorithm = ALGORITHMS[signer.key_type][0]
    parts = jcs({**header, "alg": algorithm}), payload
    signing_input = ".".join(b64url_encode(part) for part in parts)
    signature = signer.sign(signing_input.encode("ascii"))
    return f"{signing_input}.{b64url_encode(signature)}"


def verify(jws: Jws, public_key: PublicKey) -> None:
    """Raise JwsError unless a JWS is this key's, by the one algorithm the key is for.

    That the key is one its owner gives for the purpose is for the caller to know.
    """
    try:
        algorithms = ALGORITHMS[key_type_of(public_key)]
    except MultikeyError as error:
        raise JwsError(str(error)) from error
    if jws.header.get("alg") not in algorithms:
        raise WrongAlgorithmError(f"the header's alg is not {algorithms[0]}, which the key is for")
    try:
        signatures.verify(public_key, jws.signature, jws.signing_input)
    except WrongSignatureError as error:
        raise JwsError("the signature is not of this token and key") from error


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = loads(data, max_bytes=MAX_HEADER_BYTES)
    except StrictJsonError as error:
        raise JwsError(f"the header is not JSON every reader understands alike: {error}") from error
    if not isinstance(header, dict):
        raise JwsError("the header is not an object")
    if unknown := {"crit", "b64"} & header.keys():
        raise JwsError(f"the header's {min(unknown)!r} asks for what is not understood here")
    return header
