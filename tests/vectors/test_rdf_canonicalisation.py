"""RDFC-1.0 on a data set where two blank nodes look alike and are related more than once."""

from pathlib import Path

from pyld.nquads import parse_nquads

from registry.formats.rdf import Quad, Term, canonicalise

# As npm rdf-canonize 5.0.0 gives it.
EXPECTED = b"""\
<urn:e0> <urn:proof> _:c14n2 .
_:c14n0 <urn:y0> _:c14n1 .
_:c14n3 <urn:v0> "x0" _:c14n2 .
_:c14n3 <urn:v1> "x0" _:c14n2 .
_:c14n4 <urn:v0> "x0" _:c14n1 .
_:c14n4 <urn:v1> "x0" _:c14n1 .
"""


def test_look_alikes_related_by_several_quads(standards: Path) -> None:
    n_quads = (standards / "vectors/rdfc10-pyoxigraph-divergence.nq").read_text("utf-8")
    quads = [
        Quad(
            Term(**triple["subject"]),
            Term(**triple["predicate"]),
            Term(**triple["object"]),
            None if graph == "@default" else Term("blank node", graph),
        )
        for graph, triples in parse_nquads(n_quads).items()
        for triple in triples
    ]
    assert len(quads) == 6
    assert canonicalise(quads) == EXPECTED
    assert canonicalise(quads[::-1]) == EXPECTED
