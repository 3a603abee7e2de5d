"""Write the elements of Annex I as Open Badges alignments, in Polish and in English.

Annex I of Council Recommendation 2022/C 243/02 asks for more than Open Badges 3.0 has terms
for, and Open Badges has one language. What needs either stands in `achievement.alignment`,
whose terms every copy of the Open Badges context defines, as one of two kinds of entry:

- *texts* come as a pair, `targetType` "ext:<Element>.pl" and "ext:<Element>.en", with the same
  `targetUrl`. All entries ending in ".en" together are the English edition, those ending in
  ".pl" the Polish one; the main strings of the badge repeat one of the two. Nothing refers to
  a position in an array: the order of alignments is not covered by a signature over RDF.
- *coded values* come once, `targetType` "ext:<Element>": the value is `targetUrl` (a European
  URI where there is one) and `targetCode`. `targetName` is its label in the badge's language,
  `targetDescription` the label in the other.

Open Badges' `related` was not used for the other edition: it only points to a text, which the
signature then leaves out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from registry.domain.definition import AchievementDefinition
from registry.domain.elements import (
    FieldOfStudy,
    LearningOutcome,
    Level,
    Skill,
    Workload,
    ZrkEntry,
)
from registry.domain.text import Language, Text
from registry.domain.vocabulary import concept

_SNB = "http://data.europa.eu/snb"
_ECTS = f"{_SNB}/education-credit/6fcec5c5af"
_ISCED_F = "ISCED-F 2013"
_PRK = "Polska Rama Kwalifikacji (PRK)"
_EQF = "European Qualifications Framework (EQF)"
_QF_EHEA = "Qualifications Framework of the European Higher Education Area (QF-EHEA)"
_ZRK = "Zintegrowany Rejestr Kwalifikacji (ZRK)"

Alignment = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """The achievement a badge describes, and the language of the badge's main strings."""

    achievement_id: str
    language: Language

    def url(self, part: str) -> str:
        """Name a part of the achievement: its page, and the part as the fragment."""
        return f"{self.achievement_id}#{part}"

    def in_language(self, text: Text) -> str:
        """Return a text in the badge's main language."""
        return text.in_language(self.language)

    def in_other_language(self, text: Text) -> str:
        """Return a text in the language that is not the badge's main one."""
        return text.in_language(Language.EN if self.language is Language.PL else Language.PL)


def alignments(definition: AchievementDefinition, place: Place) -> list[Alignment]:
    """Return the entries of all elements the definition has, in the order of Annex I."""
    return [
        *_presentation(definition, place),
        *_outcomes(definition.learning_outcomes, place),
        *_skills(definition.skills, place),
        *_workload(definition.workload, place),
        *_level(definition.level, place),
        *_field_of_study(definition.field_of_study, place),
        *_learning(definition, place),
        *_quality_assurance(definition, place),
        *_options(definition, place),
        *_zrk(definition.zrk, place),
    ]


def _presentation(definition: AchievementDefinition, place: Place) -> Iterator[Alignment]:
    if definition.title:
        url = place.achievement_id
        yield from _texts("Title", definition.title, passage=definition.description, url=url)
    if definition.criteria:
        url = definition.criteria.url or place.url("criteria")
        yield from _labelled("Criteria", definition.criteria.narrative, url=url)


def _outcomes(outcomes: tuple[LearningOutcome, ...], place: Place) -> Iterator[Alignment]:
    for outcome in outcomes:
        url = place.url(f"outcome-{outcome.code}")
        yield from _texts(
            "LearningOutcome",
            outcome.statement,
            passage=outcome.verification,
            url=url,
            code=outcome.code,
        )


def _skills(skills: tuple[Skill, ...], place: Place) -> Iterator[Alignment]:
    for skill in skills:
        yield _coded("ESCOSkill", skill.name, place=place, url=skill.uri, framework="ESCO")


def _workload(workload: Workload | None, place: Place) -> Iterator[Alignment]:
    """Write the workload; hours are an ISO 8601 duration, as the European Learning Model has it."""
    if workload and workload.hours is not None:
        label = Text(f"Liczba godzin: {workload.hours}", f"Hours: {workload.hours}")
        url = place.url("workload")
        yield _coded("NotionalWorkload", label, place=place, url=url, code=f"PT{workload.hours}H")
    if workload and workload.ects is not None:
        label = Text(f"Punkty ECTS: {workload.ects}", f"ECTS credits: {workload.ects}")
        yield _coded("ECTS", label, place=place, url=_ECTS, code=str(workload.ects))


def _level(level: Level | None, place: Place) -> Iterator[Alignment]:
    if level and level.eqf is not None:
        label = Text(f"Poziom {level.eqf} ERK", f"EQF level {level.eqf}")
        url, code = f"{_SNB}/eqf/{level.eqf}", str(level.eqf)
        yield _coded("EQFLevel", label, place=place, url=url, code=code, framework=_EQF)
    if level and level.prk is not None:
        label = Text(f"Poziom {level.prk} PRK", f"PRK level {level.prk}")
        url = place.url("prk-level")
        yield _coded("PRKLevel", label, place=place, url=url, code=str(level.prk), framework=_PRK)
    if level and level.qf_ehea is not None:
        yield _chosen("QFEHEACycle", level.qf_ehea, place=place, part="cycle", framework=_QF_EHEA)
    if level and level.not_applicable:
        yield from _labelled("Level", level.not_applicable, url=place.url("level"))


