"""Learn which texts of a document stand in its statements as they are, and where.

A text may be any other where JSON-LD hands it on unseen: as the value of a literal, or as the IRI
of a node if it begins with a scheme that no context knows as a prefix (JSON-LD 1.1 API §5.2, §5.3).
All others, such as types, terms and languages, decide what the rest means. Which are which is not
worked out here: the document is expanded once with every text marked, to see where the marked ones
arrive, and once more with other texts in their places, to see that nothing else changes.
"""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from registry.formats.json_ld import ContextLoader, expand
from registry.formats.one_or_many import as_list
from registry.formats.rdf import CanonicalisationError, Quad, Term, written
from registry.formats.shape_filling import (
    Child,
    Node,
    Part,
    SlotQuad,
    SlotTerm,
    Tail,
    Template,
    Texts,
)
from registry.formats.statements import statements

MAX_QUADS: Final = 2_000
# Characters; the same long text may stand in many statements.
MAX_SIZE: Final = 1_000_000
_QUAD_SIZE: Final = 100

# IRIs whose expansion rests on nothing but the absence of their scheme from the contexts. ASCII
# alone, and nothing that JSON or N-Quads would escape.
_REST: Final = r"[!#-;=?-\[\]_a-z~]"
IRIS: Final = re.compile(rf"(?:(?:https?://|urn:uuid:|did:[a-z0-9]+:){_REST}+\n)*+")
_BEGINNING: Final = re.compile(r"https?://|urn:uuid:|did:[a-z0-9]+:")
_SCHEMES: Final = frozenset({"http", "https", "urn", "did"})

# Stands in no document that has a shape.
MARK: Final = "x7b1f9ad4c3e25086"


class NoShapeError(Exception):
    """The document is of no shape whose statements could be filled in."""


class MarkedText(str):
    """A text that knows its place in the document."""

    place: int

    def __new__(cls, text: str, place: int) -> "MarkedText":
        """Mark a text."""
        made = super().__new__(cls, text)
        made.place = place
        return made


@dataclass(frozen=True)
class Slots:
    """The places of texts that may be others: values of literals, and IRIs of nodes."""

    literals: frozenset[int]
    iris: frozenset[int]

    def __contains__(self, place: int) -> bool:
        """Say whether the text at a place may be another."""
        return place in self.literals or place in self.iris


def marked(document: dict[str, Any], replaced: Mapping[int, str]) -> dict[str, Any]:
    """Return a copy with every text marked, some replaced; contexts remain.

    Places are those of `shape_parts.parts_of`.
    """
    result = copy.deepcopy(document)
    places = count()
    rest: list[tuple[Any, bool]] = [(result, False)]
    for value, is_context in rest:
        for name, member in _members(value):
            remains = is_context or name == "@context"
            if type(member) is not str:
                rest.append((member, remains))
                continue
            place = next(places)
            if not remains:
                value[name] = MarkedText(replaced.get(place, member), place)
    return result


