"""Write the canonical N-Quads of a document whose statements are known but for some texts.

RDFC-1.0 §4.4.3 for graphs in which every blank node differs from all others by what is said of it
alone (§4.6, Hash First Degree Quads): then their names follow the order of these hashes, and no
neighbourhood needs to be compared (§4.8). Where two are alike there is no answer here.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from registry.formats.rdf import CanonicalisationError, Digest, Quad, Term, escaped

# The texts of a document, each at its place.
Texts = Sequence[str]
# A text, or the place of one in the document.
Part = str | int

_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}
# What nodes came to is kept up to so many characters in all; what else an entry takes is counted
# as so many more.
_MAX_KEPT: Final = 4_000_000
_OVERHEAD: Final = 500
# Names under which the lines of one node are kept.
_MAX_NAMES: Final = 3
# Blank nodes that are looked at together: all of them, if one of their texts is another.
_TOGETHER: Final = 8


class SlotTerm(NamedTuple):
    """A term of a statement: `slot` is the place its text is taken from, None where it is fixed."""

    term: Term
    slot: int | None = None


class SlotQuad(NamedTuple):
    """A statement in the default graph, with the places its texts come from."""

    subject: SlotTerm
    predicate: Term
    object: SlotTerm


class Tail(NamedTuple):
    """A predicate and an object, the object's text to be filled in."""

    before: str
    slot: int
    after: str


class Child(NamedTuple):
    """A predicate, and the number of the blank node that is its object."""

    predicate: str
    number: int


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of a node: its hash, and its statements without their subject.

    The statements are in order; those about other blank nodes are not among them.
    """

    digest: str
    tails: Sequence[str]
    _written: dict[str, bytes] = field(default_factory=dict)

    def written(self, name: str) -> bytes:
        """Return the lines about the node under a name, in UTF-8.

        The same node has few names in documents that differ in few others, so they are kept.
        """
        lines = self._written.get(name)
        if lines is None:
            if len(self._written) == _MAX_NAMES:
                self._written.clear()
            lines = self._written[name] = _lines(name, self.tails, (), names=()).encode()
        return lines


class Kept:
    """What nodes with the same texts came to before, forgotten all at once when it is too much.

    `last` is what each group of nodes came to the last time: for most of them, in a batch of
    documents, that is what they come to again.
    """

    def __init__(self) -> None:
        self.found: dict[object, Told] = {}
        self.last: dict[object, tuple[object, Sequence[Told]]] = {}
        self._size = 0

    def keep(self, key: object, told: Told) -> None:
        """Keep what a key came to, for as long as there is room."""
        self._size += _OVERHEAD + (2 + _MAX_NAMES) * sum(map(len, told.tails))
        if self._size > _MAX_KEPT:
            self.found.clear()
            # It holds the same texts, which would be counted no more.
            self.last.clear()
            self._size = 0
        else:
            self.found[key] = told


@dataclass(frozen=True, eq=False)
class Node:
    """The statements about one subject, an IRI or a blank node.

    `children` are the blank nodes it names. `incoming` is the statement that names this one, if it
    is a blank node: its subject and its predicate.
    """

    fixed: Sequence[str]
    tails: Sequence[Tail]
    children: Sequence[Child]
    incoming: tuple[Part, str] | None = None
    slots: Sequence[int] = field(init=False)
    _own: Callable[[Texts], object] = field(init=False)

    def __post_init__(self) -> None:
        """Find which of a document's texts this node rests on."""
        slots = [tail.slot for tail in self.tails]
        if self.incoming and isinstance(self.incoming[0], int):
            slots.append(self.incoming[0])
        object.__setattr__(self, "slots", slots)
        object.__setattr__(self, "_own", _getter(slots))

    def told(self, texts: Texts, kept: Kept, digest: Digest | None) -> Told:
        """Return what is said of the node in a document with these texts.

        Without `digest` there is no hash, which only blank nodes are named by.
        """
        key = (self, digest, self._own(texts))
        told = kept.found.get(key)
        if told is None:
            told = self._told(texts, digest)
            kept.keep(key, told)
        return told

    def _told(self, texts: Texts, digest: Digest | None) -> Told:
        # The same text twice under one predicate is one statement.
        tails = {*self.fixed, *(_filled(tail, texts) for tail in self.tails)}
        return Told(self._hash(tails, texts, digest) if digest else "", sorted(tails))

    def _hash(self, tails: Iterable[str], texts: Texts, digest: Digest) -> str:
        below = [f"{predicate}_:z .\n" for predicate, _ in self.children]
        lines = [f"_:a {tail}" for tail in [*tails, *below]]
        if self.incoming:
            subject, predicate = self.incoming
            lines.append(f"{_name(subject, texts)} {predicate}_:a .\n")
        return _HASHES[digest]("".join(sorted(lines)).encode()).hexdigest()


