"""What is being signed while its issuer is closed or its key lost is not recorded.

Each interruption comes at the last moment there is: after everything was checked, before the save.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from registry.accrediting import NewAccreditation, NewScheme
from registry.commands import Caller
from registry.domain import errors
from registry.domain import events as e
from registry.domain.credential import Credential
from registry.domain.issuer import EndReason
from registry.domain.profiles import GenericProfile
from registry.domain.securing import Mechanism
from registry.requests import CredentialOrder, NewAchievement, StatusChange
from registry.store.database import Database
from registry.store.recorders import EventRecorder, PostgresEventRecorder, SqliteEventRecorder
from tests.integration.world import World, at_once
from tests.making import OPERATOR, connect, definition, new_issuer, order


class Interrupted:
    """A recorder before whose next save of a topic something else happens."""

    topic = ""
    meanwhile: Callable[[], object] | None = None

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Any:
        topics = {event.topic for event in stored_events}
        if self.topic in topics and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().insert_events(stored_events, **kwargs)  # type: ignore[misc]


class InterruptedSqlite(Interrupted, SqliteEventRecorder):
    pass


class InterruptedPostgres(Interrupted, PostgresEventRecorder):
    pass


def open_interrupted(database: Database) -> EventRecorder:
    return (InterruptedSqlite if database.is_sqlite else InterruptedPostgres)(database)


class Busy(World):
    """A registry that can be interrupted; its accredited issuer may issue anything."""

    def __init__(self, url: str) -> None:
        super().__init__(connect(url, recorder=open_interrupted, accreditation_enforced=True))
        profile = GenericProfile(Mechanism.EDDSA_JCS_2022, ())
        self.application.open_generic_issuing(OPERATOR, self.issuer_id, profile)
        self.accrediting = self.application.accrediting
        self.accreditor_id = new_issuer(self.application, 9)
        new = NewScheme("Komisja", "Commission", self.accreditor_id, "https://commission.example")
        self.scheme_id = str(self.accrediting.open_scheme(OPERATOR, new).id)
        self.accreditation_id = str(self.grant("IT").id)

    @property
    def key(self) -> str:
        return next(iter(self.application.issuer(self.issuer_id).keys))

    def grant(self, scope: str, issuer_id: str | None = None) -> Any:
        new = NewAccreditation(issuer_id or self.issuer_id, scope)
        return self.accrediting.grant(OPERATOR, self.scheme_id, new)

    def meanwhile(self, happens: Callable[[], object], *, topic: str) -> None:
        """Let something happen right before the next save of a topic."""
        assert isinstance(self.parts.recorder, Interrupted)
        self.parts.recorder.topic, self.parts.recorder.meanwhile = topic, happens

    def close(self) -> None:
        self.application.issuer_changes.close(
            OPERATOR, self.issuer_id, custodian_id=None, reason=EndReason.OTHER
        )

    def compromise(self) -> None:
        self.application.add_signing_key(OPERATOR, self.issuer_id)
        self.application.issuer_changes.compromise_key(
            OPERATOR, self.issuer_id, self.key, since=self.parts.clock()
        )

    def rename(self) -> None:
        self.application.issuer_changes.rename(
            OPERATOR, self.issuer_id, name_pl="Nowa", name_en="New", url="https://new.example"
        )

    def withdraw(self) -> None:
        self.accrediting.withdraw(OPERATOR, self.accreditation_id, StatusChange("fraud"))

    def badge(self) -> Credential:
        new = order(self.achievement_id)
        return self.application.issue(OPERATOR, self.issuer_id, [new])[0].credential

    def secure(self) -> Credential:
        sent = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "credentialSubject": {"id": "did:example:anna"},
        }
        new = CredentialOrder(sent)
        return self.application.issue_credential(OPERATOR, self.issuer_id, new).credential

    def issued(self) -> int:
        return len(self.of(e.CredentialIssued))


@pytest.fixture
def busy(ready_url: str) -> Iterator[Busy]:
    busy = Busy(ready_url)
    yield busy
    busy.parts.close()


REFUSALS = [
    (Busy.close, errors.IssuerClosedError),
    (Busy.compromise, errors.ConcurrentChangeError),
    (Busy.withdraw, errors.NotAccreditedError),
]


@pytest.mark.parametrize("issue", [Busy.badge, Busy.secure])
@pytest.mark.parametrize(("happens", "refusal"), REFUSALS)
def test_nothing_is_issued_once_it_may_not_be(
    busy: Busy,
    issue: Callable[[Busy], Credential],
    happens: Callable[[Busy], None],
    refusal: type[errors.RegistryError],
) -> None:
    before = busy.issued()
    busy.meanwhile(lambda: happens(busy), topic=e.CredentialIssued.TOPIC)
    with pytest.raises(refusal):
        issue(busy)
    assert busy.issued() == before


@pytest.mark.parametrize("issue", [Busy.badge, Busy.secure])
def test_another_change_of_the_issuer_hinders_no_issuing(
    busy: Busy, issue: Callable[[Busy], Credential]
) -> None:
    busy.meanwhile(busy.rename, topic=e.CredentialIssued.TOPIC)
    assert issue(busy).version == 1
    assert busy.application.issuer(busy.issuer_id).name_en == "New"


def test_nothing_is_issued_anew_under_a_key_lost_meanwhile(busy: Busy) -> None:
    old, before = busy.badge(), busy.issued()
    busy.compromise()

    def compromise_the_next() -> None:
        application = busy.application
        application.add_signing_key(OPERATOR, busy.issuer_id)
        second = list(application.issuer(busy.issuer_id).keys)[1]
        application.issuer_changes.compromise_key(
            OPERATOR, busy.issuer_id, second, since=busy.parts.clock()
        )

    busy.meanwhile(compromise_the_next, topic=e.CredentialIssued.TOPIC)
    with pytest.raises(errors.ConcurrentChangeError):
        busy.application.reissuing.reissue(OPERATOR, busy.issuer_id, str(old.id))
    assert busy.issued() == before
    again = busy.application.reissuing.reissue(OPERATOR, busy.issuer_id, str(old.id))
    third = list(busy.application.issuer(busy.issuer_id).keys)[2]
    assert again.issuance.verification_method.endswith(third)


def test_repeat_of_reissuing_returns_what_was_issued_anew(busy: Busy) -> None:
    old, once = busy.badge(), Caller("key-1", "once")
    busy.compromise()
    reissue = busy.application.reissuing.reissue
    results = at_once(3, lambda _: reissue(once, busy.issuer_id, str(old.id)))
    results.append(reissue(once, busy.issuer_id, str(old.id)))
    assert {str(each.id) for each in results} == {
        str(busy.of(e.CredentialIssued)[-1].originator_id)
    }
    assert {each.version for each in results} == {1}


def test_issuer_closed_meanwhile_is_not_accredited(busy: Busy) -> None:
    busy.meanwhile(busy.close, topic=e.AccreditationGranted.TOPIC)
    with pytest.raises(errors.IssuerClosedError):
        busy.grant("Law")
    assert len(busy.of(e.AccreditationGranted)) == 1


def test_endorsement_is_signed_anew_when_the_accreditors_key_is_lost_meanwhile(busy: Busy) -> None:
    application, accreditor_id = busy.application, busy.accreditor_id

    def compromise() -> None:
        key = next(iter(application.issuer(accreditor_id).keys))
        application.add_signing_key(OPERATOR, accreditor_id)
        application.issuer_changes.compromise_key(
            OPERATOR, accreditor_id, key, since=busy.parts.clock()
        )

    busy.meanwhile(compromise, topic=e.AccreditationGranted.TOPIC)
    granted = busy.grant("Law")
    endorsement = busy.accrediting.endorsement(str(granted.id)).credential
    newest = list(application.issuer(accreditor_id).keys)[-1]
    assert endorsement.issuance.verification_method.endswith(newest)


def test_closed_issuer_defines_nothing_and_adds_no_reason(busy: Busy) -> None:
    application, issuer_id = busy.application, busy.issuer_id
    busy.close()
    writes: list[Callable[[], object]] = [
        lambda: application.define_achievement(OPERATOR, issuer_id, NewAchievement(definition())),
        lambda: application.revise_achievement(
            OPERATOR, issuer_id, busy.achievement_id, definition()
        ),
        lambda: application.add_reason_code(
            OPERATOR, issuer_id, code="lost", label_pl="zgubione", label_en="lost"
        ),
    ]
    for write in writes:
        with pytest.raises(errors.IssuerClosedError):
            write()
    assert application.withdraw_achievement(OPERATOR, issuer_id, busy.achievement_id).withdrawn


def test_issuer_closed_meanwhile_defines_nothing(busy: Busy) -> None:
    before = len(busy.of(e.AchievementDefined))
    busy.meanwhile(busy.close, topic=e.AchievementDefined.TOPIC)
    with pytest.raises(errors.IssuerClosedError):
        busy.application.define_achievement(OPERATOR, busy.issuer_id, NewAchievement(definition()))
    assert len(busy.of(e.AchievementDefined)) == before


def test_issuing_ends_when_what_it_rests_on_never_rests(busy: Busy) -> None:
    def rename_again() -> None:
        number = busy.application.issuer(busy.issuer_id).version
        busy.application.issuer_changes.rename(
            OPERATOR, busy.issuer_id, name_pl=f"{number}", name_en="N", url="https://new.example"
        )
        busy.meanwhile(rename_again, topic=e.CredentialIssued.TOPIC)

    busy.meanwhile(rename_again, topic=e.CredentialIssued.TOPIC)
    before = busy.issued()
    with pytest.raises(errors.ConcurrentChangeError):
        busy.badge()
    assert busy.issued() == before
