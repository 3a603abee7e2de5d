"""Erasing: who may, what forbids it, what is gone, what stays, and crashes on the way."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from api import auditing, bootstrap
from api.bootstrap import Registry
from registry.commands import Caller
from registry.domain import errors
from registry.domain import events as e
from registry.domain.erasure import DeclineReason, ErasureReason, ErasureState
from registry.domain.instants import instant
from registry.domain.legal_hold import HoldReason, LiftReason
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.requests import StatusChange
from registry.store.destruction import Destruction
from registry.store.mapper import EventMapper
from registry.store.vault import Item, Person
from tests.integration.projections.by_hand import open_registry
from tests.integration.world import at_once
from tests.making import Clock, new_achievement, new_issuer
from tests.postgres import PostgresServer

ONE, ANOTHER = Caller("key-1"), Caller("key-2")
REASON = ErasureReason.LEARNER_REQUEST
EMAIL = "kanarek7351@example.org"
ANNA = Learner(IdentityType.EMAIL_ADDRESS, EMAIL, name="Anna Kanarek7351")
NOTE = "kanarek7351 copied the project"


class Office:
    """A registry with one issuer, and one learner who holds two credentials."""

    def __init__(self, registry: Registry, clock: Clock, *, issue: bool = True) -> None:
        self.registry, self.clock = registry, clock
        self.application, self.erasing = registry.application, registry.erasing
        if issue:
            self.issuer_id = new_issuer(self.application)
            self.achievement_id = new_achievement(self.application, self.issuer_id)
            self.credentials = [self.issue(), self.issue()]
            self.application.revoke(
                ONE, self.issuer_id, self.credentials[0], StatusChange("fraud", NOTE)
            )
            self.reference = self.reference_of(self.credentials[0])
            self.settle()

    def reopened(self, registry: Registry, clock: Clock | None = None) -> "Office":
        """Return the same office over another registry."""
        again = Office(registry, clock or self.clock, issue=False)
        again.issuer_id, again.achievement_id = self.issuer_id, self.achievement_id
        again.credentials, again.reference = self.credentials, self.reference
        return again

    def issue(self, caller: Caller = ONE, learner: Learner = ANNA) -> str:
        orders = [Order(self.achievement_id, learner)]
        (issued,) = self.application.issue(caller, self.issuer_id, orders)
        return str(issued.credential.id)

    def reference_of(self, credential_id: str) -> str:
        return self.application.any_credential(credential_id).issuance.subject_ref

    def settle(self) -> None:
        """Let a second pass, fold every event and do what is due."""
        self.clock.advance(seconds=1)
        self.registry.catch_up.run()
        self.registry.publisher.tick()
        self.erasing.work.tick()
        self.registry.catch_up.run()

    def erase(self) -> str:
        """Erase the learner as two operators do; return the erasure's id."""
        asked = self.erasing.request(ONE, self.reference, REASON)
        self.erasing.confirm(ANOTHER, str(asked.id))
        return str(asked.id)

    def events(self, *classes: type[e.Event]) -> list[e.Event]:
        found = self.registry.recorder.select_notifications(None, 100_000)
        events = [EventMapper().to_domain_event(notification) for notification in found]
        return [event for event in events if isinstance(event, classes or e.Event)]

    def check_gone(self) -> None:
        """Assert that nothing of the learner can be read."""
        for credential_id in self.credentials:
            with pytest.raises(errors.DocumentGoneError):
                self.application.document(self.issuer_id, credential_id)
        (revoked,) = self.events(e.CredentialRevoked)
        assert isinstance(revoked, e.CredentialRevoked)
        with pytest.raises(errors.DocumentGoneError):
            self.registry.vault.note(self.credentials[0], revoked.note_digest or "")
        with pytest.raises(errors.DocumentGoneError):
            self.registry.vault.person(self.reference)
        assert self.registry.vault.find_reference(self.issuer_id, ANNA.person()) is None


