"""Canonicalise RDF datasets (W3C RDFC-1.0, SHA-256), with a bound on the work.

The algorithm is PyLD's URDNA2015, which differs from RDFC-1.0 only in how it writes control
characters: texts that hold one are refused. Its worst case grows with the factorial of the number
of blank nodes that look alike, so a small document can be made to take years; within the limits
below nothing tried takes more than half a second to be canonicalised or refused, except for the
sheer number of statements (about 20,000 a second).
"""

import re
from collections.abc import Collection
from math import factorial
from typing import Any, Final, NamedTuple

from pyld.canon import URDNA2015

MAX_QUADS: Final = 20_000
MAX_BLANK_NODES: Final = 2_000
# Blank nodes one comparison may walk through, which is also how deep it recurses.
MAX_ALIKE: Final = 200
# Orders of look-alikes tried, each weighted by the blank nodes it renames, and quads read.
MAX_WORK: Final = 200_000

# RDFC-1.0 §5 escapes all of these in literals; PyLD escapes \t, \n and \r only.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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


class CanonicalisationError(ValueError):
    """A document has no canonical form that is safe to sign."""


def canonicalise(quads: Collection[Quad]) -> bytes:
    """Return the canonical N-Quads of a dataset, given each quad once, in UTF-8.

    Raises CanonicalisationError for an empty dataset, control characters and lone surrogates, and
    beyond the limits of this module. IRIs and language tags are written as they come.
    """
    _check(quads)
    n_quads: str = _BoundedURDNA2015().main(_dataset(quads), {"format": "application/n-quads"})
    try:
        return n_quads.encode()
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
    if any(_CONTROL.search(term.value) for term in terms):
        raise CanonicalisationError("a control character")


def _dataset(quads: Collection[Quad]) -> dict[str, list[dict[str, dict[str, str]]]]:
    # PyLD renames blank nodes in place, so no two places may share a term.
    dataset: dict[str, list[dict[str, dict[str, str]]]] = {}
    for quad in quads:
        triple = {
            "subject": quad.subject._asdict(),
            "predicate": quad.predicate._asdict(),
            "object": quad.object._asdict(),
        }
        dataset.setdefault(quad.graph.value if quad.graph else "@default", []).append(triple)
    return dataset


class _BoundedURDNA2015(URDNA2015):  # type: ignore[misc] # PyLD has no types
    """URDNA2015 that gives up on poison graphs.

    Every step of the only part that can take long, Hash N-Degree Quads (RDFC-1.0 §4.8), begins
    with the method overridden here, and what the step will cost at most is known from its result.
    """

    def __init__(self) -> None:
        super().__init__()
        self._work = 0

    def modify_first_degree_component(
        self,
        id_: str,
        component: dict[str, Any],
        key: str,  # noqa: ARG002 - PyLD's signature
    ) -> dict[str, Any]:
        """Return a component with its node named as RDFC-1.0 §4.6.3 asks, without a deep copy."""
        if component["type"] != "blank node":
            return component
        return component | {"value": "_:a" if component["value"] == id_ else "_:z"}

    def create_hash_to_related(self, id_: str, issuer: Any) -> dict[str, list[str]]:
        related: dict[str, list[str]] = super().create_hash_to_related(id_, issuer)
        renamed = len(issuer.order)
        orders = sum(factorial(len(nodes)) for nodes in related.values())
        self._work += len(self.blank_node_info[id_]["quads"]) + orders * (1 + renamed)
        if self._work > MAX_WORK or renamed > MAX_ALIKE:
            raise CanonicalisationError("too many nodes without an id that look alike")
        return related
