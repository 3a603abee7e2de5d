"""Recompute the digest that an event gives for a signed document, from any copy of it.

It is SHA-256 over the RFC 8785 form of the JSON with its proof, or over the text of a JWT, so that
neither spaces nor the order of members, an envelope or a line's end make a difference.
"""

import re
from hashlib import sha256
from typing import Final

from registry.formats.canonical import jcs
from registry.formats.strict_json import StrictJsonError, loads
from registry.formats.vc_jwt import VcJwtError, unenvelope

_COMPACT_JWT: Final = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class DocumentUnreadableError(ValueError):
    """Bytes are neither a JSON document nor a compact JWT."""


def document_digest(body: bytes) -> str:
    """Return the digest of a signed document in hex, or raise DocumentUnreadableError."""
    text = body.strip(b" \t\r\n")
    if not text.startswith(b"{"):
        return _of_token(text)
    try:
        document = loads(text)
        if document.get("type") == "EnvelopedVerifiableCredential":
            return _of_token(unenvelope(document).encode())
        return sha256(jcs(document)).hexdigest()
    except (StrictJsonError, VcJwtError) as error:
        raise DocumentUnreadableError(str(error)) from error


def _of_token(token: bytes) -> str:
    if not _COMPACT_JWT.fullmatch(token):
        raise DocumentUnreadableError("neither a JSON object nor a compact JWT")
    return sha256(token).hexdigest()
