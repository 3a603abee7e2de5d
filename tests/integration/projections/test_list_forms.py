"""A list whose credentials are JWTs is published in two forms that say the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from projections import press
from projections.list_documents import Form, document_of, secured
from projections.publish_folder import PublishedVersion, did_name
from registry.domain.credential import Credential
from registry.domain.events import StatusListClosed, StatusListOpened, StatusListRetired
from registry.domain.securing import KeyType, Mechanism
from registry.domain.status_list import publication_id
from registry.formats import did, jws
from registry.formats.data_integrity import verify_proof
from registry.formats.multibase import b64url_decode, b64url_encode
from registry.requests import NewAchievement, Organisation
from registry.store.mapper import EventMapper
from registry.store.recorders import open_recorder
from tests.integration.projections.by_hand import (
    PURPOSES,
    ByHand,
    jwt_name_of,
    list_of,
    name_of,
)
from tests.integration.projections.conftest import Another
from tests.making import OPERATOR, definition, order

JWT = [each for each in Mechanism if each.is_jwt]


class PlugPulledError(Exception):
    """The process ends here."""


@pytest.fixture
def mechanism() -> Mechanism:
    return Mechanism.VC_JWT_ES256


@pytest.fixture
def credential(by_hand: ByHand) -> Credential:
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    return credential


def file(by_hand: ByHand, name: str) -> Path:
    return (by_hand.registry.folder.root / name).resolve()


def token(by_hand: ByHand, credential: Credential) -> jws.Jws:
    return jws.parse(file(by_hand, jwt_name_of(credential)).read_text("ascii"))


def issuer_document(by_hand: ByHand, credential: Credential) -> dict[str, Any]:
    body = file(by_hand, did_name(credential.issuance.issuer_id)).read_bytes()
    document: dict[str, Any] = json.loads(body)
    return document


def difference(by_hand: ByHand, *, all_versions: bool = False) -> tuple[str, str]:
    by_hand.registry.catch_up.run()
    found = by_hand.replay().verify(all_versions=all_versions).difference
    assert found is not None
    return found.what, found.found


@pytest.mark.parametrize("mechanism", JWT)
def test_both_forms_say_the_same_and_verify_with_keys_of_the_issuers_document(
    by_hand: ByHand, credential: Credential
) -> None:
    by_hand.revoke(credential)
    by_hand.settle()
    issuer, proved = issuer_document(by_hand, credential), by_hand.served(credential)
    signed = token(by_hand, credential)
    jws.verify(signed, did.assertion_key(issuer, signed.header["kid"]))
    proof = proved.pop("proof")
    key = did.assertion_key(issuer, proof["verificationMethod"])
    verify_proof(proved | {"proof": proof}, proof, public_key=key)
    assert json.loads(signed.payload) == proved
    assert by_hand.bits(credential) == [1, 1]
    assert by_hand.versions(credential) == [2, 2]


def test_key_id_of_the_jws_leads_to_a_json_web_key(by_hand: ByHand, credential: Credential) -> None:
    methods = issuer_document(by_hand, credential)["verificationMethod"]
    kid = token(by_hand, credential).header["kid"]
    assert [each["type"] for each in methods if each["id"] == kid] == ["JsonWebKey"]


def test_both_forms_are_one_event(by_hand: ByHand, credential: Credential) -> None:
    (event,) = by_hand.publications(credential)
    media_types = [form["media_type"] for form in event.representations]
    assert media_types == ["application/vc", "application/vc+jwt"]
    assert len({form["created"] for form in event.representations}) == 1


def test_list_of_credentials_with_proofs_has_no_jws(another: Another) -> None:
    by_hand = another()
    object.__setattr__(by_hand, "mechanism", Mechanism.ECDSA_RDFC_2019_P256)
    (credential,) = by_hand.issue(1)
    by_hand.settle()
    assert by_hand.served(credential)["proof"]["cryptosuite"] == "ecdsa-rdfc-2019"
    assert by_hand.registry.folder.current(jwt_name_of(credential)) is None


def test_issuer_with_one_p256_key_publishes_both_forms_with_it(by_hand: ByHand) -> None:
    application = by_hand.registry.application
    organisation = Organisation(
        "Uczelnia", "University", "PL", "https://uczelnia.example", "key", KeyType.P256
    )
    issuer_id = str(application.register_issuer(OPERATOR, organisation).id)
    new = NewAchievement(definition("minimal"), cryptosuite=by_hand.mechanism)
    achievement_id = str(application.define_achievement(OPERATOR, issuer_id, new).id)
    (issued,) = application.issue(OPERATOR, issuer_id, [order(achievement_id)])
    by_hand.settle()
    signed = token(by_hand, issued.credential)
    owner, _, key = signed.header["kid"].partition("#")
    assert owner == f"did:key:{key}"
    jws.verify(signed, did.assertion_key(did.did_key_document(owner), signed.header["kid"]))
    assert by_hand.bit(issued.credential) == 0


def pull_plug_at(by_hand: ByHand, step: str, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process end at the so many-th call of a step of publishing."""
    folder = by_hand.registry.folder
    real: Callable[..., Any] = getattr(folder, step)
    calls: list[str] = []

    def counted(name: str, *arguments: Any) -> Any:
        calls.append(name)
        if len(calls) == call:
            raise PlugPulledError
        return real(name, *arguments)

    monkeypatch.setattr(folder, step, counted)


