"""The definition of a micro-credential: what Annex I of 2022/C 243/02 asks to be described.

Council Recommendation of 16 June 2022 on a European approach to micro-credentials, Annex I.
(m) marks mandatory elements; what the definition cannot know comes from elsewhere:

| Annex I element                                   | comes from                          |
|---------------------------------------------------|-------------------------------------|
| (m) identification of the learner                 | `registry.domain.subject`           |
| (m) title of the micro-credential                 | `title`                             |
| (m) country or region of the issuer               | the issuer's profile                |
| (m) awarding body                                 | the issuer's profile                |
| (m) date of issuing                               | the moment of issuing (`validFrom`) |
| (m) learning outcomes                             | `learning_outcomes`, `skills`       |
| (m) notional workload, in ECTS wherever possible  | `workload`                          |
| (m) level (EQF, QF-EHEA), if applicable           | `level`, `field_of_study`           |
| (m) type of assessment                            | `assessment`                        |
| (m) form of participation in the learning activity| `participation`                     |
| (m) type of quality assurance                     | `quality_assurance`                 |
| prerequisites needed to enrol                     | `prerequisites`                     |
| supervision and identity verification             | `supervision`                       |
| grade achieved                                    | `grade_scheme`; the grade on issuing|
| integration/stackability options                  | `stackability`                      |
| further information                               | `further_information`, `zrk`, ...   |

A definition may be kept as a draft with mandatory elements absent; issuing asks
`missing_mandatory_elements` and refuses. Plain JSON uses the field names below, `snake_case`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import cast

from registry.domain.elements import (
    Assessment,
    Criteria,
    FieldOfStudy,
    FurtherInformation,
    GradeScheme,
    LearningOutcome,
    Level,
    ParticipationForm,
    QualityAssurance,
    Skill,
    Stackability,
    Workload,
    ZrkEntry,
    grade_scheme_problems,
    level_problems,
    workload_problems,
)
from registry.domain.reading import (
    DefinitionError,
    Problem,
    choice,
    quantity,
    record,
    sequence,
    string,
    text,
    url,
    whole_number,
)
from registry.domain.text import Language, Text
from registry.domain.vocabulary import (
    AssessmentType,
    Cycle,
    GradeType,
    Participation,
    QualityAssuranceType,
    StackabilityType,
    Supervision,
    TeachingLanguage,
)

__all__ = [
    "LARGEST_DEFINITION_BYTES",
    "AchievementDefinition",
    "DefinitionError",
    "Language",
    "Problem",
    "Text",
    "missing_mandatory_elements",
    "parse_definition",
    "to_plain",
]

LARGEST_DEFINITION_BYTES = 48 * 1024

_MANDATORY = {
    "title": "title of the micro-credential",
    "description": "description (Open Badges 3.0 requires one)",
    "learning_outcomes": "learning outcomes",
    "workload": "notional workload needed to achieve the learning outcomes",
    "level": "level of the learning experience",
    "assessment": "type of assessment",
    "participation": "form of participation in the learning activity",
    "quality_assurance": "type of quality assurance",
}


@dataclass(frozen=True)
class AchievementDefinition:
    """A micro-credential's definition; None and () mean that an element is not given."""

    title: Text | None = None
    description: Text | None = None
    criteria: Criteria | None = None
    learning_outcomes: tuple[LearningOutcome, ...] = ()
    skills: tuple[Skill, ...] = ()
    field_of_study: FieldOfStudy | None = None
    workload: Workload | None = None
    level: Level | None = None
    assessment: Assessment | None = None
    participation: ParticipationForm | None = None
    quality_assurance: QualityAssurance | None = None
    prerequisites: Text | None = None
    supervision: Supervision | None = None
    grade_scheme: GradeScheme | None = None
    stackability: Stackability | None = None
    further_information: FurtherInformation | None = None
    zrk: ZrkEntry | None = None
    image: str | None = None
    languages_of_instruction: tuple[TeachingLanguage, ...] = ()


_TITLE = text(300)
_PASSAGE = text(2_000)
_GRADE = string(64)

