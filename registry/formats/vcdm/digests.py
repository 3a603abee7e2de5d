"""Digests of resources a credential names, held against the copies at hand (VCDM 2.0 §5.3)."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from hashlib import sha256, sha384, sha512
from types import MappingProxyType
from typing import Any, Final

from registry.formats import contexts
from registry.formats.multibase import MultibaseError, b58_decode, b64url_decode
from registry.formats.vcdm.problem import Document, Problem
from registry.formats.vcdm.values import objects, shown

_HASHES: Final = MappingProxyType({"sha256": sha256, "sha384": sha384, "sha512": sha512})
# Multihash: the code of the hash and its length in bytes, before the hash itself.
_MULTIHASHES: Final = MappingProxyType(
    {b"\x12\x20": "sha256", b"\x20\x30": "sha384", b"\x13\x40": "sha512"}
)
_BY_LENGTH: Final = MappingProxyType({32: "sha256", 48: "sha384", 64: "sha512"})
_BASES: Final = MappingProxyType({"z": b58_decode, "u": b64url_decode})

NamedDigest = tuple[str, bytes]
"""The name of a hash, and the digest by it."""


class DigestError(ValueError):
    """A text is not a digest in its notation."""


def digests(document: Document) -> Iterator[Problem]:
    """Report digests that cannot be read, or are not those of a bundled context.

    Resources that are not bundled are not fetched: nothing is said of them.
    """
    for path, resource in objects(document, "relatedResource"):
        for name, read in _READERS.items():
            if name in resource:
                yield from _digest(resource, f"{path}.{name}", read(resource[name]))


def _digest(resource: Document, path: str, digests: list[NamedDigest] | None) -> Iterator[Problem]:
    if digests is None:
        reason = "it is not a SHA-256, SHA-384 or SHA-512 digest in this notation."
        yield Problem(path, reason, "Write it as in sha384-… or as a Multibase multihash.")
    elif not _agrees(resource.get("id"), digests):
        reason = f"it is not the digest of {shown(resource.get('id'))}."
        yield Problem(path, reason, "Take the digest of the resource as it is published.")


def _agrees(url: Any, digests: list[NamedDigest]) -> bool:
    if not isinstance(url, str) or url not in contexts.BUNDLED:
        return True
    content = contexts.content(url)
    # Subresource Integrity §3.3.4: of several, the strongest kind counts, and one match of it.
    strongest = max(name for name, _ in digests)
    expected = _HASHES[strongest](content).digest()
    return any(digest == expected for _, digest in digests)


def _sri(value: Any) -> list[NamedDigest] | None:
    try:
        found = [_one_sri(word) for word in value.split()] if isinstance(value, str) else []
    except DigestError:
        return None
    return found or None


def _one_sri(word: str) -> NamedDigest:
    name, _, text = word.partition("?")[0].partition("-")
    try:
        digest = b64decode(text, validate=True)
    except Base64Error as error:
        raise DigestError(DigestError.__doc__) from error
    if name not in _HASHES or len(digest) != _HASHES[name]().digest_size:
        raise DigestError(DigestError.__doc__)
    return name, digest


def _multibase(value: Any) -> list[NamedDigest] | None:
    if not isinstance(value, str) or value[:1] not in _BASES:
        return None
    try:
        multihash = _BASES[value[:1]](value[1:])
    except MultibaseError:
        return None
    name = _MULTIHASHES.get(multihash[:2])
    if name is not None and len(multihash) - 2 == multihash[1]:
        return [(name, multihash[2:])]
    # Digests without the header of a multihash are in use, and their length says enough.
    bare = _BY_LENGTH.get(len(multihash))
    return [(bare, multihash)] if bare else None


_READERS: Final[MappingProxyType[str, Callable[[Any], list[NamedDigest] | None]]] = (
    MappingProxyType({"digestSRI": _sri, "digestMultibase": _multibase})
)
