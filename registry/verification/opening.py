"""Turn the bytes somebody hands over into a document, or say why not."""

import re
from dataclasses import dataclass
from typing import Any, Final

from registry.formats import jws, strict_json, vc_jwt
from registry.formats.jws import Jws
from registry.formats.vc_jwt import VcJwt
from registry.verification.checks import failed, unknown
from registry.verification.structure import Document, types_of

_NAME: Final = "format"
_WHERE: Final = "the document"

# A compact JWS: three base64url parts, and for an SD-JWT its disclosures after tildes.
_COMPACT_JWT: Final = re.compile(rb"\s*([\w-]+\.[\w-]+\.[\w-]*)((?:~[\w.-]*)*)\s*")
# '{"' in base64url, with which the header of every JWT begins.
_BEGINNING_OF_A_JWT: Final = b"eyJ"
_ENVELOPES: Final = frozenset({"EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation"})


@dataclass(frozen=True)
class Token:
    """A compact JWS that nothing has verified yet, and what it says."""

    jws: Jws
    content: VcJwt


@dataclass(frozen=True)
class Opened:
    """A credential or presentation as JSON, and the token it came in, if it came in one."""

    document: Document
    token: Token | None = None


def open_document(data: bytes) -> Opened:
    """Return what is in `data`: strict JSON, an envelope or a compact JWS; raises `CheckError`."""
    match = _COMPACT_JWT.fullmatch(data)
    if match is not None:
        return _open_token(match[1].decode("ascii"), is_sd_jwt=bool(match[2]))
    return open_value(_parsed(data))


def open_value(document: Document) -> Opened:
    """Return what a JSON object is or envelops; raises `CheckError`."""
    if not _ENVELOPES.intersection(name for name in types_of(document) if isinstance(name, str)):
        return Opened(document)
    try:
        token = vc_jwt.unenvelope(document)
    except vc_jwt.UnsupportedJwtError as error:
        raise unknown(_NAME, "envelope-not-supported", looked_at="id") from error
    except vc_jwt.VcJwtError as error:
        raise failed(_NAME, "envelope-malformed", looked_at="id") from error
    return _open_token(token)


def _parsed(data: bytes) -> Document:
    if data.lstrip().startswith(_BEGINNING_OF_A_JWT):
        raise failed(_NAME, "jwt-malformed", looked_at=_WHERE)
    try:
        document = strict_json.loads(data)
    except strict_json.StrictJsonError as error:
        raise failed(_NAME, "not-strict-json", looked_at=_WHERE, where=error.where) from error
    if not isinstance(document, dict):
        raise failed(_NAME, "not-an-object", looked_at=_WHERE)
    if "@context" not in document and _is_answer(document.get("document")):
        raise failed(_NAME, "not-the-badge", looked_at=_WHERE)
    return document


def _is_answer(member: Any) -> bool:
    return isinstance(member, dict) and "@context" in member


def _open_token(text: str, *, is_sd_jwt: bool = False) -> Opened:
    if is_sd_jwt:
        raise unknown(_NAME, "sd-jwt-not-supported", looked_at=_WHERE)
    try:
        token = jws.parse(text)
    except jws.JwsError as error:
        raise failed(_NAME, "jwt-malformed", looked_at=_WHERE) from error
    content = _content(token)
    return Opened(content.document, Token(token, content))


def _content(token: Jws) -> VcJwt:
    try:
        return vc_jwt.read(token)
    except vc_jwt.KeyNotNamedError as error:
        raise unknown("proof", "key-not-named", looked_at="header.kid") from error
    except vc_jwt.UnsupportedJwtError as error:
        typ = token.header.get("typ")
        raise unknown(_NAME, "jwt-not-supported", looked_at="header.typ", type=typ) from error
    except vc_jwt.VcJwtError as error:
        raise failed(_NAME, "jwt-claims-disagree", looked_at="payload") from error
