"""Controlled values of a micro-credential, with their labels and European URIs.

URIs are those of the EU Vocabularies lists the European Learning Model 3 uses
(`data.europa.eu/snb`, `publications.europa.eu/resource/authority`). A value without a URI of
its own has `uri` None: Annex I of Council Recommendation 2022/C 243/02 names it in words only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from registry.domain.text import Text

_SNB = "http://data.europa.eu/snb"
_LANGUAGE = "http://publications.europa.eu/resource/authority/language"


@dataclass(frozen=True)
class Concept:
    """A controlled value as readers see it."""

    label: Text
    uri: str | None = None


class Participation(StrEnum):
    """Annex I, form of participation; list `snb/learning-assessment` (modes of learning)."""

    ONLINE = "online"
    ON_SITE = "on-site"
    BLENDED = "blended"
    HYBRID = "hybrid"
    WORK_BASED = "work-based"
    PROJECT_BASED = "project-based"


class AssessmentType(StrEnum):
    """Annex I, type of assessment; list `snb/assessment`."""

    WRITTEN_EXAMINATION = "written-examination"
    ORAL_EXAMINATION = "oral-examination"
    PRACTICAL_ASSESSMENT = "practical-assessment"
    PROJECT_WORK = "project-work"
    PORTFOLIO = "portfolio"
    MARKED_ASSIGNMENT = "marked-assignment"
    CONTINUOUS_EVALUATION = "continuous-evaluation"
    QUIZ = "quiz"
    ARTEFACT_ASSESSMENT = "artefact-assessment"
    PRESENTATION = "presentation"
    PEER_ASSESSMENT = "peer-assessment"


class QualityAssuranceType(StrEnum):
    """Annex I, type of quality assurance; no European list names these."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    INTERNAL_AND_EXTERNAL = "internal-and-external"


class Supervision(StrEnum):
    """Annex I, supervision and identity verification; list `snb/supervision-verification`."""

    UNSUPERVISED = "unsupervised-without-identity-verification"
    SUPERVISED = "supervised-without-identity-verification"
    SUPERVISED_ONLINE_VERIFIED = "supervised-online-with-identity-verification"
    SUPERVISED_ON_SITE_VERIFIED = "supervised-on-site-with-identity-verification"


class StackabilityType(StrEnum):
    """Annex I, integration/stackability options."""

    STAND_ALONE = "stand-alone"
    STACKABLE = "stackable"


class Cycle(StrEnum):
    """Cycles of the Qualifications Framework of the European Higher Education Area."""

    SHORT = "short"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


class GradeType(StrEnum):
    """Open Badges 3.0 `resultType` values a grade scheme may have."""

    LETTER_GRADE = "LetterGrade"
    PERCENT = "Percent"
    PERFORMANCE_LEVEL = "PerformanceLevel"
    RAW_SCORE = "RawScore"
    RESULT = "Result"


class TeachingLanguage(StrEnum):
    """A language of instruction (BCP 47): the EU's official languages, and Ukrainian."""

    BG = "bg"
    CS = "cs"
    DA = "da"
    DE = "de"
    EL = "el"
    EN = "en"
    ES = "es"
    ET = "et"
    FI = "fi"
    FR = "fr"
    GA = "ga"
    HR = "hr"
    HU = "hu"
    IT = "it"
    LT = "lt"
    LV = "lv"
    MT = "mt"
    NL = "nl"
    PL = "pl"
    PT = "pt"
    RO = "ro"
    SK = "sk"
    SL = "sl"
    SV = "sv"
    UK = "uk"


def _concept(path: str | None, *label: str) -> Concept:
    return Concept(Text(*label), f"{_SNB}/{path}" if path else None)


def _language(authority_code: str, *label: str) -> Concept:
    return Concept(Text(*label), f"{_LANGUAGE}/{authority_code}")


