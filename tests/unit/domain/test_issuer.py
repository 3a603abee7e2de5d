"""An issuer: its DID, its reason codes, and what becomes of it."""

from typing import Any

import pytest

from registry.domain.aggregate import ForeignEventError
from registry.domain.errors import (
    ConflictError,
    GenericIssuingClosedError,
    InvalidValueError,
    IssuerClosedError,
    NoSigningKeyError,
    UnknownReasonError,
)
from registry.domain.events import (
    Event,
    GenericIssuingOpened,
    IssuerAliasAdded,
    IssuerClosed,
    IssuerPlaced,
    IssuerRegistered,
    IssuerRenamed,
    IssuerSucceeded,
    ReasonCodeAdded,
    RetentionDutySet,
    StatusListClosed,
)
from registry.domain.issuer import EndReason, Issuer
from registry.domain.profiles import GenericProfile
from registry.domain.reasons import RESERVED_REASONS, STANDARD_REASONS
from registry.domain.securing import Mechanism
from tests.given import STREAM, command, event, recorded
from tests.unit.domain.issuers import PROFILE, WEB, given, key, registered


def add_code(issuer: Issuer, code: str) -> None:
    issuer.add_reason_code(command(), code=code, label_pl="Zwrot", label_en="Refund")


def test_registering_records_the_organisation() -> None:
    issuer = (
        given()
        .when(lambda issuer: issuer.register(command(), **PROFILE))
        .then(recorded(IssuerRegistered, 1, **PROFILE))
    )
    assert (issuer.did, issuer.name_pl) == (WEB, "Uczelnia Łódzka")


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


def rename(issuer: Issuer, name_pl: str = "Uczelnia Nowa") -> None:
    issuer.rename(
        command(), name_pl=name_pl, name_en="University of Łódź", url="https://example.org"
    )


def test_issuer_goes_by_another_name_under_the_same_did() -> None:
    names: dict[str, Any] = {"name_pl": "Uczelnia Nowa", "name_en": "University of Łódź"}
    issuer = (
        given(registered())
        .when(rename)
        .then(recorded(IssuerRenamed, 2, **names, url="https://example.org"))
    )
    assert (issuer.name_pl, issuer.did) == ("Uczelnia Nowa", WEB)


def test_name_that_the_issuer_has_is_no_other_name() -> None:
    refusal = (
        given(registered())
        .when(lambda issuer: rename(issuer, "Uczelnia Łódzka"))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "name"


@pytest.mark.parametrize("uri", ["did:web:old.example.org", "https://old.example.org/about"])
def test_issuer_is_known_under_another_uri_too(uri: str) -> None:
    issuer = (
        given(registered())
        .when(lambda issuer: issuer.add_alias(command(), also_known_as=uri))
        .then(recorded(IssuerAliasAdded, 2, also_known_as=uri))
    )
    assert issuer.aliases == [uri]


@pytest.mark.parametrize(
    "uri",
    ["", "old.example.org", "http://old.example.org", "https://a b", "https://x\n", WEB, "did:x"],
)
def test_what_is_no_other_uri_is_refused_as_an_alias(uri: str) -> None:
    refusal = (
        given(registered())
        .when(lambda issuer: issuer.add_alias(command(), also_known_as=uri))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "also_known_as"


def test_issuer_has_twenty_aliases_at_most() -> None:
    names = [f"https://{number}.example.org" for number in range(20)]
    aliases = [event(IssuerAliasAdded, n, also_known_as=uri) for n, uri in enumerate(names, 2)]
    given(registered(), *aliases).when(
        lambda issuer: issuer.add_alias(command(), also_known_as="https://more.example.org")
    ).then_refused(ConflictError)


def test_later_successor_takes_the_place_of_an_earlier_one() -> None:
    earlier = event(IssuerSucceeded, 2, successor_id="one", reason="merged")
    issuer = (
        given(registered(), earlier)
        .when(lambda issuer: issuer.succeed(command(), by="two", reason=EndReason.TAKEN_OVER))
        .then(recorded(IssuerSucceeded, 3, successor_id="two", reason="taken-over"))
    )
    assert issuer.successor_id == "two"


@pytest.mark.parametrize("successor", [str(STREAM), "one"], ids=["itself", "the same again"])
def test_issuer_does_not_succeed_itself_nor_twice(successor: str) -> None:
    history = registered(), event(IssuerSucceeded, 2, successor_id="one", reason="merged")
    given(*history).when(
        lambda issuer: issuer.succeed(command(), by=successor, reason=EndReason.MERGED)
    ).then_refused(InvalidValueError)


def close(issuer: Issuer, custodian_id: str | None = "one") -> None:
    issuer.close(command(), custodian_id=custodian_id, reason=EndReason.CLOSED_DOWN)


def test_closed_issuer_names_its_custodian() -> None:
    issuer = (
        given(registered())
        .when(close)
        .then(recorded(IssuerClosed, 2, custodian_id="one", reason="closed-down"))
    )
    assert (issuer.closed, issuer.custodian_id) == (True, "one")
    with pytest.raises(IssuerClosedError):
        issuer.check_open()


def test_closed_issuer_is_not_closed_again() -> None:
    closed = event(IssuerClosed, 2, custodian_id=None, reason="merged")
    given(registered(), closed).when(close).then_refused(IssuerClosedError)


def test_closed_issuer_is_not_its_own_custodian() -> None:
    refusal = (
        given(registered())
        .when(lambda issuer: close(issuer, str(STREAM)))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "custodian_id"


def test_issuer_is_at_home_where_it_was_placed_last() -> None:
    issuer = (
        given(registered(), event(IssuerPlaced, 2, shard="a"))
        .when(lambda issuer: issuer.place(command(), shard="b"))
        .then(recorded(IssuerPlaced, 3, shard="b"))
    )
    assert issuer.home == "b"


def test_issuer_is_not_placed_where_it_is() -> None:
    refusal = (
        given(registered(), event(IssuerPlaced, 2, shard="a"))
        .when(lambda issuer: issuer.place(command(), shard="a"))
        .then_refused(InvalidValueError)
    )
    assert refusal.field == "shard"


def test_retention_duty_is_as_long_as_was_last_said() -> None:
    duty: dict[str, Any] = {"days": 3650, "legal_basis": "ustawa"}
    issuer = (
        given(registered())
        .when(lambda issuer: issuer.set_retention_duty(command(), **duty))
        .then(recorded(RetentionDutySet, 2, **duty))
    )
    assert issuer.retention_days == 3650


def test_retention_duty_is_not_shorter_than_nothing() -> None:
    given(registered()).when(
        lambda issuer: issuer.set_retention_duty(command(), days=-1, legal_basis="ustawa")
    ).then_refused(InvalidValueError)


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