Start = Callable[[], Registry]
EITHER = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLite unless the test says `EITHER`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("api.clock.now", clock)
    return clock


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start one more process, as it were, over the same database and folder."""
    opened: list[Registry] = []

    def start() -> Registry:
        opened.append(open_registry(tmp_path, database_url))
        return opened[-1]

    yield start
    for registry in opened:
        registry.close()


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office on SQLite whose folder is copied for each test; making one takes a while."""
    folder = tmp_path_factory.mktemp("furnished")
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr("api.clock.now", clock)
        registry = open_registry(folder, f"sqlite:///{folder}/registry.db")
        office = Office(registry, clock)
        registry.close()
    return office


@pytest.fixture
def office(start: Start, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest) -> Office:
    if request.getfixturevalue("database_url").startswith("postgresql"):
        return Office(start(), clock)
    furnished: Office = request.getfixturevalue("furnished")
    shutil.copytree(furnished.registry.settings.folder, tmp_path, dirs_exist_ok=True)
    clock.advance(minutes=1)
    return furnished.reopened(start(), clock)


def restarted(office: Office, start: Start) -> Office:
    """Return the office as a process finds it that starts on the same database and folder."""
    registry = start()
    bootstrap.check(registry.database, registry.public_url, registry.erasing)
    return office.reopened(registry)


def on_sqlite(office: Office) -> bool:
    return office.registry.database.is_sqlite


@EITHER
def test_confirmed_erasure_leaves_nothing_to_read(office: Office) -> None:
    erasure = office.erasing.erasure(office.erase())
    office.check_gone()
    # PostgreSQL keeps deleted bytes until an operator has them cleared.
    expected = ErasureState.COMPLETED if on_sqlite(office) else ErasureState.PENDING
    assert erasure.state is expected


def test_erasure_is_recorded_for_each_credential_and_the_status_stays(office: Office) -> None:
    erasure_id = office.erase()
    erased = office.events(e.CredentialDocumentErased)
    assert {str(event.originator_id) for event in erased} == set(office.credentials)
    assert {getattr(event, "erasure_id", None) for event in erased} == {erasure_id}
    statuses = [office.application.any_credential(each).status for each in office.credentials]
    assert [str(status) for status in statuses] == ["revoked", "active"]


@EITHER
def test_pending_erasure_is_completed_by_settling(office: Office) -> None:
    erasure_id = office.erase()
    office.settle()
    assert office.erasing.work.settle() is None
    assert office.erasing.erasure(erasure_id).state is ErasureState.COMPLETED
    assert len(office.events(e.ErasureCompleted)) == 1
    office.settle()
    assert office.erasing.work.settle() is None
    assert len(office.events(e.ErasureCompleted)) == 1


@EITHER
def test_replay_finds_history_and_publications_as_they_were(office: Office) -> None:
    office.erase()
    office.settle()
    audit = auditing.build_audit(office.registry.settings)
    try:
        assert audit.replay.verify().difference is None
    finally:
        audit.database.close()


def test_who_asked_does_not_confirm(office: Office) -> None:
    asked = office.erasing.request(ONE, office.reference, REASON)
    with pytest.raises(errors.FourEyesError):
        office.erasing.confirm(ONE, str(asked.id))
    assert office.application.document(office.issuer_id, office.credentials[1])


def test_declined_erasure_erases_nothing(office: Office) -> None:
    asked = office.erasing.request(ONE, office.reference, REASON)
    office.erasing.decline(ANOTHER, str(asked.id), DeclineReason.IDENTITY_NOT_PROVED)
    with pytest.raises(errors.ErasureDecidedError):
        office.erasing.confirm(ANOTHER, str(asked.id))
    assert office.application.document(office.issuer_id, office.credentials[1])


def test_who_holds_the_master_key_asks_and_confirms_at_once(office: Office) -> None:
    office.erasing.erase(ONE, office.reference, REASON)
    office.check_gone()


