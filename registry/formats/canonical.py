"""Give a document the one form that is hashed: JCS (RFC 8785) or RDFC-1.0 N-Quads."""

from typing import Any, Final

import orjson
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
from registry.formats.strict_json import MAX_INTEGER

__all__ = [
    "CanonicalisationError",
    "Canonicaliser",
    "ContextLoader",
    "ContextNotBundledError",
    "Digest",
    "InlineContextError",
    "TooEntangledError",
    "UndefinedTermError",
    "check_nothing_empty",
    "check_terms",
    "jcs",
    "rdfc",
]


_NUMBERS: Final = frozenset({int, float})
# Between these everybody writes floating-point numbers without an exponent, as ECMAScript does.
_LEAST_PLAIN: Final = 1e-4
_BEYOND_PLAIN: Final = 1e15

_PRESENTED: Final = "verifiableCredential"


def jcs(value: Any) -> bytes:
    """Return the JSON Canonicalization Scheme form of a value (RFC 8785), in UTF-8.

    Raises CanonicalisationError for numbers and texts that have none.
    """
    try:
        if is_plain(value):
            return written_plainly(value)
    except TypeError:
        # Said below, if it has no such form at all.
        pass
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise CanonicalisationError("no JCS form") from error


def is_plain(value: Any) -> bool:
    """Say whether `written_plainly` writes a value as RFC 8785 does, or raises TypeError.

    It sorts names by code points instead of UTF-16 code units, which is the same for ASCII, and
    may write numbers otherwise that are very large, very small, or whole but with a point.
    """
    rest = [value]
    for part in rest:
        kind = type(part)
        if kind is dict:
            if not "".join(part).isascii():
                return False
            # Most members are texts.
            rest += [member for member in part.values() if type(member) is not str]
        elif kind is list:
            rest += [item for item in part if type(item) is not str]
        elif kind in _NUMBERS:
            if not _is_plain_number(part):
                return False
        elif part is not None and kind is not bool and kind is not str:
            return False
    return True


def _is_plain_number(number: float) -> bool:
    if type(number) is int:
        return abs(number) <= MAX_INTEGER
    return _LEAST_PLAIN <= abs(number) < _BEYOND_PLAIN and number != int(number)


def written_plainly(value: Any) -> bytes:
    """Return a value as JSON without spaces, members sorted by name, in UTF-8.

    Raises TypeError for what is not JSON, such as a lone surrogate.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


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
    check_nothing_empty(document)
    return canonicalise(statements(expand(document, contexts)), digest=digest)


def check_nothing_empty(document: dict[str, Any]) -> None:
    """Raise CanonicalisationError for empty arrays, since anybody could add one or take it away.

    They make no statement. But a presentation may say of itself that it presents no credential.
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
