"""Statuses changed in bulk: checked one by one, and then each list's changes saved at once.

The check loads every credential and lets its aggregate decide; what it decided holds as long as
the credential's stream has not moved on. So the changes of one list are recorded without loading
anything again: where a stream did move, the database refuses the whole save, and all of the list
is decided anew. One save a list makes one publication a list.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final
from uuid import UUID

from registry.commands import Commands, issuer_scope
from registry.domain.aggregate import Command
from registry.domain.credential import Credential
from registry.domain.errors import ConcurrentChangeError, IssuerClosedError
from registry.domain.job import Claim, Job, JobState, Outcome, Row
from registry.jobs.status_changes_deciding import Deciding, Sources
from registry.jobs.status_changes_regrouping import Regrouping
from registry.jobs.status_changes_saving import Plan, Saving
from registry.jobs.status_changes_terms import Code, Rest, Terms, portions, refusal
from registry.store.jobs import JobStore
from registry.streams import Streams

LOADED_AT_ONCE: Final = 1_000
"""Credentials held at once while they are checked: many more keep the memory's sweeper busy."""

ATTEMPTS: Final = 5
"""How often a list's changes are decided anew because single changes came in between."""


class StatusChangeJobs:
    """The kind of job that changes statuses (JobHandler).

    From `approval_from` changes on another principal than the one who ordered confirms.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        streams: Streams,
        commands: Commands,
        sources: Sources,
        approval_from: int | None = None,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._sources = sources
        self._regrouping = Regrouping(store, approval_from=approval_from)

    def check(self, claim: Claim) -> Outcome:
        """Say of each row whether its credential can be changed, and add what that rests on."""
        deciding = self._deciding(claim)
        some = portions(claim.rows, LOADED_AT_ONCE)
        rows = [row for portion in some for row in self._look_at(portion, deciding)]
        refused = [refusal(row) for row in rows if "code" in row]
        return Outcome(len(rows) - len(refused), len(refused), refused, rows)

    def _look_at(self, rows: Sequence[Row], deciding: Deciding) -> list[Row]:
        found = self._load(rows)
        # A decision leaves its mark on the credential: one that is named twice is decided once.
        decide = cache(lambda id_: _decided(id_, found, deciding))
        return [{**row, **decide(row["id"])} for row in rows]

    def checked(self, job: Job) -> JobState:
        """Regroup the rows, a list a slice; run where that was ordered and nothing speaks against.

        What cannot be changed speaks against it, unless the order was to leave it. Where nothing
        can be changed there is nothing to confirm either.
        """
        findings = self._regrouping.regroup(job)
        if not findings["changes"]:
            return JobState.DONE
        terms = Terms.of(job.terms)
        leaves = terms.rest is Rest.LEAVE or not findings["refused"]
        waits = terms.wait or not leaves or findings["approval_required"]
        return JobState.WAITING if waits else JobState.RUNNING

    def carry_out(self, claim: Claim) -> Outcome:
        """Record all changes of one list in one save."""
        deciding, plan = self._deciding(claim), Plan(ready=list(claim.rows))
        # What was begun before may be saved already, whatever became of the issuer since.
        if claim.claims > 1 or deciding.refused_owner(claim.rows[0]["owner"]):
            plan = self._decide_anew(plan, deciding)
        for _ in range(ATTEMPTS):
            try:
                return self._save(claim, plan)
            except ConcurrentChangeError:
                plan = self._decide_anew(plan, deciding)
        return self._save(claim, plan)

    def _save(self, claim: Claim, plan: Plan) -> Outcome:
        keys, vault = self._sources.keys, self._sources.vault
        saving = Saving(claim.job, streams=self._streams, keys=keys, vault=vault)
        saving.save(plan, self._command(claim.job), _note(claim))
        return plan.outcome(Terms.of(claim.job.terms).operation.done)

    def _decide_anew(self, plan: Plan, deciding: Deciding) -> Plan:
        """Load the credentials again: some may be changed by now, by this very job or another."""
        rows = [*plan.ready, *plan.done, *plan.refused]
        found, anew, left = self._load(rows), Plan(), list[Row]()
        for row in rows:
            credential = found.get(UUID(row["id"]))
            was_done = credential is not None and deciding.was_done(credential)
            (anew.done if was_done else left).append(row)
        if anew.done:
            self._streams.confirm()
        try:
            now = [_anew(row, found, deciding) for row in left]
        except IssuerClosedError:
            if not anew.done:
                raise
            now = [{**row, "code": Code.ISSUER_CLOSED} for row in left]
        for row in now:
            (anew.refused if "code" in row else anew.ready).append(row)
        return anew

    def _load(self, rows: Sequence[Row]) -> dict[UUID, Credential]:
        ids = {UUID(row["id"]) for row in rows if row["id"]}
        return self._streams.load_many(Credential, list(ids))

    def _deciding(self, claim: Claim) -> Deciding:
        command = self._command(claim.job)
        return Deciding(claim.job, command, self._sources, note=_note(claim))

    def _command(self, job: Job) -> Command:
        """Return the job's command; each change has an id of its own."""
        scope, kind = issuer_scope(job.issuer_id), "request/status-job"
        digest = self._sources.keys.keyed_digest(scope, kind, job.job_id.encode()).hex()
        return Command(self._commands.clock(), job.actor, "", digest, self._commands.salts())


def _anew(row: Row, found: Mapping[UUID, Credential], deciding: Deciding) -> Row:
    return {"line": row["line"], "id": row["id"], **_decided(row["id"], found, deciding)}


def _note(claim: Claim) -> str | None:
    """Return the note that rides with the first row of each slice."""
    note: str | None = claim.rows[0].get("note")
    return note


def _decided(id_: str | None, found: Mapping[UUID, Credential], deciding: Deciding) -> Row:
    """Return what was decided of a credential, and what the decision rests on."""
    if not id_:
        return {"code": Code.MALFORMED_ID}
    credential = found.get(UUID(id_))
    if credential is None or deciding.refused_owner(credential.issuance.issuer_id):
        return {"code": deciding.decide(credential)}
    status, subject = credential.status, credential.issuance.subject_ref
    decided = deciding.decide(credential)
    if isinstance(decided, Code):
        return {"status": status, "code": decided}
    return {
        "status": status,
        "list": decided.list_id,
        "index": decided.list_index,
        "version": decided.originator_version,
        "owner": decided.issuer_id,
        "subject": subject,
    }
