"""Answers about the past: the objects of the interface, and how they are made from the views."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from projections.past import as_of, changes, moments, past_lists
from projections.past.changes import EntryChange, Stretch
from projections.past.moments import AsOf, Question
from projections.queries import Window
from registry.domain.errors import UnknownListError
from registry.formats import bitstring

SPAN_COLUMNS = (
    "status",
    "reason",
    "position",
    "recorded_at",
    "effective_from",
    "effective_until",
)
ISSUER_COLUMNS = ("credential_id", *SPAN_COLUMNS[:5])
ENTRY_COLUMNS = ("index", "credential_id", "position", "recorded_at")
CHANGE_COLUMNS = (
    "position",
    "event",
    "stream_id",
    "stream_version",
    "issuer_id",
    "recorded_at",
    "effective_at",
    "actor",
    "reason",
    "status_before",
    "status",
)
DIFFERENCE_COLUMNS = ("index", "credential_id", "was_set", "is_set", "positions")


class AsOfAnswer(BaseModel):
    """What an answer is as of."""

    position: int = Field(description="The last event taken in. Its answer never changes.")
    recorded_at: str | None = Field(description="The latest time an event up to it has.")
    effective_at: str | None = Field(
        description="The instant asked about; null for the present of that position."
    )
    settled: bool = Field(
        description="False where a time was asked for that no event is later than yet."
    )


class SpanAnswer(BaseModel):
    """A status, and from when until when it was known to hold."""

    status: str = Field(examples=["suspended"])
    reason: str | None
    position: int = Field(description="The event that gave the status.")
    recorded_at: str
    effective_from: str
    effective_until: str | None = Field(description="Null for the one that holds.")


class CredentialAsOfAnswer(BaseModel):
    """What was known of a credential."""

    credential_id: str
    as_of: AsOfAnswer
    status: str | None = Field(description="Null: it was not issued, or not in effect, yet.")
    known: list[SpanAnswer] = Field(description="All that was known then, oldest first.")
    unreadable_positions: list[int] = Field(description="Events this version cannot read.")


class IssuerStatus(BaseModel):
    """The status of one credential."""

    credential_id: str
    status: str
    reason: str | None
    position: int = Field(description="The event that gave the status.")
    recorded_at: str
    effective_from: str


class IssuerAsOfAnswer(BaseModel):
    """The statuses of an issuer's credentials, the last changed first."""

    issuer_id: str
    as_of: AsOfAnswer
    statuses: dict[str, int] | None = Field(description="How many of each; on the first page.")
    items: list[IssuerStatus]
    next: str | None = Field(
        description="The cursor of the next page; ask for it with this `position`."
    )
    unreadable_positions: list[int] = Field(description="Events this version cannot read.")


class SetEntry(BaseModel):
    """An entry that was set."""

    index: int
    credential_id: str
    position: int = Field(description="The event that set it.")
    recorded_at: str


class ListAsOfAnswer(BaseModel):
    """A whole list."""

    list_id: str
    purpose: str
    issuer_id: str
    size: int
    as_of: AsOfAnswer
    entries: list[SetEntry]
    encoded_list: str = Field(description="The bits as a status list has them.")
    unreadable_positions: list[int] = Field(description="Events this version cannot read.")


class ChangeEntry(BaseModel):
    """An event, and what it changed."""

    position: int
    event: str = Field(examples=["credential-revoked-v1"])
    stream_id: str = Field(description="The credential, achievement or issuer.")
    stream_version: int
    issuer_id: str
    recorded_at: str
    effective_at: str | None
    actor: str
    reason: str | None
    status_before: str | None = Field(description="For credentials alone.")
    status: str | None = Field(description="For credentials alone.")


class ChangesAnswer(BaseModel):
    """What happened between two positions, in order."""

    after: int
    until: int
    items: list[ChangeEntry]
    next: int | None = Field(description="Pass it as `after`; null at the end.")


class EntryEvent(BaseModel):
    """An event that set or cleared an entry."""

    position: int
    event: str
    recorded_at: str
    effective_at: str | None
    actor: str
    reason: str | None


class ChangedEntry(BaseModel):
    """An entry that differs, and what did it."""

    index: int
    credential_id: str
    was_set: bool
    is_set: bool
    events: list[EntryEvent]


class DifferencesAnswer(BaseModel):
    """The entries that differ between two versions of a list."""

    list_id: str
    purpose: str
    from_version: int
    to_version: int
    from_position: int
    to_position: int
    entries: list[ChangedEntry]


