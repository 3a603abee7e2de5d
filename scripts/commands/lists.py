"""Decide who may fetch the past versions of a status list, and list them."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from api.auditing import Audit
from projections import VIEWS
from projections.past import past_lists
from projections.queries import Window
from registry.commands import Caller
from registry.domain.errors import UnknownListError
from registry.domain.events import StatusListOpened
from registry.domain.status_list import StatusList
from registry.identifiers import parse_id
from registry.list_histories import ListHistories
from scripts.answers import Answer, Session, facts, say, table
from scripts.arguments import IdempotencyKeyOption, PurposeOption, command, group
from scripts.commands import static_lists
from scripts.local import audited, caller, opened

ListArgument = Annotated[str, typer.Argument(metavar="LIST", help="The status list's id.")]
COLUMNS = ("version", "position", "published_at", "valid_from", "valid_until", "digest")
MOST = 1000

Change = Callable[[ListHistories, Caller, str, str], StatusList]


def add_to(app: typer.Typer) -> None:
    """Add `list`."""
    lists = group(app, "list", about="Status lists: their past, and copies of them elsewhere.")
    command(lists, "versions")(versions)
    static_lists.add_to(lists)
    history = group(lists, "history", about="Who may fetch the past versions of a list.")
    command(history, "open")(open_history)
    command(history, "close")(close_history)


def versions(
    session: Session,
    list_id: ListArgument,
    purpose: PurposeOption = "revocation",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = 50,
) -> Answer:
    """List the published versions of a list, newest first.

    Example:
      registry list versions 018f… --purpose suspension
    """
    with audited(session) as audit, audit.database.snapshot(of=VIEWS) as connection:
        _check_list(audit, list_id, purpose)
        rows = past_lists.page(connection, list_id, purpose, Window(limit)).rows
    if not rows:
        say("note: no version of this list is published yet; a running server publishes it soon")
    listed = table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])
    return Answer({"items": [dict(row) for row in rows]}, listed)


def _check_list(audit: Audit, list_id: str, purpose: str) -> None:
    """Raise UnknownListError unless there is such a list, also before any view holds it."""
    opened = audit.history.event(parse_id(list_id, UnknownListError, field="list_id"), 1)
    if not isinstance(opened, StatusListOpened) or purpose not in opened.purposes:
        raise UnknownListError("there is no such status list", field="list_id")


def open_history(
    session: Session, list_id: ListArgument, idempotency_key: IdempotencyKeyOption = None
) -> Answer:
    """Let everyone fetch what a status list was at any time.

    The difference of two versions tells who changed when, so that this is for auditors and the
    list's issuer otherwise.

    Example:
      registry list history open 018f…
    """
    return _decide(session, list_id, ListHistories.open, idempotency_key)


def close_history(
    session: Session, list_id: ListArgument, idempotency_key: IdempotencyKeyOption = None
) -> Answer:
    """Keep what a status list was for auditors and its issuer again.

    Whoever has fetched a version keeps it.

    Example:
      registry list history close 018f…
    """
    return _decide(session, list_id, ListHistories.close, idempotency_key)


def _decide(session: Session, list_id: str, change: Change, idempotency_key: str | None) -> Answer:
    with opened(session) as registry:
        histories = registry.application.list_histories
        issuer_id = histories.find(list_id).shelf.issuer_id
        changed = change(histories, caller(idempotency_key), issuer_id, list_id)
    document: dict[str, Any] = {
        "list_id": list_id,
        "issuer_id": issuer_id,
        "public": changed.history_is_public,
        "version": changed.version,
    }
    return Answer(document, facts(document))
