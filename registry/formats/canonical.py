"""Give a document the one form that is hashed: JCS (RFC 8785) or RDFC-1.0 N-Quads."""

import json
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


_PLAIN_JSON: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)
_NUMBERS: Final = frozenset({int, float})
# Between these Python and ECMAScript both write floating-point numbers without an exponent.
_LEAST_PLAIN: Final = 1e-4
_BEYOND_PLAIN: Final = 1e15

_PRESENTED: Final = "verifiableCredential"


def jcs(value: Any) -> bytes:
    """Return the JSON Canonicalization Scheme form of a value (RFC 8785), in UTF-8.

    Raises CanonicalisationError for numbers and texts that have none.
    """
    try:
        return _PLAIN_JSON.encode(_plain(value)).encode()
    except (_NotPlainError, RecursionError, TypeError, UnicodeEncodeError):
        # Said below, if it has no such form at all.
        pass
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise CanonicalisationError("no JCS form") from error


class _NotPlainError(Exception):
    """Python's own encoder may write the value otherwise than RFC 8785 does."""


def _plain(value: Any) -> Any:
    """Return a value as Python's own encoder, which is quicker, writes it as RFC 8785 does.

    It writes texts alike, but sorts names by code points instead of UTF-16 code units, which is
    the same for ASCII. Of numbers with a point the usual ones come out alike.
    """
    kind = type(value)
    if kind is dict:
        if not "".join(value).isascii():
            raise _NotPlainError
        # Most members are texts, and a call for each would take longer than all the rest.
        return {
            name: member if type(member) is str else _plain(member)
            for name, member in value.items()
        }
    if kind is list:
        return [item if type(item) is str else _plain(item) for item in value]
    if kind in _NUMBERS:
        return _plain_number(value)
    if value is None or kind is bool or kind is str:
        return value
    raise _NotPlainError


def _plain_number(number: float) -> float:
    if abs(number) <= MAX_INTEGER and number == int(number):
        return int(number)
    if _LEAST_PLAIN <= abs(number) < _BEYOND_PLAIN:
        return number
    raise _NotPlainError


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