def credential_answer_as_of(
    connection: Connection, credential_id: str, question: Question, *, issuer_id: str
) -> CredentialAsOfAnswer:
    """Answer for one credential."""
    found = moments.resolve(connection, question)
    known = as_of.spans(connection, credential_id, found)
    span = as_of.span_at(known, found.effective_at)
    return CredentialAsOfAnswer(
        credential_id=credential_id,
        as_of=_shown(found),
        status=span.status if span else None,
        known=[SpanAnswer(**vars(each)) for each in known],
        unreadable_positions=as_of.unreadable(connection, issuer_id, found),
    )


def issuer_answer_as_of(
    connection: Connection, issuer_id: str, question: Question, window: Window
) -> IssuerAsOfAnswer:
    """Answer for an issuer."""
    found = moments.resolve(connection, question)
    page = as_of.issuer_statuses(connection, issuer_id, found, window)
    first = window.cursor is None
    return IssuerAsOfAnswer(
        issuer_id=issuer_id,
        as_of=_shown(found),
        statuses=as_of.issuer_counts(connection, issuer_id, found) if first else None,
        items=[IssuerStatus(**{n: row[n] for n in ISSUER_COLUMNS}) for row in page.rows],
        next=page.next,
        unreadable_positions=as_of.unreadable(connection, issuer_id, found),
    )


def list_answer_as_of(
    connection: Connection, list_id: str, purpose: str, question: Question
) -> ListAsOfAnswer:
    """Answer for a list; raises UnknownListError also where it was opened later."""
    status_list = as_of.status_list(connection, list_id, purpose)
    found = moments.resolve(connection, question)
    if status_list["opened_position"] > found.position:
        opened = status_list["opened_position"]
        raise UnknownListError(f"the list was opened by event {opened}", field="list_id")
    entries = as_of.set_entries(connection, list_id, purpose, position=found.position)
    return ListAsOfAnswer(
        list_id=list_id,
        purpose=purpose,
        issuer_id=status_list["issuer_id"],
        size=status_list["size"],
        as_of=_shown(found),
        entries=[
            SetEntry(index=entry["list_index"], **{n: entry[n] for n in ENTRY_COLUMNS[1:]})
            for entry in entries
        ],
        encoded_list=bitstring.encode(as_of.bits(status_list["size"], entries)).text,
        unreadable_positions=as_of.unreadable(connection, status_list["issuer_id"], found),
    )


def differences_answer(
    connection: Connection, list_id: str, purpose: str, *, versions: tuple[int, int]
) -> DifferencesAnswer:
    """Compare two versions; raises UnknownListVersionError."""
    one, other = (
        past_lists.numbered(connection, list_id, purpose, version) for version in versions
    )
    found = changes.entry_changes(
        connection, list_id, purpose, before=one.position, after=other.position
    )
    return DifferencesAnswer(
        list_id=list_id,
        purpose=purpose,
        from_version=one.version,
        to_version=other.version,
        from_position=one.position,
        to_position=other.position,
        entries=[_changed_entry(each) for each in found],
    )


def difference_rows(answer: DifferencesAnswer) -> Sequence[dict[str, Any]]:
    """Return the differences as rows of a file, the events by their positions."""
    return [
        vars(entry) | {"positions": " ".join(str(event.position) for event in entry.events)}
        for entry in answer.entries
    ]


def _changed_entry(change: EntryChange) -> ChangedEntry:
    names = EntryEvent.model_fields
    events = [EntryEvent(**{name: row[name] for name in names}) for row in change.events]
    return ChangedEntry(**{**vars(change), "events": events})


def changes_answer(
    connection: Connection, issuer_id: str | None, *, after: int, until: int | None, limit: int
) -> ChangesAnswer:
    """Answer with the events of a stretch; raises NotRecordedYetError."""
    moments.resolve(connection, Question(after))
    end = moments.resolve(connection, Question(until)).position
    rows = changes.changes(connection, Stretch(after, end, issuer_id), limit=limit)
    items = [ChangeEntry(**{name: row[name] for name in CHANGE_COLUMNS}) for row in rows]
    following = items[-1].position if len(items) == limit else None
    return ChangesAnswer(after=after, until=end, items=items, next=following)


def _shown(found: AsOf) -> AsOfAnswer:
    return AsOfAnswer(**vars(found))
