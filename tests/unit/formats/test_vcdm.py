"""The rules of VCDM 2.0 and 1.1, each broken on its own in a credential that is otherwise sound."""

from typing import Any

import pytest

from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.vcdm import (
    DATA_LOSS,
    RANGE,
    NotIssuableError,
    Problem,
    check_issuable,
    problems,
    structural_problems,
)
from tests.unit.formats.vcdm_documents import credential, credential_1, fields, without


def test_the_smallest_credential_breaks_no_rule() -> None:
    assert problems(credential()) == ()


def test_a_badge_breaks_no_rule(badge: dict[str, Any]) -> None:
    assert problems(badge) == ()


def test_a_credential_of_version_1_breaks_no_rule_of_structure() -> None:
    assert structural_problems(credential_1()) == ()


@pytest.mark.parametrize("document", [None, [], "a", 1, [credential()]])
def test_what_is_no_object_is_no_credential(document: Any) -> None:
    assert fields(problems(document)) == ["the document"]


@pytest.mark.parametrize(
    "context",
    [
        CREDENTIALS_V2,
        [],
        None,
        ["https://example.org/other", CREDENTIALS_V2],
        [{"@vocab": "https://example.org/"}, CREDENTIALS_V2],
        {"0": CREDENTIALS_V2},
    ],
)
def test_the_context_is_an_array_that_begins_with_the_version(context: Any) -> None:
    assert fields(problems(credential(**{"@context": context}))) == ["@context"]


@pytest.mark.parametrize("entry", ["https ://not-a-url/v1", 123, None, [CREDENTIALS_V2], ""])
def test_further_contexts_are_urls_or_objects(entry: Any) -> None:
    assert fields(problems(credential(**{"@context": [CREDENTIALS_V2, entry]}))) == ["@context[1]"]


def test_a_context_object_is_no_problem_of_structure() -> None:
    context = [CREDENTIALS_V2, {"Course": "https://example.org/Course"}]
    assert structural_problems(credential(**{"@context": context})) == ()


def test_a_context_that_is_not_bundled_is_a_problem_of_words() -> None:
    document = credential(**{"@context": [CREDENTIALS_V2, "https://example.org/context/v1"]})
    [found] = problems(document)
    assert (found.field, found.problem_type) == ("@context", DATA_LOSS)
    assert structural_problems(document) == ()


@pytest.mark.parametrize(
    "context",
    [
        {"@vocab": "https://example.org/"},
        {"@base": "https://example.org/"},
        {"VerifiableCredential": "https://example.org/Other"},
        {"Course": "not an IRI"},
    ],
)
def test_a_context_object_that_does_more_than_name_terms_is_refused(context: Any) -> None:
    [found] = problems(credential(**{"@context": [CREDENTIALS_V2, context]}))
    assert found.problem_type == DATA_LOSS


def test_a_context_object_is_told_by_its_place() -> None:
    [found] = problems(credential(**{"@context": [CREDENTIALS_V2, {"@vocab": "https://a.b/"}]}))
    assert found.field == "@context"


def test_an_undefined_term_is_named() -> None:
    document = credential(credentialSubject={"id": "did:example:subject", "shoeSize": 43})
    [found] = problems(document)
    assert (found.field, found.problem_type) == ("shoeSize", DATA_LOSS)


def test_a_type_no_context_defines_is_named() -> None:
    [found] = problems(credential(type=["VerifiableCredential", "Unheard"]))
    assert found.field == "Unheard"


@pytest.mark.parametrize(
    ("value", "written"), [(None, "null"), (True, "true"), ("zażółć", '"zażółć"'), ([{}], "[{}]")]
)
def test_a_value_is_quoted_as_it_is_written_in_json(value: Any, written: str) -> None:
    [found] = problems(credential(id=value))
    assert found.reason == f"{written} is not one absolute URL."


def test_an_id_within_the_subject_is_absolute() -> None:
    document = credential(credentialSubject={"id": "did:example:a", "evidence": {"id": "b"}})
    assert problems(document)


def test_a_null_is_refused_with_its_reason() -> None:
    [found] = problems(
        credential(termsOfUse={"type": "https://example.org/T", "id": "a:b"}, x=None)
    )
    assert "null" in found.reason


@pytest.mark.parametrize(
    "identifier",
    [
        None,
        "",
        "not a url",
        "nocolon",
        "did:",
        "did:example:a b",
        "did:example:a\n",
        "https://example.org/%zz",
        ["did:example:a", "did:example:b"],
        ["did:example:a"],
        {"id": "did:example:a"},
        7,
    ],
)
def test_an_id_is_one_url(identifier: Any) -> None:
    assert fields(problems(credential(id=identifier))) == ["id"]


@pytest.mark.parametrize(
    "identifier", ["urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-0e2c8f1b6d3a", "https://example.org/a%20b?c#d"]
)
def test_any_absolute_url_is_an_id(identifier: str) -> None:
    assert problems(credential(id=identifier)) == ()


@pytest.mark.parametrize("types", [None, [], "Other", ["Other"], ["verifiablecredential"]])
def test_the_types_include_verifiable_credential(types: Any) -> None:
    assert "type" in fields(structural_problems(credential(type=types)))


def test_types_are_texts() -> None:
    assert fields(structural_problems(credential(type=["VerifiableCredential", 1]))) == ["type"]


def test_a_single_type_needs_no_array() -> None:
    assert problems(credential(type="VerifiableCredential")) == ()


