"""Canonicalise RDF datasets (W3C RDFC-1.0), with a bound on the work.

The part that compares blank nodes that look alike is PyLD's URDNA2015. Around it PyLD differs from
RDFC-1.0 in how it writes control characters, in counting a statement twice that names a blank node
twice, and in knowing SHA-256 alone, so the rest is done here. The worst case grows with the
factorial of the number of blank nodes that look alike, and a small document can be made to take
years; within the limits below nothing tried takes more than half a second to be canonicalised or
refused, except for the sheer number of statements (about 20,000 a second).
"""

import hashlib
import re
from collections.abc import Callable, Collection
from math import factorial
from typing import Any, Final, Literal, NamedTuple, Protocol

from pyld.canon import URDNA2015
from pyld.identifier_issuer import IdentifierIssuer

MAX_QUADS: Final = 20_000
MAX_BLANK_NODES: Final = 2_000
# Blank nodes one comparison may walk through, which is also how deep it recurses.
MAX_ALIKE: Final = 200
# Orders of look-alikes tried, each weighted by the blank nodes it renames, and quads read.
MAX_WORK: Final = 200_000

Digest = Literal["sha256", "sha384"]

_XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
# RDFC-1.0 §5: these short forms, \u and four digits for the other control characters, and no more.
_SHORT: Final = {
    "\b": r"\b",
    "\t": r"\t",
    "\n": r"\n",
    "\f": r"\f",
    "\r": r"\r",
    '"': r"\"",
    "\\": r"\\",
}
_ESCAPED: Final = re.compile(r'[\x00-\x1f\x7f"\\]')


class Term(NamedTuple):
    """An IRI, a blank node ("_:" and a label) or a literal, named as PyLD names them."""

    type: str
    value: str
    datatype: str = ""
    language: str = ""


class Quad(NamedTuple):
    """A statement, in a named graph or in the default graph (None)."""

    subject: Term
    predicate: Term
    object: Term
    graph: Term | None


# A quad as PyLD's code reads it, with the N-Quads form of each part that is not a blank node.
_Parts = dict[str, dict[str, str]]


class CanonicalisationError(ValueError):
    """A document has no canonical form that is safe to sign."""

    problem_type = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR"


class TooEntangledError(CanonicalisationError):
    """A document has too many nodes without an id that look alike."""

    def __init__(self) -> None:
        super().__init__("too many nodes without an id that look alike")


class Canonicaliser(Protocol):
    """What gives a dataset its canonical N-Quads: `canonicalise`, here or in another process.

    It raises CanonicalisationError for every dataset that it does not answer.
    """

    def __call__(self, quads: Collection[Quad], *, digest: Digest = "sha256") -> bytes:
        """Return the canonical N-Quads of a dataset, in UTF-8."""
        ...


def canonicalise(
    quads: Collection[Quad], *, digest: Digest = "sha256", max_work: int = MAX_WORK
) -> bytes:
    """Return the canonical N-Quads of a dataset, given each quad once, in UTF-8.

    `digest` is the hash function blank nodes are told apart with (RDFC-1.0 §4.1). Raises
    TooEntangledError beyond `max_work`, and CanonicalisationError for an empty dataset, for U+0000
    and lone surrogates, and beyond the other limits of this module. IRIs and language tags are
    written as they come.
    """
    _check(quads)
    try:
        return _BoundedRDFC(digest, max_work=max_work).canonical(quads).encode()
    except UnicodeEncodeError as error:
        raise CanonicalisationError("a lone surrogate") from error


def _check(quads: Collection[Quad]) -> None:
    if not quads:
        raise CanonicalisationError("the document says nothing")
    if len(quads) > MAX_QUADS:
        raise CanonicalisationError(f"more than {MAX_QUADS:,} statements")
    terms = {term for quad in quads for term in quad if term}
    if sum(term.type == "blank node" for term in terms) > MAX_BLANK_NODES:
        raise CanonicalisationError(f"more than {MAX_BLANK_NODES:,} nodes without an id")
    # Databases and C libraries end a text where U+0000 stands.
    if any("\0" in term.value for term in terms):
        raise CanonicalisationError("the control character U+0000")


