"""The parts a credential may have: status, schemas, evidence, proofs (VCDM 2.0 §4.10 to §5)."""

from collections.abc import Iterator
from typing import Any, Final

from registry.formats.vcdm.core import is_version_1
from registry.formats.vcdm.problem import Document, Problem
from registry.formats.vcdm.values import is_url, numbered, objects, one_id, shown, types_of

# Each must say its type (§4.10, §4.11, §5.4 to §5.6, §5.10 reserves the last two, §4.12 the first).
_TYPED: Final = (
    "proof",
    "credentialStatus",
    "credentialSchema",
    "refreshService",
    "termsOfUse",
    "evidence",
    "confidenceMethod",
    "renderMethod",
)
_NAMED: Final = frozenset({"credentialSchema"})
# VCDM 1.1 §4.9, §5.4 and §5.5: these must have an id as well.
_NAMED_IN_VERSION_1: Final = _NAMED | {"credentialStatus", "refreshService"}


def typed_parts(document: Document) -> Iterator[Problem]:
    """Report parts without a type, with an id that is no URL, or without the id they need."""
    named = _NAMED_IN_VERSION_1 if is_version_1(document) else _NAMED
    for name in _TYPED:
        if document.get(name) == []:
            yield Problem(name, "it is empty.", "Leave it out, or give an object with a type.")
        for path, value in numbered(document, name):
            yield from _typed_part(value, path, needs_id=name in named)


def _typed_part(value: Any, path: str, *, needs_id: bool) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, f"{shown(value)} is not an object.", "Write an object with a type.")
        return
    given = types_of(value)
    if not given or not all(isinstance(name, str) and name for name in given):
        yield Problem(f"{path}.type", "it does not say its type.", "Name the type.")
    yield from one_id(value, path)
    if needs_id and "id" not in value:
        yield Problem(f"{path}.id", "it is missing.", "Give the URL this refers to.")


def related_resources(document: Document) -> Iterator[Problem]:
    """Report related resources that are not named once each, with a digest (§5.3)."""
    seen: set[str] = set()
    if document.get("relatedResource") == []:
        yield Problem("relatedResource", "it is empty.", "Leave it out, or name a resource.")
    for path, value in numbered(document, "relatedResource"):
        if not isinstance(value, dict):
            reason = f"{shown(value)} is not an object."
            yield Problem(path, reason, "Write an object with an id and a digest.")
    for path, value in objects(document, "relatedResource"):
        yield from _related_resource(value, path, seen)


def _related_resource(value: Document, path: str, seen: set[str]) -> Iterator[Problem]:
    url = value.get("id")
    if not isinstance(url, str) or not is_url(url):
        reason = f"{shown(url)} is not one absolute URL."
        yield Problem(f"{path}.id", reason, "Give the URL of the resource.")
    elif url in seen:
        reason = f"{shown(url)} is named more than once."
        yield Problem(f"{path}.id", reason, "Name each resource once.")
    else:
        seen.add(url)
    if not value.keys() & {"digestSRI", "digestMultibase"}:
        reason = "there is no digest of the resource."
        yield Problem(path, reason, "Add digestSRI or digestMultibase.")
