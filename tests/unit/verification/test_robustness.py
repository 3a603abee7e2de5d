"""Whatever is put anywhere ends in a report, and never makes anything better than it is."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.formats.data_integrity import Cryptosuite
from registry.verification.report import Verdict
from tests.unit.verification.world import (
    INDEX,
    REVOCATION_URL,
    Document,
    Web,
    World,
    as_bytes,
    unsigned,
)

WORLD = World.at_work()
ISSUER = WORLD.issuer
SIGNED = {suite: ISSUER.sign(unsigned(ISSUER.did), cryptosuite=suite) for suite in Cryptosuite}
PAGES = dict(WORLD.web.pages)
REVOKING_LIST = ISSUER.publish_list(set_entries={INDEX: 1})
DECISIVE = ("id", "issuer", "validFrom", "validUntil", "credentialStatus")

words = st.sampled_from(
    ["id", "type", "@context", "@id", "issuer", "proof", "validUntil", "assertionMethod", "x", ""]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words
    | st.text(max_size=5)
    | st.sampled_from(["did:web:", "did:key:z6Mk", "https://[", "urn:a", "u", "z", "_:b", "-1"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
rarely_slow = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a JSON value."""
    if isinstance(value, dict):
        own: list[tuple[Any, Any]] = [(value, key) for key in value]
    else:
        own = [(value, key) for key in range(len(value))] if isinstance(value, list) else []
    return own + [place for container, key in own for place in places(container[key])]


@st.composite
def changed(draw: st.DrawFn, original: Document) -> Document:
    """Return the document with a value somewhere in it replaced, taken out or added."""
    document = copy.deepcopy(original)
    container, key = draw(st.sampled_from(places(document)))
    match draw(st.sampled_from(["replace", "take out", "add", "wrap"])):
        case "take out":
            del container[key]
        case "add" if isinstance(container, dict):
            container[draw(words)] = draw(values)
        case "wrap":
            container[key] = [container[key]]
        case _:
            container[key] = draw(values)
    return document


@rarely_slow
@given(changed(SIGNED[Cryptosuite.EDDSA_JCS_2022]))
def test_a_text_signed_as_text_is_not_valid_once_it_is_changed(document: Document) -> None:
    report = fresh_world().verify(document)
    if document != SIGNED[Cryptosuite.EDDSA_JCS_2022]:
        assert report.verdict is not Verdict.VALID


@rarely_slow
@given(changed(SIGNED[Cryptosuite.EDDSA_RDFC_2022]))
def test_a_graph_that_is_still_valid_still_says_what_decides(document: Document) -> None:
    original = SIGNED[Cryptosuite.EDDSA_RDFC_2022]
    if fresh_world().verify(document).verdict is Verdict.VALID:
        assert [unwrapped(document.get(name)) for name in DECISIVE] == [
            unwrapped(original.get(name)) for name in DECISIVE
        ]


def unwrapped(value: Any) -> Any:
    """Return a value without arrays of one and contexts, which make no difference to a graph."""
    match value:
        case [one]:
            return unwrapped(one)
        case list():
            return [unwrapped(item) for item in value]
        case dict():
            return {key: unwrapped(item) for key, item in value.items() if key != "@context"}
        case _:
            return value


@rarely_slow
@given(changed(REVOKING_LIST))
def test_changing_a_list_never_makes_a_revoked_credential_valid(document: Document) -> None:
    fresh = fresh_world()
    fresh.web.pages[REVOCATION_URL] = as_bytes(document)
    verdict = fresh.verify(SIGNED[Cryptosuite.EDDSA_RDFC_2022]).verdict
    assert verdict in {Verdict.REVOKED, Verdict.UNKNOWN}


@rarely_slow
@given(st.data())
def test_a_changed_did_document_ends_in_a_report(data: st.DataObject) -> None:
    fresh = fresh_world()
    original = strictly(fresh.web.pages[ISSUER.document_url])
    fresh.web.pages[ISSUER.document_url] = as_bytes(data.draw(changed(original)))
    forged = {**SIGNED[Cryptosuite.EDDSA_RDFC_2022], "validUntil": "2099-01-01T00:00:00Z"}
    assert fresh.verify(forged).verdict in {Verdict.INVALID, Verdict.UNKNOWN}


@given(st.binary(max_size=200))
@pytest.mark.parametrize("where", ["credential", "list", "did document"])
def test_any_bytes_end_in_a_report(where: str, data: bytes) -> None:
    fresh = fresh_world()
    if where == "credential":
        assert fresh.verify(data).verdict in {Verdict.INVALID, Verdict.UNKNOWN}
    else:
        url = REVOCATION_URL if where == "list" else ISSUER.document_url
        fresh.web.pages[url] = data
        report = fresh.verify(SIGNED[Cryptosuite.EDDSA_RDFC_2022])
        assert report.verdict is Verdict.UNKNOWN


def strictly(page: bytes) -> Document:
    document: Document = json.loads(page)
    return document


def fresh_world() -> World:
    """Return a web with the one issuer's pages, and a verifier that holds nothing yet."""
    web = Web()
    web.pages = dict(PAGES)
    return World(web, ISSUER)
