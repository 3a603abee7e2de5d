"""Say which contexts written out in a document are plain enough to be signed and read.

The documents of W3C's own test suites define their terms so. Such a context can do no more here
than give names to IRIs of its own: with JSON-LD's other means it could hide a credential's status
or dates from readers of the JSON while the signature still fits (VC Data Integrity 1.0 §4.6).
"""

import re
from typing import Any, Final

from registry.formats.rdf import CanonicalisationError

# More terms than a schema written by hand has; each costs PyLD a moment.
MAX_TERMS: Final = 256

# An IRI that no bundled context has a prefix for. One that ends as a prefix does would make its
# term one, with which a document could write the names of other vocabularies.
_IRI: Final = re.compile(
    r"""([A-Za-z][A-Za-z0-9+.-]*://|(?:urn|did|tag):)[^\x00-\x20<>"{}|^`\\]*[^\x00-\x20<>"{}|^`\\:/?#\[\]@]"""
)
_TERM: Final = re.compile(r"[^@:/][^:/]*")

# Whatever a verifier acts on is named in these.
_RESERVED: Final = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "https://www.w3.org/2018/credentials#",
    "https://www.w3.org/ns/credentials#",
    "https://www.w3.org/ns/credentials/status",
    "https://w3id.org/security",
    "https://w3id.org/vc/status-list",
    "https://purl.imsglobal.org/spec/",
)


class InlineContextError(CanonicalisationError):
    """A context written out in the document does more than name terms of its own."""

    def __init__(self, term: str, reason: str) -> None:
        self.term = term
        super().__init__(f"the context written in the document: {term[:100]!r} {reason}")


def check_inline_context(context: dict[str, Any]) -> None:
    """Raise InlineContextError unless each term of a context is a plain name for an IRI.

    Plain is a text that is an absolute IRI, or `@id` with one and at most a `@type`, which is a
    datatype's IRI, `@id` or `@json`. The IRIs may not be of the vocabularies of RDF, of W3C's
    credentials, security and status specifications, or of Open Badges.
    """
    terms = unwrapped(context)
    if len(terms) > MAX_TERMS:
        raise InlineContextError("@context", f"has more than {MAX_TERMS} terms")
    for term, definition in terms.items():
        if not _TERM.fullmatch(term):
            raise InlineContextError(term, "is a keyword or an IRI, not a term")
        for iri in _iris(term, definition):
            _check_iri(term, iri)


def unwrapped(context: dict[str, Any]) -> dict[str, Any]:
    """Return the terms of a context, which may stand in an object under `@context` alone.

    JSON-LD 1.1 has that form for files only, but processors take it in documents as well, and
    documents of W3C's test suites are written so.
    """
    terms = context.get("@context")
    return terms if len(context) == 1 and isinstance(terms, dict) else context


def _iris(term: str, definition: object) -> list[object]:
    """Return the IRIs a definition maps a term to and types it with."""
    match definition:
        case str():
            return [definition]
        case {"@id": iri, **rest} if not rest:
            return [iri]
        case {"@id": iri, "@type": "@id" | "@json", **rest} if not rest:
            return [iri]
        case {"@id": iri, "@type": datatype, **rest} if not rest:
            return [iri, datatype]
        case _:
            raise InlineContextError(term, "is defined by more than @id and @type")


def _check_iri(term: str, iri: object) -> None:
    if not isinstance(iri, str) or not _IRI.fullmatch(iri):
        raise InlineContextError(term, "is not mapped to an absolute IRI")
    if iri.lower().startswith(_RESERVED):
        raise InlineContextError(term, "is mapped to a vocabulary that verifiers act on")
