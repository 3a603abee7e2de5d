"""Define micro-credentials, revise and withdraw them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from projections.directory import ACHIEVEMENTS, achievements_table
from registry.application import NewAchievement
from registry.domain.achievement import Achievement, Profile
from registry.domain.definition import missing_mandatory_elements, parse_definition
from registry.domain.errors import InvalidValueError
from registry.domain.text import Language
from registry.formats import strict_json
from registry.formats.data_integrity import Cryptosuite
from registry.issuance import achievement_url
from scripts import rows
from scripts.answers import Answer, Session, facts, say, table
from scripts.arguments import IdempotencyKeyOption, command, group
from scripts.local import caller, opened

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
        Cryptosuite, typer.Option(help="How the badges are signed.")
    ] = Cryptosuite.EDDSA_RDFC_2022,
    profile: Annotated[
        Profile, typer.Option(help="ob-strict has no suspension entry.")
    ] = Profile.DEFAULT,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Define a micro-credential; it may lack mandatory elements until the first issuing.

    \b
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
    """Record the next version of a definition; what was issued keeps its own.

    \b
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

    \b
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

    \b
    Example:
      registry achievement list --issuer 018f…
    """
    query = select(_table).order_by(_table.c.position)
    if issuer is not None:
        query = query.where(_table.c.issuer_id == issuer)
    with opened(session) as registry:
        found = rows.ordered(registry.database, query)
    columns = ("achievement_id", "title_en", "latest", "withdrawn", "issuer_id")
    shown = [tuple(row[column] for column in columns) for row in found]
    return Answer(found, table(("achievement", "title", "version", "withdrawn", "issuer"), shown))


def show(session: Session, achievement_id: AchievementArgument) -> Answer:
    """Show one achievement with its newest definition.

    \b
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
        raise InvalidValueError(str(error), field=str(file)) from error
    if not isinstance(definition, dict):
        raise InvalidValueError("it is not a JSON object", field=str(file))
    return definition


def _answer(achievement: Achievement, public_url: str) -> Answer:
    document = _document(achievement, public_url)
    if document["missing"]:
        say("note: before issuing, the definition needs " + "; ".join(document["missing"]))
    title = document["definition"].get("title", {})
    shown = {
        "achievement_id": document["achievement_id"],
        "title": " / ".join(title.values()),
        "issuer_id": achievement.issuer_id,
        "url": document["url"],
        "version": f"{achievement.latest}{' (withdrawn)' if achievement.withdrawn else ''}",
        "badges": f"{achievement.language}, {achievement.cryptosuite}, {achievement.profile}",
    }
    return Answer(document, facts(shown))


def _document(achievement: Achievement, public_url: str) -> dict[str, Any]:
    definition = achievement.definition(achievement.latest)
    return {
        "achievement_id": str(achievement.id),
        "issuer_id": achievement.issuer_id,
        "url": achievement_url(public_url, str(achievement.id)),
        "definition": definition,
        "latest": achievement.latest,
        "language": achievement.language,
        "cryptosuite": achievement.cryptosuite,
        "profile": achievement.profile.value,
        "withdrawn": achievement.withdrawn,
        "missing": list(missing_mandatory_elements(parse_definition(definition))),
        "version": achievement.version,
    }


_table = rows.view(achievements_table, ACHIEVEMENTS)
