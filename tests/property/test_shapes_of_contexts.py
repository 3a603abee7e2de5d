"""Documents of any terms of the bundled contexts come out as if nothing had been met before.

Not credentials alone: whatever a stranger can make JSON-LD of, and then change in some of its
texts, must have the same canonical form or the same refusal from shapes that know it as from none.
"""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.formats import contexts
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.one_or_many import as_list
from registry.formats.shapes import Shapes
from tests.property.test_shapes import HOSTILE, Json, assert_same

PLAIN = [
    *(f"{scheme}{number}" for scheme in ("https://a/", "urn:uuid:", "did:web:") for number in "12"),
    *("a", "b"),
]
ODD = [
    "https://a/1\nhttps://a/2",
    "https://a/ 1",
    "https://a/<",
    "urn:uuid:1\n",
    "did:web:",
    *HOSTILE,
]
SCALARS = st.sampled_from([*PLAIN, *PLAIN, *PLAIN[:-2], 1, 1.5, -0.0, True])
OBJECTS: list[Json] = [
    {"@value": "x"},
    {"@value": "x", "@language": "pl"},
    {"@value": "x", "@direction": "rtl"},
    {"@value": "x", "@type": "urn:datatype"},
    {"@value": {"@id": "https://a/1"}, "@type": "@json"},
    {"@id": "urn:uuid:1"},
    {"pl": "x", "en": ["y"]},
]


def terms(url: str) -> Json:
    """The terms of a bundled context, with what each is."""
    found: Json = {}
    for each in as_list(contexts.load(url)["@context"]):
        found |= each if isinstance(each, dict) else {}
    return {name: found[name] for name in sorted(found) if not name.startswith("@")}


def scoped(definition: Any) -> list[str]:
    """The names that a type's own context gives."""
    inner = definition.get("@context") if isinstance(definition, dict) else None
    return [name for each in as_list(inner or {}) for name in each if not name.startswith("@")]


TERMS = {url: terms(url) for url in contexts.BUNDLED}


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """A document of some contexts, with terms and types they define."""
    urls = draw(st.lists(st.sampled_from(sorted(TERMS)), max_size=2, unique=True))
    urls = list(dict.fromkeys([CREDENTIALS_V2, *urls]))
    return {"@context": urls, **draw(nodes({k: v for url in urls for k, v in TERMS[url].items()}))}


@st.composite
def nodes(draw: st.DrawFn, known: Json, depth: int = 2) -> Json:
    """A node, most often with an id, and a type whose own terms it has among others."""
    kind = draw(st.sampled_from([name for name in known if name[:1].isupper()]))
    names = st.sampled_from(scoped(known[kind]) or list(known)) | st.sampled_from(list(known))
    result = {"type": [kind]} if draw(st.integers(0, 3)) else {}
    if draw(st.integers(0, 3)):
        result["id"] = draw(st.sampled_from(PLAIN[:-2]))
    values = SCALARS | SCALARS | st.lists(SCALARS, min_size=1, max_size=3)
    if depth:
        inner = nodes(known, depth - 1)
        values |= st.sampled_from(OBJECTS) | inner | st.lists(inner, min_size=1, max_size=3)
    return result | draw(st.dictionaries(names, values, min_size=1, max_size=3))


def with_other_texts(draw: st.DrawFn, value: Any) -> Any:
    """A copy in which some texts are others."""
    if isinstance(value, str):
        kept = st.just(value)
        return draw(kept | kept | kept | st.sampled_from(PLAIN) | st.sampled_from(ODD))
    if isinstance(value, list):
        return [with_other_texts(draw, item) for item in value]
    if isinstance(value, dict):
        return {
            name: copy.deepcopy(member) if name == "@context" else with_other_texts(draw, member)
            for name, member in value.items()
        }
    return value


@st.composite
def alike(draw: st.DrawFn) -> list[Json]:
    """A document, and some of the same structure."""
    first = draw(documents())
    return [first, *(with_other_texts(draw, first) for _ in range(3))]


KNOWING_ALL = Shapes(learned_at=2)


def assert_all_same(given_documents: list[Json]) -> None:
    """By shapes that know only these, and by some that know all there were before."""
    for shapes in (Shapes(), KNOWING_ALL):
        for document in given_documents:
            assert_same(shapes, document)


@settings(max_examples=40, deadline=None)
@given(alike())
def test_documents_of_any_terms(given_documents: list[Json]) -> None:
    assert_all_same(given_documents)


@pytest.mark.long
@settings(max_examples=5_000, deadline=None)
@given(alike())
def test_documents_of_any_terms_for_long(given_documents: list[Json]) -> None:
    assert_all_same(given_documents)
