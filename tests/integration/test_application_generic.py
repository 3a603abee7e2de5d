"""Credentials of any kind, secured as they were sent, and their status by name."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import func, select

from registry.application import CredentialRegistry
from registry.commands import Caller
from registry.domain import errors
from registry.domain import events as e
from registry.domain.credential import Status
from registry.domain.issuer_keys import key_types_of
from registry.domain.profiles import PURPOSES, GenericProfile
from registry.domain.securing import KeyType, Mechanism
from registry.formats import data_integrity, jws, vc_jwt
from registry.formats.multikey import decode_public_key
from registry.formats.securing import secure_credential
from registry.formats.strict_json import MAX_BYTES
from registry.issuing import Issued
from registry.requests import CredentialOrder, StatusOrder
from registry.store.database import StoreUnavailableError
from registry.store.recorders import PostgresEventRecorder, SqliteEventRecorder
from registry.store.tables import documents
from registry.store.vault import Person
from registry.verification.killable import CanonicalisationTimeoutError
from tests.integration.world import World, at_once, keyed
from tests.making import (
    OPERATOR,
    PUBLIC_URL,
    Parts,
    connect,
    fail_once,
    new_issuer,
    open_unsure,
    order,
)

V1 = "https://www.w3.org/2018/credentials/v1"
V2 = "https://www.w3.org/ns/credentials/v2"
DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"
NAME = "urn:uuid:0c8ba0d1-3c5f-4c31-8a72-3b6b0c3b4b10"
OTHER_NAME = "urn:uuid:5c3b0c3b-0c8b-4c31-8a72-a0d13c5f4b10"
SUBJECT = "did:example:ebfeb1f712ebc6f1c276e12ec21"
JCS = Mechanism.EDDSA_JCS_2022


def credential(**members: Any) -> dict[str, Any]:
    """Return a credential of VCDM 2.0 to send."""
    return {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": SUBJECT, "name": "Żaneta"},
    } | members


def old_credential(**members: Any) -> dict[str, Any]:
    """Return a credential of VCDM 1.1 to send."""
    subject = {"id": SUBJECT}
    return credential(credentialSubject=subject) | {"@context": [V1]} | members


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


class Sender:
    """An issuer that is marked for generic issuing, and what it sends."""

    def __init__(self, world: World, profile: GenericProfile | None = None) -> None:
        self.application: CredentialRegistry = world.application
        self.issuer_id = new_issuer(world.application, 2)
        self.did = world.application.issuer(self.issuer_id).did
        self.mark(profile or GenericProfile(JCS))

    def mark(self, profile: GenericProfile) -> None:
        """Open generic issuing, after adding the keys it needs."""
        for key_type in key_types_of(profile.mechanism):
            self.application.add_signing_key(OPERATOR, self.issuer_id, key_type)
        self.application.open_generic_issuing(OPERATOR, self.issuer_id, profile)

    def issue(
        self,
        sent: dict[str, Any] | None = None,
        *,
        caller: Caller = OPERATOR,
        **options: Any,
    ) -> Issued:
        wanted = CredentialOrder(credential() if sent is None else sent, **options)
        return self.application.issue_credential(caller, self.issuer_id, wanted)

    def document(self, sent: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.issue(sent, **options).document)
        return document

    def set_status(
        self,
        purpose: str,
        value: bool,
        *,
        name: str = NAME,
        caller: Caller = OPERATOR,
        **entry: Any,
    ) -> Status:
        wanted = StatusOrder(name, purpose, value, **entry)
        return self.application.set_status(caller, self.issuer_id, wanted).status

    def open_list(self, purpose: str = "revocation", *, caller: Caller = OPERATOR) -> str:
        return self.application.open_status_list(caller, self.issuer_id, purpose)

    def key(self, key_type: KeyType = KeyType.ED25519) -> Any:
        key = self.application.issuer(self.issuer_id).signing_key(key_type)
        return decode_public_key(key)


@pytest.fixture
def sender(world: World) -> Sender:
    return Sender(world)


# Issuing


def test_credential_is_secured_as_it_was_sent(sender: Sender) -> None:
    sent = credential(id=NAME, name="Dyplom", validFrom="2026-01-01T00:00:00Z")
    document = sender.document(sent)
    added = {name: document[name] for name in ("issuer", "credentialStatus", "proof")}
    assert document == sent | added
    assert added["issuer"] == sender.did
    [proof] = data_integrity.proofs(document)
    data_integrity.verify_proof(document, proof, public_key=sender.key())


def test_issuer_that_was_not_marked_issues_only_its_achievements(world: World) -> None:
    wanted = CredentialOrder(credential())
    with pytest.raises(errors.GenericIssuingClosedError):
        world.application.issue_credential(OPERATOR, world.issuer_id, wanted)


def test_history_has_no_claim_and_no_achievement(sender: Sender, world: World) -> None:
    issued = sender.issue(credential(id=NAME))
    event = issued.credential.issuance
    assert (event.achievement_id, event.achievement_version) == (None, None)
    assert event.profile == "generic+revocation+suspension"
    assert "Żaneta" not in repr(world.events())
    assert NAME not in repr(world.events())
    assert SUBJECT not in repr(world.events())


def test_entries_lead_to_the_lists_of_the_placement(sender: Sender) -> None:
    issued = sender.issue()
    issuance = issued.credential.issuance
    entries = json.loads(issued.document)["credentialStatus"]
    assert [entry["statusPurpose"] for entry in entries] == [*PURPOSES]
    for entry in entries:
        url = f"{PUBLIC_URL}/status-lists/{issuance.list_id}/{entry['statusPurpose']}"
        assert entry["statusListCredential"] == url
        assert entry["statusListIndex"] == str(issuance.list_index)


def test_single_entry_stands_alone(sender: Sender) -> None:
    sender.mark(GenericProfile(JCS, ("revocation",)))
    assert sender.document()["credentialStatus"]["statusPurpose"] == "revocation"


def test_profile_without_purposes_adds_no_entries(sender: Sender, world: World) -> None:
    sender.mark(GenericProfile(JCS, ()))
    issued = sender.issue()
    assert "credentialStatus" not in json.loads(issued.document)
    assert issued.credential.issuance.list_id is None
    assert not world.of(e.StatusListOpened)


def test_entries_that_a_credential_brings_are_left(sender: Sender, world: World) -> None:
    entry = {
        "id": "https://lists.example/1#7",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://lists.example/1",
    }
    issued = sender.issue(credential(credentialStatus=entry))
    assert json.loads(issued.document)["credentialStatus"] == entry
    assert (issued.credential.issuance.list_id, issued.credential.purposes) == (None, ())
    assert not world.of(e.StatusListOpened)


@pytest.mark.parametrize("name", ["absent", "id", "object", "object without id"])
def test_issuer_of_the_credential_is_the_issuer(sender: Sender, name: str) -> None:
    named = {"id": sender.did, "name": "Uczelnia"}
    given: dict[str, tuple[dict[str, Any], Any]] = {
        "absent": ({}, sender.did),
        "id": ({"issuer": sender.did}, sender.did),
        "object": ({"issuer": named}, named),
        "object without id": ({"issuer": {"name": "Uczelnia"}}, named),
    }
    members, expected = given[name]
    assert sender.document(credential(**members))["issuer"] == expected


@pytest.mark.parametrize("other", ["did:example:other", {"id": "did:example:other"}, 7, None])
def test_another_issuer_is_refused(sender: Sender, world: World, other: Any) -> None:
    before = world.events()
    with pytest.raises(errors.InvalidValueError) as refusal:
        sender.issue(credential(issuer=other))
    assert refusal.value.field == "credential.issuer"
    assert world.events() == before


@pytest.mark.parametrize(
    "members",
    [
        {"colour": "red"},
        {"credentialSubject": {}},
        {"validFrom": "2026-02-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"},
        {"validFrom": "yesterday"},
        {"type": ["Credential"]},
        {"@context": [V2, "https://unknown.example/context"]},
    ],
    ids=["undefined term", "empty subject", "ends before", "no instant", "type", "context"],
)
@pytest.mark.parametrize("mechanism", [JCS, Mechanism.VC_JWT_ES256])
def test_what_breaks_a_rule_is_refused_and_changes_nothing(
    sender: Sender, world: World, members: dict[str, Any], mechanism: Mechanism
) -> None:
    sender.mark(GenericProfile(mechanism))
    before = world.events()
    with pytest.raises(errors.CredentialRefusedError) as refusal:
        sender.issue(credential(**members))
    assert refusal.value.errors
    fault = refusal.value.errors[0]
    assert {"field", "reason", "remedy", "type"} == set(fault)
    assert world.events() == before


STATUS_IRI = "https://www.w3.org/ns/credentials/status#"
LIST = {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "u"}


@pytest.mark.parametrize(
    "members",
    [
        {"type": ["VerifiableCredential", "BitstringStatusListCredential"]},
        {"type": ["VerifiableCredential", f"{STATUS_IRI}BitstringStatusListCredential"]},
        {"credentialSubject": LIST},
        {"credentialSubject": [{"id": SUBJECT}, {"id": SUBJECT, "evidence": [LIST]}]},
        {"id": f"{PUBLIC_URL}/status-lists/5d1c3d0a-8b1d-4f7e-9a52-5b9b8a0d7c11/revocation"},
        {"id": f"{PUBLIC_URL}/issuers/5d1c3d0a-8b1d-4f7e-9a52-5b9b8a0d7c11/did.json"},
    ],
)
def test_what_could_be_shown_for_one_of_the_registrys_lists_is_never_signed(
    sender: Sender, world: World, members: dict[str, Any]
) -> None:
    before = world.events()
    with pytest.raises(errors.InvalidValueError, match="the registry itself makes"):
        sender.issue(credential(**members))
    assert world.events() == before


def test_entry_of_another_credential_is_not_taken_over(sender: Sender, world: World) -> None:
    given_out = sender.document(credential())["credentialStatus"]
    before = world.events()
    with pytest.raises(errors.InvalidValueError, match="an entry of its lists"):
        sender.issue(credential(credentialStatus=given_out))
    assert world.events() == before


def test_entry_of_another_is_not_taken_over_with_a_proof_by_a_compromised_key(
    sender: Sender, parts: Parts
) -> None:
    given_out = sender.document(credential())["credentialStatus"]
    issuer = sender.application.issuer(sender.issuer_id)
    thief = sender.application.signer_of(sender.issuer_id, JCS)
    key = issuer.signing_key(KeyType.ED25519)
    changes, since = sender.application.issuer_changes, parts.clock()
    changes.compromise_key(OPERATOR, sender.issuer_id, key, since=since)
    forged = secure_credential(
        credential(credentialStatus=given_out, issuer=issuer.did),
        mechanism=JCS,
        signer=thief,
        created="2026-11-22T18:00:00Z",
    )
    with pytest.raises(errors.InvalidValueError, match="an entry of its lists"):
        sender.issue(json.loads(forged.body))


def test_credential_that_takes_too_long_to_canonicalise_is_refused(
    sender: Sender, world: World, parts: Parts
) -> None:
    def give_up(*_: object, **__: object) -> bytes:
        raise CanonicalisationTimeoutError

    sender.mark(GenericProfile(Mechanism.EDDSA_RDFC_2022))
    sender.application = CredentialRegistry(
        streams=parts.streams,
        commands=parts.commands,
        keys=parts.keys,
        vault=parts.vault,
        allocator=parts.allocator,
        public_url=PUBLIC_URL,
        canonicalise=give_up,
    )
    with pytest.raises(errors.CredentialRefusedError, match="takes too long"):
        sender.issue()
    assert not world.of(e.CredentialIssued)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1e17, r"an integer beyond 2\*\*53 - 1 \(number 100000000000000000\)"),
        (-(2.0**53), r"an integer beyond 2\*\*53 - 1"),
        ("x" * (MAX_BYTES - 500), "longer than"),
    ],
    ids=["whole number", "first inexact", "too long with its proof"],
)
@pytest.mark.parametrize("mechanism", [JCS, Mechanism.VC_JWT_ED25519])
def test_what_could_not_be_read_once_it_is_secured_is_never_issued(
    sender: Sender, world: World, value: object, reason: str, mechanism: Mechanism
) -> None:
    sender.mark(GenericProfile(mechanism))
    with pytest.raises(errors.CredentialRefusedError, match=reason):
        sender.issue(credential(credentialSubject={"id": SUBJECT, "urn:x:p": value}))
    assert not world.of(e.CredentialIssued)


@pytest.mark.parametrize("number", [2.0**53 - 1, 1e21, 0.5])
def test_number_that_every_reader_holds_is_issued(sender: Sender, number: float) -> None:
    subject = {"id": SUBJECT, "urn:x:p": number}
    assert sender.document(credential(credentialSubject=subject))["credentialSubject"] == subject


def test_moment_that_no_event_can_hold_is_refused_and_changes_nothing(
    sender: Sender, world: World
) -> None:
    before = world.events()
    with pytest.raises(errors.CredentialRefusedError):
        sender.issue(credential(validFrom="2026-01-01T24:00:00Z"))
    assert world.events() == before


def test_credential_that_is_over_can_still_be_issued(sender: Sender) -> None:
    issued = sender.issue(credential(validUntil="2020-01-01T00:00:00Z"))
    assert issued.credential.issuance.valid_until == "2020-01-01T00:00:00.000000Z"


def test_credential_without_a_start_counts_from_its_issuing(sender: Sender) -> None:
    issuance = sender.issue().credential.issuance
    assert (issuance.valid_from, issuance.valid_until) == (issuance.recorded_at, None)


@pytest.mark.parametrize("mechanism", [each for each in Mechanism if not each.is_jwt])
def test_old_credential_gets_the_contexts_and_the_date_it_needs(
    sender: Sender, mechanism: Mechanism
) -> None:
    sender.mark(GenericProfile(mechanism, ("revocation",)))
    document = sender.document(old_credential())
    assert document["@context"] == [V1, DATA_INTEGRITY_V2]
    assert document["issuanceDate"].startswith("2026-11-22T")
    [proof] = data_integrity.proofs(document)
    public_key = sender.key(mechanism.key_type)
    data_integrity.verify_proof(document, proof, public_key=public_key)


def test_old_credential_gets_no_entry_since_those_belong_into_version_2(sender: Sender) -> None:
    issued = sender.issue({**old_credential(), "id": NAME})
    assert "credentialStatus" not in json.loads(issued.document)
    assert issued.credential.purposes == ()
    with pytest.raises(errors.NoStatusEntryError):
        sender.set_status("revocation", True)


def test_old_credential_keeps_what_it_has(sender: Sender) -> None:
    sender.mark(GenericProfile(JCS, ()))
    sent = old_credential(
        issuanceDate="2020-01-01T00:00:00Z", expirationDate="2030-01-01T00:00:00Z"
    )
    sent["@context"] = [V1, "https://w3id.org/security/data-integrity/v1"]
    issued = sender.issue(sent)
    document = json.loads(issued.document)
    assert document["@context"] == sent["@context"]
    assert document["issuanceDate"] == "2020-01-01T00:00:00Z"
    issuance = issued.credential.issuance
    assert issuance.valid_from == "2020-01-01T00:00:00.000000Z"
    assert issuance.valid_until == "2030-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("mechanism", [each for each in Mechanism if each.is_jwt])
def test_old_credential_is_not_made_a_token(sender: Sender, mechanism: Mechanism) -> None:
    sender.mark(GenericProfile(mechanism))
    with pytest.raises(errors.InvalidValueError, match=r"VCDM 1\.1"):
        sender.issue(old_credential())


@pytest.mark.parametrize(
    "mechanism", [Mechanism.VC_JWT_ED25519, Mechanism.VC_JWT_ES256, Mechanism.VC_JWT_ES384]
)
def test_credential_becomes_a_token(sender: Sender, mechanism: Mechanism) -> None:
    sender.mark(GenericProfile(mechanism, ()))
    issued = sender.issue(credential(id=NAME))
    token = jws.parse(issued.document.decode())
    jws.verify(token, sender.key(mechanism.key_type))
    assert vc_jwt.read(token).document == credential(id=NAME, issuer=sender.did)
    assert issued.media_type == "application/vc+jwt"


def test_proof_is_added_to_those_there_are(sender: Sender) -> None:
    first = sender.document()
    second = sender.document(first)
    assert second["proof"][0] == first["proof"]
    assert len(second["proof"]) == 2
    for proof in second["proof"]:
        data_integrity.verify_proof(second, proof, public_key=sender.key())


@pytest.mark.parametrize("sent", [credential(), old_credential()], ids=["2.0", "1.1"])
def test_nothing_is_added_to_what_a_proof_covers(
    sender: Sender, world: World, sent: dict[str, Any]
) -> None:
    sender.mark(GenericProfile(JCS, ()))
    first = sender.document(sent)
    sender.mark(GenericProfile(JCS))
    second = sender.document(first)
    assert {**second, "proof": second["proof"][0]} == first
    assert not world.of(e.StatusListOpened)


def test_credential_with_a_proof_names_its_issuer(sender: Sender) -> None:
    first = sender.document()
    del first["issuer"]
    with pytest.raises(errors.InvalidValueError) as refusal:
        sender.issue(first)
    assert refusal.value.field == "credential.issuer"


def test_old_credential_with_a_proof_gets_no_date(sender: Sender) -> None:
    sender.mark(GenericProfile(JCS, ()))
    first = sender.document(old_credential())
    del first["issuanceDate"]
    with pytest.raises(errors.CredentialRefusedError):
        sender.issue(first)


def test_proof_stands_on_the_one_that_is_named(sender: Sender) -> None:
    sender.mark(GenericProfile(JCS, ()))
    first = sender.document()
    first["proof"]["id"] = "urn:uuid:5c3b0c3b-0c8b-4c31-8a72-a0d13c5f4b10"
    sender.mark(GenericProfile(Mechanism.ECDSA_JCS_2019_P256))
    second = sender.document(first, previous_proof=first["proof"]["id"])
    assert second["proof"][1]["previousProof"] == first["proof"]["id"]


@pytest.mark.parametrize("previous", ["urn:uuid:nowhere", ["urn:uuid:nowhere"]])
def test_proof_that_is_not_there_cannot_be_stood_on(
    sender: Sender, world: World, previous: Any
) -> None:
    before = world.events()
    with pytest.raises(errors.InvalidValueError) as refusal:
        sender.issue(previous_proof=previous)
    assert refusal.value.field == "options.previousProof"
    assert world.events() == before


# The vault


def test_document_is_kept_and_given_again(sender: Sender) -> None:
    issued = sender.issue()
    kept = sender.application.issued(sender.issuer_id, str(issued.credential.id))
    assert kept.document == issued.document


def test_subject_is_the_same_person_each_time(sender: Sender, world: World) -> None:
    references = {sender.issue().credential.issuance.subject_ref for _ in range(2)}
    person = Person("credentialSubject.id", SUBJECT)
    assert references == {world.parts.vault.find_reference(sender.issuer_id, person)}


@pytest.mark.parametrize(
    "subject",
    [
        {"name": "Żaneta"},
        [{"id": "did:example:1", "name": "A"}, {"id": "did:example:2", "name": "B"}],
    ],
    ids=["none", "two"],
)
def test_credential_about_nobody_in_particular_is_kept_for_nobody_known(
    sender: Sender, subject: Any
) -> None:
    sent = credential(credentialSubject=subject)
    references = {sender.issue(sent).credential.issuance.subject_ref for _ in range(2)}
    assert len(references) == 2


# Repeats


def test_repeat_under_a_key_gives_the_first_answer(sender: Sender) -> None:
    first = sender.issue(credential(id=NAME), caller=keyed())
    again = sender.issue(credential(id=NAME), caller=keyed())
    assert (again.credential.id, again.document) == (first.credential.id, first.document)


def test_repeat_without_a_name_gives_the_first_answer(sender: Sender) -> None:
    first, again = (sender.issue(caller=keyed()) for _ in range(2))
    assert (again.credential.id, again.document) == (first.credential.id, first.document)


def test_repeat_is_given_as_it_was_issued(sender: Sender) -> None:
    sender.issue(credential(id=NAME), caller=keyed())
    sender.set_status("revocation", True)
    again = sender.issue(credential(id=NAME), caller=keyed())
    assert again.credential.status is Status.ACTIVE


@pytest.mark.parametrize("name", [{}, {"id": NAME}], ids=["without a name", "with one"])
def test_key_with_another_credential_is_a_conflict(
    sender: Sender, world: World, name: dict[str, str]
) -> None:
    sender.issue(credential(**name), caller=keyed())
    before = world.events()
    with pytest.raises(errors.IdempotencyConflictError):
        sender.issue(credential(name="Inny", **name), caller=keyed())
    assert world.events() == before


@pytest.mark.parametrize(
    "other",
    [
        {"sent": credential(id=OTHER_NAME)},
        {"sent": credential()},
        {"sent": credential(id=NAME), "credential_id": OTHER_NAME},
    ],
    ids=["other id", "no id", "other name beside the id"],
)
def test_key_with_another_name_is_a_conflict(
    sender: Sender, world: World, other: dict[str, Any]
) -> None:
    sender.issue(credential(id=NAME), caller=keyed())
    before = world.events()
    with pytest.raises(errors.IdempotencyConflictError):
        sender.issue(caller=keyed(), **other)
    assert world.events() == before


def test_keys_are_the_issuers_own(sender: Sender, world: World) -> None:
    world.application.open_generic_issuing(OPERATOR, world.issuer_id, GenericProfile(JCS))
    wanted = CredentialOrder(credential(id=NAME))
    theirs = world.application.issue_credential(keyed(), world.issuer_id, wanted)
    assert sender.issue(credential(id=NAME), caller=keyed()).credential.id != theirs.credential.id


def test_requests_at_once_with_two_names_under_one_key_issue_once(
    sender: Sender, world: World
) -> None:
    names = [NAME, OTHER_NAME] * 2
    answers = at_once(4, lambda n: sender.issue(credential(id=names[n]), caller=keyed()))
    refused = [each for each in answers if isinstance(each, errors.IdempotencyConflictError)]
    assert len(refused) == 2
    assert len(world.of(e.CredentialIssued)) == len(world.of(e.CredentialNamed)) == 1


def test_requests_at_once_under_one_key_issue_once(sender: Sender, world: World) -> None:
    issued = at_once(4, lambda _: sender.issue(credential(id=NAME), caller=keyed()))
    assert len({one.document for one in issued}) == 1
    assert len(world.of(e.CredentialIssued)) == 1


# Names


def bearers(world: World) -> dict[str, list[str]]:
    """Return which credentials bear each name, by the id of the name's stream."""
    found: dict[str, list[str]] = {}
    for event in world.of(e.CredentialNamed):
        assert isinstance(event, e.CredentialNamed)
        found.setdefault(str(event.originator_id), []).append(event.credential_id)
    return found


