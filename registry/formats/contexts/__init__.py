"""Serve the JSON-LD contexts the registry signs and verifies with, each pinned by SHA-256.

A signature under an rdfc suite covers what the contexts make of a document, so a context is code:
it is never fetched, and a copy that differs by one byte is refused (Data Integrity 1.0 §2.4.1).
Origins and licences are in the top-level NOTICE.
"""

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES_V3: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"

# Each URL's file in this package, and the file's SHA-256.
_FILES: Final = {
    CREDENTIALS_V2: (
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    OPEN_BADGES_V3: (
        "open-badges-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": (
        "open-badges-3.0.2.json",
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": (
        "open-badges-3.0.1.json",
        "5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": (
        "open-badges-extensions.json",
        "87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "data-integrity-v2.json",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    "https://w3id.org/security/multikey/v1": (
        "multikey-v1.json",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    "https://www.w3.org/ns/did/v1": (
        "did-v1.json",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
}
BUNDLED: Final[Mapping[str, str]] = MappingProxyType(
    {url: sha256_hex for url, (_, sha256_hex) in _FILES.items()}
)


class ContextNotBundledError(ValueError):
    """A document names a JSON-LD context the registry does not carry."""

    def __init__(self, url: str) -> None:
        super().__init__(f"the JSON-LD context {url!r} is not bundled")
        self.url = url


class ContextAlteredError(RuntimeError):
    """A bundled JSON-LD context is not the copy that was pinned."""

    def __init__(self, url: str) -> None:
        super().__init__(f"the bundled copy of {url!r} does not have the pinned SHA-256")
        self.url = url


def load(url: str) -> dict[str, Any]:
    """Return the context document at a URL, parsed once and shared: it must not be changed.

    Raises ContextNotBundledError for any other URL, and ContextAlteredError if the file's SHA-256
    is not the one in BUNDLED.
    """
    if url not in BUNDLED:
        raise ContextNotBundledError(url)
    return _parsed(url)


@cache
def _parsed(url: str) -> dict[str, Any]:
    file, sha256_hex = _FILES[url]
    content = resources.files(__name__).joinpath(file).read_bytes()
    if sha256(content).hexdigest() != sha256_hex:
        raise ContextAlteredError(url)
    document: dict[str, Any] = json.loads(content)
    return document
