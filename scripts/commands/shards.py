"""Which issuers this shard answers for; move some to another, and forget what only that needs."""

from collections.abc import Sized
from dataclasses import asdict
from typing import Annotated, Any

import typer

from api.bootstrap import Registry
from projections.claims import Claims
from projections.homes import Resident, lists_of, residents
from registry.purging import Held, UnclaimedError, held_of, purge
from registry.sharding import NO_NAME
from registry.store import settling
from scripts.answers import FAILED, Answer, Session, facts, say, table
from scripts.arguments import command, group
from scripts.asking import ConfirmOption, YesOption, confirm
from scripts.local import caller, opened

_COPY = "Now stop every process of this registry, and copy database and folder: docs/shards.md"


def add_to(app: typer.Typer) -> None:
    """Add `shard`."""
    shard = group(app, "shard", about="Issuers that are at home in one of several databases.")
    command(shard, "list")(list_all)
    command(shard, "move")(move)
    command(shard, "purge")(purge_elsewhere)


def list_all(session: Session) -> Answer:
    """List the issuers that are known here, by the shard they are at home in.

    Example:
      registry shard list
    """
    with opened(session) as registry:
        found = _residents(registry)
        shard = registry.settings.shard
    issuers = [asdict(each) | {"here": each.home == shard} for each in found]
    headers = ("issuer_id", "name_en", "home", "here", "credentials")
    rows = ([each[name] or NO_NAME for name in headers] for each in issuers)
    document = {"shard": shard, "issuers": issuers}
    return Answer(document, f"this shard: {shard or NO_NAME}\n{table(headers, rows)}")


def move(
    session: Session,
    issuers: Annotated[
        list[str], typer.Argument(metavar="ISSUER...", help="The ids of the issuers.")
    ],
    to: Annotated[str, typer.Option(metavar="NAME", help="The shard they are at home in then.")],
    yes: YesOption = False,
) -> Answer:
    """Let issuers be at home in a new shard, which a copy of this one becomes.

    From then on nothing of them is changed or published here; what was recorded stays. It cannot
    be taken back: you are asked first. Refused while work on them is under way, or where an
    issuer that stays decides for them: then name both.

    Example:
      registry shard move 018f… 0190… --to b
    """
    with opened(session) as registry:
        if not yes:
            movable = registry.moving.movable(caller(None), issuers, to=to)
            confirm(session, f"Move {_issuers(movable)} to the shard {to} for good?")
        moved = registry.moving.move(caller(None), issuers, to=to)
    say(_COPY)
    document = {"to": to, "issuers": [str(issuer.id) for issuer in moved]}
    return Answer(document, facts(document | {"issuers": ", ".join(document["issuers"])}))


def purge_elsewhere(session: Session, yes: ConfirmOption = False) -> Answer:
    """Destroy here the keys and the learners' data of issuers elsewhere.

    That is what both halves of a shard that was split have of the other's issuers; their events
    stay, since they are in the log. You are asked first. Refused before another shard has served
    them: until then this may be all that is held of them.

    Example:
      registry shard purge
    """
    with opened(session) as registry:
        away = [each for each in _residents(registry) if each.home != registry.settings.shard]
        _check_claimed(registry, away)
        if away and not yes:
            what = _described(_held(registry, away))
            question = f"Destroy here for good {what} of {_issuers(away)} elsewhere?"
            confirm(session, question)
        held = sum((_purge(registry, each) for each in away), start=Held())
        hindrance = settling.settle(registry.owners.database())
    document: dict[str, Any] = {"issuers": len(away), **asdict(held), "hindrance": hindrance}
    return Answer(document, facts(document), exit_code=FAILED if hindrance else 0)


def _residents(registry: Registry) -> list[Resident]:
    with registry.database.snapshot() as connection:
        return residents(connection)


def _check_claimed(registry: Registry, away: list[Resident]) -> None:
    claimed = Claims(registry.folder.root).of_others(registry.settings.shard)
    for each in away:
        if each.issuer_id not in claimed:
            raise UnclaimedError(
                f"no other shard has said that it has the issuer {each.issuer_id}",
                remedy=f"serve the shard {each.home or NO_NAME} from its copy, with the same "
                "publish_folder and shards as here; it says so once it publishes",
            )


def _held(registry: Registry, away: list[Resident]) -> Held:
    with registry.database.snapshot() as connection:
        held = (
            held_of(connection, each.issuer_id, lists_of(connection, each.issuer_id))
            for each in away
        )
        return sum(held, start=Held())


def _purge(registry: Registry, resident: Resident) -> Held:
    with registry.database.snapshot() as connection:
        list_ids = lists_of(connection, resident.issuer_id)
    return purge(registry.database, resident.issuer_id, list_ids)


def _described(held: Held) -> str:
    return ", ".join(f"{count} {name}" for name, count in asdict(held).items())


def _issuers(several: Sized) -> str:
    return "1 issuer" if len(several) == 1 else f"{len(several)} issuers"