@pytest.mark.parametrize("name", ["type", "issuer", "credentialSubject", "@context"])
def test_what_every_credential_has_is_required(name: str) -> None:
    assert fields(problems(without(credential(), name))) == [name]


@pytest.mark.parametrize("issuer", [None, "not a url", 7, [], ["did:example:a"]])
def test_an_issuer_is_a_url_or_an_object(issuer: Any) -> None:
    assert fields(problems(credential(issuer=issuer))) == ["issuer"]


@pytest.mark.parametrize("identifier", [None, "not a url", ["did:example:a"]])
def test_an_issuer_object_has_a_url_as_id(identifier: Any) -> None:
    assert fields(problems(credential(issuer={"id": identifier}))) == ["issuer.id"]


@pytest.mark.parametrize("subject", [None, "did:example:a", {}])
def test_something_is_said_of_the_subject(subject: Any) -> None:
    assert fields(problems(credential(credentialSubject=subject))) == ["credentialSubject"]


def test_a_list_of_no_subjects_is_refused() -> None:
    assert fields(problems(credential(credentialSubject=[]))) == ["credentialSubject"]


def test_each_of_several_subjects_has_a_claim() -> None:
    document = credential(credentialSubject=[{"id": "did:example:subject"}, {}])
    assert fields(problems(document)) == ["credentialSubject[1]"]


def test_a_subject_has_one_url_as_id() -> None:
    document = credential(credentialSubject={"id": ["did:example:a", "did:example:b"]})
    assert fields(problems(document)) == ["credentialSubject.id"]


@pytest.mark.parametrize("name", ["name", "description"])
@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        {},
        [],
        {"@language": "en"},
        {"@value": 7},
        {"@value": "a", "@language": "not a language"},
        {"@value": "a", "@direction": "up"},
        {"@value": "a", "@type": "@json"},
        {"@value": "a", "@language": "en", "url": "did:example:a"},
        [{"@value": "a"}, 7],
    ],
)
def test_a_name_is_a_text_or_a_language_value_object(name: str, text: Any) -> None:
    assert fields(problems(credential(**{name: text}))) == [name]
    issuer = {"id": "did:example:issuer", name: text}
    assert fields(problems(credential(issuer=issuer))) == [f"issuer.{name}"]


@pytest.mark.parametrize(
    "text",
    [
        "Pies",
        {"@value": "Pies"},
        {"@value": "Pies", "@language": "pl", "@direction": "ltr"},
        [{"@value": "Pies", "@language": "pl"}, {"@value": "Dog", "@language": "en-GB"}],
    ],
)
def test_a_name_may_say_its_language(text: Any) -> None:
    assert structural_problems(credential(name=text, issuer={"id": "did:a:b", "name": text})) == ()


@pytest.mark.parametrize("name", ["validFrom", "validUntil"])
@pytest.mark.parametrize(
    "instant",
    [
        None,
        20260101,
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:00+25:00",
        "\uff12\uff10\uff12\uff16-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_period_is_made_of_instants_with_a_time_zone(name: str, instant: Any) -> None:
    assert fields(problems(credential(**{name: instant}))) == [name]


@pytest.mark.parametrize("instant", ["2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00+01:00"])
def test_an_instant_may_have_fractions_and_an_offset(instant: str) -> None:
    assert problems(credential(validFrom=instant)) == ()


def test_a_period_does_not_end_before_it_begins() -> None:
    document = credential(validFrom="2026-01-02T00:00:00Z", validUntil="2026-01-02T00:30:00+01:00")
    [found] = problems(document)
    assert (found.field, found.problem_type) == ("validUntil", RANGE)


def test_a_period_that_is_over_can_be_issued() -> None:
    check_issuable(credential(validFrom="2001-01-01T00:00:00Z", validUntil="2002-01-01T00:00:00Z"))


def test_a_period_may_be_one_instant() -> None:
    instant = "2026-01-02T00:00:00Z"
    assert problems(credential(validFrom=instant, validUntil=instant)) == ()


def test_version_1_requires_an_issuance_date() -> None:
    found = structural_problems(without(credential_1(), "issuanceDate"))
    assert fields(found) == ["issuanceDate"]


def test_version_1_dates_are_instants() -> None:
    assert fields(structural_problems(credential_1(expirationDate="soon"))) == ["expirationDate"]


def test_version_1_does_not_expire_before_it_is_issued() -> None:
    found = structural_problems(credential_1(expirationDate="2025-01-01T00:00:00Z"))
    assert fields(found) == ["expirationDate"]


def test_version_2_does_not_know_the_words_of_version_1() -> None:
    [found] = problems(credential(issuanceDate="2026-01-01T00:00:00Z"))
    assert (found.field, found.problem_type) == ("issuanceDate", DATA_LOSS)


def test_what_cannot_be_issued_is_refused_with_every_problem() -> None:
    with pytest.raises(NotIssuableError) as refused:
        check_issuable(credential(id="no url", issuer=7))
    assert fields(refused.value.problems) == ["id", "issuer"]
    assert '"no url" is not one absolute URL' in str(refused.value)


def test_a_problem_reads_as_a_sentence_with_its_remedy() -> None:
    assert str(Problem("id", "it is wrong.", "Leave it out.")) == "id: it is wrong. Leave it out."


def test_what_is_shown_of_a_value_is_short_and_on_one_line() -> None:
    [found] = problems(credential(id="\u202e" * 3 + "x" * 5_000))
    assert len(found.reason) < 150
    assert found.reason.isprintable()
