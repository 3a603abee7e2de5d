"""An issuer's keys change: the newest signs, and what the others signed stays verifiable."""

import json
import shutil
from typing import Any

import pytest

from api import bootstrap
from projections import did_documents
from projections.did_documents import document_version
from projections.publish_folder import PublishedVersion, did_name
from registry.domain.credential import Credential
from registry.formats import did
from registry.formats.canonical import jcs
from registry.formats.data_integrity import proofs, verify_proof
from registry.store.installation import PublicUrlError
from tests.integration.projections.by_hand import ByHand, achievement_of, name_of
from tests.integration.projections.conftest import Another
from tests.making import OPERATOR, order


@pytest.fixture
def credential(by_hand: ByHand) -> Credential:
    (credential,) = by_hand.issue(1)
    turn(by_hand)
    return credential


def restart(by_hand: ByHand, another: Another) -> ByHand:
    """Start a process that takes over from one that has ended."""
    by_hand.registry.leadership.close()
    return another()


def turn(by_hand: ByHand) -> None:
    """Do all the background work that is due after a second."""
    by_hand.clock.advance(seconds=1)
    by_hand.registry.runner.turn()


def did_document(by_hand: ByHand, credential: Credential) -> dict[str, Any]:
    """Return the issuer's DID document as a web server would serve it."""
    path = by_hand.registry.folder.root / f"issuers/{credential.issuance.issuer_id}/did.json"
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def keys(document: dict[str, Any]) -> list[str]:
    methods = document["verificationMethod"]
    return [method["publicKeyMultibase"] for method in methods if method["type"] == "Multikey"]


def signed_by(document: dict[str, Any]) -> str:
    (proof,) = proofs(document)
    return str(proof["verificationMethod"]).partition("#")[2]


def verify(document: dict[str, Any], issuer: dict[str, Any]) -> None:
    """Verify with the keys that the issuer's DID document gives."""
    (proof,) = proofs(document)
    verify_proof(document, proof, public_key=did.assertion_key(issuer, proof["verificationMethod"]))


def test_lists_are_signed_with_the_new_key_and_the_document_keeps_both(
    by_hand: ByHand, credential: Credential
) -> None:
    issuer_id = credential.issuance.issuer_id
    application = by_hand.registry.application
    (old,) = keys(did_document(by_hand, credential))
    before = by_hand.served(credential)
    new = application.add_signing_key(OPERATOR, issuer_id)
    application.retire_signing_key(OPERATOR, issuer_id, old)
    by_hand.revoke(credential)
    turn(by_hand)
    issuer = did_document(by_hand, credential)
    assert keys(issuer) == [old, new]
    assert len(issuer["assertionMethod"]) == 4
    assert (signed_by(before), signed_by(by_hand.served(credential))) == (old, new)
    for document in (before, by_hand.served(credential)):
        verify(document, issuer)
    assert by_hand.replay().verify(all_versions=True).identical


def test_credentials_are_signed_with_the_new_key(by_hand: ByHand, credential: Credential) -> None:
    issuance = credential.issuance
    application = by_hand.registry.application
    new = application.add_signing_key(OPERATOR, issuance.issuer_id)
    issued = application.issue(OPERATOR, issuance.issuer_id, [order(achievement_of(credential), 2)])
    turn(by_hand)
    old_document = application.document(issuance.issuer_id, str(credential.id))
    issuer = did_document(by_hand, credential)
    assert signed_by(json.loads(issued[0].document)) == new
    for document in (issued[0].document, old_document):
        verify(json.loads(document), issuer)


def test_document_of_a_new_issuer_is_there_with_its_first_key(
    by_hand: ByHand, credential: Credential
) -> None:
    issuer = did_document(by_hand, credential)
    assert issuer["id"] == did.did_web(
        by_hand.registry.public_url, "issuers", credential.issuance.issuer_id
    )
    assert len(keys(issuer)) == 1


