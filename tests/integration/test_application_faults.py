"""What stops between two steps: nothing is shown that is not recorded, nothing is done twice."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from registry.commands import Caller
from registry.domain import errors
from registry.domain import events as e
from registry.domain.credential import Credential, Status
from registry.domain.instants import instant
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.issuing import Issued
from registry.requests import StatusChange
from registry.store.database import StoreUnavailableError
from registry.store.tables import secrets
from registry.store.vault import Kind, Stored
from tests.integration.world import World
from tests.making import (
    OPERATOR,
    START,
    Parts,
    connect,
    fail_once,
    open_unsure,
    order,
)

KEYED = Caller("api-key:issuer", "key-1")
REASON = StatusChange("under-review")
CANARIES = (b"kanarek", "żółty-kanarek".encode())


class Unreliable(World):
    """A registry over a store whose saves a test can make fail."""

    def issue_one_for(self, caller: Caller = OPERATOR, **details: Any) -> Issued:
        (issued,) = self.application.issue(
            caller, self.issuer_id, [order(self.achievement_id, **details)]
        )
        return issued

    def change(self, verb: str, issued: Issued, change: StatusChange = REASON) -> Credential:
        method = getattr(self.application, verb)
        credential: Credential = method(KEYED, self.issuer_id, str(issued.credential.id), change)
        return credential

    def documents(self) -> list[Stored]:
        start, end = instant(START - timedelta(1)), instant(START + timedelta(9))
        return self.parts.vault.stored_between(Kind.DOCUMENTS, start, end, after=None)

    def end_suspension(self, issued: Issued) -> bool:
        return self.parts.housekeeping.end_suspension(str(issued.credential.id))

    def now(self, issued: Issued) -> Credential:
        return self.application.credential(self.issuer_id, str(issued.credential.id))


@pytest.fixture
def world(ready_url: str) -> Iterator[Unreliable]:
    parts = connect(ready_url, recorder=open_unsure)
    yield Unreliable(parts)
    parts.close()


# Between the vault and the event


def orphan(world: Unreliable, caller: Caller = OPERATOR) -> Stored:
    """Let a save fail; return the document that it left in the vault."""
    known = set(world.documents())
    fail_once(world.parts, "credential-issued", applied=False)
    with pytest.raises(StoreUnavailableError):
        world.issue_one_for(caller)
    (left,) = set(world.documents()) - known
    return left


def test_document_is_in_the_vault_before_its_event_and_nobody_sees_it(world: Unreliable) -> None:
    left = orphan(world)
    assert world.of(e.CredentialIssued) == []
    assert world.parts.vault.document(left.credential_id, left.digest)
    with pytest.raises(errors.UnknownCredentialError):
        world.application.document(world.issuer_id, left.credential_id)


def test_document_without_an_event_is_swept_after_an_hour_and_not_before(world: Unreliable) -> None:
    kept, left = world.issue_one_for(), orphan(world)
    world.parts.clock.advance(minutes=59)
    assert world.parts.housekeeping.sweep_vault() == 0
    world.parts.clock.advance(minutes=2)
    assert world.parts.housekeeping.sweep_vault() == 1
    with pytest.raises(errors.DocumentGoneError):
        world.parts.vault.document(left.credential_id, left.digest)
    assert world.application.document(world.issuer_id, str(kept.credential.id)) == kept.document


def test_sweeping_goes_on_where_it_ended(world: Unreliable) -> None:
    for _ in range(3):
        orphan(world)
        world.parts.clock.advance(hours=2)
        assert world.parts.housekeeping.sweep_vault() == 1
    assert world.documents() == []


def test_index_of_a_document_that_was_swept_is_never_used_again(world: Unreliable) -> None:
    left = orphan(world)
    document = json.loads(world.parts.vault.document(left.credential_id, left.digest))
    index = int(document["credentialStatus"][0]["statusListIndex"])
    world.parts.clock.advance(hours=2)
    world.parts.housekeeping.sweep_vault()
    indexes = {world.issue_one_for().credential.issuance.list_index for _ in range(20)}
    assert len(indexes) == 20
    assert index not in indexes


def test_request_whose_save_failed_may_be_repeated_with_the_same_key(world: Unreliable) -> None:
    left = orphan(world, KEYED)
    issued = world.issue_one_for(KEYED)
    assert str(issued.credential.id) == left.credential_id
    assert len(world.of(e.CredentialIssued)) == 1
    world.parts.clock.advance(hours=2)
    world.parts.housekeeping.sweep_vault()
    assert world.application.document(world.issuer_id, left.credential_id) == issued.document
    assert len(world.documents()) == 1


def test_superseded_credential_keeps_its_status_where_the_save_failed(world: Unreliable) -> None:
    old = world.issue_one_for()
    fail_once(world.parts, "credential-issued", applied=False)
    with pytest.raises(StoreUnavailableError):
        world.issue_one_for(supersedes=str(old.credential.id))
    assert world.now(old).status is Status.ACTIVE


# The answer to COMMIT is lost


def test_lost_answer_is_found_again_under_the_same_key(world: Unreliable) -> None:
    fail_once(world.parts, "credential-issued", applied=True)
    with pytest.raises(StoreUnavailableError) as refusal:
        world.issue_one_for(KEYED)
    assert refusal.value.reason
    issued = world.issue_one_for(KEYED)
    (event,) = world.of(e.CredentialIssued)
    assert isinstance(event, e.CredentialIssued)
    assert event.document_digest == issued.credential.issuance.document_digest
    assert len(world.documents()) == 1


def test_lost_answer_to_a_superseding_has_one_effect(world: Unreliable) -> None:
    old = world.issue_one_for()
    fail_once(world.parts, "credential-issued", applied=True)
    with pytest.raises(StoreUnavailableError):
        world.issue_one_for(KEYED, supersedes=str(old.credential.id))
    new = world.issue_one_for(KEYED, supersedes=str(old.credential.id))
    assert world.now(old).superseded_by == str(new.credential.id)
    assert len(world.of(e.CredentialRevoked)) == 1


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "revoke"])
def test_lost_answer_to_a_change_has_one_effect(world: Unreliable, verb: str) -> None:
    issued = world.issue_one_for()
    if verb == "reinstate":
        world.application.suspend(OPERATOR, world.issuer_id, str(issued.credential.id), REASON)
    fail_once(world.parts, "credential-", applied=True)
    with pytest.raises(StoreUnavailableError):
        world.change(verb, issued)
    version = world.now(issued).version
    assert world.change(verb, issued).version == version
    assert world.now(issued).version == version


def test_request_after_a_crash_gets_the_first_answer_from_another_process(
    world: Unreliable, ready_url: str
) -> None:
    first = world.issue_one_for(KEYED)
    restarted = connect(ready_url)
    (again,) = restarted.application.issue(KEYED, world.issuer_id, [order(world.achievement_id)])
    assert again.document == first.document
    restarted.close()


def test_erased_document_is_gone_for_a_repeat_too(world: Unreliable) -> None:
    first = world.issue_one_for(KEYED)
    with world.parts.database.writing() as connection:
        connection.execute(delete(secrets).where(secrets.c.name.startswith("subject/")))
    with pytest.raises(errors.DocumentGoneError):
        world.issue_one_for(KEYED)
    assert world.now(first).status is Status.ACTIVE


# Suspensions that end by themselves


def suspended(world: Unreliable, **end: float) -> Issued:
    issued = world.issue_one_for()
    until = world.parts.clock.now + timedelta(**end)
    world.change("suspend", issued, StatusChange("under-review", until=until))
    return issued


def test_suspension_ends_at_its_promised_end_once(world: Unreliable) -> None:
    issued = suspended(world, hours=1)
    promised = world.now(issued).suspended_until
    world.parts.clock.advance(days=3)  # The registry was down meanwhile.
    assert [world.end_suspension(issued) for _ in range(3)] == [True, False, False]
    (event,) = world.of(e.CredentialReinstated)
    assert isinstance(event, e.CredentialReinstated)
    assert (event.effective_at, event.actor, event.reason) == (
        promised,
        "registry",
        "suspension-ended",
    )
    assert event.recorded_at > str(promised)
    assert world.now(issued).status is Status.ACTIVE


def test_suspension_does_not_end_before_its_time(world: Unreliable) -> None:
    issued = suspended(world, hours=1)
    world.parts.clock.advance(minutes=59)
    assert not world.end_suspension(issued)
    assert world.now(issued).status is Status.SUSPENDED


@pytest.mark.parametrize("verb", ["reinstate", "revoke"])
def test_suspension_that_was_ended_by_hand_is_left_alone(world: Unreliable, verb: str) -> None:
    issued = suspended(world, hours=1)
    status = world.change(verb, issued).status
    world.parts.clock.advance(hours=2)
    assert not world.end_suspension(issued)
    assert world.now(issued).status is status


def test_suspension_without_a_promised_end_is_left_alone(world: Unreliable) -> None:
    issued = world.issue_one_for()
    world.change("suspend", issued)
    world.parts.clock.advance(days=999)
    assert not world.end_suspension(issued)


def test_later_suspension_is_not_ended_by_an_earlier_promise(world: Unreliable) -> None:
    issued = suspended(world, hours=1)
    world.change("reinstate", issued)
    until = world.parts.clock.now + timedelta(days=1)
    change = StatusChange("under-review", until=until)
    world.application.suspend(OPERATOR, world.issuer_id, str(issued.credential.id), change)
    world.parts.clock.advance(hours=2)
    assert not world.end_suspension(issued)


def test_suspension_ends_though_the_clock_was_wrong_when_it_was_issued(world: Unreliable) -> None:
    """Issued while the clock was a year ahead: the promised end lies before the issuing."""
    world.parts.clock.advance(days=365)
    issued = world.issue_one_for()
    world.parts.clock.advance(days=-365)
    until = world.parts.clock.now + timedelta(hours=1)
    world.change("suspend", issued, StatusChange("under-review", until=until))
    world.parts.clock.advance(hours=2)
    assert world.end_suspension(issued)
    assert world.now(issued).status is Status.ACTIVE


# Nothing personal outside the ciphertexts


def test_no_byte_of_the_database_files_tells_who_the_learner_is(
    world: Unreliable, tmp_path: Path
) -> None:
    anna = Learner(IdentityType.EMAIL_ADDRESS, "kanarek@example.org", name="żółty-kanarek")
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    people = [anna, Learner(did=did, name="żółty-kanarek")]
    orders = [Order(world.achievement_id, person) for person in people]
    for issued in world.application.issue(KEYED, world.issuer_id, orders):
        change = StatusChange("fraud", note="kanarek copied")
        world.application.revoke(OPERATOR, world.issuer_id, str(issued.credential.id), change)
    if world.parts.database.is_sqlite:
        stored = b"".join(file.read_bytes() for file in tmp_path.glob("registry.db*"))
    else:
        stored = _everything(world.parts)
    assert b"credential-issued-v1" in stored
    for canary in (*CANARIES, did.encode(), b"copied"):
        assert canary not in stored.lower() + stored


def _everything(parts: Parts) -> bytes:
    with parts.database.reading() as connection:
        tables = connection.exec_driver_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).scalars()
        rows = [
            connection.exec_driver_sql(f'SELECT * FROM "{table}"').all() for table in tables.all()
        ]
    cells = [cell for table in rows for row in table for cell in row]
    return b"\0".join(c if isinstance(c, bytes) else str(c).encode() for c in cells)