def test_credential_and_its_name_are_recorded_by_one_command(sender: Sender, world: World) -> None:
    issuance = sender.issue(credential(id=NAME)).credential.issuance
    *_, issued, named = world.events()
    assert issued == issuance
    assert isinstance(named, e.CredentialNamed)
    assert (named.issuer_id, named.credential_id) == (sender.issuer_id, str(issued.originator_id))
    assert (named.command_id, named.recorded_at) == (issued.command_id, issued.recorded_at)


def test_credential_without_a_name_has_no_name_in_the_history(sender: Sender, world: World) -> None:
    sender.issue()
    assert not world.of(e.CredentialNamed)


def test_one_name_is_another_for_each_issuer(sender: Sender, world: World) -> None:
    world.application.open_generic_issuing(OPERATOR, world.issuer_id, GenericProfile(JCS))
    wanted = CredentialOrder(credential(id=NAME))
    theirs = world.application.issue_credential(OPERATOR, world.issuer_id, wanted)
    mine = sender.issue(credential(id=NAME))
    assert sorted(bearers(world).values()) == sorted(
        [[str(theirs.credential.id)], [str(mine.credential.id)]]
    )


@pytest.mark.parametrize("name", ["żółw", "a" * 2_000, "0/x", "\ud800", " "])
def test_any_text_is_a_name(sender: Sender, name: str) -> None:
    sender.issue(credential_id=name)
    assert sender.set_status("revocation", True, name=name) is Status.REVOKED


