"""Evidence of a real registry: what is in it, whatever became of the credential and the log."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import clock
from api.evidence import evidence_maker
from projections.transparency.receipts import NotLoggedYetError
from registry.domain.erasure import ErasureReason
from registry.domain.instants import instant
from registry.domain.profiles import PURPOSES, GenericProfile
from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.formats import rdf
from registry.formats.evidence import layout
from registry.formats.evidence.checks import check_evidence
from registry.formats.evidence.container import pack, unpack
from registry.formats.strict_json import loads
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.notes import Note
from registry.issuance import Learner, Order
from registry.requests import CredentialOrder
from registry.store.log_keys import add_log_key
from registry.verification.report import Outcome
from scripts.evidence import wording
from scripts.evidence.examining import examine
from tests.evidence import HOLDS, manifest_of, verdict
from tests.integration.projections.by_hand import ByHand, achievement_of, name_of
from tests.integration.projections.compromised import Scene
from tests.integration.projections.offices import Office, new_office
from tests.making import OPERATOR, new_issuer
from tests.witness import policy_of


@pytest.fixture
def office(by_hand: ByHand) -> Office:
    return new_office(by_hand)


@pytest.fixture
def changeable(office: Office) -> Office:
    """An office whose credential was suspended, reinstated and revoked."""
    office.change()
    return office


@pytest.fixture
def archive(changeable: Office) -> bytes:
    return changeable.make()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_evidence_tells_the_whole_history(archive: bytes, changeable: Office) -> None:
    evidence = check_evidence(archive)
    topics = [leaf.topic.split("-")[1] for leaf in evidence.chains["credential"]]
    assert topics == ["issued", "suspended", "reinstated", "revoked"]
    assert evidence.document == changeable.document
    assert verdict(archive) == HOLDS


def test_evidence_has_the_lists_before_and_after_each_change(
    archive: bytes, changeable: Office
) -> None:
    files = unpack(archive)
    lists = sorted(name for name in files if name.startswith(layout.LISTS_FOLDER))
    revocation = [layout.list_name("revocation", version, is_jwt=False) for version in (1, 2)]
    suspension = [layout.list_name("suspension", version, is_jwt=False) for version in (1, 2, 3)]
    assert lists == [*revocation, *suspension]
    served = changeable.by_hand.registry.folder.root / name_of(changeable.credential)
    assert files[revocation[-1]] == served.read_bytes()


@on_sqlite
def test_signatures_of_credential_and_lists_are_verified(archive: bytes) -> None:
    found = examine(archive, None, copy=None, canonicalise=rdf.canonicalise)
    assert found.outcome is Outcome.PASSED
    assert [taken.step for taken in found.taken][-1] == "signatures"


@on_sqlite
def test_what_is_not_under_a_checkpoint_yet_has_no_evidence(office: Office) -> None:
    office.log()
    (later,) = office.by_hand.issue(1, number=2)
    with pytest.raises(NotLoggedYetError):
        Office(office.by_hand, later).make()


def test_evidence_leaves_out_what_came_after_its_checkpoint(office: Office) -> None:
    before = unpack(office.make())
    office.by_hand.revoke(office.credential)
    office.by_hand.settle()
    after = unpack(office.make())
    assert {name for name in before if name.startswith("events/")} == {
        name for name in after if name.startswith("events/")
    }
    assert verdict(pack(after)) == HOLDS


@on_sqlite
def test_evidence_of_one_moment_is_the_same_bytes(office: Office) -> None:
    maker, at = evidence_maker(office.by_hand.registry), clock.now()
    one, other = (maker.make(str(office.credential.id), at=at) for _ in range(2))
    assert one == other


def test_evidence_made_after_an_erasure_holds_nothing_of_the_learner(office: Office) -> None:
    registry, issuance = office.by_hand.registry, office.credential.issuance
    canary = Learner(IdentityType.EMAIL_ADDRESS, "kanarek@example.org", name="Kanarek Żółty")
    [issued] = registry.application.issue(
        OPERATOR, issuance.issuer_id, [Order(achievement_of(office.credential), canary)]
    )
    erased = Office(office.by_hand, issued.credential)
    document = loads(erased.document)
    registry.erasing.erase(
        OPERATOR, erased.credential.issuance.subject_ref, ErasureReason.LEARNER_REQUEST
    )
    registry.erasing.work.tick()
    erased.log()
    archive = erased.make()
    assert verdict(archive) == HOLDS
    evidence = check_evidence(archive)
    assert evidence.document is None
    assert b"it was erased" in unpack(archive)[layout.README]
    examined = examine(archive, None, copy=None, canonicalise=rdf.canonicalise)
    assert wording.ERASED in [taken.said for taken in examined.taken]
    assert evidence.chains["credential"][-1].topic == "credential-document-erased-v1"
    # Leaves stand in their receipts in base64.
    states = [leaf.state for chain in evidence.chains.values() for leaf in chain]
    found = archive + b"".join([*states, *(leaf.state for leaf in evidence.published.values())])
    secrets = ("kanarek", "Kanarek", document["proof"][0]["proofValue"])
    assert not [secret for secret in secrets if secret.encode() in found]


@on_sqlite
def test_a_copy_of_an_erased_document_is_still_proved(office: Office) -> None:
    document, registry = office.document, office.by_hand.registry
    reference = office.credential.issuance.subject_ref
    registry.erasing.erase(OPERATOR, reference, ErasureReason.LEARNER_REQUEST)
    registry.erasing.work.tick()
    office.log()
    archive = office.make()
    found = examine(archive, None, copy=document, canonicalise=rdf.canonicalise)
    assert found.outcome is Outcome.PASSED
    other = examine(archive, None, copy=b'{"another":1}', canonicalise=rdf.canonicalise)
    assert other.outcome is Outcome.FAILED


@on_sqlite
def test_evidence_has_the_keys_of_the_time_after_one_was_compromised(by_hand: ByHand) -> None:
    scene = Scene(by_hand)
    office, at = Office(by_hand, scene.credential), scene.now
    scene.compromise(at)
    office.log()
    archive = office.make()
    assert verdict(archive) == HOLDS
    documents = {
        name: loads(body)["assertionMethod"]
        for name, body in unpack(archive).items()
        if name.startswith(layout.DID_FOLDER)
    }
    then, later = documents.values()
    assert not set(then) & set(later)
    found = examine(archive, None, copy=None, canonicalise=rdf.canonicalise)
    assert found.outcome is Outcome.PASSED
    remark = found.taken[-1].said
    readme = unpack(archive)[layout.README].decode()
    issued_at = scene.credential.issuance.recorded_at
    for text in (remark.pl, remark.en, *readme.split("IN ENGLISH")):
        assert instant(at) in text
        assert issued_at in text
    assert "Others may have held the key" in remark.en
    assert "mógł mieć ktoś inny" in remark.pl


@on_sqlite
def test_evidence_of_what_was_issued_after_the_compromise_cannot_tell_who_signed(
    by_hand: ByHand,
) -> None:
    scene = Scene(by_hand)
    office = Office(by_hand, scene.credential)
    scene.compromise(scene.now - timedelta(days=1))
    office.log()
    found = examine(office.make(), None, copy=None, canonicalise=rdf.canonicalise)
    assert found.outcome is Outcome.UNKNOWN
    assert "it cannot be told who signed" in found.taken[-1].said.en


def test_evidence_says_nothing_of_a_compromise_that_there_was_not(archive: bytes) -> None:
    found = examine(archive, None, copy=None, canonicalise=rdf.canonicalise)
    assert found.taken[-1].step == "signatures"
    assert b"may have held" not in unpack(archive)[layout.README]


@on_sqlite
def test_evidence_goes_on_in_the_log_that_follows_a_closed_one(office: Office) -> None:
    policy = policy_of(list(office.by_hand.registry.transparency.files.keys()), [])
    settings = office.by_hand.registry.settings
    office.by_hand.registry.transparency.reopen(lambda: add_log_key(settings.log_key_file))
    office.log()
    archive = office.make(policy=policy)
    assert verdict(archive) == HOLDS
    assert Checkpoint.parse(Note.parse(unpack(archive)[layout.CHECKPOINT]).text).origin.endswith(
        "/2"
    )


@on_sqlite
def test_evidence_is_signed_by_every_key_of_the_log(office: Office) -> None:
    keys = (*office.keys, Ed25519PrivateKey.generate())
    archive = office.make(open_keys=lambda: keys)
    assert len(manifest_of(unpack(archive)).key_ids) == 2
    assert verdict(archive) == HOLDS


@on_sqlite
@pytest.mark.parametrize("mechanism", [Mechanism.VC_JWT_ED25519, Mechanism.OB_JWT_ES256])
def test_evidence_of_tokens_has_both_forms_of_their_lists(office: Office) -> None:
    archive = office.make()
    names = set(unpack(archive))
    assert "credential/document.jwt" in names
    assert {layout.list_name("revocation", 1, is_jwt=each) for each in (True, False)} <= names
    assert verdict(archive) == HOLDS
    found = examine(archive, None, copy=None, canonicalise=rdf.canonicalise)
    assert found.outcome is Outcome.PASSED


@on_sqlite
@pytest.mark.parametrize("purposes", [(), PURPOSES])
def test_evidence_of_a_credential_of_no_achievement(
    by_hand: ByHand, purposes: tuple[str, ...]
) -> None:
    application = by_hand.registry.application
    issuer_id = new_issuer(application)
    profile = GenericProfile(Mechanism.EDDSA_JCS_2022, purposes)
    application.open_generic_issuing(OPERATOR, issuer_id, profile)
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:1"},
    }
    issued = application.issue_credential(OPERATOR, issuer_id, CredentialOrder(document))
    office = Office(by_hand, issued.credential)
    office.log()
    archive = office.make()
    assert verdict(archive) == HOLDS
    assert any(name.startswith(layout.LISTS_FOLDER) for name in unpack(archive)) == bool(purposes)
