"""Check that the document says what its words mean in contexts this verifier knows.

The rdfc suites sign a graph, not the text. Whoever holds a credential may rewrite its JSON as
long as the graph stays the same: hide `validUntil` behind an absolute IRI, under `@nest`, or
under an alias from a context of their own, and the signature still fits. A verifier that reads
`document["validUntil"]` then sees a credential without an end. Hence the rules of this module:
only bundled contexts, only plain terms, and what decides the verdict stands at the top.
VC Data Integrity 1.0 §4.6 (Context Validation); VCDM 2.0 §6.1 (compacted form).
"""

from collections.abc import Iterator
from typing import Any

from registry.formats import contexts as bundled
from registry.formats.canonical import ContextLoader
from registry.verification.report import Check, CheckError, Outcome, shown
from registry.verification.structure import Document

# VCDM 2.0 §11.1: a text may say its language and direction.
_KEYWORDS = frozenset({"@context", "@value", "@language", "@direction"})
_DECISIVE = frozenset({"issuer", "validFrom", "validUntil", "credentialStatus"})


def check_vocabulary(document: Document, *, contexts: ContextLoader) -> Check:
    """Report whether every word is one whose meaning cannot be moved about."""
    try:
        for node in _objects(document):
            _require_known_contexts(node, contexts)
            _require_plain_terms(node)
            if node is not document:
                _require_another_node(node, document)
    except CheckError as error:
        return error.check
    return Check(
        "contexts",
        Outcome.PASSED,
        "contexts-known",
        "Every context is one this verifier holds a checked copy of.",
        "@context",
    )


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, outermost first, without looking into contexts."""
    if isinstance(value, dict):
        yield value
        members = [member for key, member in value.items() if key != "@context"]
    else:
        members = value if isinstance(value, list) else []
    for member in members:
        yield from _objects(member)


def _require_known_contexts(node: dict[str, Any], contexts: ContextLoader) -> None:
    given = node.get("@context", [])
    # A null context takes away what stood before it, so it is looked at like any other.
    for context in given if isinstance(given, list) else [given]:
        if not isinstance(context, str):
            raise _unknown("context-inline", _INLINE, looked_at="@context")
        _require_bundled(context, contexts)


def _require_bundled(url: str, contexts: ContextLoader) -> None:
    try:
        contexts(url)
    except bundled.ContextNotBundledError as error:
        sentence = f"No checked copy of the context {shown(url)} is at hand, so it is not used."
        raise _unknown("context-not-bundled", sentence, looked_at=url) from error


def _require_plain_terms(node: dict[str, Any]) -> None:
    for key in node:
        if ":" in key or (key.startswith("@") and key not in _KEYWORDS):
            sentence = f"The property {shown(key)} is not a plain term, so it could hide a field."
            raise _unknown("not-compact", sentence, looked_at=key)


def _require_another_node(node: dict[str, Any], document: Document) -> None:
    """Refuse a part that bears the credential's own id and holds what belongs at the top."""
    if node.get("id", "") == document.get("id") and _DECISIVE & node.keys():
        sentence = "A part of the document bears the credential's own id and adds to it."
        raise _unknown("not-compact", sentence, looked_at="id")


_INLINE = (
    "A context is written out in the document instead of named by URL, "
    "so its words could mean anything."
)


def _unknown(code: str, sentence: str, *, looked_at: str) -> CheckError:
    return CheckError(Check("contexts", Outcome.UNKNOWN, code, sentence, looked_at))
