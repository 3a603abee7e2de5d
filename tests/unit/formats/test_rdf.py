"""Canonical forms as npm rdf-canonize 5.0.0 gives them, and graphs made to be slow.

RDFC-1.0 takes time exponential in the number of blank nodes that look alike.
"""

import time
from collections.abc import Iterable

import pytest

from registry.formats.rdf import (
    MAX_BLANK_NODES,
    MAX_QUADS,
    CanonicalisationError,
    Quad,
    Term,
    TooEntangledError,
    canonicalise,
)

P = Term("IRI", "urn:p")
XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


def blank(label: object) -> Term:
    return Term("blank node", f"_:{label}")


def text(value: str, language: str = "") -> Term:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    return Term("literal", value, rdf if language else XSD_STRING, language)


def edges(pairs: Iterable[tuple[object, object]]) -> list[Quad]:
    return [Quad(blank(start), P, blank(end), None) for start, end in pairs]


def clique(size: int) -> list[Quad]:
    return edges((a, b) for a in range(size) for b in range(size) if a != b)


def cycle(size: int) -> list[Quad]:
    return edges((a, (a + 1) % size) for a in range(size))


def torus(side: int) -> list[Quad]:
    nodes = [(a, b) for a in range(side) for b in range(side)]
    right = [(f"{a}x{b}", f"{(a + 1) % side}x{b}") for a, b in nodes]
    down = [(f"{a}x{b}", f"{a}x{(b + 1) % side}") for a, b in nodes]
    return edges(right + down)


def twin_stars(rays: int) -> list[Quad]:
    return edges((centre, f"{centre}{ray}") for centre in "ab" for ray in range(rays))


def test_a_node_that_a_statement_names_twice_is_counted_once() -> None:
    quads = [
        Quad(blank("e2"), Term("IRI", "urn:p0"), text("x", "pl"), None),
        Quad(blank("e0"), Term("IRI", "urn:p0"), text("x", "pl"), None),
        Quad(blank("e1"), Term("IRI", "urn:p1"), blank("e2"), blank("e1")),
        Quad(blank("e2"), Term("IRI", "urn:p1"), blank("e2"), None),
        Quad(blank("e0"), Term("IRI", "urn:p1"), blank("e2"), blank("e1")),
    ]
    assert canonicalise(quads).decode() == (
        '_:c14n0 <urn:p0> "x"@pl .\n'
        "_:c14n0 <urn:p1> _:c14n0 .\n"
        '_:c14n1 <urn:p0> "x"@pl .\n'
        "_:c14n1 <urn:p1> _:c14n0 _:c14n2 .\n"
        "_:c14n2 <urn:p1> _:c14n0 _:c14n2 .\n"
    )
    assert canonicalise(quads, digest="sha384").decode() == (
        '_:c14n0 <urn:p0> "x"@pl .\n'
        "_:c14n0 <urn:p1> _:c14n0 .\n"
        "_:c14n1 <urn:p1> _:c14n0 _:c14n1 .\n"
        '_:c14n2 <urn:p0> "x"@pl .\n'
        "_:c14n2 <urn:p1> _:c14n0 _:c14n1 .\n"
    )


def test_control_characters_are_escaped_before_nodes_are_told_apart_by_them() -> None:
    quads = [
        Quad(blank("a"), P, text("\b\x01"), None),
        Quad(blank("b"), P, text("\f\x7f"), None),
        Quad(blank("c"), P, text("\v"), None),
    ]
    assert canonicalise(quads).decode() == (
        '_:c14n0 <urn:p> "\\b\\u0001" .\n'
        '_:c14n1 <urn:p> "\\u000B" .\n'
        '_:c14n2 <urn:p> "\\f\\u007F" .\n'
    )


def test_statements_are_in_the_order_of_their_code_points() -> None:
    quads = [Quad(Term("IRI", "urn:s"), P, text(value), None) for value in ("\U0001f600", "\ufffd")]
    assert canonicalise(quads).decode() == (
        '<urn:s> <urn:p> "\ufffd" .\n<urn:s> <urn:p> "\U0001f600" .\n'
    )


@pytest.mark.parametrize(
    "quads",
    [clique(8), clique(12), torus(5), cycle(300), cycle(1_900), twin_stars(9), twin_stars(500)],
    ids=["clique-8", "clique-12", "torus", "cycle-300", "cycle-1900", "stars-9", "stars-500"],
)
def test_a_graph_made_to_be_slow_is_refused_soon(quads: list[Quad]) -> None:
    started = time.perf_counter()
    with pytest.raises(TooEntangledError, match="look alike"):
        canonicalise(quads)
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    "quads",
    [clique(5), cycle(50), twin_stars(6)],
    ids=["clique-5", "cycle-50", "stars-6"],
)
def test_look_alikes_in_the_numbers_people_write_are_canonicalised(quads: list[Quad]) -> None:
    renamed = [
        Quad(
            Term("blank node", quad.subject.value + "z"),
            P,
            Term("blank node", quad.object.value + "z"),
            None,
        )
        for quad in reversed(quads)
    ]
    assert canonicalise(quads) == canonicalise(renamed)


def test_more_work_is_done_where_more_is_allowed() -> None:
    with pytest.raises(TooEntangledError):
        canonicalise(clique(5), max_work=2_000)
    assert canonicalise(clique(5))


def test_labels_that_look_canonical_are_renamed_like_any_other() -> None:
    swapped = edges([("c14n1", "c14n0")])
    assert canonicalise(swapped) == canonicalise(edges([("a", "b")]))


def test_more_statements_than_the_limit_are_refused() -> None:
    subject = Term("IRI", "urn:s")
    quads = [Quad(subject, P, Term("IRI", f"urn:{n}"), None) for n in range(MAX_QUADS + 1)]
    with pytest.raises(CanonicalisationError, match="statements"):
        canonicalise(quads)
    assert canonicalise(quads[1:])


def test_more_blank_nodes_than_the_limit_are_refused() -> None:
    object_ = Term("IRI", "urn:o")
    quads = [
        Quad(Term("blank node", f"_:n{n}"), Term("IRI", f"urn:{n}"), object_, None)
        for n in range(MAX_BLANK_NODES + 1)
    ]
    with pytest.raises(CanonicalisationError, match="without an id"):
        canonicalise(quads)
    assert canonicalise(quads[1:])


def test_an_empty_dataset_is_refused() -> None:
    with pytest.raises(CanonicalisationError, match="nothing"):
        canonicalise([])
