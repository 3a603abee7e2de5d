"""What everybody reads without a key, except what is published as files (`api.published`)."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.answers import Texts
from api.auth import Serving
from api.bootstrap import Registry
from api.errors import NoSuchResourceError
from api.problems import TITLES, problem_url
from api.requests import OpenRoute
from api.responses import refusals
from api.values import Id
from registry.issuance import achievement_url

router = APIRouter(tags=["public"], route_class=OpenRoute)

FOR_EVERYONE = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}


class DefinitionVersion(BaseModel):
    """One version of a definition."""

    version: int = Field(examples=[1])
    definition: dict[str, Any]


class PublicAchievement(BaseModel):
    """A micro-credential as its badges point to it."""

    id: str = Field(description="The id badges give: this URL.")
    issuer: str = Field(description="The issuer's DID.")
    language: str = Field(examples=["pl"])
    latest: int = Field(examples=[1])
    withdrawn: bool
    versions: list[DefinitionVersion]


class PublicIssuer(BaseModel):
    """An organisation, and what became of it."""

    issuer_id: str
    did: str = Field(description="The issuer's DID, the same whatever it is called.")
    name: Texts
    url: str = Field(description="Its own site.")
    also_known_as: list[str] = Field(description="Other URIs of the same organisation.")
    closed: bool = Field(description="True: it issues nothing more.")
    successor: str | None = Field(description="The DID of the issuer that carries on.")
    custodian: str | None = Field(description="The DID of who changes statuses in its place.")


class Explanation(BaseModel):
    """A kind of problem."""

    type: str
    title: str
    status: int


@router.get("/achievements/{achievement_id}", responses=refusals(404))
def read_public_achievement(
    achievement_id: Id, response: Response, registry: Serving
) -> PublicAchievement:
    """Read a definition, in all its versions."""
    achievement = registry.application.any_achievement(achievement_id)
    registry.application.check_here(achievement.issuer_id)
    response.headers.update(FOR_EVERYONE)
    versions = [
        DefinitionVersion(version=number, definition=definition)
        for number, definition in enumerate(achievement.definitions, start=1)
    ]
    return PublicAchievement(
        id=achievement_url(registry.public_url, str(achievement.id)),
        issuer=registry.application.issuer(achievement.issuer_id).did,
        language=achievement.language,
        latest=achievement.latest,
        withdrawn=achievement.withdrawn,
        versions=versions,
    )


@router.get("/issuers/{issuer_id}", responses=refusals(404))
def read_public_issuer(issuer_id: Id, response: Response, registry: Serving) -> PublicIssuer:
    """Read who an issuer is, and who came after it."""
    issuer = registry.application.issuer(issuer_id)
    registry.application.check_here(issuer_id)
    response.headers.update(FOR_EVERYONE)
    return PublicIssuer(
        issuer_id=issuer_id,
        did=issuer.did,
        name=Texts(pl=issuer.name_pl, en=issuer.name_en),
        url=issuer.url,
        also_known_as=issuer.aliases,
        closed=issuer.closed,
        successor=_did_of(issuer.successor_id, registry),
        custodian=_did_of(issuer.custodian_id, registry),
    )


def _did_of(issuer_id: str | None, registry: Registry) -> str | None:
    return None if issuer_id is None else registry.application.issuer(issuer_id).did


@router.get("/problems/{slug}", responses=refusals(404))
def explain_problem(slug: str, response: Response, registry: Serving) -> Explanation:
    """Explain a kind of problem."""
    if slug not in TITLES:
        raise NoSuchResourceError("there is no such kind of problem")
    status, title = TITLES[slug]
    response.headers.update(FOR_EVERYONE)
    return Explanation(type=problem_url(registry.public_url, slug), title=title, status=status)
