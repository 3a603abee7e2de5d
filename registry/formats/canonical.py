"""Give a document the one form that is hashed: JCS (RFC 8785) or RDFC-1.0 N-Quads."""

from typing import Any, Final

import rfc8785

from registry.formats import contexts as bundled
from registry.formats.contexts import ContextNotBundledError
from registry.formats.inline_contexts import InlineContextError
from registry.formats.json_ld import ContextLoader, UndefinedTermError, expand
from registry.formats.rdf import (
    CanonicalisationError,
    Canonicaliser,
    Digest,
    TooEntangledError,
    canonicalise,
)
from registry.formats.statements import statements

__all__ = [
    "CanonicalisationError",
    "Canonicaliser",
    "ContextLoader",
    "ContextNotBundledError",
    "Digest",
    "InlineContextError",
    "TooEntangledError",
    "UndefinedTermError",
    "check_terms",
    "jcs",
    "rdfc",
]


_PRESENTED: Final = "verifiableCredential"


def jcs(value: Any) -> bytes:
    """Return the JSON Canonicalization Scheme form of a value (RFC 8785), in UTF-8.

    Raises CanonicalisationError for numbers and texts that have none.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise CanonicalisationError("no JCS form") from error


def rdfc(
    document: dict[str, Any],
    *,
    contexts: ContextLoader = bundled.load,
    digest: Digest = "sha256",
    canonicalise: Canonicaliser = canonicalise,
) -> bytes:
    """Return the canonical N-Quads of a JSON-LD document (RDFC-1.0), in UTF-8.

    Every part of the document is in them: UndefinedTermError is raised for terms and types no
    context defines, ContextNotBundledError for contexts `contexts` does not have, and
    CanonicalisationError for whatever else would be lost, such as a member whose value is an empty
    array, and for graphs made to be slow (limits in `rdf` and `json_ld`).
    """
    _check_nothing_empty(document)
    return canonicalise(statements(expand(document, contexts)), digest=digest)


def _check_nothing_empty(document: dict[str, Any]) -> None:
    """Refuse empty arrays, which make no statement: anybody could add one, or take it away.

    Except that a presentation may say of itself that it presents no credential.
    """
    rest: list[object] = [{**document, _PRESENTED: document.get(_PRESENTED) or {}}]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest += [member for key, member in value.items() if key != "@context"]
        elif isinstance(value, list):
            if not value:
                raise CanonicalisationError("an empty array says nothing and would not be signed")
            rest += value


def check_terms(document: dict[str, Any], *, contexts: ContextLoader = bundled.load) -> None:
    """Raise as `rdfc` does unless every part of a document is defined by contexts at hand.

    For documents that are hashed in another form, whose readers rely on the contexts all the same.
    """
    statements(expand(document, contexts))