def test_requests_at_once_for_one_name_issue_each(sender: Sender, world: World) -> None:
    issued = [one.credential for one in at_once(12, lambda _: sender.issue(credential(id=NAME)))]
    [named] = bearers(world).values()
    assert sorted(named) == sorted(str(one.id) for one in issued)
    entries = {(one.issuance.list_id, one.issuance.list_index) for one in issued}
    assert len(entries) == 12


def test_each_of_many_with_one_name_is_found(sender: Sender) -> None:
    issued = [sender.issue(credential(id=NAME)).credential for _ in range(20)]
    for one in (issued[0], issued[-1]):
        index = str(one.issuance.list_index)
        assert sender.set_status("revocation", True, index=index) is Status.REVOKED
    found = [sender.application.any_credential(str(one.id)).status for one in issued]
    assert found == [Status.REVOKED, *[Status.ACTIVE] * 18, Status.REVOKED]


# Status


def test_status_is_set_and_cleared_by_name(sender: Sender, world: World) -> None:
    sender.issue(credential(id=NAME))
    assert sender.set_status("suspension", True) is Status.SUSPENDED
    assert sender.set_status("suspension", False) is Status.ACTIVE
    assert sender.set_status("revocation", True) is Status.REVOKED
    changes = [event for event in world.events() if isinstance(event, e.StatusEvent)]
    assert [type(event) for event in changes] == [
        e.CredentialSuspended,
        e.CredentialReinstated,
        e.CredentialRevoked,
    ]


