"""An issuer: its DID, its keys in turn, its reason codes."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from registry.domain.aggregate import ForeignEventError
from registry.domain.errors import (
    GenericIssuingClosedError,
    InvalidValueError,
    KeyRotationError,
    NoSigningKeyError,
    UnknownKeyError,
    UnknownReasonError,
)
from registry.domain.events import (
    Event,
    GenericIssuingOpened,
    IssuerRegistered,
    ReasonCodeAdded,
    SigningKeyAdded,
    SigningKeyRetired,
    StatusListClosed,
)
from registry.domain.issuer import Issuer, check_sole_key, key_type_of
from registry.domain.profiles import GenericProfile
from registry.domain.reasons import RESERVED_REASONS, STANDARD_REASONS
from registry.domain.securing import KeyType, Mechanism
from registry.formats.multikey import PublicKey, encode_public_key
from tests.given import Given, command, event, recorded

WEB = "did:web:example.org:issuers:1"
PROFILE: dict[str, Any] = {
    "did": WEB,
    "name_pl": "Uczelnia Łódzka",
    "name_en": "University of Łódź",
    "country": "PL",
    "url": "https://example.org",
}


def registered(did: str = WEB) -> Event:
    return event(IssuerRegistered, 1, **PROFILE | {"did": did})


def key(number: int, name: str) -> Event:
    return event(SigningKeyAdded, number, key=name, verification_method=f"{WEB}#{name}")


def retired(number: int, name: str) -> Event:
    return event(SigningKeyRetired, number, key=name)


def given(*history: Event) -> Given[Issuer]:
    return Given(Issuer, *history)


def add_key(issuer: Issuer) -> None:
    issuer.add_key(command(), key="z6Mk2", verification_method=f"{WEB}#z6Mk2")


def add_code(issuer: Issuer, code: str) -> None:
    issuer.add_reason_code(command(), code=code, label_pl="Zwrot", label_en="Refund")


def test_registering_records_the_organisation() -> None:
    issuer = (
        given()
        .when(lambda issuer: issuer.register(command(), **PROFILE))
        .then(recorded(IssuerRegistered, 1, **PROFILE))
    )
    assert (issuer.did, issuer.name_pl) == (WEB, "Uczelnia Łódzka")


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


def opened(number: int, *purposes: str, cryptosuite: str = "eddsa-jcs-2022") -> Event:
    return event(GenericIssuingOpened, number, cryptosuite=cryptosuite, purposes=[*purposes])


def open_generic(issuer: Issuer, *purposes: str) -> None:
    profile = GenericProfile(Mechanism.EDDSA_RDFC_2022, purposes)
    issuer.open_generic_issuing(command(), profile)


def test_issuer_that_may_issue_anything_says_how() -> None:
    issuer = (
        given(registered(), key(2, "z6Mk1"))
        .when(lambda issuer: open_generic(issuer, "revocation"))
        .then(
            recorded(
                GenericIssuingOpened, 3, cryptosuite="eddsa-rdfc-2022", purposes=["revocation"]
            )
        )
    )
    assert issuer.generic_profile() == GenericProfile(Mechanism.EDDSA_RDFC_2022, ("revocation",))


def test_later_profile_takes_the_place_of_an_earlier_one() -> None:
    history = registered(), key(2, "z6Mk1"), opened(3, "revocation"), opened(4, "suspension")
    assert given(*history).aggregate.generic_profile().purposes == ("suspension",)


def test_issuer_that_was_not_marked_issues_no_other_credentials() -> None:
    given(registered(), key(2, "z6Mk1")).when(Issuer.generic_profile).then_refused(
        GenericIssuingClosedError
    )


def test_generic_issuing_is_not_opened_without_a_key_that_fits() -> None:
    given(registered(), key(2, "zDna1")).when(open_generic).then_refused(NoSigningKeyError)


def test_generic_issuing_is_not_opened_for_a_purpose_no_list_has() -> None:
    refusal = (
        given(registered(), key(2, "z6Mk1"))
        .when(lambda issuer: open_generic(issuer, "refresh"))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "purposes"


def test_unknown_key_cannot_be_retired() -> None:
    given(registered(), key(2, "z6Mk1")).when(
        lambda issuer: issuer.retire_key(command(), key="z6Mk9")
    ).then_refused(UnknownKeyError)


def test_retired_key_cannot_be_retired_again() -> None:
    history = registered(), key(2, "z6Mk1"), key(3, "z6Mk2"), retired(4, "z6Mk1")
    given(*history).when(lambda issuer: issuer.retire_key(command(), key="z6Mk1")).then_refused(
        KeyRotationError
    )


def test_issuer_without_a_key_signs_nothing() -> None:
    given(registered()).when(lambda issuer: issuer.signing_key(KeyType.ED25519)).then_refused(
        NoSigningKeyError
    )


def test_issuer_adds_a_reason_code_of_its_own() -> None:
    issuer = (
        given(registered())
        .when(lambda issuer: add_code(issuer, "fee-refunded"))
        .then(
            recorded(ReasonCodeAdded, 2, code="fee-refunded", label_pl="Zwrot", label_en="Refund")
        )
    )
    issuer.check_reason("fee-refunded")


@pytest.mark.parametrize("code", ["", "x", "Fraud", "1st", "żółty", "a b", "a" * 41, "fraud\n"])
def test_malformed_reason_code_is_refused(code: str) -> None:
    refusal = (
        given(registered())
        .when(lambda issuer: add_code(issuer, code))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "code"


@pytest.mark.parametrize("code", [*STANDARD_REASONS, *RESERVED_REASONS, "fee-refunded"])
def test_reason_code_in_use_is_refused(code: str) -> None:
    history = (
        registered(),
        event(ReasonCodeAdded, 2, code="fee-refunded", label_pl="Zwrot", label_en="Refund"),
    )
    given(*history).when(lambda issuer: add_code(issuer, code)).then_refused(InvalidValueError)


@pytest.mark.parametrize("code", STANDARD_REASONS)
def test_standard_reason_is_every_issuers(code: str) -> None:
    given(registered()).aggregate.check_reason(code)


@pytest.mark.parametrize("code", ["fee-refunded", "", *RESERVED_REASONS])
def test_reason_that_is_not_the_issuers_is_refused_with_those_that_are(code: str) -> None:
    refusal = (
        given(registered())
        .when(lambda issuer: issuer.check_reason(code))
        .then_refused(UnknownReasonError)
    )
    assert "issued-in-error" in (refusal.remedy or "")


def test_reason_code_of_one_issuer_is_not_another_issuers() -> None:
    issuer = given(registered()).aggregate
    add_code(issuer, "fee-refunded")
    assert "fee-refunded" not in given(registered()).aggregate.reason_codes


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.P256, KeyType.P384])
def test_key_that_signs_credentials_and_lists_may_be_the_only_one(key_type: KeyType) -> None:
    check_sole_key(key_type)


def test_key_that_signs_no_list_is_not_the_only_one() -> None:
    with pytest.raises(InvalidValueError) as refusal:
        check_sole_key(KeyType.RSA)
    assert refusal.value.remedy == (
        "choose one of Ed25519, P-256, P-384, or register as did:web and add both keys"
    )


def test_event_of_another_aggregate_is_not_an_issuers() -> None:
    with pytest.raises(ForeignEventError, match="not an issuer's event"):
        given(registered(), event(StatusListClosed, 2))