def _members(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def slots_of(expanded: Iterable[dict[str, Any]]) -> Slots:
    """Return the places of the marked texts that arrived in an expanded document."""
    found = list(_arrived(expanded))
    iris = frozenset(place for place, as_iri in found if as_iri)
    literals = frozenset(place for place, as_iri in found if not as_iri)
    both = iris & literals
    return Slots(literals - both, iris - both)


def _arrived(expanded: Iterable[dict[str, Any]]) -> Iterator[tuple[int, bool]]:
    """Yield the places of texts that arrived as they were, and whether each did so as an IRI."""
    for node in _objects_in(list(expanded)):
        content, name = node.get("@value"), node.get("@id")
        if isinstance(content, MarkedText) and node.get("@type") != "@json":
            yield content.place, False
        if isinstance(name, MarkedText) and is_iri(name):
            yield name.place, True


def is_iri(text: str) -> bool:
    """Say whether a text is an IRI of a kind that may stand in another's place."""
    return "\n" not in text and IRIS.fullmatch(f"{text}\n") is not None


def require_plain_contexts(document: dict[str, Any], contexts: ContextLoader) -> None:
    """Raise NoShapeError unless all contexts are URLs of files that explain no IRI of a slot."""
    for entry in _contexts_in(document):
        if not isinstance(entry, str):
            raise NoShapeError("a context that is written in the document")
        file = contexts(entry)
        if any(":" in name or name in _SCHEMES for name in _names_in(file)):
            raise NoShapeError("a context that may explain an IRI")
        if "@import" in _names_in(file) or any(
            isinstance(each, str) for each in _contexts_in(file)
        ):
            raise NoShapeError("a context that rests on another file")


def _contexts_in(value: Any) -> Iterator[object]:
    for node in _objects_in(value):
        yield from as_list(node.get("@context", []))


def _names_in(value: Any) -> Iterator[str]:
    for node in _objects_in(value):
        yield from node


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            yield value
            rest += value.values()
        elif isinstance(value, list):
            rest += value


def template_of(
    document: dict[str, Any], texts: Texts, *, slots: Slots, contexts: ContextLoader
) -> Template:
    """Return the statements of a document's shape; raises NoShapeError if it turns out to be none.

    `texts` are those of the document, `slots` the places found by expanding it as it is.
    """
    replaced = marked(document, _replacements(texts, slots))
    try:
        quads = list(statements(expand(replaced, contexts)))
    except CanonicalisationError as error:
        raise NoShapeError("it cannot be read with other texts") from error
    filled = [_slot_quad(quad, slots) for quad in quads]
    seen = {part.slot for quad in filled for part in (quad.subject, quad.object)} - {None}
    if len(quads) > MAX_QUADS or seen != {*slots.literals, *slots.iris}:
        raise NoShapeError("a text that makes no statement of its own")
    return _template(filled)


def _replacements(texts: Texts, slots: Slots) -> dict[int, str]:
    """Return a text of its own for each slot, an IRI with the same beginning as before."""
    if any(MARK in text for text in texts):
        raise NoShapeError("it holds the text that marks others")
    iris = {place: f"{_beginning(texts[place])}{MARK}.{place}" for place in slots.iris}
    return iris | {place: f"{MARK} {place}" for place in slots.literals}


def _beginning(iri: str) -> str:
    match = _BEGINNING.match(iri)
    if match is None:
        raise NoShapeError("an IRI of another kind")
    return match[0]


def _slot_quad(quad: Quad, slots: Slots) -> SlotQuad:
    if quad.graph is not None:
        raise NoShapeError("a graph with a name")
    subject, object_ = _slot_term(quad.subject, slots), _slot_term(quad.object, slots)
    return SlotQuad(subject, _fixed(quad.predicate), object_)


def _slot_term(term: Term, slots: Slots) -> SlotTerm:
    value, places = term.value, slots.iris if term.type == "IRI" else slots.literals
    if isinstance(value, MarkedText) and value.place in places:
        return SlotTerm(_fixed(term._replace(value="")), value.place)
    return SlotTerm(_fixed(term))


def _fixed(term: Term) -> Term:
    if any(MARK in part for part in term):
        raise NoShapeError("a text that is part of another")
    # What was marked is a text like any other from here on.
    return Term(*map(str, term))


def _template(quads: Sequence[SlotQuad]) -> Template:
    own: dict[SlotTerm, list[SlotQuad]] = {}
    above: dict[SlotTerm, SlotQuad] = {}
    for quad in quads:
        own.setdefault(quad.subject, []).append(quad)
        if _is_blank(quad.object):
            if quad.object in above or quad.object == quad.subject:
                raise NoShapeError("a node without an id that is named twice")
            above[quad.object] = quad
    blank = [*dict.fromkeys(part for part in [*own, *above] if _is_blank(part))]
    numbers = {part: number for number, part in enumerate(blank)}
    return Template(
        quads,
        [(_part(part), _node(own[part], numbers)) for part in own if part not in numbers],
        [_node(own.get(part, []), numbers, above.get(part)) for part in blank],
        _size(quads),
    )


def _size(quads: Sequence[SlotQuad]) -> int:
    size = sum(
        _QUAD_SIZE + sum(map(len, (*subject.term, *predicate, *object_.term)))
        for subject, predicate, object_ in quads
    )
    if size > MAX_SIZE:
        raise NoShapeError("more than a credential says")
    return size


def _node(
    own: Sequence[SlotQuad], numbers: Mapping[SlotTerm, int], above: SlotQuad | None = None
) -> Node:
    others = [quad for quad in own if quad.object not in numbers]
    return Node(
        fixed=[_fixed_tail(quad) for quad in others if quad.object.slot is None],
        tails=[_tail(quad, quad.object.slot) for quad in others if quad.object.slot is not None],
        children=[
            Child(f"{written(quad.predicate)} ", numbers[quad.object])
            for quad in own
            if quad.object in numbers
        ],
        incoming=_above(above) if above else None,
    )


def _above(quad: SlotQuad) -> tuple[Part, str]:
    above = "_:z" if _is_blank(quad.subject) else _part(quad.subject)
    return above, f"{written(quad.predicate)} "


def _part(part: SlotTerm) -> Part:
    return written(part.term) if part.slot is None else part.slot


def _fixed_tail(quad: SlotQuad) -> str:
    return f"{written(quad.predicate)} {written(quad.object.term)} .\n"


def _tail(quad: SlotQuad, slot: int) -> Tail:
    # An empty literal is two quotation marks, an empty IRI two brackets.
    empty = written(quad.object.term)
    return Tail(f"{written(quad.predicate)} {empty[0]}", slot, f"{empty[1:]} .\n")


def _is_blank(part: SlotTerm) -> bool:
    return part.term.type == "blank node"
