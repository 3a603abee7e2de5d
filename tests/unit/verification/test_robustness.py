"""Whatever is put anywhere ends in a report, and never makes anything better than it is."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.domain.securing import Mechanism
from registry.formats import data_integrity
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multibase import b64url_decode, b64url_encode
from registry.verification.report import Verdict
from tests.unit.verification.world import (
    CREATED,
    CREDENTIAL_ID,
    DATA_INTEGRITY,
    INDEX,
    NOW,
    REVOCATION_URL,
    TOKENS,
    Document,
    Key,
    Web,
    World,
    as_bytes,
    unsigned,
)

WORLD = World.at_work()
ISSUER = WORLD.issuer
SIGNED = {suite: ISSUER.issue_json(unsigned(ISSUER.did), suite) for suite in DATA_INTEGRITY}
ISSUED = {token: ISSUER.issue(unsigned(ISSUER.did), token) for token in TOKENS}
TEXTS = [mechanism for mechanism in DATA_INTEGRITY if "-jcs-" in mechanism]
GRAPHS = [mechanism for mechanism in DATA_INTEGRITY if "-rdfc-" in mechanism]
HOLDER = Key()
PAGES = dict(WORLD.web.pages)
REVOKING_LIST = ISSUER.publish_list(set_entries={INDEX: 1})
DECISIVE = ("id", "issuer", "validFrom", "validUntil", "credentialStatus")


def presented(suite: Cryptosuite) -> Document:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.controller,
        "verifiableCredential": [SIGNED[Mechanism.EDDSA_RDFC_2022]],
    }
    options = data_integrity.proof_options(
        suite,
        verification_method=HOLDER.verification_method,
        created=CREATED,
        purpose="authentication",
        challenge="asked",
        domain="here.example",
    )
    return data_integrity.add_proof(document, options, signer=HOLDER)


PRESENTED = {suite: presented(suite) for suite in Cryptosuite if suite.startswith("eddsa")}

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
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
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


def test_what_is_changed_below_is_valid_as_it_is() -> None:
    fresh = fresh_world()
    assert {fresh.verify(one).verdict for one in SIGNED.values()} == {Verdict.VALID}
    assert {fresh.verify(one).verdict for one in ISSUED.values()} == {Verdict.VALID}
    for one in PRESENTED.values():
        report = fresh.verifier.verify_presentation(as_bytes(one), now=NOW, challenge="asked")
        assert report.verdict is Verdict.VALID


@rarely_slow
@given(st.data())
@pytest.mark.parametrize("mechanism", TEXTS)
def test_a_text_signed_as_text_is_not_valid_once_it_is_changed(
    mechanism: Mechanism, data: st.DataObject
) -> None:
    document = data.draw(changed(SIGNED[mechanism]))
    report = fresh_world().verify(document)
    if document != SIGNED[mechanism]:
        assert report.verdict is not Verdict.VALID


@rarely_slow
@given(st.data())
@pytest.mark.parametrize("mechanism", GRAPHS)
def test_a_graph_that_is_still_valid_still_says_what_decides(
    mechanism: Mechanism, data: st.DataObject
) -> None:
    original = SIGNED[mechanism]
    document = data.draw(changed(original))
    if fresh_world().verify(document).verdict is Verdict.VALID:
        assert [unwrapped(document.get(name)) for name in DECISIVE] == [
            unwrapped(original.get(name)) for name in DECISIVE
        ]


@rarely_slow
@given(st.data())
@pytest.mark.parametrize("mechanism", TOKENS)
def test_a_token_is_not_valid_once_a_character_is_changed(
    mechanism: Mechanism, data: st.DataObject
) -> None:
    token = ISSUED[mechanism]
    position = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.binary(max_size=2))
    changed_token = token[:position] + other + token[position + 1 :]
    if changed_token.strip() != token:
        assert fresh_world().verify(changed_token).verdict is not Verdict.VALID


@rarely_slow
@given(st.data())
@pytest.mark.parametrize("mechanism", TOKENS)
def test_a_token_whose_credential_is_changed_is_not_valid(
    mechanism: Mechanism, data: st.DataObject
) -> None:
    [header, payload, signature] = ISSUED[mechanism].split(b".")
    original = strictly(b64url_decode(payload.decode()))
    document = data.draw(changed(original))
    forged = b64url_encode(as_bytes(document)).encode()
    if document != original:
        report = fresh_world().verify(b".".join([header, forged, signature]))
        assert report.verdict is not Verdict.VALID


@rarely_slow
@given(st.data())
@pytest.mark.parametrize("suite", [Cryptosuite.EDDSA_RDFC_2022, Cryptosuite.EDDSA_JCS_2022])
def test_a_presentation_that_is_still_valid_still_presents_the_same(
    suite: Cryptosuite, data: st.DataObject
) -> None:
    original = PRESENTED[suite]
    document = data.draw(changed(original))
    verifier = fresh_world().verifier
    report = verifier.verify_presentation(
        as_bytes(document), now=NOW, challenge="asked", domain="here.example"
    )
    if report.verdict is Verdict.VALID:
        assert report.holder == HOLDER.controller
        assert [one.credential_id for one in report.credentials] == [CREDENTIAL_ID]
        assert suite is Cryptosuite.EDDSA_RDFC_2022 or document == original


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
    verdict = fresh.verify(SIGNED[Mechanism.EDDSA_RDFC_2022]).verdict
    assert verdict in {Verdict.REVOKED, Verdict.UNKNOWN}


@rarely_slow
@given(st.data())
def test_a_changed_did_document_ends_in_a_report(data: st.DataObject) -> None:
    fresh = fresh_world()
    original = strictly(fresh.web.pages[ISSUER.document_url])
    fresh.web.pages[ISSUER.document_url] = as_bytes(data.draw(changed(original)))
    forged = {**SIGNED[Mechanism.EDDSA_RDFC_2022], "validUntil": "2099-01-01T00:00:00Z"}
    assert fresh.verify(forged).verdict in {Verdict.INVALID, Verdict.UNKNOWN}


@given(st.binary(max_size=200))
@pytest.mark.parametrize("where", ["credential", "presentation", "list", "did document"])
def test_any_bytes_end_in_a_report(where: str, data: bytes) -> None:
    fresh = fresh_world()
    if where == "credential":
        assert fresh.verify(data).verdict in {Verdict.INVALID, Verdict.UNKNOWN}
    elif where == "presentation":
        assert fresh.verifier.verify_presentation(data, now=NOW).verdict is not Verdict.VALID
    else:
        url = REVOCATION_URL if where == "list" else ISSUER.document_url
        fresh.web.pages[url] = data
        report = fresh.verify(SIGNED[Mechanism.EDDSA_RDFC_2022])
        assert report.verdict is Verdict.UNKNOWN


def strictly(page: bytes) -> Document:
    document: Document = json.loads(page)
    return document


def fresh_world() -> World:
    """Return a web with the one issuer's pages, and a verifier that holds nothing yet."""
    web = Web()
    web.pages = dict(PAGES)
    return World(web, ISSUER)
