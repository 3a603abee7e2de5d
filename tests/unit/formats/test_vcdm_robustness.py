"""Whatever a document holds, the rules answer with problems and never with an exception."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry.formats.vcdm import presentation_problems, problems, structural_problems
from tests.unit.formats.vcdm_documents import credential, presentation

MEMBERS = [
    "@context",
    "id",
    "type",
    "issuer",
    "credentialSubject",
    "validFrom",
    "validUntil",
    "issuanceDate",
    "name",
    "credentialStatus",
    "credentialSchema",
    "relatedResource",
    "statusListIndex",
    "statusMessage",
    "statusSize",
    "digestSRI",
    "digestMultibase",
    "encodedList",
    "holder",
    "verifiableCredential",
    "proof",
    "@value",
]
TEXTS = ["VerifiableCredential", "BitstringStatusListEntry", "BitstringStatusListCredential", "a:b"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(TEXTS) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=6)


@given(VALUES)
def test_anything_is_answered(document: Any) -> None:
    problems(document)
    presentation_problems(document)


@given(DOCUMENTS)
def test_a_credential_with_anything_in_it_is_answered(members: dict[str, Any]) -> None:
    found = structural_problems(credential(**members))
    assert all(problem.field and problem.reason and problem.remedy for problem in found)
    problems(credential(**members))


@given(DOCUMENTS)
def test_a_presentation_with_anything_in_it_is_answered(members: dict[str, Any]) -> None:
    presentation_problems(presentation(**members))
