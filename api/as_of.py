"""What was true when: statuses as of a position or a time, and what changed between two."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from api.as_of_answers import (
    CHANGE_COLUMNS,
    DIFFERENCE_COLUMNS,
    ENTRY_COLUMNS,
    ISSUER_COLUMNS,
    SPAN_COLUMNS,
    AsOfAnswer,
    ChangesAnswer,
    CredentialAsOfAnswer,
    DifferencesAnswer,
    IssuerAsOfAnswer,
    ListAsOfAnswer,
    changes_answer,
    credential_answer_as_of,
    difference_rows,
    differences_answer,
    issuer_answer_as_of,
    list_answer_as_of,
)
from api.auth import Reader, Serving
from api.credentials import readable
from api.csv_answers import CSV_CONTENT, WantsCsv, csv_response
from api.requests import GuardedRoute
from api.responses import refusals
from api.values import Cursor, Id, Instant, Purpose, VersionNumber
from projections import VIEWS
from projections.past import as_of
from projections.past.moments import Question
from projections.queries import Window
from registry.domain.errors import InvalidValueError, UnknownIssuerError, UnknownListError
from registry.store.api_keys import Principal, Role

router = APIRouter(prefix="/v1", tags=["auditors"], route_class=GuardedRoute)

MoreRows = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]


def _question(
    position: Annotated[
        int | None, Query(ge=0, le=2**53, description="As of this event; the newest by default.")
    ] = None,
    at: Annotated[
        Instant | None, Query(description="As of what was recorded by this time.")
    ] = None,
) -> Question:
    return Question(position, at)


def _both_clocks(
    recorded: Annotated[Question, Depends(_question)],
    effective_at: Annotated[
        Instant | None, Query(description="What was then known to be true at this instant.")
    ] = None,
) -> Question:
    return Question(recorded.position, recorded.at, effective_at)


def _recorded_alone(
    recorded: Annotated[Question, Depends(_question)],
    effective_at: Annotated[str | None, Query(include_in_schema=False)] = None,
) -> Question:
    """Refuse a second clock: an entry is set or not, it does not say since when it should be."""
    if effective_at is not None:
        raise InvalidValueError(
            "a list has no effective times, only what was recorded by when",
            field="effective_at",
            remedy="leave it out, and use at; or ask about the credential or its issuer",
        )
    return recorded


Recorded = Annotated[Question, Depends(_recorded_alone)]
BothClocks = Annotated[Question, Depends(_both_clocks)]


@router.get(
    "/credentials/{credential_id}/as-of",
    response_model=CredentialAsOfAnswer,
    responses=refusals(401, 403, 404, 422) | CSV_CONTENT,
)
def read_credential_as_of(
    credential_id: Id,
    asker: Reader,
    registry: Serving,
    question: BothClocks,
    wants_csv: WantsCsv,
) -> CredentialAsOfAnswer | Response:
    """Read what was known of a credential's status, and of which times."""
    issuer_id = readable(credential_id, asker, registry).issuance.issuer_id
    with registry.read_by(asker.role).snapshot(of=VIEWS) as connection:
        answer = credential_answer_as_of(connection, credential_id, question, issuer_id=issuer_id)
    if wants_csv:
        return csv_response(SPAN_COLUMNS, map(vars, answer.known), headers=_said(answer.as_of))
    return answer


@router.get(
    "/issuers/{issuer_id}/as-of",
    response_model=IssuerAsOfAnswer,
    responses=refusals(401, 403, 404, 422) | CSV_CONTENT,
)
def read_issuer_as_of(
    issuer_id: Id,
    asker: Reader,
    registry: Serving,
    question: BothClocks,
    wants_csv: WantsCsv,
    cursor: Annotated[Cursor | None, Query()] = None,
    limit: MoreRows = 100,
) -> IssuerAsOfAnswer | Response:
    """Read the statuses of an issuer's credentials, and how many of each there were."""
    check_own(issuer_id, asker)
    registry.application.issuer(issuer_id)
    with registry.read_by(asker.role).snapshot(of=VIEWS) as connection:
        answer = issuer_answer_as_of(connection, issuer_id, question, Window(limit, cursor))
    if wants_csv:
        headers = _said(answer.as_of, following=answer.next)
        return csv_response(ISSUER_COLUMNS, map(vars, answer.items), headers=headers)
    return answer