@pytest.mark.parametrize(
    ("before", "purpose", "value"),
    [
        ([], "revocation", False),
        ([], "suspension", False),
        ([("suspension", True)], "suspension", True),
        ([("suspension", True)], "revocation", False),
        ([("revocation", True)], "revocation", True),
    ],
)
def test_status_that_is_so_already_stays_so(
    sender: Sender, world: World, before: list[tuple[str, bool]], purpose: str, value: bool
) -> None:
    sender.issue(credential(id=NAME))
    for change in before:
        sender.set_status(*change)
    known = world.events()
    sender.set_status(purpose, value)
    assert world.events() == known


@pytest.mark.parametrize(
    ("purpose", "value"), [("revocation", False), ("suspension", True), ("suspension", False)]
)
def test_revoked_credential_stays_revoked(sender: Sender, purpose: str, value: bool) -> None:
    sender.issue(credential(id=NAME))
    sender.set_status("suspension", True)
    sender.set_status("revocation", True)
    with pytest.raises(errors.RevokedIsFinalError):
        sender.set_status(purpose, value)


def test_credential_is_found_by_the_name_in_the_options(sender: Sender) -> None:
    issued = sender.issue(credential(id=NAME), credential_id="diploma 7")
    assert json.loads(issued.document)["id"] == NAME
    assert sender.set_status("revocation", True, name="diploma 7") is Status.REVOKED
    with pytest.raises(errors.UnknownCredentialError):
        sender.set_status("revocation", True)


