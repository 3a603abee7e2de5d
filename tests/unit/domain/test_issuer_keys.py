"""The keys of an issuer: which signs now, which retires, and which others may have held."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from registry.domain.errors import (
    EffectiveAtError,
    InvalidValueError,
    KeyRotationError,
    NoSigningKeyError,
    UnknownKeyError,
)
from registry.domain.events import (
    Event,
    SigningKeyAdded,
    SigningKeyCompromised,
    SigningKeyRetired,
)
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.domain.issuer_keys import check_sole_key, key_type_of
from registry.domain.securing import KeyType, Mechanism
from registry.formats.multikey import PublicKey, encode_public_key
from tests.given import NOW, SECOND, THEN, command, event, recorded
from tests.unit.domain.issuers import WEB, given, key, registered, retired


def add_key(issuer: Issuer) -> None:
    issuer.add_key(command(), key="z6Mk2", verification_method=f"{WEB}#z6Mk2")


def test_web_issuer_gets_its_first_key() -> None:
    issuer = (
        given(registered())
        .when(add_key)
        .then(recorded(SigningKeyAdded, 2, key="z6Mk2", verification_method=f"{WEB}#z6Mk2"))
    )
    assert issuer.signing_key(KeyType.ED25519) == "z6Mk2"


def test_newest_key_signs_after_a_rotation() -> None:
    issuer = (
        given(registered(), key(2, "z6Mk1"))
        .when(add_key)
        .then(recorded(SigningKeyAdded, 3, key="z6Mk2", verification_method=f"{WEB}#z6Mk2"))
    )
    assert issuer.signing_key(KeyType.ED25519) == "z6Mk2"
    assert set(issuer.keys) == {"z6Mk1", "z6Mk2"}


def test_retired_key_signs_nothing_and_stays_known() -> None:
    issuer = (
        given(registered(), key(2, "z6Mk1"), key(3, "z6Mk2"))
        .when(lambda issuer: issuer.retire_key(command(), key="z6Mk2"))
        .then(recorded(SigningKeyRetired, 4, key="z6Mk2"))
    )
    assert issuer.signing_key(KeyType.ED25519) == "z6Mk1"
    assert "z6Mk2" in issuer.keys


def test_key_issuer_gets_its_only_key() -> None:
    given(registered("did:key:z6Mk2")).when(add_key).then(
        recorded(SigningKeyAdded, 2, key="z6Mk2", verification_method=f"{WEB}#z6Mk2")
    )


def test_key_issuer_cannot_change_its_key() -> None:
    history = registered("did:key:z6Mk1"), key(2, "z6Mk1")
    refusal = given(*history).when(add_key).then_refused(KeyRotationError)
    assert "did:web" in (refusal.remedy or "")


@pytest.mark.parametrize(
    "history",
    [
        (registered(), key(2, "z6Mk1")),
        (registered(), key(2, "z6Mk0"), key(3, "z6Mk1"), retired(4, "z6Mk0")),
    ],
    ids=["only one", "the others retired"],
)
def test_last_key_cannot_be_retired(history: tuple[Event, ...]) -> None:
    given(*history).when(lambda issuer: issuer.retire_key(command(), key="z6Mk1")).then_refused(
        KeyRotationError
    )


def test_last_key_of_a_type_cannot_be_retired_whatever_other_keys_there_are() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "zDna1"), key(4, "z6Mk2")
    refusal = (
        given(*history)
        .when(lambda issuer: issuer.retire_key(command(), key="zDna1"))
        .then_refused(KeyRotationError)
    )
    assert refusal.remedy == "add the next key of the type first, then retire this one"


def test_newest_key_of_each_type_signs() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "zDna1"), key(4, "z6Mk2"), key(5, "z82L1")
    issuer = given(*history).aggregate
    signing = [issuer.signing_key(each) for each in (KeyType.ED25519, KeyType.P256, KeyType.P384)]
    assert signing == ["z6Mk2", "zDna1", "z82L1"]


def test_key_of_another_type_does_not_sign() -> None:
    refusal = (
        given(registered(), key(2, "z6Mk1"))
        .when(lambda issuer: issuer.signing_key(KeyType.P256))
        .then_refused(NoSigningKeyError)
    )
    assert refusal.remedy == "an operator adds a key of type P-256"


def test_issuer_that_is_its_key_is_told_to_choose_what_fits_it() -> None:
    refusal = (
        given(registered("did:key:z6Mk1"), key(2, "z6Mk1"))
        .when(lambda issuer: issuer.check_can_sign(Mechanism.VC_JWT_ES256))
        .then_refused(NoSigningKeyError)
    )
    assert "fits the only key" in (refusal.remedy or "")


def test_lists_of_rsa_credentials_need_an_ed25519_key_too() -> None:
    refusal = (
        given(registered(), key(2, "z4MX1"))
        .when(lambda issuer: issuer.check_can_sign(Mechanism.OB_JWT_RS256))
        .then_refused(NoSigningKeyError)
    )
    assert refusal.remedy == "an operator adds a key of type Ed25519"
    given(registered(), key(2, "z4MX1"), key(3, "z6Mk1")).aggregate.check_can_sign(
        Mechanism.OB_JWT_RS256
    )


@pytest.mark.parametrize("size", [2048, 3072, 4096])
def test_type_of_an_rsa_key_is_told_by_its_multikey(size: int) -> None:
    public_key = rsa.generate_private_key(65537, size).public_key()
    assert key_type_of(encode_public_key(public_key)) is KeyType.RSA


@pytest.mark.parametrize(
    ("public_key", "key_type"),
    [
        (ed25519.Ed25519PrivateKey.generate().public_key(), KeyType.ED25519),
        (ec.generate_private_key(ec.SECP256R1()).public_key(), KeyType.P256),
        (ec.generate_private_key(ec.SECP384R1()).public_key(), KeyType.P384),
    ],
    ids=["Ed25519", "P-256", "P-384"],
)
def test_type_of_a_key_is_told_by_its_multikey(public_key: PublicKey, key_type: KeyType) -> None:
    assert key_type_of(encode_public_key(public_key)) is key_type


@pytest.mark.parametrize("text", ["nonsense", "", "z", "zQ3shokFTS3brHcDQrn82RUDfCZ"])
def test_what_is_no_key_of_a_known_type_has_no_type(text: str) -> None:
    with pytest.raises(InvalidValueError):
        key_type_of(text)


def test_unknown_key_cannot_be_retired() -> None:
    given(registered(), key(2, "z6Mk1")).when(
        lambda issuer: issuer.retire_key(command(), key="z6Mk9")
    ).then_refused(UnknownKeyError)


def test_retired_key_cannot_be_retired_again() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "z6Mk2"), retired(4, "z6Mk1")
    given(*history).when(lambda issuer: issuer.retire_key(command(), key="z6Mk1")).then_refused(
        KeyRotationError
    )


def compromised(number: int, name: str, since: str = "2026-02-01T00:00:00.000000Z") -> Event:
    return event(SigningKeyCompromised, number, key=name, since=since)


def compromise(issuer: Issuer, name: str = "z6Mk1", *, since: datetime = THEN) -> None:
    issuer.compromise_key(command(), key=name, since=since)


def test_compromised_key_signs_nothing_and_stays_known() -> None:
    issuer = (
        given(registered(), key(2, "z6Mk1"), key(3, "z6Mk2"))
        .when(lambda issuer: compromise(issuer, "z6Mk2"))
        .then(recorded(SigningKeyCompromised, 4, key="z6Mk2", since=instant(THEN)))
    )
    assert issuer.signing_key(KeyType.ED25519) == "z6Mk1"
    assert not issuer.signs("z6Mk2")
    assert "z6Mk2" in issuer.keys


def test_retired_key_may_turn_out_to_be_compromised() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "z6Mk2"), retired(4, "z6Mk1")
    given(*history).when(compromise).then(
        recorded(SigningKeyCompromised, 5, key="z6Mk1", since=instant(THEN))
    )


def test_last_key_of_a_type_is_not_given_up_without_the_next() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "zDna1")
    refusal = given(*history).when(compromise).then_refused(KeyRotationError)
    assert refusal.remedy == "add the next key of the type first"


def test_key_that_is_the_issuer_itself_cannot_leave_its_document() -> None:
    history = registered("did:key:z6Mk1"), key(2, "z6Mk1")
    refusal = given(*history).when(compromise).then_refused(KeyRotationError)
    assert "successor" in (refusal.remedy or "")


def test_key_is_not_compromised_from_a_moment_to_come() -> None:
    refusal = (
        given(registered(), key(2, "z6Mk1"), key(3, "z6Mk2"))
        .when(lambda issuer: compromise(issuer, since=NOW + SECOND))
        .then_refused(EffectiveAtError)
    )
    assert refusal.field == "since"


def test_compromise_is_moved_back_and_never_forward() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "z6Mk2"), compromised(4, "z6Mk1")
    given(*history).when(compromise).then_refused(KeyRotationError)
    earlier = datetime(2026, 1, 1, tzinfo=UTC)
    issuer = (
        given(*history)
        .when(lambda issuer: compromise(issuer, since=earlier))
        .then(recorded(SigningKeyCompromised, 5, key="z6Mk1", since=instant(earlier)))
    )
    assert issuer.compromised == {"z6Mk1": instant(earlier)}


def test_compromised_key_cannot_be_retired() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "z6Mk2"), compromised(4, "z6Mk1")
    given(*history).when(lambda issuer: issuer.retire_key(command(), key="z6Mk1")).then_refused(
        KeyRotationError
    )


def test_unknown_key_cannot_be_compromised() -> None:
    given(registered(), key(2, "z6Mk1")).when(
        lambda issuer: compromise(issuer, "z6Mk9")
    ).then_refused(UnknownKeyError)


def test_issuer_without_a_key_signs_nothing() -> None:
    given(registered()).when(lambda issuer: issuer.signing_key(KeyType.ED25519)).then_refused(
        NoSigningKeyError
    )


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384])
def test_key_that_signs_credentials_and_lists_may_be_the_only_one(key_type: KeyType) -> None:
    check_sole_key(key_type)


def test_key_that_signs_no_list_is_not_the_only_one() -> None:
    with pytest.raises(InvalidValueError) as refusal:
        check_sole_key(KeyType.RSA)
    assert refusal.value.remedy == (
        "choose one of Ed25519, P-256, P-384, or register as did:web and add both keys"
    )
