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

CREDENTIALS_V1: Final = "https://www.w3.org/2018/credentials/v1"
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
    "https://w3id.org/security/jwk/v1": (
        "jwk-v1.json",
        "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
    ),
    "https://w3id.org/security/multikey/v1": (
        "multikey-v1.json",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    "https://www.w3.org/ns/did/v1": (
        "did-v1.json",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
    CREDENTIALS_V1: (
        "credentials-v1.json",
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    ),
    "https://www.w3.org/2018/credentials/examples/v1": (
        "credentials-examples-v1.json",
        "73bebae22e70ebb4466ac2e1f3e3b35c43436217623b51ff3e1b567e1aff4ba2",
    ),
    "https://www.w3.org/ns/credentials/examples/v2": (
        "credentials-examples-v2.json",
        "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
    ),
    "https://www.w3.org/ns/credentials/undefined-terms/v2": (
        "undefined-terms-v2.json",
        "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
    ),
    "https://www.w3.org/ns/credentials/status/v1": (
        "status-v1.json",
        "fda5add353231e6a6884a46b12e6c75464281900cb348284d9c360f62381d9f7",
    ),
    "https://www.w3.org/ns/odrl.jsonld": (
        "odrl.json",
        "a83cb98005bce546531131d4042318d8267aff71b1451f53cc926587fcef42c6",
    ),
    "https://w3id.org/security/data-integrity/v1": (
        "data-integrity-v1.json",
        "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554",
    ),
    "https://w3id.org/security/suites/ed25519-2020/v1": (
        "ed25519-2020-v1.json",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
    "https://w3id.org/security/suites/jws-2020/v1": (
        "jws-2020-v1.json",
        "1e9dda2334eb0cdae498f09c974006d9fa11eab3182262f9883c5d519ac25782",
    ),
    "https://w3id.org/security/v1": (
        "security-v1.json",
        "cff380c3bd284e3d0c6fb05cbf35d59cc7d74bea54675da57be4074bfa9f3042",
    ),
    "https://w3id.org/security/v2": (
        "security-v2.json",
        "257fe4b2c5bb63246ae3d78bb278f31c9c1cd09ad0e4dbc49691ba43de1720ff",
    ),
    "https://w3id.org/vc/status-list/2021/v1": (
        "status-list-2021-v1.json",
        "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160",
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


def content(url: str) -> bytes:
    """Return the bytes of the context at a URL; raises as `load` does."""
    if url not in BUNDLED:
        raise ContextNotBundledError(url)
    file, sha256_hex = _FILES[url]
    read = resources.files(__name__).joinpath(file).read_bytes()
    if sha256(read).hexdigest() != sha256_hex:
        raise ContextAlteredError(url)
    return read


@cache
def _parsed(url: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(content(url))
    return document