_CONCEPTS: Mapping[StrEnum, Concept] = MappingProxyType(
    {
        Participation.ONLINE: _concept("learning-assessment/920fbb3cbe", "online", "online"),
        Participation.ON_SITE: _concept(
            "learning-assessment/9191af2ed9", "stacjonarnie", "on-site"
        ),
        Participation.BLENDED: _concept("learning-assessment/e92d221e4d", "mieszana", "blended"),
        Participation.HYBRID: _concept("learning-assessment/c_3a90b26d", "hybrydowa", "hybrid"),
        Participation.WORK_BASED: _concept(
            "learning-assessment/729f3bed4b", "w miejscu pracy", "work-based"
        ),
        Participation.PROJECT_BASED: _concept(
            "learning-assessment/7813801c77", "projektowa", "project-based"
        ),
        AssessmentType.WRITTEN_EXAMINATION: _concept(
            "assessment/6e6cb2cc78", "egzamin pisemny", "written examination"
        ),
        AssessmentType.ORAL_EXAMINATION: _concept(
            "assessment/d30284d7df", "egzamin ustny", "oral examination"
        ),
        AssessmentType.PRACTICAL_ASSESSMENT: _concept(
            "assessment/6a4db9f11d", "egzamin praktyczny", "practical assessment"
        ),
        AssessmentType.PROJECT_WORK: _concept("assessment/795dac4096", "projekt", "project work"),
        AssessmentType.PORTFOLIO: _concept("assessment/4f03b91c0e", "portfolio", "portfolio"),
        AssessmentType.MARKED_ASSIGNMENT: _concept(
            "assessment/2939dae15f", "praca oceniana", "marked assignment"
        ),
        AssessmentType.CONTINUOUS_EVALUATION: _concept(
            "assessment/3484bd7e51", "ocena ciągła", "continuous evaluation"
        ),
        AssessmentType.QUIZ: _concept("assessment/b1b68f6735", "test", "quiz"),
        AssessmentType.ARTEFACT_ASSESSMENT: _concept(
            "assessment/de4d165a6c", "ocena wytworu", "artefact assessment"
        ),
        AssessmentType.PRESENTATION: _concept(
            "assessment/c_04b30a72", "prezentacja", "presentation"
        ),
        AssessmentType.PEER_ASSESSMENT: _concept(
            "assessment/19a2e5e671", "ocena koleżeńska", "peer assessment"
        ),
        QualityAssuranceType.INTERNAL: _concept(None, "wewnętrzne", "internal"),
        QualityAssuranceType.EXTERNAL: _concept(None, "zewnętrzne", "external"),
        QualityAssuranceType.INTERNAL_AND_EXTERNAL: _concept(
            None, "wewnętrzne i zewnętrzne", "internal and external"
        ),
        Supervision.UNSUPERVISED: _concept(
            "supervision-verification/c598449d64",
            "bez nadzoru i bez weryfikacji tożsamości",
            "unsupervised with no identity verification",
        ),
        Supervision.SUPERVISED: _concept(
            None,
            "pod nadzorem, bez weryfikacji tożsamości",
            "supervised with no identity verification",
        ),
        Supervision.SUPERVISED_ONLINE_VERIFIED: _concept(
            None,
            "pod nadzorem online, z weryfikacją tożsamości",
            "supervised online with identity verification",
        ),
        Supervision.SUPERVISED_ON_SITE_VERIFIED: _concept(
            None,
            "pod nadzorem na miejscu, z weryfikacją tożsamości",
            "supervised on-site with identity verification",
        ),
        StackabilityType.STAND_ALONE: _concept(None, "samodzielne", "stand-alone"),
        StackabilityType.STACKABLE: _concept(
            None, "zaliczane na poczet innego poświadczenia", "stackable towards another credential"
        ),
        Cycle.SHORT: _concept(None, "krótki cykl", "short cycle"),
        Cycle.FIRST: _concept(None, "pierwszy cykl", "first cycle"),
        Cycle.SECOND: _concept(None, "drugi cykl", "second cycle"),
        Cycle.THIRD: _concept(None, "trzeci cykl", "third cycle"),
        TeachingLanguage.BG: _language("BUL", "bułgarski", "Bulgarian"),
        TeachingLanguage.CS: _language("CES", "czeski", "Czech"),
        TeachingLanguage.DA: _language("DAN", "duński", "Danish"),
        TeachingLanguage.DE: _language("DEU", "niemiecki", "German"),
        TeachingLanguage.EL: _language("ELL", "grecki", "Greek"),
        TeachingLanguage.EN: _language("ENG", "angielski", "English"),
        TeachingLanguage.ES: _language("SPA", "hiszpański", "Spanish"),
        TeachingLanguage.ET: _language("EST", "estoński", "Estonian"),
        TeachingLanguage.FI: _language("FIN", "fiński", "Finnish"),
        TeachingLanguage.FR: _language("FRA", "francuski", "French"),
        TeachingLanguage.GA: _language("GLE", "irlandzki", "Irish"),
        TeachingLanguage.HR: _language("HRV", "chorwacki", "Croatian"),
        TeachingLanguage.HU: _language("HUN", "węgierski", "Hungarian"),
        TeachingLanguage.IT: _language("ITA", "włoski", "Italian"),
        TeachingLanguage.LT: _language("LIT", "litewski", "Lithuanian"),
        TeachingLanguage.LV: _language("LAV", "łotewski", "Latvian"),
        TeachingLanguage.MT: _language("MLT", "maltański", "Maltese"),
        TeachingLanguage.NL: _language("NLD", "niderlandzki", "Dutch"),
        TeachingLanguage.PL: _language("POL", "polski", "Polish"),
        TeachingLanguage.PT: _language("POR", "portugalski", "Portuguese"),
        TeachingLanguage.RO: _language("RON", "rumuński", "Romanian"),
        TeachingLanguage.SK: _language("SLK", "słowacki", "Slovak"),
        TeachingLanguage.SL: _language("SLV", "słoweński", "Slovenian"),
        TeachingLanguage.SV: _language("SWE", "szwedzki", "Swedish"),
        TeachingLanguage.UK: _language("UKR", "ukraiński", "Ukrainian"),
    }
)


def concept(value: StrEnum) -> Concept:
    """Return the labels and URI of a controlled value; `GradeType` has none."""
    return _CONCEPTS[value]