def test_erased_learner_is_not_erased_again(office: Office) -> None:
    office.erase()
    with pytest.raises(errors.AlreadyErasedError):
        office.erasing.request(ONE, office.reference, REASON)


def test_two_requests_for_one_learner_end_well(office: Office) -> None:
    first, second = (office.erasing.request(ONE, office.reference, REASON) for _ in range(2))
    office.erasing.confirm(ANOTHER, str(first.id))
    with pytest.raises(errors.FourEyesError):
        office.erasing.confirm(ONE, str(second.id))
    confirmed = office.erasing.confirm(ANOTHER, str(second.id))
    assert confirmed.state is ErasureState.COMPLETED
    assert len(office.events(e.CredentialDocumentErased)) == len(office.credentials)


def test_unknown_reference_is_not_found(office: Office) -> None:
    for reference in ("nobody", "018f0000-0000-7000-8000-000000000000"):
        with pytest.raises(errors.UnknownSubjectError):
            office.erasing.request(ONE, reference, REASON)


def test_repeat_of_the_issuing_request_finds_the_document_gone(office: Office) -> None:
    once = Caller("key-1", "batch-7")
    again = office.issue(once)
    assert office.issue(once) == again
    office.erase()
    with pytest.raises(errors.DocumentGoneError):
        office.issue(once)


def test_person_issued_to_again_gets_a_new_reference(office: Office) -> None:
    office.erase()
    fresh = office.issue()
    assert office.reference_of(fresh) != office.reference
    assert office.application.document(office.issuer_id, fresh)
    with pytest.raises(errors.DocumentGoneError):
        office.application.document(office.issuer_id, office.credentials[0])


def test_status_of_an_erased_credential_changes_but_keeps_no_note(office: Office) -> None:
    office.erase()
    with pytest.raises(errors.DocumentGoneError):
        office.application.revoke(
            ONE, office.issuer_id, office.credentials[1], StatusChange("fraud", NOTE)
        )
    change = StatusChange("fraud")
    revoked = office.application.revoke(ONE, office.issuer_id, office.credentials[1], change)
    assert revoked.status == "revoked"
    assert revoked.erased


def test_another_issuers_record_of_the_person_stays_unless_all_are_meant(office: Office) -> None:
    other_issuer = new_issuer(office.application, 2)
    achievement = new_achievement(office.application, other_issuer)
    (issued,) = office.application.issue(ONE, other_issuer, [Order(achievement, ANNA)])
    other = issued.credential.issuance.subject_ref
    assert office.erasing.references_of_person(office.reference) == [office.reference, other]
    assert office.erasing.references_of_person(other) == [other, office.reference]
    office.erase()
    assert office.application.document(other_issuer, str(issued.credential.id))
    with pytest.raises(errors.AlreadyErasedError):
        office.erasing.references_of_person(office.reference)


def test_legal_hold_forbids_erasing_until_it_ends(office: Office) -> None:
    until = office.clock() + timedelta(days=3)
    office.erasing.place_hold(ONE, office.reference, HoldReason.LEGAL_CLAIM, until=until)
    with pytest.raises(errors.LegalHoldError) as refusal:
        office.erasing.request(ONE, office.reference, REASON)
    assert "legal-claim" in refusal.value.reason
    assert "2026-11-25" in refusal.value.reason
    office.clock.advance(days=4)
    office.erase()
    office.check_gone()


def test_legal_hold_placed_after_the_request_forbids_the_confirmation(office: Office) -> None:
    asked = office.erasing.request(ONE, office.reference, REASON)
    office.erasing.place_hold(ONE, office.reference, HoldReason.INQUIRY)
    with pytest.raises(errors.LegalHoldError):
        office.erasing.confirm(ANOTHER, str(asked.id))
    office.erasing.lift_hold(ONE, office.reference, LiftReason.SETTLED)
    office.erasing.confirm(ANOTHER, str(asked.id))
    office.check_gone()


