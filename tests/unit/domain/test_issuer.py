"""An issuer: its DID, its keys in turn, its reason codes."""

from typing import Any

import pytest

from registry.domain.aggregate import ForeignEventError
from registry.domain.errors import (
    InvalidValueError,
    KeyRotationError,
    NoSigningKeyError,
    UnknownKeyError,
    UnknownReasonError,
)
from registry.domain.events import (
    Event,
    IssuerRegistered,
    ReasonCodeAdded,
    SigningKeyAdded,
    SigningKeyRetired,
    StatusListClosed,
)
from registry.domain.issuer import Issuer
from registry.domain.reasons import RESERVED_REASONS, STANDARD_REASONS
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
    issuer.add_key(command(), key="z2", verification_method=f"{WEB}#z2")


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
        .then(recorded(SigningKeyAdded, 2, key="z2", verification_method=f"{WEB}#z2"))
    )
    assert issuer.signing_key == "z2"


def test_newest_key_signs_after_a_rotation() -> None:
    issuer = (
        given(registered(), key(2, "z1"))
        .when(add_key)
        .then(recorded(SigningKeyAdded, 3, key="z2", verification_method=f"{WEB}#z2"))
    )
    assert issuer.signing_key == "z2"
    assert set(issuer.keys) == {"z1", "z2"}


def test_retired_key_signs_nothing_and_stays_known() -> None:
    issuer = (
        given(registered(), key(2, "z1"), key(3, "z2"))
        .when(lambda issuer: issuer.retire_key(command(), key="z2"))
        .then(recorded(SigningKeyRetired, 4, key="z2"))
    )
    assert issuer.signing_key == "z1"
    assert "z2" in issuer.keys


def test_key_issuer_gets_its_only_key() -> None:
    given(registered("did:key:z2")).when(add_key).then(
        recorded(SigningKeyAdded, 2, key="z2", verification_method=f"{WEB}#z2")
    )


def test_key_issuer_cannot_change_its_key() -> None:
    history = registered("did:key:z1"), key(2, "z1")
    refusal = given(*history).when(add_key).then_refused(KeyRotationError)
    assert "did:web" in (refusal.remedy or "")


@pytest.mark.parametrize(
    "history",
    [
        (registered(), key(2, "z1")),
        (registered(), key(2, "z0"), key(3, "z1"), retired(4, "z0")),
    ],
    ids=["only one", "the others retired"],
)
def test_last_key_cannot_be_retired(history: tuple[Event, ...]) -> None:
    given(*history).when(lambda issuer: issuer.retire_key(command(), key="z1")).then_refused(
        KeyRotationError
    )


def test_unknown_key_cannot_be_retired() -> None:
    given(registered(), key(2, "z1")).when(
        lambda issuer: issuer.retire_key(command(), key="z9")
    ).then_refused(UnknownKeyError)


def test_retired_key_cannot_be_retired_again() -> None:
    history = registered(), key(2, "z1"), key(3, "z2"), retired(4, "z1")
    given(*history).when(lambda issuer: issuer.retire_key(command(), key="z1")).then_refused(
        KeyRotationError
    )


def test_issuer_without_a_key_signs_nothing() -> None:
    given(registered()).when(lambda issuer: issuer.signing_key).then_refused(NoSigningKeyError)


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


def test_event_of_another_aggregate_is_not_an_issuers() -> None:
    with pytest.raises(ForeignEventError, match="not an issuer's event"):
        given(registered(), event(StatusListClosed, 2))
