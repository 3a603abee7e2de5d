"""Check that the document says what its words mean in contexts this verifier knows.

The rdfc suites sign a graph, not the text. Whoever holds a credential may rewrite its JSON as
long as the graph stays the same: hide `validUntil` behind an absolute IRI, under `@nest`, or
under an alias from a context of their own, and the signature still fits. A verifier that reads
`document["validUntil"]` then sees a credential without an end. Hence the rules of this module:
only contexts that are bundled, or so plain that they name nothing a verdict rests on; only plain
terms; what decides the verdict stands at the top, and no two status entries are one node.
VC Data Integrity 1.0 §4.6 (Context Validation); VCDM 2.0 §6.1 (compacted form).

The jcs suites and JWTs sign every character that matters, so there the contexts alone are looked
at: what they make of the words is the issuer's doing, and nobody else's.
"""

from collections.abc import Sequence
from typing import Any, Final

from registry.formats import contexts as bundled
from registry.formats.canonical import ContextLoader, InlineContextError
from registry.formats.data_integrity import Cryptosuite
from registry.formats.inline_contexts import check_inline_context
from registry.formats.one_or_many import values_of
from registry.verification.checks import passed, unknown
from registry.verification.report import Check, CheckError
from registry.verification.structure import Document

_NAME: Final = "contexts"
_CONTEXT: Final = "@context"
_CONTAINERS: Final = (dict, list)

# VCDM 2.0 §11.1: a text may say its language and direction.
_KEYWORDS: Final = frozenset({"@context", "@value", "@language", "@direction"})
_DECISIVE: Final = frozenset(
    {
        "issuer",
        "validFrom",
        "validUntil",
        "issuanceDate",
        "expirationDate",
        "credentialStatus",
        "holder",
        "verifiableCredential",
    }
)
# All that the bundled contexts call @id: "uid" is ODRL's word, which anybody may add to a document.
_ID_TERMS: Final = ("id", "uid")
_SIGNED_AS_TEXT: Final = frozenset(suite.value for suite in Cryptosuite if not suite.is_rdfc)


def check_vocabulary(document: Document, *, contexts: ContextLoader, is_token: bool) -> Check:
    """Report whether every word is one whose meaning cannot be moved about."""
    can_be_rewritten = not (is_token or _is_signed_as_text(document))
    nodes = _objects(document)
    try:
        for node in nodes:
            if _CONTEXT in node:
                _require_known_contexts(node, contexts)
        if can_be_rewritten and _may_mislead(nodes):
            _require_plain_nodes(nodes)
        if can_be_rewritten:
            _require_separate_entries(document)
    except CheckError as error:
        return error.check
    return passed(_NAME, "contexts-known", looked_at="@context")


def _may_mislead(nodes: Sequence[dict[str, Any]]) -> bool:
    """Say whether a rule for words may be broken; most documents keep them all."""
    below: set[str] = set().union(*nodes[1:])
    names = below.union(nodes[0]) - _KEYWORDS
    odd = any(":" in name or name.startswith("@") for name in names)
    return odd or not _DECISIVE.isdisjoint(below)


def _require_plain_nodes(nodes: Sequence[dict[str, Any]]) -> None:
    for node in nodes:
        _require_plain_terms(node)
        _require_another_node(node, nodes[0])


def _is_signed_as_text(document: Document) -> bool:
    """Say whether every proof is over the JSON; beside one over the graph that is not enough."""
    proofs = values_of(document.get("proof"))
    return bool(proofs) and all(
        proof.get("type") == "DataIntegrityProof"
        and str(proof.get("cryptosuite")) in _SIGNED_AS_TEXT
        for proof in proofs
    )


def _objects(document: Document) -> Sequence[dict[str, Any]]:
    """Return every object of a document, itself first, without looking into contexts."""
    rest: list[Any] = [document]
    found: list[dict[str, Any]] = []
    for value in rest:
        members = value
        if isinstance(value, dict):
            found.append(value)
            members = value.values()
            if _CONTEXT in value:
                members = [member for name, member in value.items() if name != _CONTEXT]
        # Most members are texts, of which this is the quickest to tell.
        rest += [
            member
            for member in members
            if type(member) is not str and isinstance(member, _CONTAINERS)
        ]
    return found


def _require_known_contexts(node: dict[str, Any], contexts: ContextLoader) -> None:
    given = node.get(_CONTEXT, [])
    # A null context takes away what stood before it, so it is looked at like any other.
    for context in given if isinstance(given, list) else [given]:
        if isinstance(context, str):
            _require_bundled(context, contexts)
        else:
            _require_plain_context(context)


def _require_bundled(url: str, contexts: ContextLoader) -> None:
    try:
        contexts(url)
    except bundled.ContextNotBundledError as error:
        raise unknown(_NAME, "context-not-bundled", looked_at=url, context=url) from error


def _require_plain_context(context: Any) -> None:
    if not isinstance(context, dict):
        raise unknown(_NAME, "context-inline", looked_at="@context")
    try:
        check_inline_context(context)
    except InlineContextError as error:
        raise unknown(_NAME, "context-inline", looked_at=error.term) from error


def _require_plain_terms(node: dict[str, Any]) -> None:
    for key in node:
        if ":" in key or (key.startswith("@") and key not in _KEYWORDS):
            raise unknown(_NAME, "not-compact", looked_at=key, property=key)


def _require_another_node(node: dict[str, Any], document: Document) -> None:
    """Refuse a part that bears the document's own id and holds what belongs at the top."""
    if node is not document and _DECISIVE & node.keys() and _ids(node) & _ids(document):
        raise unknown(_NAME, "part-bears-own-id", looked_at="id")


def _require_separate_entries(document: Document) -> None:
    """Refuse entries that are one node of the graph, whose indexes could trade places."""
    entries = values_of(document.get("credentialStatus"))
    ids = [one for entry in entries if isinstance(entry, dict) for one in _ids(entry)]
    if len(ids) != len(set(ids)):
        raise unknown(_NAME, "status-entries-share-an-id", looked_at="credentialStatus")


def _ids(node: dict[str, Any]) -> set[str]:
    return {node[key] for key in _ID_TERMS if isinstance(node.get(key), str)}