def test_one_of_two_with_the_name_is_told_by_its_entry(sender: Sender) -> None:
    first, second = (sender.issue(credential(id=NAME)).credential for _ in range(2))
    with pytest.raises(errors.InvalidValueError) as refusal:
        sender.set_status("revocation", True)
    assert refusal.value.field == "credentialStatus"
    url = f"{PUBLIC_URL}/status-lists/{second.issuance.list_id}/revocation"
    sender.set_status("revocation", True, list_url=url, index=str(second.issuance.list_index))
    found = [sender.application.any_credential(str(each.id)).status for each in (first, second)]
    assert found == [Status.ACTIVE, Status.REVOKED]


@pytest.mark.parametrize(
    "entry", [{"index": "131072"}, {"list_url": f"{PUBLIC_URL}/status-lists/x/revocation"}]
)
def test_entry_of_another_credential_is_unknown(sender: Sender, entry: dict[str, Any]) -> None:
    sender.issue(credential(id=NAME))
    with pytest.raises(errors.UnknownCredentialError):
        sender.set_status("revocation", True, **entry)


def test_another_issuers_credential_is_unknown(sender: Sender, world: World) -> None:
    sender.issue(credential(id=NAME))
    wanted = StatusOrder(NAME, "revocation", True)
    with pytest.raises(errors.UnknownCredentialError):
        world.application.set_status(OPERATOR, world.issuer_id, wanted)


