"""Turn expanded JSON-LD into RDF statements (JSON-LD 1.1 API §8), refusing what would be lost.

Of the expanded forms that exist, these are the ones credentials come to: nodes, graphs, lists and
values. PyLD's own conversion skips relative names in silence, lets an IRI end its own brackets,
and compares each value of a property with every other.
"""

import math
import re
from collections.abc import Collection, Iterable
from itertools import count
from typing import Any, Final

import rfc8785

from registry.formats.json_ld import UndefinedTermError
from registry.formats.rdf import CanonicalisationError, Quad, Term

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_I18N: Final = "https://www.w3.org/ns/i18n#"
_TYPE: Final = Term("IRI", _RDF + "type")
_FIRST: Final = Term("IRI", _RDF + "first")
_REST: Final = Term("IRI", _RDF + "rest")
_NIL: Final = Term("IRI", _RDF + "nil")

# RDF 1.1 N-Quads, IRIREF, after a scheme: nothing that could end the brackets around it.
_IRI: Final = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\]*""")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
# JSON-LD 1.1 API §8.6: the shortest of up to 16 digits, as in 1.5E0.
_DOUBLE: Final = re.compile(r"(\d)0*E\+?(-)?0*(\d)")


def statements(expanded: Iterable[dict[str, Any]]) -> Collection[Quad]:
    """Return the statements of an expanded document, each once.

    Raises UndefinedTermError for types, and CanonicalisationError for ids, properties, datatypes
    and languages, that RDF has no form for, and for what it would leave out: indexes, and graphs
    that say nothing. A text's direction is in the datatype (JSON-LD 1.1 API, `rdfDirection`
    "i18n-datatype"), as others' implementations of the cryptosuites write it.
    """
    writer = _Writer()
    for node in expanded:
        writer.node(node, None)
    return writer.quads


class _Writer:
    """Collects the statements of one document; blank nodes get new labels."""

    def __init__(self) -> None:
        # A dictionary keeps the order in which a set would forget it.
        self._quads: dict[Quad, None] = {}
        self._labels: dict[str, Term] = {}
        self._numbers = count()

    @property
    def quads(self) -> Collection[Quad]:
        return self._quads.keys()

    def node(self, node: dict[str, Any], graph: Term | None) -> Term:
        """State what a node says in a graph, and return its name."""
        subject = self._name(node["@id"]) if "@id" in node else self._blank()
        for key, values in node.items():
            if key == "@type":
                for name in values:
                    self._add(Quad(subject, _TYPE, self._type(name), graph))
            elif key == "@graph":
                self._graph(values, subject)
            elif key != "@id":
                predicate = _iri(key, "a property")
                for value in values:
                    self._add(Quad(subject, predicate, self._object(value, graph), graph))
        return subject

    def _add(self, quad: Quad) -> None:
        self._quads[quad] = None

    def _graph(self, nodes: list[dict[str, Any]], name: Term) -> None:
        for node in nodes:
            # A node alone in a graph makes no statement: its id would vanish.
            if not node.keys() - {"@id"}:
                raise CanonicalisationError("a proof or credential given by its id alone")
            self.node(node, name)

    def _object(self, value: dict[str, Any], graph: Term | None) -> Term:
        if "@value" in value:
            return _literal(value)
        if "@list" in value:
            return self._list(value["@list"], graph)
        return self.node(value, graph)

    def _list(self, values: list[dict[str, Any]], graph: Term | None) -> Term:
        rest = _NIL
        for value in reversed(values):
            cell = self._blank()
            self._add(Quad(cell, _FIRST, self._object(value, graph), graph))
            self._add(Quad(cell, _REST, rest, graph))
            rest = cell
        return rest

    def _type(self, name: object) -> Term:
        if isinstance(name, str) and ":" not in name:
            raise UndefinedTermError([name])
        return self._name(name)

    def _name(self, name: object) -> Term:
        if isinstance(name, str) and name.startswith("_:"):
            return self._labels.setdefault(name, self._blank())
        return _iri(name, "an id or type")

    def _blank(self) -> Term:
        return Term("blank node", f"_:b{next(self._numbers)}")


def _iri(name: object, what: str) -> Term:
    if not isinstance(name, str) or not _IRI.fullmatch(name):
        raise CanonicalisationError(f"{what} that is not an absolute IRI")
    return Term("IRI", name)


def _literal(value: dict[str, Any]) -> Term:
    if value.keys() - {"@value", "@type", "@language", "@direction"}:
        raise CanonicalisationError("a text's index would not be signed")
    content, datatype = value["@value"], value.get("@type")
    if "@direction" in value:
        return Term("literal", content, _directed(value))
    if datatype == "@json":
        return Term("literal", _json(content), _RDF + "JSON")
    if datatype is not None:
        datatype = _iri(datatype, "a datatype").value
    if "@language" in value:
        return Term("literal", content, _RDF + "langString", _language(value["@language"]))
    if isinstance(content, str):
        return Term("literal", content, datatype or _XSD + "string")
    return _native(content, datatype)


def _directed(value: dict[str, Any]) -> str:
    """Return the datatype that says a text's language and direction (JSON-LD 1.1 API §8.2.2)."""
    language = _language(value["@language"]).lower() if "@language" in value else ""
    return f"{_I18N}{language}_{value['@direction']}"


def _native(content: Any, datatype: str | None) -> Term:
    """Write a JSON boolean or number (JSON-LD 1.1 API §8.2.2)."""
    if isinstance(content, bool):
        return Term("literal", str(content).lower(), datatype or _XSD + "boolean")
    is_whole = content == math.floor(content) and abs(content) < 1e21
    if is_whole and datatype != _XSD + "double":
        return Term("literal", str(int(content)), datatype or _XSD + "integer")
    digits = _DOUBLE.sub(r"\1E\2\3", f"{content:1.15E}")
    return Term("literal", digits, datatype or _XSD + "double")


def _json(content: object) -> str:
    try:
        return rfc8785.dumps(content).decode()  # type: ignore[arg-type] # read from JSON, so JSON
    except rfc8785.CanonicalizationError as error:
        raise CanonicalisationError("a JSON literal without a JCS form") from error


def _language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag):
        raise CanonicalisationError("not a language tag")
    return tag
