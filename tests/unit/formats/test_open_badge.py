"""The badge against the schema of 1EdTech, and against what a signature over RDF covers."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft201909Validator, FormatChecker
from pyld import jsonld

from registry.domain.definition import parse_definition
from registry.domain.errors import IncompleteDefinitionError, InvalidValueError
from registry.domain.subject import IdentityType, Subject, hash_identity, pairwise_subject
from registry.domain.text import Language, Text
from registry.domain.vocabulary import AssessmentType, TeachingLanguage
from registry.formats.canonical import rdfc
from registry.formats.open_badge import IssuerProfile, build_credential

SAMPLES = Path(__file__).parents[2] / "samples"
STANDARDS = Path(__file__).parents[4] / "shared" / "standards"
if not STANDARDS.exists():
    pytest.skip("../shared/standards is not here", allow_module_level=True)

SALT = "8fT2kQx0VbLw9sYc3ZrAqg"
ACHIEVEMENT = "https://localhost:8443/achievements/1b671a64-40d5-491e-99b0-da01ff1f3341"
ISSUER = IssuerProfile(
    id="did:web:localhost%3A8443:issuers:uczelnia",
    name=Text("Uczelnia Przykładowa", "Example University"),
    url="https://uczelnia.example",
    country_code="PL",
    region="mazowieckie",
    email="mikroposwiadczenia@uczelnia.example",
)
SUBJECT = pairwise_subject(
    UUID("5e0d3f4a-93a5-4d4f-9f0c-6a1b1c1f6f10"),
    identities=(
        hash_identity("ola@example.org", identity_type=IdentityType.EMAIL_ADDRESS, salt=SALT),
    ),
)


def entry(purpose: str) -> dict[str, Any]:
    url = f"https://localhost:8443/status/{purpose}"
    return {
        "id": f"{url}#4711",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": "4711",
        "statusListCredential": url,
    }


OB_STRICT = (entry("revocation"),)
DEFAULT = (entry("revocation"), entry("suspension"))


def sample(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return plain


def badge(name: str = "python-data-analysis", **changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "credential_id": "urn:uuid:0c5d5a5e-5b1e-4c53-8f4e-2f0c3f3a9d11",
        "issuer": ISSUER,
        "achievement_id": ACHIEVEMENT,
        "achievement_version": "1",
        "definition": parse_definition(sample(name)),
        "subject": SUBJECT,
        "valid_from": "2026-11-22T18:00:00Z",
        "valid_until": "2031-11-22T18:00:00Z",
        "grade": "4.5" if name == "python-data-analysis" else None,
        "status": DEFAULT,
    }
    return build_credential(**(parts | changes))


def schema_errors(document: dict[str, Any]) -> list[str]:
    schema = json.loads((STANDARDS / "ob3-schema" / "achievementcredential.json").read_text())
    validator = Draft201909Validator(schema, format_checker=FormatChecker())
    return [error.json_path for error in validator.iter_errors(document)]


def context_copies() -> dict[str, dict[str, Any]]:
    """The Open Badges context as the specification, a validator and an npm package have it."""
    folder = STANDARDS / "contexts"
    specification = json.loads((folder / "ob-v3p0-context-3.0.3.json").read_text())
    package = json.loads(json.dumps(specification))
    terms = package["@context"]
    for owner in (terms, terms["Achievement"]["@context"], terms["Related"]["@context"]):
        owner.pop("inLanguage", None)
        owner.pop("awardedDate", None)
    validator = (folder / "ob-v3p0-context-3.0.3.validator-2026-06-29.json").read_text()
    return {
        "specification": specification,
        "validator": json.loads(validator),
        "package": package,
    }


def n_quads(document: dict[str, Any], *, copy: str = "specification") -> str:
    """Canonicalise; raise for any property JSON-LD would drop."""
    contexts = {
        "https://www.w3.org/ns/credentials/v2": json.loads(
            (STANDARDS / "contexts" / "credentials-v2.jsonld").read_text()
        ),
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": context_copies()[copy],
    }

    def load(url: str, options: object) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": contexts[url]}

    dropped: list[str] = []
    options = {"documentLoader": load, "base": None}
    expanded = jsonld.expand(document, options, on_property_dropped=dropped.append)
    assert dropped == []
    assert all(":" in each for each in types(expanded)), "a type no context defines"
    canonical: str = jsonld.normalize(
        expanded, options | {"algorithm": "URDNA2015", "format": "application/n-quads"}
    )
    return canonical


def types(expanded: object) -> Iterator[str]:
    """Find the types of an expanded document: JSON-LD drops undefined ones without a word."""
    if isinstance(expanded, dict):
        yield from expanded.get("@type", []) if isinstance(expanded.get("@type"), list) else []
        for member in expanded.values():
            yield from types(member)
    elif isinstance(expanded, list):
        for item in expanded:
            yield from types(item)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    else:
        yield str(value)


def alignments(document: dict[str, Any], element: str) -> list[dict[str, Any]]:
    entries = document["credentialSubject"]["achievement"]["alignment"]
    return [each for each in entries if each["targetType"] == f"ext:{element}"]


# ---------------------------------------------------------------- the schema of 1EdTech


@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_badge_with_one_status_entry_satisfies_the_schema(name: str, language: str) -> None:
    assert schema_errors(badge(name, status=OB_STRICT, language=language)) == []


@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_two_status_entries_are_all_the_schema_objects_to(name: str) -> None:
    assert schema_errors(badge(name)) == ["$.credentialStatus"]


def test_badge_without_status_and_end_leaves_both_out() -> None:
    document = badge(status=(), valid_until=None)
    assert schema_errors(document) == []
    assert not {"credentialStatus", "validUntil"} & set(document)


# ---------------------------------------------------------------- what a signature covers


@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_every_text_of_the_definition_is_signed(name: str, language: str) -> None:
    signed = n_quads(badge(name, language=language))
    plain = sample(name)
    plain.pop("workload"), plain.pop("languages_of_instruction", None)
    for text in strings(plain):
        assert json.dumps(text, ensure_ascii=False)[1:-1] in signed, text


@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_every_string_of_the_badge_is_signed(name: str) -> None:
    document = badge(name)
    signed = n_quads(document)
    document.pop("@context")
    for text in strings(document):
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        # Types become IRIs that end in their name; numbers and booleans have their own test.
        assert escaped in signed or text in {"True", "2.5"}, text


def test_every_statement_of_the_badge_is_signed() -> None:
    def statements(node: dict[str, Any]) -> int:
        total = 0
        for name, value in node.items():
            if name in {"id", "@context"}:
                continue
            values = value if isinstance(value, list) else [value]
            total += len(values)
            total += sum(statements(each) for each in values if isinstance(each, dict))
        return total

    document = badge()
    list_cells = 1 + len(sample("python-data-analysis")["grade_scheme"]["allowed_values"])
    # Issuer and creator are one node, whose type is stated once. An RDF list adds two quads an
    # item instead of one, and the quad that points to its head.
    assert len(n_quads(document).splitlines()) == statements(document) - 1 + list_cells


@pytest.mark.parametrize("copy", ["validator", "package"])
def test_signed_statements_are_the_same_under_every_copy_of_the_context(copy: str) -> None:
    assert n_quads(badge(), copy=copy) == n_quads(badge())


@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_badge_is_canonicalised_with_the_contexts_the_registry_carries(
    name: str, language: str
) -> None:
    document = badge(name, language=language)
    assert rdfc(document).decode() == n_quads(document)


def test_largest_definition_is_canonicalised() -> None:
    text = {"pl": "ż" * 60, "en": "x" * 60}
    uri = "http://data.europa.eu/esco/skill/"
    largest = sample("python-data-analysis") | {
        "learning_outcomes": [
            {"code": str(n), "statement": text, "verification": text} for n in range(40)
        ],
        "skills": [{"uri": f"{uri}{n}", "name": text} for n in range(40)],
        "languages_of_instruction": [str(each) for each in TeachingLanguage],
        "assessment": {"types": [str(each) for each in AssessmentType]},
    }
    document = badge(definition=parse_definition(largest))
    assert rdfc(document).decode() == n_quads(document)


def test_numbers_are_the_same_literals_after_the_document_was_served() -> None:
    for ects in (2, 2.0, 2.5, 0.1, 0.25, 30):
        definition = parse_definition(sample("minimal") | {"workload": {"ects": ects}})
        document = badge("minimal", definition=definition)
        # JavaScript and RFC 8785 write a whole number without a fraction.
        served = json.dumps(document).replace("2.0,", "2,")
        assert n_quads(json.loads(served)) == n_quads(document)


# ---------------------------------------------------------------- Annex I


def test_every_element_of_annex_i_has_its_place() -> None:
    document = badge()
    issuer, subject = document["issuer"], document["credentialSubject"]
    achievement = subject["achievement"]
    assert subject["id"].startswith("urn:uuid:")
    assert subject["identifier"][0]["identityType"] == "emailAddress"
    assert achievement["name"] == "Python w analizie danych"
    assert issuer["address"]["addressCountryCode"] == "PL"
    assert issuer["name"] == "Uczelnia Przykładowa"
    assert document["validFrom"] == "2026-11-22T18:00:00Z"
    assert len(alignments(document, "LearningOutcome.pl")) == 3
    assert achievement["creditsAvailable"] == subject["creditsEarned"] == 2.5
    assert [each["targetCode"] for each in alignments(document, "NotionalWorkload")] == ["PT75H"]
    expected = {
        "EQFLevel": "6",
        "PRKLevel": "6",
        "QFEHEACycle": "first",
        "ISCEDF": "0613",
        "Participation": "blended",
        "QualityAssuranceType": "internal-and-external",
        "Supervision": "supervised-on-site-with-identity-verification",
        "StackabilityType": "stackable",
    }
    for element, code in expected.items():
        assert [each["targetCode"] for each in alignments(document, element)] == [code]
    assert len(alignments(document, "AssessmentType")) == 2
    assert subject["result"][0]["value"] == "4.5"
    for element in ("Prerequisites", "FurtherInformation", "Stackability", "QualityAssurance"):
        assert alignments(document, f"{element}.en")


def test_european_codes_point_to_the_european_lists() -> None:
    document = badge()
    urls = {
        each["targetType"]: each["targetUrl"]
        for each in document["credentialSubject"]["achievement"]["alignment"]
    }
    snb = "http://data.europa.eu/snb"
    assert urls["ext:EQFLevel"] == f"{snb}/eqf/6"
    assert urls["ext:ISCEDF"] == f"{snb}/isced-f/0613"
    assert urls["ext:Participation"] == f"{snb}/learning-assessment/e92d221e4d"
    assert urls["ext:ECTS"] == f"{snb}/education-credit/6fcec5c5af"
    assert urls["ext:ESCOSkill"].startswith("http://data.europa.eu/esco/skill/")
    assert urls["ext:LanguageOfInstruction"].startswith("http://publications.europa.eu/")


@pytest.mark.parametrize("language", [Language.PL, Language.EN])
def test_both_editions_are_complete_whatever_the_main_language(language: Language) -> None:
    document = badge(language=language)
    entries = document["credentialSubject"]["achievement"]["alignment"]
    ends = [each["targetType"].rpartition(".") for each in entries]
    editions = {
        edition: sorted(
            (each["targetType"].removesuffix(f".{edition}"), each["targetUrl"])
            for each, (_, _, end) in zip(entries, ends, strict=True)
            if end == edition
        )
        for edition in ("pl", "en")
    }
    assert editions["pl"] == editions["en"]
    title = sample("python-data-analysis")["title"]
    for edition in Language:
        assert alignments(document, f"Title.{edition}")[0]["targetName"] == title[edition]
    assert document["name"] == title[language]


def test_order_of_entries_does_not_matter_to_the_meaning() -> None:
    keys = sorted(
        (each["targetType"], each["targetUrl"], each.get("targetCode", ""))
        for each in badge()["credentialSubject"]["achievement"]["alignment"]
    )
    assert all(one != other for one, other in pairwise(keys))


def test_both_names_of_the_awarding_body_are_in_the_badge() -> None:
    names = {
        each["identifierType"]: each["identifier"] for each in badge()["issuer"]["otherIdentifier"]
    }
    assert names == {"ext:Name.pl": "Uczelnia Przykładowa", "ext:Name.en": "Example University"}


def test_without_criteria_the_learning_outcomes_are_the_criteria() -> None:
    criteria = badge("minimal", language="en")["credentialSubject"]["achievement"]["criteria"]
    assert criteria["narrative"] == "- Performs cardiopulmonary resuscitation with a defibrillator."


def test_level_that_does_not_apply_is_said_in_words() -> None:
    document = badge("minimal")
    assert not alignments(document, "EQFLevel")
    assert "framework" in alignments(document, "Level.en")[0]["targetDescription"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("field", ["title", "description"])
def test_badge_without_a_text_open_badges_requires_is_refused(field: str) -> None:
    plain = sample("minimal")
    del plain[field]
    with pytest.raises(IncompleteDefinitionError) as refusal:
        badge("minimal", definition=parse_definition(plain))
    assert refusal.value.field == f"/{field}"


@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_grade_outside_the_grade_scheme_is_refused(name: str) -> None:
    with pytest.raises(InvalidValueError):
        badge(name, grade="6.0")


def test_language_the_texts_are_not_in_is_refused() -> None:
    with pytest.raises(ValueError, match="de"):
        badge(language="de")


# ---------------------------------------------------------------- the learner


def test_badge_says_nothing_of_the_learner_but_a_reference_and_hashes() -> None:
    subject = badge()["credentialSubject"]
    assert set(subject) - {"achievement", "result", "creditsEarned"} == {"id", "type", "identifier"}
    assert "ola@" not in json.dumps(badge()).lower()


def test_holder_may_be_identified_by_a_key() -> None:
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    document = badge(subject=Subject(did), status=OB_STRICT)
    assert document["credentialSubject"]["id"] == did
    assert "identifier" not in document["credentialSubject"]
    assert schema_errors(document) == []
