"""A micro-credential's definition: what is read, what is refused, what is missing."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import vocabulary
from registry.domain.definition import (
    LARGEST_DEFINITION_BYTES,
    AchievementDefinition,
    DefinitionError,
    Problem,
    Text,
    missing_mandatory_elements,
    parse_definition,
    to_plain,
)

SAMPLES = Path(__file__).parents[2] / "samples"
MANDATORY = (
    "title",
    "description",
    "learning_outcomes",
    "workload",
    "level",
    "assessment",
    "participation",
    "quality_assurance",
)


def sample(name: str = "python-data-analysis") -> dict[str, Any]:
    plain: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return plain


def refused_fields(plain: Any) -> list[str]:
    with pytest.raises(DefinitionError) as refusal:
        parse_definition(plain)
    assert all(problem.reason and problem.remedy for problem in refusal.value.problems)
    return [problem.field for problem in refusal.value.problems]


@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_plain_form_survives_reading_and_writing(name: str) -> None:
    assert to_plain(parse_definition(sample(name))) == sample(name)


def test_complete_sample_uses_every_field() -> None:
    assert set(sample()) == set(AchievementDefinition.__dataclass_fields__)


@pytest.mark.parametrize("name", ["python-data-analysis", "minimal"])
def test_sample_lacks_no_mandatory_element(name: str) -> None:
    assert missing_mandatory_elements(parse_definition(sample(name))) == ()


@pytest.mark.parametrize("field", MANDATORY)
def test_absent_mandatory_element_is_named_with_its_field(field: str) -> None:
    plain = sample()
    del plain[field]
    (missing,) = missing_mandatory_elements(parse_definition(plain))
    assert missing.endswith(f"(/{field})")


def test_empty_draft_is_readable_and_lacks_every_mandatory_element() -> None:
    draft = parse_definition({})
    assert to_plain(draft) == {}
    assert len(missing_mandatory_elements(draft)) == len(MANDATORY)


def refusals(plain: Any) -> tuple[Problem, ...]:
    try:
        parse_definition(plain)
    except DefinitionError as refusal:
        return refusal.problems
    return ()


def refused_changes() -> list[tuple[str, Callable[[dict[str, Any]], object]]]:
    return [
        ("/colour", lambda plain: plain.update(colour="red")),
        ("/a~1b~0", lambda plain: plain.update({"a/b~": 1})),
        ("/title", lambda plain: plain.update(title="Python")),
        ("/title", lambda plain: plain.update(title=None)),
        ("/title/en", lambda plain: plain["title"].pop("en")),
        ("/title/pl", lambda plain: plain["title"].update(pl=" ")),
        ("/title/pl", lambda plain: plain["title"].update(pl="x" * 301)),
        ("/title/pl", lambda plain: plain["title"].update(pl="a\u0008b")),
        ("/title/pl", lambda plain: plain["title"].update(pl="\ud800")),
        ("/title/de", lambda plain: plain["title"].update(de="Python")),
        ("/learning_outcomes", lambda plain: plain.update(learning_outcomes=[])),
        ("/learning_outcomes/1/code", lambda plain: plain["learning_outcomes"][1].pop("code")),
        (
            "/learning_outcomes/3",
            lambda plain: plain["learning_outcomes"].append(plain["learning_outcomes"][0]),
        ),
        ("/skills/0/uri", lambda plain: plain["skills"][0].update(uri="https://esco.example/1")),
        ("/skills/2", lambda plain: plain["skills"][2].update(uri=plain["skills"][0]["uri"])),
        ("/field_of_study/isced_f", lambda plain: plain["field_of_study"].update(isced_f="613x")),
        ("/workload", lambda plain: plain.update(workload={})),
        ("/workload/hours", lambda plain: plain["workload"].update(hours=True)),
        ("/workload/hours", lambda plain: plain["workload"].update(hours=0)),
        ("/workload/ects", lambda plain: plain["workload"].update(ects=float("nan"))),
        ("/workload/ects", lambda plain: plain["workload"].update(ects=1.005)),
        ("/workload/ects", lambda plain: plain["workload"].update(ects="2")),
        ("/level/eqf", lambda plain: plain.update(level={"eqf": 9})),
        ("/level/prk", lambda plain: plain.update(level={"eqf": 6, "prk": 5})),
        ("/level", lambda plain: plain.update(level={"qf_ehea": "first"})),
        (
            "/level/not_applicable",
            lambda plain: plain["level"].update(not_applicable={"pl": "nie", "en": "no"}),
        ),
        ("/assessment/types/0", lambda plain: plain["assessment"].update(types=["guess"])),
        ("/participation/form", lambda plain: plain["participation"].update(form=["online"])),
        ("/quality_assurance/type", lambda plain: plain["quality_assurance"].pop("type")),
        ("/grade_scheme/required", lambda plain: plain["grade_scheme"].update(required="6.0")),
        ("/supervision", lambda plain: plain.update(supervision="none")),
        ("/image", lambda plain: plain.update(image="http://uczelnia.example/a.png")),
        ("/image", lambda plain: plain.update(image="https://uczelnia.example/a b.png")),
        ("/zrk/url", lambda plain: plain["zrk"].update(url="javascript:alert(1)")),
        ("/languages_of_instruction/1", lambda p: p.update(languages_of_instruction=["pl", "pl"])),
    ]


@pytest.mark.parametrize(("field", "change"), refused_changes())
def test_refusal_names_the_field(field: str, change: Callable[[dict[str, Any]], object]) -> None:
    plain = sample()
    change(plain)
    assert refused_fields(plain) == [field]


def test_all_problems_are_told_at_once() -> None:
    plain = sample()
    plain["colour"] = "red"
    plain["title"] = {"pl": "", "de": "Python"}
    plain["level"]["eqf"] = 12
    plain["skills"][1]["name"]["pl"] = 7
    assert set(refused_fields(plain)) == {
        "/colour",
        "/title/pl",
        "/title/en",
        "/title/de",
        "/level/eqf",
        "/skills/1/name/pl",
    }


@pytest.mark.parametrize("plain", [None, [], "text", 1])
def test_anything_but_an_object_is_refused_as_a_whole(plain: object) -> None:
    assert refused_fields(plain) == [""]


def test_definition_above_the_size_bound_is_refused() -> None:
    plain = sample()
    outcome = {"pl": "ż" * 900, "en": "x" * 900}
    plain["learning_outcomes"] = [
        {"code": str(n), "statement": outcome, "verification": outcome} for n in range(20)
    ]
    assert len(json.dumps(plain, ensure_ascii=False).encode()) > LARGEST_DEFINITION_BYTES
    assert refused_fields(plain) == [""]


def test_unknown_field_of_any_length_is_named_briefly() -> None:
    (field,) = refused_fields({"\x07" + "x" * 10_000: 1})
    assert len(field) < 100
    assert field.isprintable()


def test_whole_credits_are_kept_as_a_whole_number() -> None:
    plain = sample() | {"workload": {"ects": 2.0}}
    assert isinstance(to_plain(parse_definition(plain))["workload"], dict)
    assert repr(to_plain(parse_definition(plain))["workload"]) == "{'ects': 2}"


def controlled_values() -> list[StrEnum]:
    kinds = [each for each in vars(vocabulary).values() if isinstance(each, type)]
    enums = [each for each in kinds if issubclass(each, StrEnum) and each is not StrEnum]
    return [value for each in enums if each is not vocabulary.GradeType for value in each]


def test_every_controlled_value_has_labels_of_its_own() -> None:
    # Members of different enumerations that spell alike would be one key of the table.
    values = controlled_values()
    assert len(values) == len(set(map(str, values)))
    assert all(vocabulary.concept(value).label.pl for value in values)


def test_no_two_controlled_values_share_a_uri() -> None:
    uris = [uri for value in controlled_values() if (uri := vocabulary.concept(value).uri)]
    assert len(uris) == len(set(uris))


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40
).filter(str.strip)
texts = st.fixed_dictionaries({"pl": words, "en": words})
levels = st.integers(1, 8).map(lambda n: {"eqf": n, "prk": n})
drafts = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "description": texts,
        "criteria": st.fixed_dictionaries({"narrative": texts}),
        "learning_outcomes": st.lists(texts, min_size=1, max_size=4).map(
            lambda found: [{"code": str(n), "statement": each} for n, each in enumerate(found)]
        ),
        "workload": st.fixed_dictionaries(
            {"hours": st.integers(1, 10_000)},
            optional={"ects": st.integers(1, 4_000).map(lambda n: n / 10)},
        ),
        "level": levels | st.fixed_dictionaries({"not_applicable": texts}),
        "participation": st.sampled_from([*vocabulary.Participation]).map(
            lambda form: {"form": str(form)}
        ),
        "prerequisites": texts,
        "languages_of_instruction": st.lists(
            st.sampled_from([str(each) for each in vocabulary.TeachingLanguage]),
            min_size=1,
            unique=True,
        ),
    },
)


@given(drafts)
def test_any_draft_survives_reading_writing_and_reading(plain: dict[str, Any]) -> None:
    definition = parse_definition(plain)
    assert to_plain(definition) == plain
    assert parse_definition(json.loads(json.dumps(to_plain(definition)))) == definition


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*AchievementDefinition.__dataclass_fields__]), json_values))
def test_any_json_is_read_or_refused_with_problems(plain: dict[str, Any]) -> None:
    problems = refusals(plain)
    assert problems or to_plain(parse_definition(plain)).keys() == plain.keys()
    assert {problem.field.split("/")[1] for problem in problems} <= plain.keys()


def test_text_is_the_same_value_in_both_orders() -> None:
    definition = parse_definition({"title": {"en": "Python", "pl": "Pyton"}})
    assert definition.title == Text(pl="Pyton", en="Python")