@pytest.mark.parametrize(
    ("purposes", "purpose", "refusal"),
    [
        (("suspension",), "revocation", errors.NoStatusEntryError),
        (("revocation",), "suspension", errors.NotSuspendableError),
        ((), "revocation", errors.NoStatusEntryError),
    ],
)
@pytest.mark.parametrize("value", [True, False])
def test_status_without_an_entry_is_refused(
    sender: Sender,
    purposes: tuple[str, ...],
    purpose: str,
    refusal: type[errors.RegistryError],
    value: bool,
) -> None:
    sender.mark(GenericProfile(JCS, purposes))
    sender.issue(credential(id=NAME))
    with pytest.raises(refusal):
        sender.set_status(purpose, value)


def test_unknown_purpose_is_refused(sender: Sender) -> None:
    sender.issue(credential(id=NAME))
    with pytest.raises(errors.InvalidValueError) as refusal:
        sender.set_status("refresh", True)
    assert refusal.value.field == "credentialStatus.statusPurpose"


def test_repeated_change_is_made_once(sender: Sender, world: World) -> None:
    sender.issue(credential(id=NAME))
    sender.set_status("suspension", True, caller=keyed("1"))
    sender.set_status("suspension", False, caller=keyed("2"))
    assert sender.set_status("suspension", True, caller=keyed("1")) is Status.SUSPENDED
    assert len(world.of(e.CredentialSuspended)) == 1