@router.get(
    "/status-lists/{list_id}/{purpose}/as-of",
    response_model=ListAsOfAnswer,
    responses=refusals(401, 403, 404, 422) | CSV_CONTENT,
)
def read_list_as_of(
    list_id: Id,
    purpose: Purpose,
    asker: Reader,
    registry: Serving,
    question: Recorded,
    wants_csv: WantsCsv,
) -> ListAsOfAnswer | Response:
    """Read which entries of a list were set, published or not."""
    with registry.read_by(asker.role).snapshot(of=VIEWS) as connection:
        check_own_list(connection, list_id, purpose, asker)
        answer = list_answer_as_of(connection, list_id, purpose, question)
    if wants_csv:
        return csv_response(ENTRY_COLUMNS, map(vars, answer.entries), headers=_said(answer.as_of))
    return answer


@router.get(
    "/status-lists/{list_id}/{purpose}/differences",
    response_model=DifferencesAnswer,
    responses=refusals(401, 403, 404, 422) | CSV_CONTENT,
)
def read_differences(
    list_id: Id,
    purpose: Purpose,
    asker: Reader,
    registry: Serving,
    wants_csv: WantsCsv,
    earlier: Annotated[VersionNumber, Query(alias="from")],
    later: Annotated[VersionNumber, Query(alias="to", description="Another version.")],
) -> DifferencesAnswer | Response:
    """Read which entries differ between two versions of a list, with the events that did it."""
    with registry.read_by(asker.role).snapshot(of=VIEWS) as connection:
        check_own_list(connection, list_id, purpose, asker)
        answer = differences_answer(connection, list_id, purpose, versions=(earlier, later))
    if wants_csv:
        return csv_response(DIFFERENCE_COLUMNS, difference_rows(answer))
    return answer


@router.get(
    "/changes", response_model=ChangesAnswer, responses=refusals(401, 403, 404, 422) | CSV_CONTENT
)
def read_changes(
    asker: Reader,
    registry: Serving,
    wants_csv: WantsCsv,
    until: Annotated[
        int | None, Query(ge=0, le=2**53, description="The last position; the newest by default.")
    ] = None,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last position left out.")] = 0,
    issuer_id: Annotated[
        Id | None, Query(description="For auditors and operators; an issuer reads its own.")
    ] = None,
    limit: MoreRows = 100,
) -> ChangesAnswer | Response:
    """Read what changed between two positions, with the events that did it."""
    whose = asker.issuer_id if asker.role is Role.ISSUER else issuer_id
    if whose is not None:
        registry.application.issuer(whose)
    with registry.read_by(asker.role).snapshot(of=VIEWS) as connection:
        answer = changes_answer(connection, whose, after=after, until=until, limit=limit)
    if wants_csv:
        headers = {"X-Position": str(answer.until), "X-Next": str(answer.next or "")}
        return csv_response(CHANGE_COLUMNS, map(vars, answer.items), headers=headers)
    return answer


def check_own(issuer_id: str, asker: Principal) -> None:
    """Raise UnknownIssuerError where an issuer asks about another."""
    if asker.role is Role.ISSUER and asker.issuer_id != issuer_id:
        raise UnknownIssuerError("there is no such issuer", field="issuer_id")


def check_own_list(connection: Connection, list_id: str, purpose: str, asker: Principal) -> None:
    """Raise UnknownListError for a list that is not there, or is another issuer's."""
    owner = as_of.status_list(connection, list_id, purpose)["issuer_id"]
    if asker.role is Role.ISSUER and asker.issuer_id != owner:
        raise UnknownListError("there is no such status list", field="list_id")


def _said(found: AsOfAnswer, *, following: str | None = None) -> dict[str, str]:
    """Return the headers that say what a file has no room for."""
    return {"X-Position": str(found.position), "X-Next": following or ""}