@pytest.mark.parametrize(
    ("step", "call", "versions"),
    [
        ("put", 1, [1, 1]),
        ("put", 2, [1, 1]),
        ("make_current", 3, [1, 1]),
        ("make_current", 4, [2, 1]),
    ],
    ids=["before the first put", "between the puts", "before the swaps", "between the swaps"],
)
def test_crash_at_any_step_is_mended_by_the_next_process_at_its_first_tick(
    by_hand: ByHand,
    another: Another,
    credential: Credential,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    call: int,
    versions: list[int],
) -> None:
    by_hand.revoke(credential)
    with monkeypatch.context() as crashing:
        # The first two swaps make sure of what is served already.
        pull_plug_at(by_hand, step, call, crashing)
        with pytest.raises(PlugPulledError):
            by_hand.settle()
    assert by_hand.versions(credential) == versions
    restarted = another()
    restarted.settle()
    assert restarted.versions(credential) == [2, 2]
    assert restarted.bits(credential) == [1, 1]
    assert len(restarted.publications(credential)) == 2
    restarted.registry.catch_up.run()
    assert restarted.replay().verify(all_versions=True).identical


def test_stalled_publisher_puts_neither_form_back(
    by_hand: ByHand, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = by_hand.issue(2)
    by_hand.settle()
    rival, folder = another(), by_hand.registry.folder
    by_hand.revoke(first)
    make_current = folder.make_current
    swapped: dict[str, bool] = {}

    def stalled(name: str, published: PublishedVersion) -> bool:
        if name == jwt_name_of(first) and published.version == 2:
            monkeypatch.setattr(folder, "make_current", make_current)
            rival.revoke(second)
            rival.settle()
        swapped[name] = make_current(name, published)
        return swapped[name]

    monkeypatch.setattr(folder, "make_current", stalled)
    by_hand.settle()
    assert swapped == {name_of(first): True, jwt_name_of(first): False}
    assert by_hand.versions(first) == [3, 3]
    assert by_hand.bits(second) == [1, 1]


def test_nothing_is_published_below_a_jws_that_the_events_do_not_know(
    by_hand: ByHand, another: Another, credential: Credential
) -> None:
    """As after a restore of the database, where the other form was lost besides."""
    folder, name = by_hand.registry.folder, jwt_name_of(credential)
    folder.make_current(name, folder.put(name, 7, file(by_hand, name).read_bytes()))
    (folder.root / name_of(credential)).unlink()
    restarted = another()
    restarted.revoke(credential)
    restarted.settle()
    assert "version 7 is served" in str(restarted.alarm(credential))
    assert len(restarted.publications(credential)) == 1


@pytest.mark.parametrize("lost", [0, 1], ids=["with a proof", "as a JWS"])
def test_form_that_was_lost_is_followed_by_a_version_in_both(
    by_hand: ByHand, another: Another, credential: Credential, lost: int
) -> None:
    name = by_hand.names(credential)[lost]
    file(by_hand, name).unlink()
    (by_hand.registry.folder.root / name).unlink()
    restarted = another()
    restarted.settle()
    assert restarted.versions(credential) == [2, 2]
    assert restarted.bits(credential) == [0, 0]


def test_link_that_was_lost_is_made_again(
    by_hand: ByHand, another: Another, credential: Credential
) -> None:
    (by_hand.registry.folder.root / jwt_name_of(credential)).unlink()
    another().settle()
    assert by_hand.versions(credential) == [1, 1]


def test_retired_list_is_withdrawn_in_both_forms(by_hand: ByHand, credential: Credential) -> None:
    list_id = list_of(credential)
    stream = publication_id(list_id, "revocation")
    (opened,) = by_hand.events(StatusListOpened)
    recorder = open_recorder(by_hand.registry.database)
    version = len(recorder.select_events(opened.originator_id))
    common = ("recorded_at", "actor", "command_id", "request_digest", "nonce", "originator_id")
    header = {name: getattr(opened, name) for name in common}
    for number, ending in enumerate((StatusListClosed, StatusListRetired), version + 1):
        event = ending(originator_version=number, **header)
        recorder.insert_events([EventMapper().to_stored_event(event)])
    by_hand.settle()
    by_hand.settle()
    folder = by_hand.registry.folder
    for purpose in PURPOSES:
        assert by_hand.versions(credential, purpose) == [0, 0]
        assert folder.is_withdrawn(name_of(credential, purpose))
    assert len(recorder.select_events(stream)) == 1
    by_hand.registry.catch_up.run()
    assert by_hand.replay().verify(all_versions=True).identical


def test_list_without_a_key_of_its_type_raises_an_alarm_and_holds_up_no_other(
    by_hand: ByHand, credential: Credential
) -> None:
    (theirs,) = by_hand.issue(1, number=2)
    by_hand.registry.catch_up.run()
    by_hand.execute(
        "UPDATE issuers_g1 SET keys = '{}' WHERE issuer_id = :issuer_id",
        issuer_id=credential.issuance.issuer_id,
    )
    by_hand.revoke(credential)
    by_hand.revoke(theirs)
    by_hand.settle()
    assert by_hand.alarm(credential) == "the issuer has no signing key of the type P-256"
    assert by_hand.versions(credential) == [1, 1]
    assert by_hand.bits(theirs) == [1, 1]


def test_key_unknown_here_holds_up_its_issuer_and_no_other(
    by_hand: ByHand, another: Another, credential: Credential
) -> None:
    (theirs,) = by_hand.issue(1, number=2)
    by_hand.registry.catch_up.run()
    before = issuer_document(by_hand, credential)
    by_hand.execute(
        """UPDATE issuers_g1 SET keys = '{"z6later": true}', version = 9"""
        " WHERE issuer_id = :issuer_id",
        issuer_id=credential.issuance.issuer_id,
    )
    by_hand.revoke(credential)
    by_hand.revoke(theirs)
    restarted = another()
    restarted.settle()
    assert restarted.alarm(credential) is not None
    assert issuer_document(restarted, credential) == before
    assert restarted.versions(credential) == [1, 1]
    assert restarted.bits(theirs) == [1, 1]


def test_list_secured_in_a_way_unknown_here_holds_up_no_other(
    by_hand: ByHand, credential: Credential
) -> None:
    (theirs,) = by_hand.issue(1, number=2)
    by_hand.registry.catch_up.run()
    by_hand.execute(
        "UPDATE status_arrays_g1 SET cryptosuite = 'later-suite' WHERE list_id = :list_id",
        list_id=list_of(credential),
    )
    by_hand.revoke(credential)
    by_hand.revoke(theirs)
    by_hand.settle()
    assert by_hand.alarm(credential) == "no list is secured with 'later-suite' here"
    assert by_hand.bits(theirs) == [1, 1]


def test_form_of_another_document_than_was_checked_is_not_published(
    by_hand: ByHand, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(document: dict[str, Any], mechanism: Mechanism, **how: Any) -> Form:
        other = document | {"validUntil": document["validFrom"]} if mechanism.is_jwt else document
        return secured(other, mechanism, **how)

    monkeypatch.setattr(press, "secured", stale)
    by_hand.revoke(credential)
    by_hand.settle()
    assert by_hand.alarm(credential) == (
        "a signed form holds another document than the one checked"
    )
    assert by_hand.versions(credential) == [1, 1]


def test_replay_finds_changed_bytes_of_the_jws(by_hand: ByHand, credential: Credential) -> None:
    path = file(by_hand, jwt_name_of(credential))
    path.write_bytes(path.read_bytes()[:-1])
    what, found = difference(by_hand)
    assert what == f"version 1 of {jwt_name_of(credential)}"
    assert len(found) == 64


def forge_jws(by_hand: ByHand, credential: Credential, forge: Callable[[bytes], bytes]) -> None:
    """Change the JWS in the folder and in its event alike, as who administers both could."""
    (event,) = by_hand.publications(credential)
    name = jwt_name_of(credential)
    body = forge(file(by_hand, name).read_bytes())
    forged = {
        "proof_value": body.decode("ascii").rpartition(".")[2],
        "digest": sha256(body).hexdigest(),
    }
    proved, signed = event.representations
    changed = replace(event, representations=[proved, signed | forged])
    if by_hand.registry.database.is_sqlite:
        by_hand.execute("DROP TRIGGER stored_events_no_update")
    else:
        by_hand.execute("ALTER TABLE stored_events DISABLE TRIGGER USER")
    by_hand.execute(
        "UPDATE stored_events SET state = :state WHERE notification_id = :position",
        state=EventMapper().to_stored_event(changed).state,
        position=by_hand.position_of(event),
    )
    folder = by_hand.registry.folder
    folder.make_current(name, folder.put(name, 1, body))


def without_its_end(jws: bytes) -> bytes:
    """Return a JWS whose signature has its right length and is none."""
    return jws.rpartition(b".")[0] + b"." + b"A" * 86


def for_longer(jws: bytes) -> bytes:
    """Return a JWS that says something else under the signature that was."""
    header, payload, signature = jws.split(b".")
    document = json.loads(b64url_decode(payload.decode())) | {"validUntil": "2036-01-01T00:00:00Z"}
    return b".".join([header, b64url_encode(json.dumps(document).encode()).encode(), signature])


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        (without_its_end, "the signature is not of this token and key"),
        (for_longer, "other bytes"),
    ],
)
def test_replay_finds_a_forged_jws_that_its_event_agrees_with(
    by_hand: ByHand, credential: Credential, forge: Callable[[bytes], bytes], found: str
) -> None:
    forge_jws(by_hand, credential, forge)
    assert difference(by_hand) == (f"version 1 of {jwt_name_of(credential)}", found)


