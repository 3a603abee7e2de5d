"""Which slices jobs have to offer to workers, and whose turn it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_

from registry.domain.instants import instant
from registry.domain.job import JobState, Kind, SliceState
from registry.store.tables import job_slices as slices
from registry.store.tables import jobs

OFFERED: Final = {
    JobState.CHECKING: SliceState.RECEIVED,
    JobState.RUNNING: SliceState.CHECKED,
    JobState.CANCELLING: SliceState.CHECKED,
}
"""Which slices a job in a state has to offer; one that is cancelling, those that were begun."""

_other: Final = jobs.alias("other")


def open_slice(at: datetime, kinds: Sequence[Kind], *, only: str | None) -> Select[Any]:
    """Find the most urgent slice that nobody holds; others skip it while it is being taken.

    Its content is read once it is found: SQLite would carry all contents through the sorting.
    """
    wanted = [] if only is None else [jobs.c.job_id == only]
    offered = [and_(jobs.c.state == state, _offered(state)) for state in OFFERED]
    free = or_(slices.c.claimed_until.is_(None), slices.c.claimed_until <= instant(at))
    return (
        select(slices.c.job_id, slices.c.number, jobs.c.state.label("job_state"))
        .join(jobs, jobs.c.job_id == slices.c.job_id)
        .where(or_(*offered), free, jobs.c.kind.in_(kinds), _has_its_turn(), *wanted)
        .order_by(jobs.c.priority, jobs.c.created_at, jobs.c.job_id, slices.c.number)
        .limit(1)
        .with_for_update(of=slices, skip_locked=True)
    )


def past_their_stage(kinds: Sequence[Kind], *, only: str | None) -> Select[Any]:
    """Find the jobs that workers had something to do for and have no longer, by their ids."""
    wanted = [] if only is None else [jobs.c.job_id == only]
    over = [and_(jobs.c.state == state, ~_has_slices(state)) for state in OFFERED]
    return (
        select(jobs.c.job_id)
        .where(or_(*over), jobs.c.kind.in_(kinds), *wanted)
        .order_by(jobs.c.priority, jobs.c.created_at, jobs.c.job_id)
    )


def jobs_ahead(job_id: str) -> Select[Any]:
    """Find the jobs that one has to wait for, by their ids."""
    return select(_other.c.job_id).where(jobs.c.job_id == job_id, _is_ahead())


def _offered(state: JobState) -> ColumnElement[bool]:
    begun = slices.c.claims > (0 if state is JobState.CANCELLING else -1)
    return and_(slices.c.state == OFFERED[state], begun)


def _has_slices(state: JobState) -> ColumnElement[bool]:
    return exists().where(slices.c.job_id == jobs.c.job_id, _offered(state))


def _has_its_turn() -> ColumnElement[bool]:
    """A job is not checked while another of the same turn is, or runs: it would not see its rows.

    Those that are checking go in the order in which they came to it.
    """
    return or_(jobs.c.state != JobState.CHECKING, ~exists().where(_is_ahead()))


def _is_ahead() -> ColumnElement[bool]:
    mine = tuple_(jobs.c.changed_at, jobs.c.job_id)
    earlier = tuple_(_other.c.changed_at, _other.c.job_id) < mine
    underway = or_(
        _other.c.state.in_((JobState.RUNNING, JobState.CANCELLING)),
        and_(_other.c.state == JobState.CHECKING, earlier),
    )
    return and_(_other.c.turn == jobs.c.turn, _other.c.job_id != jobs.c.job_id, underway)
