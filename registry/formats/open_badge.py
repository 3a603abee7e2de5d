"""Build an Open Badges 3.0 credential of a micro-credential, ready to be secured.

The document is at once an OpenBadgeCredential (Open Badges 3.0, class AchievementCredential)
and a verifiable credential (VCDM 2.0). It has exactly two contexts, and uses no term that only
some published copies of the Open Badges context define (`inLanguage`, `awardedDate`,
`endorsementJwt`, `jti`): an undefined term would be dropped from an RDF signature, or make the
signature depend on the copy. The date of issuing is `validFrom`. There is no `credentialSchema`:
the type 1EdTech gives it is defined by a third context alone, and the document with two status
entries, which VCDM 2.0 allows, is not valid under the schema it would name.

Open Badges has strings in one language only. The main strings are in the language asked for;
`registry.formats.annex_i` says how everything stands in the document in both languages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from registry.domain.definition import AchievementDefinition
from registry.domain.elements import Criteria, GradeScheme
from registry.domain.errors import IncompleteDefinitionError, InvalidValueError
from registry.domain.subject import Subject
from registry.domain.text import Language, Text
from registry.formats.annex_i import Place, alignments
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3

T = TypeVar("T")


@dataclass(frozen=True)
class IssuerProfile:
    """The awarding body: `id` is its DID, `country_code` ISO 3166-1 alpha-2."""

    id: str
    name: Text
    url: str
    country_code: str
    region: str | None = None
    email: str | None = None


def build_credential(  # noqa: PLR0913 - a document's parts, each by name
    *,
    credential_id: str,
    issuer: IssuerProfile,
    achievement_id: str,
    achievement_version: str,
    definition: AchievementDefinition,
    subject: Subject,
    valid_from: str,
    valid_until: str | None = None,
    grade: str | None = None,
    status: Sequence[Mapping[str, Any]] = (),
    language: str = Language.PL,
) -> dict[str, Any]:
    """Return the credential without its proof.

    `credential_id` is a urn:uuid, `achievement_id` a URL without a fragment, instants are
    RFC 3339 in UTC. One status entry stands alone, as the JSON Schema of Open Badges wants it
    (profile ob-strict); several are an array, which VCDM 2.0 §4.10 allows and that schema not.
    Raises `IncompleteDefinitionError` without title or description, `InvalidValueError` for a
    grade outside the grade scheme. That Annex I is complete is for the issuing to ask.
    """
    place = Place(achievement_id, Language(language))
    achievement = _achievement(definition, place, version=achievement_version, issuer=issuer)
    return _given(
        {
            "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
            "id": credential_id,
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": achievement["name"],
            "description": achievement["description"],
            "issuer": _profile(issuer, place),
            "validFrom": valid_from,
            "validUntil": valid_until,
            "credentialSubject": _given(
                {
                    "id": subject.id,
                    "type": ["AchievementSubject"],
                    "identifier": [identity.as_object() for identity in subject.identities],
                    "creditsEarned": achievement.get("creditsAvailable"),
                    "result": _results(definition.grade_scheme, grade, place=place),
                    "achievement": achievement,
                }
            ),
            "credentialStatus": dict(status[0]) if len(status) == 1 else [*map(dict, status)],
        }
    )


def _profile(issuer: IssuerProfile, place: Place) -> dict[str, Any]:
    """Write the issuer's Profile; both names are there again, each with its language."""
    return _given(
        {
            "id": issuer.id,
            "type": ["Profile"],
            "name": place.in_language(issuer.name),
            "url": issuer.url,
            "email": issuer.email,
            "address": _given(
                {
                    "type": ["Address"],
                    "addressCountryCode": issuer.country_code,
                    "addressRegion": issuer.region,
                }
            ),
            "otherIdentifier": [
                _identifier(issuer.name.in_language(each), f"ext:Name.{each}") for each in Language
            ],
        }
    )


def _achievement(
    definition: AchievementDefinition, place: Place, *, version: str, issuer: IssuerProfile
) -> dict[str, Any]:
    in_language = place.in_language
    return _given(
        {
            "id": place.achievement_id,
            "type": ["Achievement"],
            "achievementType": "MicroCredential",
            "name": in_language(_required(definition.title, "title")),
            "description": in_language(_required(definition.description, "description")),
            "criteria": _criteria(definition, place),
            "version": version,
            "creator": {"id": issuer.id, "type": ["Profile"]},
            "image": definition.image and {"id": definition.image, "type": "Image"},
            "creditsAvailable": definition.workload and definition.workload.ects,
            "fieldOfStudy": definition.field_of_study
            and in_language(definition.field_of_study.name),
            "otherIdentifier": [_identifier(definition.zrk.code, "ext:ZRK")]
            if definition.zrk
            else [],
            "alignment": alignments(definition, place),
            "resultDescription": _grade_schemes(definition.grade_scheme, place),
        }
    )


def _criteria(definition: AchievementDefinition, place: Place) -> dict[str, Any]:
    """Write the criteria; without any, earning it is showing the learning outcomes."""
    criteria = definition.criteria or Criteria(_outcomes_as_text(definition))
    return {
        "id": criteria.url or place.url("criteria"),
        "narrative": place.in_language(criteria.narrative),
    }


def _outcomes_as_text(definition: AchievementDefinition) -> Text:
    def listed(language: Language) -> str:
        outcomes = definition.learning_outcomes
        return "\n".join(f"- {outcome.statement.in_language(language)}" for outcome in outcomes)

    return Text(listed(Language.PL), listed(Language.EN))


def _grade_schemes(scheme: GradeScheme | None, place: Place) -> list[dict[str, Any]]:
    if scheme is None:
        return []
    return [
        _given(
            {
                "id": place.url("grade"),
                "type": ["ResultDescription"],
                "name": place.in_language(scheme.name),
                "resultType": str(scheme.type),
                "allowedValue": list(scheme.allowed_values),
                "valueMin": scheme.minimum,
                "valueMax": scheme.maximum,
                "requiredValue": scheme.required,
            }
        )
    ]


def _results(
    scheme: GradeScheme | None, grade: str | None, *, place: Place
) -> list[dict[str, Any]]:
    if grade is None:
        return []
    check_grade(scheme, grade)
    return [
        {
            "type": ["Result"],
            "resultDescription": place.url("grade"),
            "value": grade,
            "status": "Completed",
        }
    ]


def check_grade(scheme: GradeScheme | None, grade: str) -> None:
    """Raise InvalidValueError for a grade that the scheme does not have."""
    if scheme is None or (scheme.allowed_values and grade not in scheme.allowed_values):
        raise InvalidValueError(
            "the definition's grade scheme has no such grade",
            field="grade",
            remedy="give a grade of the scheme, or none",
        )


def _identifier(identifier: str, identifier_type: str) -> dict[str, Any]:
    return {"type": "IdentifierEntry", "identifier": identifier, "identifierType": identifier_type}


def _required(value: T | None, field: str) -> T:
    if value is None:
        raise IncompleteDefinitionError(
            f"a badge needs the definition's {field}", field=f"/{field}", remedy="define it"
        )
    return value


def _given(members: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is absent: no null and no empty array is ever signed."""
    return {name: value for name, value in members.items() if value is not None and value != []}