_NOT_YET: Final[tuple[object, Sequence[Told]]] = (None, ())


class _Group:
    """Blank nodes that are looked at together."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._own = _getter([slot for node in nodes for slot in node.slots])

    def told(self, texts: Texts, kept: Kept, digest: Digest) -> Sequence[Told]:
        key = (digest, self._own(texts))
        # Read and set as one, since other threads do so too.
        last, told = kept.last.get(self, _NOT_YET)
        if last != key:
            told = [node.told(texts, kept, digest) for node in self._nodes]
            kept.last[self] = key, told
        return told


@dataclass(frozen=True)
class Template:
    """The statements of all documents of a shape, to be filled with the texts of one.

    `size` is about how many characters they have.
    """

    quads: Sequence[SlotQuad]
    nodes: Sequence[tuple[Part, Node]]
    blank_nodes: Sequence[Node]
    size: int
    _groups: Sequence[_Group] = field(init=False)

    def __post_init__(self) -> None:
        """Put the blank nodes into groups."""
        nodes = self.blank_nodes
        firsts = range(0, len(nodes), _TOGETHER)
        groups = [_Group(nodes[first : first + _TOGETHER]) for first in firsts]
        object.__setattr__(self, "_groups", groups)

    def fill(self, texts: Texts, kept: Kept, *, digest: Digest) -> bytes | None:
        """Return the canonical N-Quads, None where blank nodes have to be told apart otherwise.

        Raises CanonicalisationError for U+0000, and UnicodeEncodeError for lone surrogates.
        """
        told = [one for group in self._groups for one in group.told(texts, kept, digest)]
        numbers = {one.digest: number for number, one in enumerate(told)}
        if len(numbers) != len(told):
            return None
        ranked = [numbers[each] for each in sorted(numbers)]
        names = [""] * len(told)
        for number, name in zip(ranked, _names(len(told)), strict=True):
            names[number] = name
        lines = ["".join(self._of_iris(texts, kept, names)).encode()]
        for rank in _in_order(len(told)):
            number = ranked[rank]
            name, one, children = names[number], told[number], self.blank_nodes[number].children
            lines.append(
                _lines(name, one.tails, children, names=names).encode()
                if children
                else one.written(name)
            )
        return b"".join(lines)

    def filled_quads(self, texts: Texts) -> Sequence[Quad]:
        """Return the statements of a document, each once."""
        return list(
            dict.fromkeys(
                Quad(_term(subject, texts), predicate, _term(object_, texts), None)
                for subject, predicate, object_ in self.quads
            )
        )

    def _of_iris(self, texts: Texts, kept: Kept, names: Sequence[str]) -> list[str]:
        """Return the lines about nodes that have an id; some may turn out to be the same node."""
        found: dict[str, tuple[Sequence[str], Sequence[Child]]] = {}
        for part, node in self.nodes:
            name = _name(part, texts)
            tails, children = node.told(texts, kept, None).tails, node.children
            if name in found:
                others, more = found[name]
                tails, children = sorted({*others, *tails}), [*more, *children]
            found[name] = tails, children
        return [_lines(name, *found[name], names=names) for name in sorted(found)]


def _lines(
    name: str, tails: Sequence[str], children: Sequence[Child], *, names: Sequence[str]
) -> str:
    """Return the lines about a node, given its own name and those of the blank nodes."""
    if children:
        below = [f"{predicate}{names[number]} .\n" for predicate, number in children]
        tails = sorted([*tails, *below])
    begin = f"{name} "
    return begin + begin.join(tails) if tails else ""


def _name(part: Part, texts: Texts) -> str:
    return part if isinstance(part, str) else f"<{texts[part]}>"


def _filled(tail: Tail, texts: Texts) -> str:
    text = texts[tail.slot]
    if "\0" in text:
        raise CanonicalisationError("the control character U+0000")
    return f"{tail.before}{escaped(text)}{tail.after}"


def _term(part: SlotTerm, texts: Texts) -> Term:
    return part.term if part.slot is None else part.term._replace(value=texts[part.slot])


def _getter(slots: Sequence[int]) -> Callable[[Texts], object]:
    return itemgetter(*slots) if slots else _nothing


def _nothing(_texts: Texts) -> object:
    return None


@lru_cache(maxsize=256)
def _names(count: int) -> Sequence[str]:
    return [f"_:c14n{rank}" for rank in range(count)]


@lru_cache(maxsize=256)
def _in_order(count: int) -> Sequence[int]:
    """Return the numbers below a count in the order their names have as texts."""
    return sorted(range(count), key=str)
