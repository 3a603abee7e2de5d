"""Define micro-credentials, revise and withdraw them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from api.answers import achievement_answer
from api.bootstrap import Registry
from projections import queries
from registry.domain.achievement import Achievement, Profile
from registry.domain.errors import InvalidValueError
from registry.domain.securing import Mechanism
from registry.domain.text import Language
from registry.formats import strict_json
from registry.requests import NewAchievement
from scripts.answers import Answer, Session, facts, say, table
from scripts.arguments import IdempotencyKeyOption, command, group
from scripts.local import caller, opened
from scripts.pages import every

AchievementArgument = Annotated[
    str, typer.Argument(metavar="ACHIEVEMENT", help="The achievement's id.")
]
DefinitionArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE.json", exists=True, dir_okay=False, readable=True, help="The definition."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add `achievement`."""
    achievement = group(app, "achievement", about="Define micro-credentials.")
    command(achievement, "define")(define)
    command(achievement, "revise")(revise)
    command(achievement, "withdraw")(withdraw)
    command(achievement, "list")(list_all)
    command(achievement, "show")(show)


def define(
    session: Session,
    file: DefinitionArgument,
    issuer: Annotated[str, typer.Option(help="The issuer's id.")],
    language: Annotated[
        Language, typer.Option(help="The language of the badges' main texts.")
    ] = Language.PL,
    cryptosuite: Annotated[
        Mechanism, typer.Option(help="How the badges are secured.")
    ] = Mechanism.EDDSA_RDFC_2022,
    profile: Annotated[
        Profile, typer.Option(help="ob-strict has no suspension entry.")
    ] = Profile.DEFAULT,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Define a micro-credential.

    It may lack mandatory elements until the first issuing.

    Example:
      registry achievement define data-analysis.json --issuer 018f…
    """
    new = NewAchievement(_read(file), language, cryptosuite, profile)
    with opened(session) as registry:
        application = registry.application
        made = application.define_achievement(caller(idempotency_key), issuer, new)
    return _answer(made, registry.public_url)


def revise(
    session: Session,
    achievement_id: AchievementArgument,
    file: DefinitionArgument,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Record the next version of a definition.

    What was issued keeps its own.

    Example:
      registry achievement revise 018f… data-analysis.json
    """
    definition = _read(file)
    with opened(session) as registry:
        application = registry.application
        issuer_id = application.any_achievement(achievement_id).issuer_id
        revised = application.revise_achievement(
            caller(idempotency_key), issuer_id, achievement_id, definition
        )
    return _answer(revised, registry.public_url)


def withdraw(
    session: Session,
    achievement_id: AchievementArgument,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Issue nothing more for an achievement.

    Example:
      registry achievement withdraw 018f…
    """
    with opened(session) as registry:
        application = registry.application
        issuer_id = application.any_achievement(achievement_id).issuer_id
        withdrawn = application.withdraw_achievement(
            caller(idempotency_key), issuer_id, achievement_id
        )
    return _answer(withdrawn, registry.public_url)


def list_all(
    session: Session, issuer: Annotated[str | None, typer.Option(help="Only this issuer's.")] = None
) -> Answer:
    """List achievements.

    Example:
      registry achievement list --issuer 018f…
    """
    with opened(session) as registry:
        found = list(_all(registry, issuer))
    shown = [(made.id, _title(made), made.latest, made.withdrawn, made.issuer_id) for made in found]
    document = [
        achievement_answer(made, public_url=registry.public_url).model_dump(mode="json")
        for made in found
    ]
    headers = ("achievement", "title", "version", "withdrawn", "issuer")
    return Answer(document, table(headers, shown))


def show(session: Session, achievement_id: AchievementArgument) -> Answer:
    """Show one achievement with its newest definition.

    Example:
      registry achievement show 018f… --json
    """
    with opened(session) as registry:
        found = registry.application.any_achievement(achievement_id)
    return _answer(found, registry.public_url)


def _read(file: Path) -> dict[str, Any]:
    try:
        definition = strict_json.loads(file.read_bytes())
    except strict_json.StrictJsonError as error:
        raise InvalidValueError(
            f"it is not usable JSON: {error}",
            field=str(file),
            remedy="give the definition as one JSON object",
        ) from error
    if not isinstance(definition, dict):
        raise InvalidValueError("it is not a JSON object", field=str(file))
    return definition


def _answer(achievement: Achievement, public_url: str) -> Answer:
    document = achievement_answer(achievement, public_url=public_url).model_dump(mode="json")
    for warning in document["warnings"]:
        say(f"warning: {warning}")
    if document["missing"]:
        say("note: before issuing, the definition needs " + "; ".join(document["missing"]))
    shown = {
        "achievement_id": document["achievement_id"],
        "title": _title(achievement),
        "issuer_id": achievement.issuer_id,
        "url": document["url"],
        "version": f"{achievement.latest}{' (withdrawn)' if achievement.withdrawn else ''}",
        "badges": f"{achievement.language}, {achievement.cryptosuite}, {achievement.profile}",
    }
    return Answer(document, facts(shown))


def _all(registry: Registry, issuer: str | None) -> Iterator[Achievement]:
    application = registry.application
    known = _issuers(registry) if issuer is None else [str(application.issuer(issuer).id)]
    for issuer_id in known:
        for row in every(partial(queries.achievements, registry.database, issuer_id)):
            yield application.any_achievement(row["achievement_id"])


def _issuers(registry: Registry) -> list[str]:
    return [row["issuer_id"] for row in every(partial(queries.issuers, registry.database))]


def _title(achievement: Achievement) -> str:
    return " / ".join(achievement.definition(achievement.latest).get("title", {}).values())