def test_repeated_change_means_the_same_credential_though_another_has_the_name_by_now(
    sender: Sender, world: World
) -> None:
    sender.issue(credential(id=NAME))
    sender.set_status("suspension", True, caller=keyed())
    sender.issue(credential(id=NAME))
    assert sender.set_status("suspension", True, caller=keyed()) is Status.SUSPENDED
    assert len(world.of(e.CredentialSuspended)) == 1


def test_key_of_a_change_is_not_one_for_another_credential_of_the_name(sender: Sender) -> None:
    first, second = (sender.issue(credential(id=NAME)).credential for _ in range(2))
    sender.set_status("suspension", True, caller=keyed(), index=str(first.issuance.list_index))
    with pytest.raises(errors.IdempotencyConflictError):
        sender.set_status("suspension", True, caller=keyed(), index=str(second.issuance.list_index))


# Lists


def test_list_is_opened_ahead_of_need(sender: Sender, world: World) -> None:
    list_id = sender.open_list()
    [event] = world.of(e.StatusListOpened)
    assert isinstance(event, e.StatusListOpened)
    assert str(event.originator_id) == list_id
    assert event.purposes == [*PURPOSES]
    assert sender.issue().credential.issuance.list_id == list_id


def test_each_request_opens_another_list(sender: Sender) -> None:
    sender.issue()
    assert len({sender.open_list() for _ in range(3)}) == 3


def test_repeated_request_opens_no_other_list(sender: Sender, world: World) -> None:
    assert sender.open_list(caller=keyed()) == sender.open_list(caller=keyed())
    assert len(world.of(e.StatusListOpened)) == 1


def test_requests_at_once_open_each_a_list(sender: Sender) -> None:
    assert len(set(at_once(4, lambda _: sender.open_list()))) == 4


def test_no_more_than_eight_lists_wait_to_be_filled(sender: Sender, world: World) -> None:
    for _ in range(8):
        sender.open_list()
    with pytest.raises(errors.ConflictError):
        sender.open_list()
    assert len(world.of(e.StatusListOpened)) == 8


def test_list_for_another_purpose_is_refused(sender: Sender) -> None:
    sender.mark(GenericProfile(JCS, ("revocation",)))
    with pytest.raises(errors.InvalidValueError) as refusal:
        sender.open_list("suspension")
    assert refusal.value.field == "statusPurpose"


def test_lists_are_opened_only_for_an_issuer_that_was_marked(world: World) -> None:
    with pytest.raises(errors.GenericIssuingClosedError):
        world.application.open_status_list(OPERATOR, world.issuer_id, "revocation")


# Faults and neighbours


@pytest.fixture
def unsure(ready_url: str) -> Iterator[World]:
    """A registry over a store whose saves a test can make fail."""
    parts = connect(ready_url, recorder=open_unsure)
    yield World(parts)
    parts.close()


@pytest.mark.parametrize("applied", [True, False], ids=["answer lost", "not saved"])
def test_request_that_failed_is_repeated_with_one_effect(unsure: World, applied: bool) -> None:
    sender = Sender(unsure)
    fail_once(unsure.parts, "credential-issued", applied=applied)
    with pytest.raises(StoreUnavailableError):
        sender.issue(credential(id=NAME), caller=keyed())
    issued = sender.issue(credential(id=NAME), caller=keyed())
    [event] = unsure.of(e.CredentialIssued)
    assert event == issued.credential.issuance
    assert list(bearers(unsure).values()) == [[str(issued.credential.id)]]
    assert sender.set_status("revocation", True) is Status.REVOKED


class Overtaken:
    """A recorder before whose next save of a name something else happens."""

    meanwhile: Callable[[], object] | None = None

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Any:
        named = any(event.topic == e.CredentialNamed.TOPIC for event in stored_events)
        if named and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().insert_events(stored_events, **kwargs)  # type: ignore[misc]


class OvertakenSqlite(Overtaken, SqliteEventRecorder):
    pass


class OvertakenPostgres(Overtaken, PostgresEventRecorder):
    pass


