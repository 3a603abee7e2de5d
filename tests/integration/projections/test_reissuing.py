"""What a compromised key signed is issued anew, word for word, under the next key."""

from pathlib import Path

import pytest
from sqlalchemy import update

from registry.commands import Caller
from registry.domain.credential import Status
from registry.domain.erasure import ErasureReason
from registry.domain.errors import (
    ConflictError,
    DocumentGoneError,
    KeyRotationError,
    RevokedIsFinalError,
)
from registry.domain.events import CredentialIssued, CredentialRevoked
from registry.domain.issuer import EndReason
from registry.domain.profiles import GenericProfile
from registry.domain.securing import Mechanism
from registry.formats.did import method_ids
from registry.requests import CredentialOrder
from registry.store.learner_keys import VaultDamagedError
from registry.store.tables import documents
from registry.verification.report import Verdict
from tests.integration.projections.by_hand import (
    ByHand,
    index_of,
)
from tests.integration.projections.compromised import Scene
from tests.making import OPERATOR

MECHANISMS = [Mechanism.EDDSA_JCS_2022, Mechanism.VC_JWT_ES256, Mechanism.OB_JWT_RS256]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Nothing here depends on the kind of database."""
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def scene(by_hand: ByHand) -> Scene:
    return Scene(by_hand)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_credential_is_issued_anew_word_for_word_under_the_next_key(scene: Scene) -> None:
    old = scene.document(scene.credential)
    scene.compromise()
    new = scene.reissue(scene.credential)
    document = scene.document(new)
    differing = {name for name in old | document if old.get(name) != document.get(name)}
    assert differing == {"id", "credentialStatus"} | ({"proof"} & old.keys())
    assert document["id"] == f"urn:uuid:{new.id}"
    methods = method_ids(scene.application.issuer(scene.issuer_id).did, scene.next_key())
    assert new.issuance.verification_method in methods
    assert index_of(new) != index_of(scene.credential)
    assert new.issuance.supersedes == str(scene.credential.id)


@pytest.mark.parametrize("mechanism", MECHANISMS[:2])
def test_new_credential_is_valid_and_of_the_old_one_nothing_is_known(scene: Scene) -> None:
    assert scene.verify(scene.credential).verdict is Verdict.VALID
    scene.compromise()
    new = scene.reissue(scene.credential)
    scene.by_hand.settle()
    assert scene.verify(new).verdict is Verdict.VALID
    assert scene.verify(scene.credential).verdict is Verdict.UNKNOWN


def test_old_credential_is_revoked_as_superseded_in_the_same_save(scene: Scene) -> None:
    scene.compromise()
    new = scene.reissue(scene.credential)
    old = scene.application.any_credential(str(scene.credential.id))
    assert (old.status, old.superseded_by) == (Status.REVOKED, str(new.id))
    (revoked,) = scene.by_hand.events(CredentialRevoked)
    (issued,) = scene.by_hand.events(CredentialIssued)[-1:]
    assert revoked.reason == "superseded"
    assert scene.by_hand.position_of(revoked) == scene.by_hand.position_of(issued) + 1
    scene.by_hand.settle()
    assert (scene.by_hand.bit(old), scene.by_hand.bit(new)) == (1, 0)


def test_credential_of_a_closed_issuer_is_issued_anew_for_it_awards_nothing(scene: Scene) -> None:
    scene.application.issuer_changes.close(
        OPERATOR, scene.issuer_id, custodian_id=None, reason=EndReason.CLOSED_DOWN
    )
    scene.compromise()
    assert scene.reissue(scene.credential).status is Status.ACTIVE


def test_credential_is_not_issued_anew_while_its_key_is_good(scene: Scene) -> None:
    with pytest.raises(KeyRotationError):
        scene.reissue(scene.credential)


def test_credential_is_issued_anew_once(scene: Scene) -> None:
    scene.compromise()
    scene.reissue(scene.credential)
    with pytest.raises(RevokedIsFinalError):
        scene.reissue(scene.credential)


def test_suspended_credential_is_not_made_good_by_issuing_it_anew(scene: Scene) -> None:
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    scene.by_hand.suspend(scene.credential)
    with pytest.raises(ConflictError):
        scene.reissue(scene.credential)
    (reported,) = scene.report().credentials
    assert (reported.status, reported.can_be_reissued) == ("suspended", False)
    scene.by_hand.reinstate(scene.credential)
    (reported,) = scene.report().credentials
    assert reported.can_be_reissued


def test_erased_credential_cannot_be_issued_anew(scene: Scene) -> None:
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    erasing = scene.registry.erasing
    reference = scene.credential.issuance.subject_ref
    asked = erasing.request(OPERATOR, reference, next(iter(ErasureReason)))
    erasing.confirm(Caller("api-key:another"), str(asked.id))
    with pytest.raises(DocumentGoneError):
        scene.reissue(scene.credential)
    (reported,) = scene.report().credentials
    assert (reported.is_erased, reported.can_be_reissued) == (True, False)
    assert len(scene.by_hand.events(CredentialIssued)) == 1


def test_document_that_was_changed_in_the_vault_is_not_signed(scene: Scene) -> None:
    scene.compromise()
    with scene.registry.database.writing() as connection:
        connection.execute(update(documents).values(ciphertext=b"0" * 100))
    with pytest.raises(VaultDamagedError):
        scene.reissue(scene.credential)
    assert len(scene.by_hand.events(CredentialIssued)) == 1


def test_credential_that_was_sent_as_it_was_is_sent_anew_by_its_sender(scene: Scene) -> None:
    profile = GenericProfile(Mechanism.EDDSA_JCS_2022)
    scene.application.open_generic_issuing(OPERATOR, scene.issuer_id, profile)
    sent = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": scene.application.issuer(scene.issuer_id).did,
        "credentialSubject": {"id": "did:example:learner"},
    }
    credential = scene.application.issue_credential(
        OPERATOR, scene.issuer_id, CredentialOrder(sent)
    ).credential
    scene.cosign(scene.now)
    scene.by_hand.clock.advance(seconds=60)
    scene.compromise()
    reported = {each.credential_id: each for each in scene.report().credentials}
    assert reported[str(credential.id)].is_proved
    assert not reported[str(credential.id)].can_be_reissued
    with pytest.raises(ConflictError):
        scene.reissue(credential)
