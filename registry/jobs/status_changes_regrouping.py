"""Regroup the rows of a checked mass change: one slice is all the changes of one list.

A million rows are not held at once: the slices are read first to count, and again for as many
lists together as make a good save.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from registry.domain.errors import ConcurrentChangeError, UnknownJobError
from registry.domain.job import Group, Job, Outcome, Row, SliceState
from registry.jobs.status_changes_terms import Code, Terms, portions, refusal
from registry.store.jobs import JobStore

MOST_AT_ONCE: Final = 131_072
"""Changes in one save at most: as many as a list of the usual size has entries."""
REFUSED_AT_ONCE: Final = 10_000


@dataclass
class _Found:
    """What the check found, counted; `duplicates` are the lines that name a credential again."""

    statuses: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    duplicates: set[int] = field(default_factory=set)
    note: str | None = None


class Regrouping:
    """Regroups jobs, once each."""

    def __init__(self, store: JobStore, *, approval_from: int | None) -> None:
        self._store = store
        self._approval_from = approval_from

    def regroup(self, job: Job) -> Mapping[str, Any]:
        """Regroup the rows unless that was done before; return what the check found.

        Where several workers do it at once, what the first one found counts.
        """
        if job.findings is None:
            # Another worker may be putting other slices in the place of those that are read here.
            with suppress(UnknownJobError):
                self._regroup(job)
        findings = self._store.read(job.job_id).findings
        if findings is None:
            raise ConcurrentChangeError("the job is being regrouped", remedy="try again")
        return findings

    def _regroup(self, job: Job) -> None:
        found = self._count(job.job_id)
        findings = self._findings(Terms.of(job.terms), found)
        self._store.regroup(job.job_id, self._groups(job.job_id, found), findings=findings)

    def _findings(self, terms: Terms, found: _Found) -> dict[str, Any]:
        count = found.lists.total()
        asked = self._approval_from is not None and count >= self._approval_from
        lists = [
            {"list_id": list_id, "purpose": terms.operation.purpose, "entries": entries}
            for list_id, entries in sorted(found.lists.items())
        ]
        return {
            "changes": count,
            "statuses": dict(sorted(found.statuses.items())),
            "refused": dict(sorted(found.refused.items())),
            "lists": lists,
            "approval_required": terms.approval_required or asked,
        }

    def _count(self, job_id: str) -> _Found:
        found, seen = _Found(), set[bytes]()
        for row in self._rows(job_id):
            found.note = found.note or row.get("note")
            self._count_row(row, found, seen)
        return found

    def _count_row(self, row: Row, found: _Found, seen: set[bytes]) -> None:
        if "code" not in row:
            number = UUID(row["id"]).bytes
            if number in seen:
                found.duplicates.add(row["line"])
                found.refused[Code.DUPLICATE] += 1
                return
            seen.add(number)
            found.lists[row["list"]] += 1
        else:
            found.refused[row["code"]] += 1
        if "status" in row:
            found.statuses[row["status"]] += 1

    def _groups(self, job_id: str, found: _Found) -> Iterator[Group]:
        refused = (row for row in self._marked(job_id, found) if "code" in row)
        for rows in portions(refused, REFUSED_AT_ONCE):
            reports = [refusal(row) for row in rows]
            yield Group(rows, SliceState.DONE, Outcome(0, len(rows), reports))
        for lists in _together(found.lists):
            yield from self._of_lists(job_id, found, lists)

    def _of_lists(self, job_id: str, found: _Found, lists: Sequence[str]) -> Iterator[Group]:
        wanted: dict[str, list[Row]] = {list_id: [] for list_id in lists}
        for row in self._marked(job_id, found):
            if "code" not in row and row["list"] in wanted:
                wanted[row["list"]].append(row)
        for rows in wanted.values():
            for some in portions(rows, MOST_AT_ONCE):
                outcome = Outcome(len(some), 0)
                yield Group(_with_note(some, found.note), SliceState.CHECKED, outcome)

    def _marked(self, job_id: str, found: _Found) -> Iterator[Row]:
        for row in self._rows(job_id):
            is_duplicate = row["line"] in found.duplicates
            yield {**row, "code": Code.DUPLICATE} if is_duplicate else row

    def _rows(self, job_id: str) -> Iterator[Row]:
        for number in self._store.slice_numbers(job_id):
            yield from self._store.rows(job_id, number)


def _together(lists: Counter[str]) -> Iterator[Sequence[str]]:
    """Return lists in groups that have about as many changes as one save may have."""
    together: list[str] = []
    count = 0
    for list_id, entries in sorted(lists.items()):
        if together and count + entries > MOST_AT_ONCE:
            yield together
            together, count = [], 0
        together.append(list_id)
        count += entries
    if together:
        yield together


def _with_note(rows: Sequence[Row], note: str | None) -> Sequence[Row]:
    if note is None:
        return rows
    return [{**rows[0], "note": note}, *rows[1:]]
