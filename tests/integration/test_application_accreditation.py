"""Accrediting issuers: what is saved together, what a repeat does, and who may issue then."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from registry.accrediting import NewAccreditation, NewScheme
from registry.commands import Caller
from registry.domain import errors
from registry.domain import events as e
from registry.domain.accreditation import Accreditation
from registry.domain.credential import Status
from registry.domain.profiles import GenericProfile
from registry.domain.securing import Mechanism
from registry.domain.standing import Standing
from registry.formats.data_integrity import verify_proof
from registry.formats.multikey import decode_public_key
from registry.requests import CredentialOrder, StatusChange
from tests.integration.world import World, at_once, keyed
from tests.making import OPERATOR, connect, fail_once, new_issuer, open_unsure, order

REVIEW, OVER, FRAUD = map(StatusChange, ("under-review", "review-completed", "fraud"))


class Accredited(World):
    """A registry that enforces accreditation, with an accreditor beside the issuer."""

    def __init__(self, url: str) -> None:
        super().__init__(connect(url, recorder=open_unsure, accreditation_enforced=True))
        self.accrediting = self.application.accrediting
        self.accreditor_id = new_issuer(self.application, 9)

    def open_scheme(self, caller: Caller = OPERATOR, name: str = "Commission") -> str:
        new = NewScheme("Komisja", name, self.accreditor_id, "https://commission.example")
        return str(self.accrediting.open_scheme(caller, new).id)

    def grant(self, scheme_id: str, caller: Caller = OPERATOR, scope: str = "IT") -> Accreditation:
        return self.accrediting.grant(caller, scheme_id, NewAccreditation(self.issuer_id, scope))

    def granted(self) -> str:
        """Open a scheme and accredit the issuer; return the accreditation's id."""
        return str(self.grant(self.open_scheme()).id)

    def endorsement_status(self, accreditation_id: str) -> Status:
        return self.accrediting.endorsement(accreditation_id).credential.status

    def standing(self, accreditation_id: str) -> Standing:
        accreditation = self.accrediting.records.accreditation(accreditation_id)
        return accreditation.standing(self.parts.clock())


@pytest.fixture
def world(ready_url: str) -> Iterator[Accredited]:
    world = Accredited(ready_url)
    yield world
    world.parts.close()


def test_without_a_scheme_everybody_issues_though_it_is_enforced(world: Accredited) -> None:
    assert world.issue_one()


def test_without_an_accreditation_nobody_issues_once_there_is_a_scheme(world: Accredited) -> None:
    issued = world.issue_one()
    world.open_scheme()
    with pytest.raises(errors.NotAccreditedError) as refusal:
        world.issue_one()
    assert refusal.value.remedy
    assert world.status(issued) is Status.ACTIVE


def test_a_repeat_of_what_was_issued_before_is_answered(world: Accredited) -> None:
    [first] = world.issue(order(world.achievement_id), caller=keyed())
    world.open_scheme()
    [again] = world.issue(order(world.achievement_id), caller=keyed())
    assert again.document == first.document


def test_accredited_issuer_issues(world: Accredited) -> None:
    world.granted()
    assert world.issue_one()


def test_enforcing_is_off_unless_it_is_set(ready_url: str) -> None:
    world = World(connect(ready_url))
    new = NewScheme("K", "C", new_issuer(world.application, 9), "https://commission.example")
    world.application.accrediting.open_scheme(OPERATOR, new)
    assert world.issue_one()
    world.parts.close()


def test_generic_credentials_need_it_too(world: Accredited) -> None:
    profile = GenericProfile(Mechanism.EDDSA_JCS_2022)
    world.application.open_generic_issuing(OPERATOR, world.issuer_id, profile)
    world.open_scheme()
    with pytest.raises(errors.NotAccreditedError):
        world.application.issue_credential(OPERATOR, world.issuer_id, CredentialOrder({}))


