"""What an issuer sets up: its reason codes and its achievements."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.answers import (
    MECHANISM_HELP,
    AchievementAnswer,
    IssuerAnswer,
    Listing,
    achievement_answer,
    etag,
    issuer_answer,
)
from api.auth import ActingIssuer, Changing, Creating, Serving
from api.bootstrap import Registry
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Body, BothLanguages, Cursor, Id, Limit
from projections import queries
from projections.queries import Window
from registry.domain.achievement import Achievement, Profile
from registry.domain.securing import Mechanism
from registry.domain.text import Language
from registry.requests import NewAchievement

router = APIRouter(prefix="/v1", tags=["issuers"], route_class=GuardedRoute)


class NewReasonCode(Body):
    """A reason code of the issuer's own."""

    code: str = Field(
        max_length=40,
        description="2 to 40 lower-case letters, digits and hyphens.",
        examples=["thesis-withdrawn"],
    )
    label: BothLanguages


class DefinedAchievement(Body):
    """A micro-credential to define; elements of Annex I may be added until the first issuing."""

    definition: dict[str, Any] = Field(
        description="The elements of Annex I, as docs/annex-i.md lists them.",
        examples=[{"title": {"pl": "Analiza danych", "en": "Data analysis"}}],
    )
    language: Language = Field(default=Language.PL, description="The badges' main language.")
    cryptosuite: Mechanism = Field(
        default=Mechanism.EDDSA_RDFC_2022,
        description=f"{MECHANISM_HELP} The issuer needs a key of the type it signs with.",
    )
    profile: Profile = Field(
        default=Profile.DEFAULT,
        description="`ob-strict` has one status entry and cannot be suspended.",
    )


class RevisedAchievement(Body):
    """The next version of a definition."""

    definition: dict[str, Any] = Field(
        description="All of it: what is left out is no longer there.",
        examples=[{"title": {"pl": "Analiza danych", "en": "Data analysis"}}],
    )


@router.get("/issuer", responses=refusals(401, 403))
def read_own_issuer(asker: ActingIssuer, response: Response, registry: Serving) -> IssuerAnswer:
    """Read the issuer that the API key belongs to."""
    issuer = registry.application.issuer(asker.issuer_id)
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)


@router.post("/reason-codes", status_code=201, responses=refusals(401, 403, 412, 422))
def add_reason_code(
    new: NewReasonCode,
    asker: ActingIssuer,
    response: Response,
    caller: Changing,
    registry: Serving,
) -> IssuerAnswer:
    """Use one more reason code."""
    issuer = registry.application.add_reason_code(
        caller, asker.issuer_id, code=new.code, label_pl=new.label.pl, label_en=new.label.en
    )
    response.headers.update(etag(issuer.version))
    return issuer_answer(issuer)


@router.post("/achievements", status_code=201, responses=refusals(401, 403, 409, 422))
def define_achievement(
    new: DefinedAchievement,
    asker: ActingIssuer,
    response: Response,
    caller: Creating,
    registry: Serving,
) -> AchievementAnswer:
    """Define a micro-credential."""
    achievement = registry.application.define_achievement(
        caller,
        asker.issuer_id,
        NewAchievement(new.definition, new.language, new.cryptosuite, new.profile),
    )
    response.headers["Location"] = f"/v1/achievements/{achievement.id}"
    return _shown(achievement, response, registry)


@router.get("/achievements", responses=refusals(401, 403, 422))
def list_achievements(
    asker: ActingIssuer,
    registry: Serving,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
) -> Listing[AchievementAnswer]:
    """List the issuer's achievements, newest first."""
    page = queries.achievements(registry.database, asker.issuer_id, Window(limit, cursor))
    found = [registry.application.any_achievement(row["achievement_id"]) for row in page.rows]
    items = [achievement_answer(each, public_url=registry.public_url) for each in found]
    return Listing(items=items, next=page.next)


@router.get("/achievements/{achievement_id}", responses=refusals(401, 403, 404))
def read_achievement(
    achievement_id: Id, asker: ActingIssuer, response: Response, registry: Serving
) -> AchievementAnswer:
    """Read an achievement."""
    achievement = registry.application.achievement(asker.issuer_id, achievement_id)
    return _shown(achievement, response, registry)


@router.put("/achievements/{achievement_id}", responses=refusals(401, 403, 404, 409, 412, 422))
def revise_achievement(
    achievement_id: Id,
    revised: RevisedAchievement,
    asker: ActingIssuer,
    response: Response,
    caller: Changing,
    registry: Serving,
) -> AchievementAnswer:
    """Record the next version of a definition; what was issued keeps its own."""
    achievement = registry.application.revise_achievement(
        caller, asker.issuer_id, achievement_id, revised.definition
    )
    return _shown(achievement, response, registry)


@router.post("/achievements/{achievement_id}/withdraw", responses=refusals(401, 403, 404, 409, 412))
def withdraw_achievement(
    achievement_id: Id,
    asker: ActingIssuer,
    response: Response,
    caller: Changing,
    registry: Serving,
) -> AchievementAnswer:
    """Issue nothing more for an achievement."""
    achievement = registry.application.withdraw_achievement(caller, asker.issuer_id, achievement_id)
    return _shown(achievement, response, registry)


def _shown(achievement: Achievement, response: Response, registry: Registry) -> AchievementAnswer:
    response.headers.update(etag(achievement.version))
    return achievement_answer(achievement, public_url=registry.public_url)