def _field_of_study(field: FieldOfStudy | None, place: Place) -> Iterator[Alignment]:
    if field:
        url, code = f"{_SNB}/isced-f/{field.isced_f}", field.isced_f
        yield _coded("ISCEDF", field.name, place=place, url=url, code=code, framework=_ISCED_F)


def _learning(definition: AchievementDefinition, place: Place) -> Iterator[Alignment]:
    """Write how the learning is assessed, attended and taught."""
    if assessment := definition.assessment:
        for kind in assessment.types:
            yield _chosen("AssessmentType", kind, place=place, part=f"assessment-{kind}")
        yield from _labelled("Assessment", assessment.description, url=place.url("assessment"))
    if participation := definition.participation:
        yield _chosen("Participation", participation.form, place=place, part="participation")
        url = place.url("participation")
        yield from _labelled("ParticipationDetails", participation.description, url=url)
    for language in definition.languages_of_instruction:
        yield _chosen("LanguageOfInstruction", language, place=place, part=f"language-{language}")


def _quality_assurance(definition: AchievementDefinition, place: Place) -> Iterator[Alignment]:
    if assurance := definition.quality_assurance:
        url = assurance.url or place.url("quality-assurance")
        yield _chosen("QualityAssuranceType", assurance.type, place=place, part="quality-assurance")
        yield from _labelled("QualityAssurance", assurance.description, url=url)


def _options(definition: AchievementDefinition, place: Place) -> Iterator[Alignment]:
    """Write the elements Annex I leaves optional."""
    prerequisites = definition.prerequisites
    yield from _labelled("Prerequisites", prerequisites, url=place.url("prerequisites"))
    if definition.supervision:
        yield _chosen("Supervision", definition.supervision, place=place, part="supervision")
    if scheme := definition.grade_scheme:
        yield from _texts("GradeScheme", scheme.name, url=place.url("grade"))
    if stackability := definition.stackability:
        url = stackability.url or place.url("stackability")
        yield _chosen("StackabilityType", stackability.type, place=place, part="stackability")
        yield from _labelled("Stackability", stackability.towards, url=url)
    if further := definition.further_information:
        url = further.url or place.url("further-information")
        yield from _labelled("FurtherInformation", further.note, url=url)


def _zrk(entry: ZrkEntry | None, place: Place) -> Iterator[Alignment]:
    if entry:
        label = Text(f"Kwalifikacja w ZRK: {entry.code}", f"Qualification in ZRK: {entry.code}")
        url = entry.url or place.url("zrk")
        yield _coded("ZRK", label, place=place, url=url, code=entry.code, framework=_ZRK)


_LABELS = {
    "Criteria": Text("Warunki uzyskania", "Criteria"),
    "Level": Text("Poziom", "Level"),
    "Assessment": Text("Sposób oceny", "Assessment"),
    "ParticipationDetails": Text("Forma uczestnictwa", "Form of participation"),
    "QualityAssurance": Text("Zapewnianie jakości", "Quality assurance"),
    "Prerequisites": Text("Wymagania wstępne", "Prerequisites"),
    "Stackability": Text("Łączenie z innymi poświadczeniami", "Stackability"),
    "FurtherInformation": Text("Dodatkowe informacje", "Further information"),
}


def _labelled(element: str, passage: Text | None, *, url: str) -> Iterator[Alignment]:
    """Write a passage under the element's label, in both languages."""
    if passage:
        yield from _texts(element, _LABELS[element], passage=passage, url=url)


def _texts(
    element: str, name: Text, *, url: str, passage: Text | None = None, code: str | None = None
) -> Iterator[Alignment]:
    for language in Language:
        yield _alignment(
            f"{element}.{language}",
            name=name.in_language(language),
            description=passage.in_language(language) if passage else None,
            url=url,
            code=code,
        )


def _chosen(
    element: str, value: StrEnum, *, place: Place, part: str, framework: str | None = None
) -> Alignment:
    """Write a controlled value: its European URI, else the part of the achievement it describes."""
    known = concept(value)
    url = known.uri or place.url(part)
    return _coded(element, known.label, place=place, url=url, code=str(value), framework=framework)


def _coded(
    element: str,
    label: Text,
    *,
    place: Place,
    url: str,
    code: str | None = None,
    framework: str | None = None,
) -> Alignment:
    return _alignment(
        element,
        name=place.in_language(label),
        description=place.in_other_language(label),
        url=url,
        code=code,
        framework=framework,
    )


def _alignment(
    element: str,
    *,
    name: str,
    url: str,
    description: str | None = None,
    code: str | None = None,
    framework: str | None = None,
) -> Alignment:
    """Write an entry of class Alignment (Open Badges 3.0) with an extension target type."""
    members = {
        "targetType": f"ext:{element}",
        "targetName": name,
        "targetDescription": description,
        "targetUrl": url,
        "targetCode": code,
        "targetFramework": framework,
    }
    given = {member: value for member, value in members.items() if value is not None}
    return {"type": ["Alignment"], **given}
