"""A secured document in which anything was changed never verifies, under any mechanism.

White space and the order of members are not changes. Under an rdfc suite neither is another copy
of a context that gives every word the same meaning: what is signed there is the meaning.
"""

import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.domain.securing import Mechanism
from registry.formats.canonical import jcs
from registry.formats.contexts import BUNDLED, CREDENTIALS_V2, OPEN_BADGES_V3, load
from registry.formats.data_integrity import (
    ProofError,
    add_proof,
    proof_options,
    proofs,
    verify_proof,
)
from registry.formats.securing import cryptosuite_of
from registry.formats.strict_json import StrictJsonError, loads
from tests.unit.formats.signers import public_key, signer_of

Json = dict[str, Any]
Path = tuple[str | int, ...]

OLDER_CONTEXTS = ["https://w3id.org/security/v1", "https://w3id.org/security/v2"]

MECHANISMS = [mechanism for mechanism in Mechanism if not mechanism.is_jwt]
BADGE: Json = {
    "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
    "id": "urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-0e2c8f1b6d3a",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:issuer.example", "type": ["Profile"], "name": "Uczelnia"},
    "validFrom": "2026-03-01T09:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://issuer.example/achievements/1",
            "type": ["Achievement"],
            "name": "Żeglowanie",
            "description": "Kurs i egzamin.",
            "criteria": {"narrative": "Egzamin."},
            "creditsAvailable": 1.5,
        },
    },
    "credentialStatus": {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://issuer.example/status/1",
    },
}


@cache
def secured(mechanism: Mechanism) -> bytes:
    """Return a badge whose proof has an end, which nobody may move or take away either."""
    signer, suite = signer_of(mechanism.key_type), cryptosuite_of(mechanism)
    assert suite is not None, "no JWT is tried here"
    options = proof_options(
        suite,
        verification_method=signer.verification_method,
        created="2026-03-01T09:00:00Z",
        expires="2026-09-01T09:00:00Z",
    )
    return jcs(add_proof(BADGE, options, signer=signer))


def verifies(document: Json, mechanism: Mechanism) -> bool:
    """Return whether a document has a proof, and every one it has verifies."""
    try:
        found = proofs(document)
        for proof in found:
            verify_proof(document, proof, public_key=public_key(mechanism.key_type))
    except ProofError:
        return False
    return bool(found)


def says_the_same(document: Json, original: Json, mechanism: Mechanism) -> bool:
    """Return whether nothing but the copy of a context differs, and its meaning is signed."""
    other = document | {"@context": original["@context"]}
    return "rdfc" in mechanism and other == original


def paths(value: Any, above: Path = ()) -> list[Path]:
    """Return where each part of a JSON value stands."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[Path] = []
    for key, member in items:
        found.append((*above, key))
        if isinstance(member, dict | list):
            found += paths(member, (*above, key))
    return found


@cache
def words_of(url: str) -> frozenset[str]:
    """Return the words that a bundled context defines at its top."""
    given = load(url)["@context"]
    members = given if isinstance(given, list) else [given]
    words = {word for one in members if isinstance(one, dict) for word in one}
    return frozenset(word for word in words if not word.startswith("@")) or frozenset({"name"})


def container(document: Any, path: Path) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_what_was_secured_verifies(mechanism: Mechanism) -> None:
    assert verifies(loads(secured(mechanism)), mechanism)


@pytest.mark.parametrize("mechanism", MECHANISMS)
@given(data=st.data())
def test_no_byte_can_be_changed(mechanism: Mechanism, data: st.DataObject) -> None:
    body = bytearray(secured(mechanism))
    position = data.draw(st.integers(0, len(body) - 1))
    body[position] ^= data.draw(st.integers(1, 127))
    try:
        document = loads(bytes(body))
    except StrictJsonError:
        return
    original = loads(secured(mechanism))
    assume(document != original and not says_the_same(document, original, mechanism))
    assert not verifies(document, mechanism)


others = st.text(min_size=1) | st.integers() | st.booleans() | st.none() | st.just({"id": "urn:x"})


@pytest.mark.parametrize("mechanism", MECHANISMS)
@given(data=st.data())
def test_no_value_can_be_replaced_or_left_out(mechanism: Mechanism, data: st.DataObject) -> None:
    original = loads(secured(mechanism))
    document = copy.deepcopy(original)
    path = data.draw(st.sampled_from(paths(document)))
    place = container(document, path)
    if data.draw(st.booleans()):
        place[path[-1]] = data.draw(others)
    else:
        place.pop(path[-1])
    assume(document != original and not says_the_same(document, original, mechanism))
    assert not verifies(document, mechanism)


@pytest.mark.parametrize("mechanism", MECHANISMS)
@given(data=st.data())
def test_no_member_can_be_renamed_or_added(mechanism: Mechanism, data: st.DataObject) -> None:
    document = loads(secured(mechanism))
    named = [path for path in paths(document) if isinstance(path[-1], str)]
    path = data.draw(st.sampled_from(named))
    members, name = container(document, path), path[-1]
    other = data.draw(st.text() | st.sampled_from(["name", "description", "urn:x", "challenge"]))
    assume(other not in members and other != f"@{name}")
    members[other] = members.pop(name) if data.draw(st.booleans()) else "added"
    assert not verifies(document, mechanism)


@pytest.mark.parametrize("mechanism", MECHANISMS)
@given(data=st.data())
def test_no_member_can_be_renamed_by_adding_a_context(
    mechanism: Mechanism, data: st.DataObject
) -> None:
    """Words of one meaning, such as `expires` and `expiration` of a proof, are not one word."""
    document = loads(secured(mechanism))
    url = data.draw(st.sampled_from(OLDER_CONTEXTS) | st.sampled_from(sorted(BUNDLED)))
    place = data.draw(
        st.sampled_from([document["proof"][0], document, document["credentialStatus"]])
    )
    name = data.draw(st.sampled_from(sorted(place.keys() - {"@context"})))
    other = data.draw(st.just("expiration") | st.sampled_from(sorted(words_of(url))))
    assume(other not in place)
    place[other] = place.pop(name)
    document["@context"].append(url)
    assert not verifies(document, mechanism)
