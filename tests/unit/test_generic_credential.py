"""Credentials to secure: completed or refused, whatever was sent."""

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry import generic_credential as sent
from registry.domain.errors import InvalidValueError
from registry.domain.securing import Mechanism
from registry.formats.vcdm import problems
from registry.requests import CredentialOrder
from tests.given import NOW

V1 = "https://www.w3.org/2018/credentials/v1"
V2 = "https://www.w3.org/ns/credentials/v2"
DID = "did:web:example.org:issuers:1"
ENTRY = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://lists.example/1",
}

MEMBERS = ("issuer", "proof", "credentialStatus", "credentialSubject", "id", "validFrom")
TEXTS = st.sampled_from([DID, V1, V2, "id", "type", "urn:example:1", "2026-01-01T00:00:00Z", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
CREDENTIALS = st.dictionaries(st.sampled_from([*MEMBERS, "@context", "type"]), VALUES) | st.builds(
    lambda version, members: members | {"@context": [version], "type": ["VerifiableCredential"]},
    st.sampled_from([V1, V2]),
    st.dictionaries(st.sampled_from([*MEMBERS, "issuanceDate", "expirationDate"]), VALUES),
)


@given(CREDENTIALS, VALUES, st.sampled_from(Mechanism), st.sampled_from([[], [ENTRY]]))
def test_whatever_is_sent_is_completed_or_refused(
    credential: dict[str, Any], previous: Any, mechanism: Mechanism, entries: list[dict[str, Any]]
) -> None:
    before = repr(credential)
    order = CredentialOrder(credential, previous_proof=previous)
    with suppress(InvalidValueError):
        document = sent.completed(order, did=DID, mechanism=mechanism, entries=entries, now=NOW)
        if not problems(document):
            sent.period(document, NOW)
            sent.person(document, nonce="n")
            assert document.items() >= {"issuer": document["issuer"]}.items()
    assert repr(credential) == before


@given(CREDENTIALS)
def test_what_was_sent_is_never_changed(credential: dict[str, Any]) -> None:
    with suppress(InvalidValueError):
        document = sent.completed(
            CredentialOrder(credential),
            did=DID,
            mechanism=Mechanism.EDDSA_JCS_2022,
            entries=[],
            now=NOW,
        )
        kept = {name: document[name] for name in credential.keys() - {"issuer", "@context"}}
        assert kept == {name: credential[name] for name in kept}
        assert document.keys() - credential.keys() <= {"issuer", "issuanceDate"}