def test_retention_duty_forbids_erasing_until_it_ends(office: Office) -> None:
    basis = "kategoria archiwalna B50"
    office.erasing.set_retention_duty(ONE, office.issuer_id, days=30, legal_basis=basis)
    with pytest.raises(errors.RetentionDutyError) as refusal:
        office.erasing.request(ONE, office.reference, REASON)
    assert basis in refusal.value.reason
    assert "2026-12-22" in refusal.value.reason
    office.clock.advance(days=31)
    office.erase()
    office.check_gone()


def test_retention_duty_that_was_ended_forbids_nothing(office: Office) -> None:
    for days in (30, 0):
        office.erasing.set_retention_duty(ONE, office.issuer_id, days=days, legal_basis="ended")
    office.erase()
    office.check_gone()


def test_document_that_was_never_issued_is_no_reason_to_keep(office: Office) -> None:
    office.erasing.set_retention_duty(ONE, office.issuer_id, days=30, legal_basis="B50")
    (jan,) = office.registry.vault.references(
        office.issuer_id, [Person("emailAddress", "jan@example.org")], at=instant(office.clock())
    )
    left_over = Item(str(uuid4()), "ab" * 32, jan, b"never issued")
    office.registry.vault.put_documents([left_over], at=instant(office.clock()))
    erasure = office.erasing.erase(ONE, jan, REASON)
    assert erasure.state is ErasureState.COMPLETED


class CrashError(Exception):
    """The process ended here."""


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("_journal", "add"),
        ("_destruction", "destroy"),
        ("_holdings", "credentials_of"),
    ],
)
def test_crash_on_the_way_is_made_good_at_the_next_start(
    office: Office, start: Start, monkeypatch: pytest.MonkeyPatch, part: str, step: str
) -> None:
    asked = office.erasing.request(ONE, office.reference, REASON)

    def crash(*_: object) -> None:
        raise CrashError

    # No view is folded before the next start either.

    monkeypatch.setattr(getattr(office.erasing.work, part), step, crash)
    with pytest.raises(CrashError):
        office.erasing.confirm(ANOTHER, str(asked.id))
    monkeypatch.undo()
    monkeypatch.setattr("api.clock.now", office.clock)
    again = restarted(office, start)
    again.check_gone()
    again.settle()
    erased = again.events(e.CredentialDocumentErased)
    assert {str(event.originator_id) for event in erased} == set(office.credentials)
    assert again.erasing.work.settle() is None
    assert again.erasing.erasure(str(asked.id)).state is ErasureState.COMPLETED


@EITHER
def test_document_stored_while_the_learner_is_erased_cannot_be_read(office: Office) -> None:
    vault, reference = office.registry.vault, office.reference
    items = [Item(str(uuid4()), "ab" * 32, reference, b"late") for _ in range(20)]

    def work(number: int) -> None:
        if number == 10:
            office.erase()
        else:
            vault.put_documents([items[number]], at="2026-11-22T18:00:00.000000Z")

    results = at_once(20, work)
    refused = [each for each in results if each is not None]
    assert all(isinstance(each, errors.DocumentGoneError) for each in refused)
    assert office.registry.vault.credentials_of(reference) == set()
    office.check_gone()


@EITHER
def test_issuing_while_the_learner_is_erased_is_refused_or_issues_anew(office: Office) -> None:
    results = at_once(6, lambda number: office.erase() if number == 3 else office.issue())
    office.clock.advance(minutes=11)
    office.settle()
    for issued in (each for number, each in enumerate(results) if number != 3):
        if isinstance(issued, errors.RegistryError):
            assert isinstance(issued, errors.DocumentGoneError | errors.ConflictError)
        elif office.reference_of(issued) == office.reference:
            assert office.application.any_credential(issued).erased
            with pytest.raises(errors.DocumentGoneError):
                office.application.document(office.issuer_id, issued)
        else:
            assert office.application.document(office.issuer_id, issued)


