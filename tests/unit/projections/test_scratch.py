"""A replay's rows lie in a temporary database and are what dictionaries would hold."""

from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from projections import ALL
from projections.credentials import VIEW as CREDENTIALS
from projections.credentials import CredentialsProjection
from projections.fold import Fold, in_memory
from projections.rows import Row, Rows
from projections.scratch import SPILL_AFTER, Scratch
from registry.domain import events as e
from scripts.benchmarks.sample_history import sample_events

ENOUGH_TO_SPILL = SPILL_AFTER + 1000


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with closing(Scratch(ALL)) as scratch:
        yield scratch


def _fold(fold: Fold[Rows], events: Iterable[e.Event], scratch: Scratch) -> None:
    for position, event in enumerate(events, start=1):
        scratch.begin(position)
        assert fold.apply(event, position) is None


def test_rows_are_those_of_a_fold_in_memory_also_after_they_left_it(scratch: Scratch) -> None:
    events = list(sample_events(ENOUGH_TO_SPILL))
    dictionaries = in_memory(ALL)
    _fold(Fold(ALL, scratch.rows), events, scratch)
    _fold(Fold(ALL, dictionaries.rows), events, scratch)
    for projection in ALL:
        for view in projection.tables:
            expected = dictionaries.rows[projection.name].tables[view]
            rows: list[Row] = list(scratch.rows[projection.name].each(view))
            assert rows == [row for _, row in sorted(expected.items())]


def test_each_row_names_the_event_that_wrote_it_last(scratch: Scratch) -> None:
    events = list(sample_events(ENOUGH_TO_SPILL))
    _fold(Fold(ALL, scratch.rows), events, scratch)
    revoked = [each for each in events if isinstance(each, e.CredentialRevoked)]
    for event in (revoked[0], revoked[-1]):
        rows = scratch.rows[CredentialsProjection.name]
        position = rows.written_by(CREDENTIALS, (str(event.originator_id),))
        assert position == events.index(event) + 1


def test_row_that_no_event_wrote_names_none(scratch: Scratch) -> None:
    assert scratch.rows[CredentialsProjection.name].written_by(CREDENTIALS, ("x",)) is None


def test_change_of_a_row_that_is_not_there_does_nothing(scratch: Scratch) -> None:
    rows = scratch.rows[CredentialsProjection.name]
    rows.change(CREDENTIALS, ("x",), {"status": "revoked"})
    assert list(rows.each(CREDENTIALS)) == []