def test_new_key_is_in_the_document_before_the_lists_are_signed_with_it(
    by_hand: ByHand, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a verifier that comes between the two takes the list for a forgery."""
    application = by_hand.registry.application
    application.add_signing_key(OPERATOR, credential.issuance.issuer_id)
    by_hand.revoke(credential)
    folder, make_current = by_hand.registry.folder, by_hand.registry.folder.make_current
    swapped: list[tuple[str, int]] = []

    def watch(name: str, published: PublishedVersion) -> bool:
        swapped.append((name, published.version))
        return make_current(name, published)

    monkeypatch.setattr(folder, "make_current", watch)
    turn(by_hand)
    document = f"issuers/{credential.issuance.issuer_id}/did.json"
    with_the_key = document_version({"version": 3})
    assert swapped.index((document, with_the_key)) < swapped.index((name_of(credential), 2))


def test_list_is_not_signed_with_a_key_that_the_views_do_not_know_yet(
    by_hand: ByHand, credential: Credential
) -> None:
    """The document is made from the views, and a replay folds only what a version holds."""
    by_hand.revoke(credential)
    by_hand.clock.advance(seconds=1)
    by_hand.registry.catch_up.run()
    by_hand.registry.application.add_signing_key(OPERATOR, credential.issuance.issuer_id)
    by_hand.registry.publisher.tick()
    verify(by_hand.served(credential), did_document(by_hand, credential))


def test_replay_agrees_where_a_key_was_added_just_before_a_list_was_signed(
    by_hand: ByHand, credential: Credential
) -> None:
    by_hand.revoke(credential)
    by_hand.clock.advance(seconds=1)
    by_hand.registry.catch_up.run()
    by_hand.registry.application.add_signing_key(OPERATOR, credential.issuance.issuer_id)
    by_hand.registry.publisher.tick()
    by_hand.registry.catch_up.run()
    assert by_hand.bit(credential) == 1
    outcome = by_hand.replay().verify(all_versions=True)
    assert outcome.identical, outcome.difference


def test_restarted_process_publishes_the_document_again_where_it_is_missing(
    by_hand: ByHand, another: Another, credential: Credential
) -> None:
    before = did_document(by_hand, credential)
    path = by_hand.registry.folder.root / f"issuers/{credential.issuance.issuer_id}/did.json"
    path.unlink()
    turn(restart(by_hand, another))
    assert did_document(by_hand, credential) == before


def test_registry_that_is_started_under_another_public_url_is_refused(
    by_hand: ByHand,
) -> None:
    with pytest.raises(PublicUrlError):
        bootstrap.check(
            by_hand.registry.database, "https://other.example.org", by_hand.registry.erasing
        )


def test_document_that_somebody_removed_is_published_again(
    by_hand: ByHand, credential: Credential
) -> None:
    before = did_document(by_hand, credential)
    shutil.rmtree(by_hand.registry.folder.root / "issuers")
    missing = by_hand.replay().verify().difference
    turn(by_hand)
    assert missing is not None
    assert did_document(by_hand, credential) == before
    assert by_hand.replay().verify().identical


def put_older_form(by_hand: ByHand, credential: Credential) -> bytes:
    """Serve what an earlier release published for the same keys, and return it."""
    folder, name = by_hand.registry.folder, did_name(credential.issuance.issuer_id)
    body = jcs(did_document(by_hand, credential) | {"@context": "https://www.w3.org/ns/did/v1"})
    (folder.root / name).unlink()
    folder.make_current(name, folder.put(name, 2, body))
    return body


def test_document_that_an_earlier_release_wrote_is_written_anew_though_no_key_changed(
    by_hand: ByHand, another: Another, credential: Credential
) -> None:
    before = did_document(by_hand, credential)
    put_older_form(by_hand, credential)
    assert did_document(by_hand, credential) != before
    turn(restart(by_hand, another))
    assert did_document(by_hand, credential) == before


def test_replay_takes_a_document_of_an_earlier_form_for_one_that_is_on_its_way(
    by_hand: ByHand, credential: Credential
) -> None:
    put_older_form(by_hand, credential)
    by_hand.registry.catch_up.run()
    outcome = by_hand.replay().verify()
    assert outcome.identical, outcome.difference


def test_process_of_an_earlier_release_does_not_put_its_form_back(
    by_hand: ByHand, another: Another, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = restart(by_hand, another)
    before = did_document(by_hand, credential)
    monkeypatch.setattr(did_documents, "FORM", did_documents.FORM - 1)
    turn(older)
    turn(older)
    assert did_document(by_hand, credential) == before


def test_document_of_this_form_that_somebody_changed_is_found(
    by_hand: ByHand, credential: Credential
) -> None:
    file = (by_hand.registry.folder.root / did_name(credential.issuance.issuer_id)).resolve()
    file.write_bytes(file.read_bytes().replace(b"JsonWebKey", b"JsonWebBey"))
    by_hand.registry.catch_up.run()
    difference = by_hand.replay().verify().difference
    assert difference is not None
    assert difference.found == "another document"