_OUTCOME = record(
    LearningOutcome,
    {
        "code": string(
            32, pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*", remedy="use ASCII letters and digits"
        ),
        "statement": text(1_000),
        "verification": text(1_000),
    },
    required=("code", "statement"),
)
_SKILL = record(
    Skill,
    {
        "uri": string(
            128,
            pattern=r"http://data\.europa\.eu/esco/skill/[A-Za-z0-9.-]+",
            remedy="give the skill's URI, http://data.europa.eu/esco/skill/...",
        ),
        "name": _TITLE,
    },
    required=("uri", "name"),
)
_GRADE_SCHEME = record(
    GradeScheme,
    {
        "name": _TITLE,
        "type": choice(GradeType),
        "allowed_values": sequence(_GRADE, maximum=50),
        "minimum": _GRADE,
        "maximum": _GRADE,
        "required": _GRADE,
    },
    required=("name", "type"),
    check=grade_scheme_problems,
)
_READ = record(
    AchievementDefinition,
    {
        "title": _TITLE,
        "description": _PASSAGE,
        "criteria": record(
            Criteria, {"narrative": text(4_000), "url": url()}, required=("narrative",)
        ),
        "learning_outcomes": sequence(_OUTCOME, maximum=40, key=lambda outcome: outcome.code),
        "skills": sequence(_SKILL, maximum=40, key=lambda skill: skill.uri),
        "field_of_study": record(
            FieldOfStudy,
            {
                "isced_f": string(4, pattern="[0-9]{2,4}", remedy="give two to four digits"),
                "name": _TITLE,
            },
            required=("isced_f", "name"),
        ),
        "workload": record(
            Workload,
            {"hours": whole_number(1, 10_000), "ects": quantity(0.01, 400)},
            check=workload_problems,
        ),
        "level": record(
            Level,
            {
                "eqf": whole_number(1, 8),
                "prk": whole_number(1, 8),
                "qf_ehea": choice(Cycle),
                "not_applicable": text(500),
            },
            check=level_problems,
        ),
        "assessment": record(
            Assessment,
            {"types": sequence(choice(AssessmentType), maximum=11), "description": _PASSAGE},
            required=("types",),
        ),
        "participation": record(
            ParticipationForm,
            {"form": choice(Participation), "description": _PASSAGE},
            required=("form",),
        ),
        "quality_assurance": record(
            QualityAssurance,
            {"type": choice(QualityAssuranceType), "description": _PASSAGE, "url": url()},
            required=("type",),
        ),
        "prerequisites": _PASSAGE,
        "supervision": choice(Supervision),
        "grade_scheme": _GRADE_SCHEME,
        "stackability": record(
            Stackability,
            {"type": choice(StackabilityType), "towards": _PASSAGE, "url": url()},
            required=("type",),
        ),
        "further_information": record(
            FurtherInformation, {"note": _PASSAGE, "url": url()}, required=("note",)
        ),
        "zrk": record(ZrkEntry, {"code": string(32), "url": url()}, required=("code",)),
        "image": url(),
        "languages_of_instruction": sequence(choice(TeachingLanguage), maximum=25),
    },
)


def parse_definition(data: Mapping[str, object]) -> AchievementDefinition:
    """Read a definition from plain JSON, absent elements allowed, anything else strict.

    Raises `DefinitionError` with every problem: unknown fields, wrong types and values, a
    missing language, or a plain form above `LARGEST_DEFINITION_BYTES`.
    """
    definition = _READ(data, "")
    size = len(json.dumps(to_plain(definition), ensure_ascii=False).encode())
    if size > LARGEST_DEFINITION_BYTES:
        reason = f"is {size} bytes of JSON, above {LARGEST_DEFINITION_BYTES}"
        raise DefinitionError([Problem("", reason, "shorten its texts")])
    return definition


def to_plain(definition: AchievementDefinition) -> dict[str, object]:
    """Write a definition as plain JSON without its absent elements; `parse_definition` reads it."""
    return cast(dict[str, object], _plain(definition))


def missing_mandatory_elements(definition: AchievementDefinition) -> tuple[str, ...]:
    """Name each mandatory element that is absent, as "<element> (/<field>)"; () is complete."""
    absent = [name for name in _MANDATORY if not getattr(definition, name)]
    return tuple(f"{_MANDATORY[name]} (/{name})" for name in absent)


def _plain(value: object) -> object:
    if is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: _plain(part) for name, part in parts.items() if part not in (None, ())}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