@pytest.mark.parametrize("verb", ["suspend", "withdraw"])
def test_who_lost_it_issues_no_more_and_what_was_issued_keeps_its_status(
    world: Accredited, verb: str
) -> None:
    accreditation_id = world.granted()
    issued = world.issue_one()
    getattr(world.accrediting, verb)(OPERATOR, accreditation_id, FRAUD)
    with pytest.raises(errors.NotAccreditedError):
        world.issue_one()
    assert world.status(issued) is Status.ACTIVE


def test_end_counts_by_time_without_an_event(world: Accredited) -> None:
    until = world.parts.clock.now + timedelta(days=1)
    scheme_id = world.open_scheme()
    new = NewAccreditation(world.issuer_id, "IT", valid_until=until)
    world.accrediting.grant(OPERATOR, scheme_id, new)
    assert world.issue_one()
    world.parts.clock.advance(days=1)
    with pytest.raises(errors.NotAccreditedError, match="expired"):
        world.issue_one()


def test_endorsement_is_signed_by_the_accreditor_about_the_issuer(world: Accredited) -> None:
    accreditation = world.grant(world.open_scheme(), scope="Informatyka")
    document = json.loads(world.accrediting.endorsement(str(accreditation.id)).document)
    accreditor = world.application.issuer(world.accreditor_id)
    assert document["type"] == ["VerifiableCredential", "EndorsementCredential"]
    assert document["issuer"]["id"] == accreditor.did
    subject = document["credentialSubject"]
    assert subject["id"] == world.application.issuer(world.issuer_id).did
    assert subject["type"] == ["EndorsementSubject"]
    assert "Informatyka" in subject["endorsementComment"]
    [proof] = document.pop("proof")
    [key] = accreditor.keys
    verify_proof(document, proof, public_key=decode_public_key(key))


def test_endorsement_has_entries_of_its_own_in_the_accreditors_lists(world: Accredited) -> None:
    accreditation = world.grant(world.open_scheme())
    endorsement = world.accrediting.endorsement(str(accreditation.id)).credential
    assert endorsement.purposes == ("revocation", "suspension")
    (opened,) = world.of(e.StatusListOpened)
    assert str(opened.originator_id) == endorsement.issuance.list_id
    assert vars(opened)["issuer_id"] == world.accreditor_id


def test_endorsement_follows_its_accreditation(world: Accredited) -> None:
    accreditation_id = world.granted()
    statuses = []
    for verb, change in (("suspend", REVIEW), ("reinstate", OVER), ("withdraw", FRAUD)):
        getattr(world.accrediting, verb)(OPERATOR, accreditation_id, change)
        statuses.append(world.endorsement_status(accreditation_id))
    assert statuses == [Status.SUSPENDED, Status.ACTIVE, Status.REVOKED]


@pytest.mark.parametrize("applied", [False, True])
def test_a_change_that_was_not_saved_changed_neither(world: Accredited, applied: bool) -> None:
    accreditation_id = world.granted()
    fail_once(world.parts, e.AccreditationWithdrawn.TOPIC, applied=applied)
    caller = keyed("withdraw-1")
    with pytest.raises(errors.RegistryError):
        world.accrediting.withdraw(caller, accreditation_id, FRAUD)
    withdrawn = world.standing(accreditation_id) is Standing.WITHDRAWN
    assert withdrawn is applied
    assert (world.endorsement_status(accreditation_id) is Status.REVOKED) is applied
    world.accrediting.withdraw(caller, accreditation_id, FRAUD)
    assert world.standing(accreditation_id) is Standing.WITHDRAWN
    assert len(world.of(e.AccreditationWithdrawn)) == len(world.of(e.CredentialRevoked)) == 1


