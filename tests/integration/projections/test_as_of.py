"""Answers about the past: what was said then, what is known now of then, and that none changes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.fold import in_memory
from projections.history import Recorded
from projections.past import as_of
from projections.past.intervals import IntervalsProjection
from projections.past.moments import NotRecordedYetError, Question, position_in, resolve
from projections.queries import Window
from projections.rebuild import rebuild
from registry.domain.errors import InvalidValueError
from tests.integration.projections.histories import (
    LIST_SIZE,
    NEXT,
    START,
    Made,
    Told,
    ask_everything,
    expect_everything,
    hour,
    told,
)

STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which credential
        st.integers(0, 2),  # which of what can be done next
        st.one_of(st.none(), st.integers(0, 6)),  # hours it is backdated by
        st.sampled_from([0, 1, 1, -3]),  # hours that the clock goes on, or back
    ),
    max_size=9,
)


@pytest.fixture
def sqlite_history(tmp_path: Path) -> Iterator[Told]:
    with told(f"sqlite:///{tmp_path}/registry.db") as made:
        yield made


@pytest.fixture
def history(database_url: str) -> Iterator[Told]:
    with told(database_url) as made:
        yield made


def new(history: Told, issuer_id: str | None = None, *, index: int = 7, at: float = 0) -> Made:
    """Issue a credential on a list of its own."""
    issuer_id = issuer_id or str(uuid4())
    made = Made(issuer_id, history.open_list(issuer_id, at=hour(at)), index)
    history.act(made, "issue", at=hour(at))
    return made


def status(
    history: Told, made: Made, position: int | None = None, effective: float | None = None
) -> str | None:
    when = None if effective is None else START + timedelta(hours=effective)
    with history.database.snapshot() as connection:
        found = resolve(connection, Question(position, effective_at=when))
        span = as_of.span_at(as_of.spans(connection, str(made.stream), found), found.effective_at)
    return span.status if span else None


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_no_later_event_changes_an_answer_and_each_is_what_the_events_say(
    sqlite_history: Told, steps: list[tuple[int, int, int | None, int]]
) -> None:
    history = sqlite_history
    issuers = [str(uuid4()), str(uuid4())]
    lists = [history.open_list(issuers[0]), history.open_list(issuers[1])]
    made = [Made(issuers[n % 2], lists[n % 2], 100 + n) for n in range(3)]
    first_answers = {}
    clock = 1
    for number, choice, backdated, ticks in steps:
        clock = max(clock + ticks, 1)
        credential = made[number]
        options = NEXT[credential.last][1] if credential.last else ("issue",)
        verb = options[choice % len(options)]
        effective = None
        if backdated is not None and verb not in ("issue", "erase"):
            effective = hour(max(clock - backdated, 0))
        position = history.act(credential, verb, at=hour(clock), effective_at=effective)
        with history.database.snapshot() as connection:
            first_answers[position] = ask_everything(connection, made, position)
    for position, answers in first_answers.items():
        assert answers == expect_everything(made, position)
        with history.database.snapshot() as connection:
            assert ask_everything(connection, made, position) == answers


def test_backdated_revocation_changes_what_is_known_and_not_what_was_said(history: Told) -> None:
    made = new(history)
    suspended = history.act(made, "suspend", at=hour(4))
    history.act(made, "revoke", at=hour(6), effective_at=hour(2))
    assert status(history, made, suspended) == "suspended"
    assert status(history, made, suspended, effective=3) == "active"
    assert status(history, made, effective=3) == "revoked"
    assert status(history, made, effective=1) == "active"


def test_what_was_known_is_listed_with_its_events(history: Told) -> None:
    made = new(history)
    issued = made.told[0][0]
    suspended = history.act(made, "suspend", at=hour(4))
    revoked = history.act(made, "revoke", at=hour(6), effective_at=hour(5))
    with history.database.snapshot() as connection:
        spans = as_of.spans(connection, str(made.stream), resolve(connection, Question()))
    assert [(s.status, s.position, s.effective_from, s.effective_until) for s in spans] == [
        ("active", issued, hour(0), hour(4)),
        ("suspended", suspended, hour(4), hour(5)),
        ("revoked", revoked, hour(5), None),
    ]


def test_before_it_was_issued_nothing_is_said_of_a_credential(history: Told) -> None:
    made = new(history)
    assert status(history, made, made.told[0][0] - 1) is None
    assert status(history, made, effective=-1) is None


def test_revoking_leaves_the_entry_of_the_suspension_set(history: Told) -> None:
    made = new(history)
    history.act(made, "suspend", at=hour(1))
    revoked = history.act(made, "revoke", at=hour(2))
    with history.database.snapshot() as connection:
        for purpose in ("revocation", "suspension"):
            entries = as_of.set_entries(connection, made.list_id, purpose, position=revoked)
            assert [entry["list_index"] for entry in entries] == [7]


def test_erasing_changes_neither_status_nor_entries(history: Told) -> None:
    made = new(history)
    suspended = history.act(made, "suspend", at=hour(1))
    erased = history.act(made, "erase", at=hour(2))
    history.act(made, "reinstate", at=hour(3))
    assert [status(history, made, p) for p in (suspended, erased, None)] == [
        "suspended",
        "suspended",
        "active",
    ]
    with history.database.snapshot() as connection:
        found = [
            len(as_of.set_entries(connection, made.list_id, "suspension", position=position))
            for position in (suspended, erased, erased + 1)
        ]
        counts = as_of.issuer_counts(
            connection, made.issuer_id, resolve(connection, Question(erased))
        )
    assert found == [1, 1, 0]
    assert counts == {"suspended": 1}


def test_time_stands_for_the_last_position_before_anything_later(history: Told) -> None:
    made = new(history, at=1)
    first = history.act(made, "suspend", at=hour(2))
    ahead = history.act(made, "reinstate", at=hour(9))
    back = history.act(made, "suspend", at=hour(3))
    with history.database.snapshot() as connection:
        found = {
            number: resolve(connection, Question(at=START + timedelta(hours=number)))
            for number in (0, 2, 2.5, 3, 8, 9, 10)
        }
    positions = {number: each.position for number, each in found.items()}
    assert positions == {0: 0, 2: first, 2.5: first, 3: first, 8: first, 9: back, 10: back}
    assert [found[n].settled for n in (0, 8, 9)] == [True, True, False]
    assert found[8].recorded_at == hour(2)
    assert found[9].recorded_at == hour(9)
    assert ahead < back
    for number, each in found.items():
        at = START + timedelta(hours=number)
        assert position_in(history.history, at) == each.position


def test_position_that_is_yet_to_come_is_refused(history: Told) -> None:
    made = new(history)
    with history.database.snapshot() as connection:
        with pytest.raises(NotRecordedYetError) as refusal:
            resolve(connection, Question(made.told[-1][0] + 1))
        assert refusal.value.field == "position"
        with pytest.raises(InvalidValueError):
            resolve(connection, Question(1, at=START))


def test_answers_agree_with_the_fold_at_every_position(history: Told) -> None:
    issuer_id = str(uuid4())
    made = [new(history, issuer_id, index=number) for number in range(3)]
    history.act(made[0], "suspend", at=hour(1))
    history.act(made[1], "revoke", at=hour(2), effective_at=hour(1))
    history.act(made[0], "revoke", at=hour(3))
    history.act(made[2], "suspend", at=hour(4))
    history.act(made[2], "reinstate", at=hour(5), effective_at=hour(2))
    fold = in_memory(history.catch_up.projections)
    for item in history.history.all():
        assert isinstance(item, Recorded)
        fold.apply(item.event, item.position)
        rows = fold.rows["credentials"].tables["credentials"]
        with history.database.snapshot() as connection:
            answers = ask_everything(connection, made, item.position)
            found = resolve(connection, Question(item.position))
            page = as_of.issuer_statuses(connection, issuer_id, found, Window(10))
            assert {row["credential_id"]: row["status"] for row in page.rows} == {
                key[0]: row["status"] for key, row in rows.items()
            }
            for key in fold.rows["status_lists"].tables["status_arrays"]:
                entries = as_of.set_entries(connection, *key, position=item.position)
                assert as_of.bits(LIST_SIZE, entries) == fold.bits((key[0], key[1]))
        assert answers == expect_everything(made, item.position)


def test_pages_of_an_issuer_neither_repeat_nor_skip_while_statuses_change(history: Told) -> None:
    issuer_id = str(uuid4())
    made = [new(history, issuer_id, index=number) for number in range(5)]
    position = history.act(made[3], "revoke", at=hour(1))
    seen: list[str] = []
    cursor = None
    while True:
        with history.database.snapshot() as connection:
            found = resolve(connection, Question(position))
            page = as_of.issuer_statuses(connection, issuer_id, found, Window(2, cursor))
        seen += [row["credential_id"] for row in page.rows]
        if page.next is None:
            break
        cursor = page.next
        history.act(made[len(seen) % 3], "suspend", at=hour(2))
    assert seen == [str(made[n].stream) for n in (3, 4, 2, 1, 0)]


def test_answer_names_the_events_that_could_not_be_read(history: Told) -> None:
    made, other = new(history), new(history)
    unknown = StoredEvent(made.stream, made.version + 1, "later-v7", b"{}")
    [position] = history.recorder.insert_events([unknown])
    history.catch_up.run()
    with history.database.snapshot() as connection:
        after = resolve(connection, Question(position))
        before = resolve(connection, Question(position - 1))
        assert as_of.unreadable(connection, made.issuer_id, after) == [position]
        assert as_of.unreadable(connection, made.issuer_id, before) == []
        assert as_of.unreadable(connection, other.issuer_id, after) == []


def test_rebuilding_gives_the_same_intervals(history: Told) -> None:
    made = new(history)
    history.act(made, "suspend", at=hour(1))
    history.act(made, "erase", at=hour(2))
    history.act(made, "revoke", at=hour(3), effective_at=hour(1))
    [rebuilt] = rebuild(history.database, history.history, [IntervalsProjection()])
    assert rebuilt.differing_rows == 0
    assert rebuilt.rows > 4