@pytest.fixture
def overtaken(ready_url: str) -> Iterator[World]:
    """A registry over a store in which a test can be faster than a save."""
    parts = connect(
        ready_url,
        recorder=lambda store: (OvertakenSqlite if store.is_sqlite else OvertakenPostgres)(store),
    )
    yield World(parts)
    parts.close()


def overtake(world: World, meanwhile: Callable[[], object]) -> None:
    assert isinstance(world.parts.recorder, Overtaken)
    world.parts.recorder.meanwhile = meanwhile


def kept_documents(world: World) -> int:
    with world.parts.database.reading() as connection:
        found: int = connection.execute(select(func.count()).select_from(documents)).scalar_one()
    return found


@pytest.mark.parametrize("caller", [OPERATOR, keyed("slow")], ids=["without a key", "with one"])
def test_credential_whose_name_was_given_meanwhile_is_issued_with_the_one_entry_it_took(
    overtaken: World, caller: Caller
) -> None:
    sender, faster = Sender(overtaken), []
    overtake(overtaken, lambda: faster.append(sender.issue(credential(id=NAME))))
    slower = sender.issue(credential(id=NAME), caller=caller)
    issued = [slower, *faster]
    assert [*bearers(overtaken).values()] == [[str(one.credential.id) for one in [*faster, slower]]]
    assert len({one.credential.issuance.list_index for one in issued}) == 2
    assert kept_documents(overtaken) == 2
    overtaken.application.stop()
    [returned] = overtaken.of(e.IndexesReturned)
    assert isinstance(returned, e.IndexesReturned)
    assert returned.first == 2
    kept = sender.application.issued(sender.issuer_id, str(slower.credential.id))
    assert kept.document == slower.document


def test_request_that_the_same_one_overtook_gives_its_answer(overtaken: World) -> None:
    sender, faster = Sender(overtaken), []
    overtake(overtaken, lambda: faster.append(sender.issue(credential(id=NAME), caller=keyed())))
    slower = sender.issue(credential(id=NAME), caller=keyed())
    assert slower.document == faster[0].document
    assert len(overtaken.of(e.CredentialIssued, e.CredentialNamed)) == 2


def test_request_that_another_under_its_key_overtook_is_a_conflict(overtaken: World) -> None:
    sender = Sender(overtaken)
    overtake(overtaken, lambda: sender.issue(credential(id=OTHER_NAME), caller=keyed()))
    with pytest.raises(errors.IdempotencyConflictError):
        sender.issue(credential(id=NAME), caller=keyed())
    assert len(overtaken.of(e.CredentialIssued, e.CredentialNamed)) == 2
    with pytest.raises(errors.UnknownCredentialError):
        sender.set_status("revocation", True)


@pytest.mark.parametrize("applied", [True, False], ids=["answer lost", "not saved"])
def test_list_whose_opening_failed_is_opened_once(unsure: World, applied: bool) -> None:
    sender = Sender(unsure)
    fail_once(unsure.parts, "status-list-opened", applied=applied)
    with pytest.raises(StoreUnavailableError):
        sender.open_list(caller=keyed())
    list_id = sender.open_list(caller=keyed())
    [event] = unsure.of(e.StatusListOpened)
    assert str(event.originator_id) == list_id


def test_lists_opened_ahead_are_filled_in_turn(ready_url: str) -> None:
    parts = connect(ready_url, list_size=20)
    sender = Sender(World(parts))
    opened = [sender.open_list() for _ in range(3)]
    placed = [sender.issue().credential.issuance for _ in range(60)]
    assert list(dict.fromkeys(issuance.list_id for issuance in placed)) == opened
    assert len({(issuance.list_id, issuance.list_index) for issuance in placed}) == len(placed)
    parts.close()


def test_document_of_a_generic_credential_is_not_swept(sender: Sender, world: World) -> None:
    issued = sender.issue(credential(id=NAME))
    world.parts.clock.advance(hours=2)
    assert world.parts.housekeeping.sweep_vault() == 0
    kept = sender.application.issued(sender.issuer_id, str(issued.credential.id))
    assert kept.document == issued.document


def test_replacement_of_a_generic_credential_revokes_it(world: World) -> None:
    world.application.open_generic_issuing(OPERATOR, world.issuer_id, GenericProfile(JCS))
    wanted = CredentialOrder(credential())
    old = world.application.issue_credential(OPERATOR, world.issuer_id, wanted).credential
    world.issue(order(world.achievement_id, supersedes=str(old.id)))
    assert world.status(str(old.id)) is Status.REVOKED


def test_generic_credential_without_entry_is_not_replaced(world: World) -> None:
    world.application.open_generic_issuing(OPERATOR, world.issuer_id, GenericProfile(JCS, ()))
    wanted = CredentialOrder(credential())
    old = world.application.issue_credential(OPERATOR, world.issuer_id, wanted).credential
    with pytest.raises(errors.NoStatusEntryError):
        world.issue(order(world.achievement_id, supersedes=str(old.id)))