def test_replay_finds_a_missing_jws(by_hand: ByHand, credential: Credential) -> None:
    file(by_hand, jwt_name_of(credential)).unlink()
    assert difference(by_hand) == (f"version 1 of {jwt_name_of(credential)}", "no file")


def test_replay_finds_a_changed_jws_of_an_earlier_version(
    by_hand: ByHand, credential: Credential
) -> None:
    earlier = file(by_hand, jwt_name_of(credential))
    by_hand.revoke(credential)
    by_hand.settle()
    by_hand.registry.catch_up.run()
    earlier.write_bytes(earlier.read_bytes() + b"A")
    assert by_hand.replay().verify().identical
    what, _ = difference(by_hand, all_versions=True)
    assert what == f"version 1 of {jwt_name_of(credential)}"


def test_replay_finds_a_jws_that_is_served_in_an_older_version(
    by_hand: ByHand, credential: Credential
) -> None:
    link = by_hand.registry.folder.root / jwt_name_of(credential)
    first = file(by_hand, jwt_name_of(credential))
    by_hand.revoke(credential)
    by_hand.settle()
    link.unlink()
    link.symlink_to(first)
    what, found = difference(by_hand)
    assert what == jwt_name_of(credential)
    assert "version=1" in found


@pytest.mark.parametrize("mechanism", [Mechanism.EDDSA_RDFC_2022])
def test_replay_finds_a_jws_beside_a_list_that_has_none(
    by_hand: ByHand, credential: Credential
) -> None:
    folder, name = by_hand.registry.folder, jwt_name_of(credential)
    folder.make_current(name, folder.put(name, 1, b"e30.e30.e30"))
    what, _ = difference(by_hand)
    assert what == name


def test_forms_of_every_version_hold_the_same_document(
    by_hand: ByHand, credential: Credential
) -> None:
    for change in (by_hand.suspend, by_hand.reinstate, by_hand.suspend):
        change(credential)
        by_hand.settle()
    root = by_hand.registry.folder.root
    forms = [
        sorted((root / f"{name}.versions").iterdir())
        for name in by_hand.names(credential, "suspension")
    ]
    assert [len(versions) for versions in forms] == [4, 4]
    for proved, signed in zip(*forms, strict=True):
        document = document_of(proved.read_bytes())
        del document["proof"]
        assert document_of(signed.read_bytes()) == document