def test_endorsement_the_accreditor_revoked_itself_does_not_stop_a_withdrawal(
    world: Accredited,
) -> None:
    accreditation_id = world.granted()
    endorsement = world.accrediting.endorsement(accreditation_id).credential
    world.application.revoke(OPERATOR, world.accreditor_id, str(endorsement.id), FRAUD)
    world.accrediting.suspend(OPERATOR, accreditation_id, REVIEW)
    with pytest.raises(errors.RevokedIsFinalError):
        world.accrediting.reinstate(OPERATOR, accreditation_id, OVER)
    world.accrediting.withdraw(OPERATOR, accreditation_id, FRAUD)
    assert world.standing(accreditation_id) is Standing.WITHDRAWN


def test_repeats_change_nothing(world: Accredited) -> None:
    scheme_id = world.open_scheme(keyed("scheme"))
    assert world.open_scheme(keyed("scheme")) == scheme_id
    first = world.grant(scheme_id, keyed("grant"))
    world.accrediting.suspend(keyed("suspend"), str(first.id), REVIEW)
    assert world.grant(scheme_id, keyed("grant")).version == 1
    assert world.accrediting.suspend(keyed("suspend"), str(first.id), REVIEW).version == 2
    assert len(world.of(e.AccreditationEvent, e.AccreditationSchemeOpened)) == 3


def test_same_key_with_another_request_is_refused(world: Accredited) -> None:
    scheme_id = world.open_scheme(keyed("scheme"))
    with pytest.raises(errors.IdempotencyConflictError):
        world.open_scheme(keyed("scheme"), name="Another")
    world.grant(scheme_id, keyed("grant"))
    another = new_issuer(world.application, 3)
    with pytest.raises(errors.IdempotencyConflictError):
        world.accrediting.grant(keyed("grant"), scheme_id, NewAccreditation(another, "IT"))


def test_same_scope_is_not_accredited_twice_at_a_time(world: Accredited) -> None:
    scheme_id = world.open_scheme()
    first = world.grant(scheme_id)
    with pytest.raises(errors.AccreditationStateError):
        world.grant(scheme_id)
    world.grant(scheme_id, scope="Law")
    world.accrediting.withdraw(OPERATOR, str(first.id), FRAUD)
    assert world.grant(scheme_id).id != first.id


def test_two_who_grant_at_once_grant_once(world: Accredited) -> None:
    scheme_id = world.open_scheme()
    found = at_once(2, lambda _: world.grant(scheme_id))
    assert sorted(type(each).__name__ for each in found) == [
        "Accreditation",
        "AccreditationStateError",
    ]
    assert len(world.of(e.AccreditationGranted)) == 1


def test_accreditor_does_not_accredit_itself(world: Accredited) -> None:
    scheme_id = world.open_scheme()
    with pytest.raises(errors.InvalidValueError, match="itself"):
        world.accrediting.grant(
            OPERATOR, scheme_id, NewAccreditation(world.accreditor_id, "everything")
        )
    assert not world.of(e.AccreditationGranted, e.CredentialIssued)


def test_accreditor_without_a_key_opens_no_scheme(world: Accredited) -> None:
    keyless = new_issuer(world.application, 4, key_types=())
    with pytest.raises(errors.NoSigningKeyError):
        world.accrediting.open_scheme(
            OPERATOR, NewScheme("K", "C", keyless, "https://commission.example")
        )


def test_unknown_reason_issuer_and_version_are_refused(world: Accredited) -> None:
    accreditation_id = world.granted()
    with pytest.raises(errors.UnknownReasonError):
        world.accrediting.suspend(OPERATOR, accreditation_id, StatusChange("because"))
    with pytest.raises(errors.VersionMismatchError):
        world.accrediting.suspend(keyed(expected_version=7), accreditation_id, REVIEW)
    with pytest.raises(errors.UnknownAccreditationError):
        world.accrediting.suspend(OPERATOR, world.issuer_id, REVIEW)
    with pytest.raises(errors.UnknownSchemeError):
        world.grant(accreditation_id)
    assert world.standing(accreditation_id) is Standing.ACCREDITED