def _parts(quad: Quad) -> _Parts:
    names = ("subject", "predicate", "object", "name")
    return {
        name: {"type": term.type, "value": term.value, "written": written(term)}
        for name, term in zip(names, quad, strict=True)
        if term
    }


def written(term: Term) -> str:
    """Return a term as canonical N-Quads have it (RDFC-1.0 §5), a blank node as nothing."""
    match term.type:
        case "IRI":
            return f"<{term.value}>"
        case "blank node":
            return ""
    text = f'"{escaped(term.value)}"'
    if term.language:
        return f"{text}@{term.language}"
    return text if term.datatype == _XSD_STRING else f"{text}^^<{term.datatype}>"


def escaped(text: str) -> str:
    """Return a literal's text as canonical N-Quads have it between quotation marks."""
    return _ESCAPED.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04X}"


def _line(quad: _Parts, name: Callable[[str], str]) -> str:
    """Write a quad as a line of N-Quads, its blank nodes as `name` has them."""
    return " ".join(part["written"] or name(part["value"]) for part in quad.values()) + " .\n"


class _BoundedRDFC(URDNA2015):  # type: ignore[misc] # PyLD has no types
    """RDFC-1.0 around PyLD's Hash N-Degree Quads, which gives up on poison graphs.

    Every step of the only part that can take long, Hash N-Degree Quads (RDFC-1.0 §4.8), begins
    with `create_hash_to_related`, and what the step will cost at most is known from its result.
    """

    def __init__(self, digest: Digest, *, max_work: int) -> None:
        super().__init__()
        self._digest = digest
        self._max_work = max_work
        self._work = 0

    def canonical(self, quads: Collection[Quad]) -> str:
        """Return the canonical N-Quads of a dataset (RDFC-1.0 §4.4.3)."""
        parts = [_parts(quad) for quad in quads]
        for quad in parts:
            # A node is told of a quad once, however often the quad names it.
            for label in {part["value"] for part in quad.values() if not part["written"]}:
                self.blank_node_info.setdefault(label, {"quads": []})["quads"].append(quad)
        self._issue()
        return "".join(sorted(_line(quad, self.canonical_issuer.get_id) for quad in parts))

    def _issue(self) -> None:
        """Give each blank node its canonical name, those first that no other looks like."""
        alike: dict[str, list[str]] = {}
        for label in self.blank_node_info:
            alike.setdefault(self.hash_first_degree_quads(label), []).append(label)
        groups = [labels for _, labels in sorted(alike.items())]
        for labels in groups:
            if len(labels) == 1:
                self.canonical_issuer.get_id(labels[0])
        for labels in groups:
            if len(labels) > 1:
                self._issue_alike(labels)

    def _issue_alike(self, labels: Collection[str]) -> None:
        """Name nodes that look alike in the order of what lies around them."""
        paths = []
        for label in labels:
            if not self.canonical_issuer.has_id(label):
                issuer = IdentifierIssuer("_:b")
                issuer.get_id(label)
                paths.append(self.hash_n_degree_quads(label, issuer))
        for path in sorted(paths, key=lambda path: str(path["hash"])):
            for label in path["issuer"].order:
                self.canonical_issuer.get_id(label)

    def hash_first_degree_quads(self, id_: str) -> str:
        """Return the hash of what is said of a blank node (RDFC-1.0 §4.6.3)."""
        info = self.blank_node_info[id_]
        if "hash" not in info:
            lines = (
                _line(quad, lambda label: "_:a" if label == id_ else "_:z")
                for quad in info["quads"]
            )
            info["hash"] = self.hash_nquads(sorted(lines))
        found: str = info["hash"]
        return found

    def create_hash(self) -> Any:
        """Return a new hash object of the digest asked for."""
        return hashlib.new(self._digest)

    def create_hash_to_related(self, id_: str, issuer: Any) -> dict[str, list[str]]:
        """Return the blank nodes next to one, by hash, unless trying all their orders is much."""
        related: dict[str, list[str]] = super().create_hash_to_related(id_, issuer)
        renamed = len(issuer.order)
        orders = sum(factorial(len(nodes)) for nodes in related.values())
        self._work += len(self.blank_node_info[id_]["quads"]) + orders * (1 + renamed)
        if self._work > self._max_work or renamed > MAX_ALIKE:
            raise TooEntangledError
        return related
