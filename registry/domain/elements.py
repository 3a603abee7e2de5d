"""The elements a micro-credential's definition is made of (2022/C 243/02, Annex I)."""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.domain.reading import Problem
from registry.domain.text import Text
from registry.domain.vocabulary import (
    AssessmentType,
    Cycle,
    GradeType,
    Participation,
    QualityAssuranceType,
    StackabilityType,
)


@dataclass(frozen=True)
class Criteria:
    """How the micro-credential is earned; `url` is a page saying the same."""

    narrative: Text
    url: str | None = None


@dataclass(frozen=True)
class LearningOutcome:
    """What the learner can do; `code` is unique in the definition and never translated."""

    code: str
    statement: Text
    verification: Text | None = None


@dataclass(frozen=True)
class Skill:
    """A skill of the ESCO classification."""

    uri: str
    name: Text


@dataclass(frozen=True)
class FieldOfStudy:
    """A field of education and training, ISCED-F 2013, two to four digits."""

    isced_f: str
    name: Text


@dataclass(frozen=True)
class Workload:
    """Hours of learning, all forms of work counted, and ECTS credits; at least one of them."""

    hours: int | None = None
    ects: int | float | None = None


@dataclass(frozen=True)
class Level:
    """EQF and PRK levels 1 to 8 and QF-EHEA cycle, or the reason why none applies."""

    eqf: int | None = None
    prk: int | None = None
    qf_ehea: Cycle | None = None
    not_applicable: Text | None = None


@dataclass(frozen=True)
class Assessment:
    """How the learning outcomes are assessed."""

    types: tuple[AssessmentType, ...]
    description: Text | None = None


@dataclass(frozen=True)
class ParticipationForm:
    """How learners take part."""

    form: Participation
    description: Text | None = None


@dataclass(frozen=True)
class QualityAssurance:
    """`url` leads to the report, register or agency the assurance rests on."""

    type: QualityAssuranceType
    description: Text | None = None
    url: str | None = None


@dataclass(frozen=True)
class GradeScheme:
    """Which grades there are; values are strings as Open Badges 3.0 has them."""

    name: Text
    type: GradeType
    allowed_values: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    required: str | None = None


@dataclass(frozen=True)
class Stackability:
    """`towards` says which larger credential it counts for; `url` leads there."""

    type: StackabilityType
    towards: Text | None = None
    url: str | None = None


@dataclass(frozen=True)
class FurtherInformation:
    """Anything else worth telling; `url` leads to more."""

    note: Text
    url: str | None = None


@dataclass(frozen=True)
class ZrkEntry:
    """The qualification's entry in the Integrated Qualifications Register of Poland."""

    code: str
    url: str | None = None


def workload_problems(workload: Workload) -> Iterable[Problem]:
    """Say what is wrong with a workload."""
    if workload.hours is None and workload.ects is None:
        yield Problem("", "has neither hours nor ects", "give hours, ects, or both")


def level_problems(level: Level) -> Iterable[Problem]:
    """Say how the parts of a level contradict each other."""
    given = [value for value in (level.eqf, level.prk, level.qf_ehea) if value is not None]
    if level.not_applicable and given:
        yield Problem("/not_applicable", "contradicts a level that is given", "keep one")
    if not level.not_applicable and level.eqf is None and level.prk is None:
        yield Problem(
            "", "has neither eqf nor prk", "give one, or say in not_applicable why none applies"
        )
    # The eight PRK levels were referenced to the eight EQF levels one to one.
    if level.eqf and level.prk and level.eqf != level.prk:
        yield Problem("/prk", "differs from eqf", "PRK level n is EQF level n: correct one")


def grade_scheme_problems(scheme: GradeScheme) -> Iterable[Problem]:
    """Say how the parts of a grade scheme contradict each other."""
    if scheme.required and scheme.allowed_values and scheme.required not in scheme.allowed_values:
        yield Problem("/required", "is not among allowed_values", "choose one of them")