def copied(office: Office, folder: Path, server: PostgresServer | None) -> str:
    """Return the URL of a copy of the database: its backup."""
    if server is None:
        with office.registry.database.unpooled() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return f"sqlite:///{shutil.copy(folder / 'registry.db', folder / 'backup.db')}"
    office.registry.database.close()
    name = office.registry.database.url.database
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name}")
    return server.url(f"{name}_backup")


@EITHER
def test_restored_database_gives_nobody_back(
    office: Office, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = None if on_sqlite(office) else request.getfixturevalue("postgres_server")
    backup = copied(office, tmp_path, server)
    erasure_id = office.erase()
    registry = open_registry(tmp_path, backup)
    again = office.reopened(registry)
    with pytest.raises(errors.DocumentGoneError):
        again.application.document(office.issuer_id, office.credentials[1])
    assert registry.vault.find_reference(office.issuer_id, ANNA.person()) is None
    # So far the journal alone keeps it shut.
    assert destruction_of(again).undestroyed([office.reference])
    bootstrap.check(registry.database, registry.public_url, registry.erasing)
    again.check_gone()
    assert destruction_of(again).undestroyed([office.reference]) == []
    again.settle()
    assert again.erasing.work.settle() is None
    assert again.erasing.erasure(erasure_id).state is ErasureState.COMPLETED
    erased = again.events(e.CredentialDocumentErased)
    assert {str(event.originator_id) for event in erased} == set(office.credentials)
    registry.close()
    if server is not None:
        server.drop_database(backup)


def test_lost_journal_is_written_again_from_the_history(office: Office, start: Start) -> None:
    office.erase()
    office.registry.catch_up.run()
    journal = office.registry.settings.erasure_journal_file
    written = journal.read_bytes()
    journal.unlink()
    restarted(office, start).settle()
    assert journal.read_bytes() == written


def destruction_of(office: Office) -> Destruction:
    return office.erasing.work._destruction


def test_hold_comes_too_late_once_the_erasure_is_confirmed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash came after the confirmation: what is erased at the next start is not held."""
    asked = office.erasing.request(ONE, office.reference, REASON)
    for step in ("write_down", "carry_out"):
        monkeypatch.setattr(office.erasing.work, step, office.erasing.erasure)
    office.erasing.confirm(ANOTHER, str(asked.id))
    with pytest.raises(errors.AlreadyErasedError, match="confirmed already"):
        office.erasing.place_hold(ONE, office.reference, HoldReason.COURT_ORDER)


@EITHER
def test_learner_is_held_or_erased_never_both(office: Office) -> None:
    """A hold that comes while the confirmation is being carried out is refused, or refuses it."""
    asked = office.erasing.request(ONE, office.reference, REASON)
    erasing = office.erasing

    def work(number: int) -> object:
        if number:
            return erasing.place_hold(ONE, office.reference, HoldReason.COURT_ORDER)
        return erasing.confirm(ANOTHER, str(asked.id))

    confirmed, held = at_once(2, work)
    refused = [each for each in (confirmed, held) if isinstance(each, errors.ConflictError)]
    assert len(refused) == 1
    assert office.registry.vault.known(office.reference).erased is (held in refused)


def test_hold_comes_too_late_while_the_key_is_being_destroyed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = office.erasing.request(ONE, office.reference, REASON)
    work, refused = office.erasing.work, []
    carry_out = work.carry_out

    def carry_out_held(erasure_id: str) -> object:
        with pytest.raises(errors.AlreadyErasedError) as caught:
            office.erasing.place_hold(ONE, office.reference, HoldReason.COURT_ORDER)
        refused.append(caught.value)
        return carry_out(erasure_id)

    monkeypatch.setattr(work, "carry_out", carry_out_held)
    office.erasing.confirm(ANOTHER, str(asked.id))
    assert len(refused) == 1
    office.check_gone()
