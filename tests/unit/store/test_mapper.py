"""Events in stored form: the golden file, and what is refused.

tests/golden/events.json holds one event of each class as it is stored, by topic. It changes only by
additions: what it holds lies in databases.
"""

import json
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import events as e
from registry.store.mapper import (
    MAXIMUM_STATE_BYTES,
    EventMapper,
    EventTextError,
    EventTooLargeError,
    UnknownEventError,
)

GOLDEN: dict[str, str] = json.loads(
    (Path(__file__).parents[2] / "golden" / "events.json").read_text(encoding="utf-8")
)
STREAM = UUID("6a1f4f4e-3f0e-8d2c-9d5e-0a1b2c3d4e5f")
ISSUER = "0b8a6e4c-8f7e-8f52-9e43-0f6f0a8f5b11"
ACHIEVEMENT = "1c9b7f5d-9a8f-8063-8f54-107a1b9a6c22"
LIST = "2dac8a6e-ab9a-5174-9a65-218b2cab7d33"
KEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
METHOD = f"did:web:registry.example.org:issuers:{ISSUER}#{KEY}"
DEFINITION = {"title": {"pl": "Żółta łódź", "en": "Yellow boat"}, "workload": {"hours": 7.5}}
HEADER: dict[str, Any] = {
    "originator_id": STREAM,
    "originator_version": 1,
    "recorded_at": "2026-11-22T18:00:00.123456Z",
    "actor": "api-key:0123456789abcdef",
    "command_id": "c0" * 32,
    "request_digest": "d1" * 32,
    "nonce": "00112233445566778899aabbccddeeff",
}
OF_CREDENTIAL: dict[str, Any] = HEADER | {
    "issuer_id": ISSUER,
    "list_id": LIST,
    "list_index": 94_567,
}
OF_ACCREDITATION: dict[str, Any] = HEADER | {
    "scheme_id": "be0adf03-d321-810b-9c58-6be131c63ecc",
    "issuer_id": ISSUER,
}
OF_ACCREDITATION_CHANGE: dict[str, Any] = OF_ACCREDITATION | {
    "reason": "failed-review",
    "effective_at": "2026-11-20T00:00:00.000000Z",
}
OF_CHANGE: dict[str, Any] = OF_CREDENTIAL | {
    "reason": "under-review",
    "note_digest": "e2" * 32,
    "effective_at": "2026-11-20T00:00:00.000000Z",
}
EVENTS: tuple[e.Event, ...] = (
    e.IssuerRegistered(
        **HEADER,
        did=f"did:web:registry.example.org:issuers:{ISSUER}",
        name_pl="Uczelnia Łódzka",
        name_en="University of Łódź",
        country="PL",
        url="https://uczelnia.example",
    ),
    e.SigningKeyAdded(**HEADER, key=KEY, verification_method=METHOD),
    e.SigningKeyRetired(**HEADER, key=KEY),
    e.SigningKeyCompromised(**HEADER, key=KEY, since="2026-11-20T00:00:00.000000Z"),
    e.IssuerRenamed(
        **HEADER,
        name_pl="Akademia Łódzka",
        name_en="Academy of Łódź",
        url="https://akademia.example",
    ),
    e.IssuerAliasAdded(**HEADER, also_known_as="did:web:uczelnia.example"),
    e.IssuerSucceeded(
        **HEADER, successor_id="9ce8bde1-b10f-8fe9-9a36-49cf1fa41caa", reason="merger"
    ),
    e.IssuerClosed(
        **HEADER, custodian_id="9ce8bde1-b10f-8fe9-9a36-49cf1fa41caa", reason="liquidation"
    ),
    e.IssuerPlaced(**HEADER, shard="b"),
    e.RetentionDutySet(**HEADER, days=3650, legal_basis="art. 6(1)(c) GDPR"),
    e.ReasonCodeAdded(
        **HEADER, code="fee-refunded", label_pl="Zwrócono opłatę", label_en="The fee was refunded"
    ),
    e.GenericIssuingOpened(
        **HEADER, cryptosuite="vc-jwt-es256", purposes=["revocation", "suspension"]
    ),
    e.AchievementDefined(
        **HEADER,
        issuer_id=ISSUER,
        definition=DEFINITION,
        language="pl",
        cryptosuite="eddsa-rdfc-2022",
        profile="default",
    ),
    e.AchievementRevised(**HEADER, issuer_id=ISSUER, definition=DEFINITION),
    e.AchievementWithdrawn(**HEADER, issuer_id=ISSUER),
    e.CredentialIssued(
        **OF_CREDENTIAL,
        achievement_id=ACHIEVEMENT,
        achievement_version=3,
        profile="default",
        subject_ref="3ebd9b7f-bcab-4285-ab76-329c3dbc8e44",
        document_digest="f3" * 32,
        verification_method=METHOD,
        cryptosuite="eddsa-rdfc-2022",
        valid_from="2026-11-22T18:00:00.123456Z",
        valid_until="2031-11-22T18:00:00.000000Z",
        supersedes="4fceac80-cdbc-8396-bc87-43ad4ecd9f55",
    ),
    e.CredentialSuspended(**OF_CHANGE, until="2026-12-24T12:00:00.000000Z"),
    e.CredentialReinstated(**OF_CHANGE),
    e.CredentialRevoked(**OF_CHANGE, superseded_by="5adfbd91-decd-84a7-8d98-54be5fdeaa66"),
    e.CredentialDocumentErased(
        **HEADER,
        issuer_id=ISSUER,
        subject_ref="3ebd9b7f-bcab-4285-ab76-329c3dbc8e44",
        erasure_id="7cf1dfc3-0ffe-8779-b94e-27adfad02c88",
    ),
    e.CredentialNamed(
        **HEADER, issuer_id=ISSUER, credential_id="6be0ceb2-eefd-8668-b83d-16fd8cfe1b77"
    ),
    e.StatusListOpened(
        **HEADER,
        issuer_id=ISSUER,
        cryptosuite="eddsa-rdfc-2022",
        profile="default",
        purposes=["revocation", "suspension"],
        size=131_072,
        sequence=2,
    ),
    e.IndexesReserved(**HEADER, first=4096, count=64),
    e.IndexesReturned(**HEADER, first=4100, count=60),
    e.StatusListClosed(**HEADER),
    e.StatusListRetired(**HEADER),
    e.StatusListHistoryOpened(**HEADER),
    e.StatusListHistoryClosed(**HEADER),
    e.StatusListPublished(
        **HEADER,
        list_id=LIST,
        issuer_id=ISSUER,
        purpose="revocation",
        position=123_456,
        valid_from="2026-11-22T18:00:00.123Z",
        valid_until="2026-11-23T18:00:00.123Z",
        ttl_ms=300_000,
        encoder="libdeflate-12/0.9.0",
        representations=[
            {
                "media_type": "application/vc",
                "cryptosuite": "eddsa-rdfc-2022",
                "verification_method": METHOD,
                "created": "2026-11-22T18:00:00.123Z",
                "proof_value": "z" + "3" * 87,
                "digest": "a4" * 32,
            }
        ],
    ),
    e.ErasureRequested(
        **HEADER,
        issuer_id=ISSUER,
        subject_ref="3ebd9b7f-bcab-4285-ab76-329c3dbc8e44",
        reason="consent-withdrawn",
    ),
    e.ErasureConfirmed(**HEADER, issuer_id=ISSUER),
    e.ErasureDeclined(**HEADER, issuer_id=ISSUER, reason="another-person"),
    e.ErasureCompleted(**HEADER, issuer_id=ISSUER),
    e.LegalHoldPlaced(
        **HEADER, issuer_id=ISSUER, reason="court-case", until="2028-01-01T00:00:00.000000Z"
    ),
    e.LegalHoldLifted(**HEADER, issuer_id=ISSUER, reason="case-closed"),
    e.AccreditationSchemeOpened(
        **HEADER,
        name_pl="Mikropoświadczenia łódzkie",
        name_en="Micro-credentials of Łódź",
        accreditor_id="8df2e0d4-1aaf-888a-8a5f-38be0be13d99",
        url="https://akredytacja.example",
    ),
    e.AccreditationGranted(
        **OF_ACCREDITATION,
        scope="programming courses",
        valid_from="2026-11-22T18:00:00.000000Z",
        valid_until="2031-11-22T18:00:00.000000Z",
        endorsement_id="adf9cef2-c210-80fa-8b47-5ad020b52dbb",
    ),
    e.AccreditationSuspended(**OF_ACCREDITATION_CHANGE),
    e.AccreditationReinstated(**OF_ACCREDITATION_CHANGE),
    e.AccreditationWithdrawn(**OF_ACCREDITATION_CHANGE),
)
BY_TOPIC = {event.TOPIC: event for event in EVENTS}


def stored(topic: str, state: str | bytes) -> StoredEvent:
    data = state if isinstance(state, bytes) else state.encode()
    return StoredEvent(originator_id=STREAM, originator_version=1, topic=topic, state=data)


def read(topic: str, state: str | bytes) -> e.Event:
    return EventMapper().to_domain_event(stored(topic, state))


def changed(topic: str, **values: Any) -> str:
    return json.dumps(json.loads(GOLDEN[topic]) | values)


def test_every_event_class_is_in_the_golden_file_and_no_other() -> None:
    assert set(GOLDEN) == {event_class.TOPIC for event_class in e.EVENT_CLASSES}
    assert [type(event) for event in EVENTS] == list(e.EVENT_CLASSES)


def test_every_event_class_is_listed() -> None:
    listed = set(e.EVENT_CLASSES)
    defined = {
        each for each in vars(e).values() if isinstance(each, type) and "TOPIC" in vars(each)
    }
    assert defined == listed


def test_topics_are_unique() -> None:
    assert len({event_class.TOPIC for event_class in e.EVENT_CLASSES}) == len(e.EVENT_CLASSES)


@pytest.mark.parametrize("topic", BY_TOPIC)
def test_writing_gives_the_golden_bytes(topic: str) -> None:
    assert EventMapper().to_stored_event(BY_TOPIC[topic]) == stored(topic, GOLDEN[topic])


@pytest.mark.parametrize("topic", BY_TOPIC)
def test_reading_the_golden_bytes_gives_the_event(topic: str) -> None:
    assert read(topic, GOLDEN[topic]) == BY_TOPIC[topic]


@pytest.mark.parametrize("event_class", e.EVENT_CLASSES)
def test_event_without_the_optional_fields_is_read_with_their_defaults(
    event_class: type[e.Event],
) -> None:
    optional = {f.name: f.default for f in fields(event_class) if f.default is not MISSING}
    state = json.loads(GOLDEN[event_class.TOPIC])
    short = json.dumps({name: value for name, value in state.items() if name not in optional})
    expected = replace(BY_TOPIC[event_class.TOPIC], **optional)
    assert read(event_class.TOPIC, short) == expected


def test_credential_without_achievement_and_list_is_read() -> None:
    names = ["achievement_id", "achievement_version", "list_id", "list_index"]
    details: dict[str, Any] = dict.fromkeys(names) | {"profile": "generic"}
    expected = replace(BY_TOPIC["credential-issued-v1"], **details)
    state = changed("credential-issued-v1", **details)
    assert read("credential-issued-v1", state) == expected


@pytest.mark.parametrize("name", ["list_id", "list_index"])
def test_status_change_names_its_list(name: str) -> None:
    with pytest.raises(UnknownEventError, match=f"{name} is a NoneType"):
        read("credential-revoked-v1", changed("credential-revoked-v1", **{name: None}))


def test_unknown_topic_is_refused() -> None:
    with pytest.raises(UnknownEventError, match="'issuer-registered-v2'"):
        read("issuer-registered-v2", GOLDEN["issuer-registered-v1"])


@pytest.mark.parametrize("name", ["colour", "originator_id", "originator_version", "TOPIC"])
def test_unknown_field_is_refused_and_named(name: str) -> None:
    with pytest.raises(UnknownEventError, match=rf"unknown fields \['{name}'\]"):
        read("status-list-closed-v1", changed("status-list-closed-v1", **{name: 1}))


@pytest.mark.parametrize("topic", GOLDEN)
def test_missing_field_is_refused_and_named(topic: str) -> None:
    state = json.loads(GOLDEN[topic])
    del state["nonce"]
    with pytest.raises(UnknownEventError, match=r"missing fields \['nonce'\]"):
        read(topic, json.dumps(state))


@pytest.mark.parametrize(
    "state", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b"{}{}", b"\x00", b"[" * 100_000]
)
def test_state_that_is_no_json_object_is_refused(state: bytes) -> None:
    with pytest.raises(UnknownEventError):
        read("status-list-closed-v1", state)


def test_event_as_large_as_a_log_leaf_holds_is_written() -> None:
    data = EventMapper().to_stored_event(_defined_with(MAXIMUM_STATE_BYTES)).state
    assert len(data) == MAXIMUM_STATE_BYTES


def test_event_larger_than_a_log_leaf_holds_is_refused() -> None:
    with pytest.raises(EventTooLargeError, match="achievement-defined-v1 takes 60001 bytes"):
        EventMapper().to_stored_event(_defined_with(MAXIMUM_STATE_BYTES + 1))


def _defined_with(size: int) -> e.Event:
    """Return an event whose state takes exactly `size` bytes, most of them in two-byte letters."""
    event = BY_TOPIC["achievement-defined-v1"]
    empty = replace(event, definition={"t": ""})  # type: ignore[call-arg]
    room = size - len(EventMapper().to_stored_event(empty).state)
    return replace(event, definition={"t": "ł" * (room // 2) + "l" * (room % 2)})  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value"), [("list_index", "5"), ("list_index", True), ("reason", None), ("actor", 7)]
)
def test_value_of_another_type_is_unknown(name: str, value: object) -> None:
    event = next(event for event in EVENTS if isinstance(event, e.CredentialRevoked))
    stored = EventMapper().to_stored_event(event)
    state = json.loads(stored.state) | {name: value}
    changed = StoredEvent(STREAM, 2, stored.topic, json.dumps(state).encode())
    with pytest.raises(UnknownEventError, match=f"{name} is a"):
        EventMapper().to_domain_event(changed)


def test_event_that_opens_a_stream_is_unknown_inside_one() -> None:
    event = next(event for event in EVENTS if isinstance(event, e.CredentialIssued))
    stored = EventMapper().to_stored_event(replace(event, originator_version=2))
    with pytest.raises(UnknownEventError, match="stands inside a stream"):
        EventMapper().to_domain_event(stored)


def test_text_with_nul_is_refused_since_no_view_could_hold_it() -> None:
    event = next(event for event in EVENTS if isinstance(event, e.IssuerRegistered))
    with pytest.raises(EventTextError, match=r"U\+0000"):
        EventMapper().to_stored_event(replace(event, name_en="Uni\0versity"))


def test_text_that_only_spells_the_escape_of_nul_is_kept() -> None:
    event = next(event for event in EVENTS if isinstance(event, e.IssuerRegistered))
    spelt = replace(event, name_en="C:\\u0000 is no folder")
    assert EventMapper().to_domain_event(EventMapper().to_stored_event(spelt)) == spelt


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.integers(min_value=0, max_value=2**53),
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
)
def test_every_event_is_written_as_the_json_of_its_sorted_members(
    reason: str, index: int, until: str | None
) -> None:
    details = OF_CREDENTIAL | {"list_index": index, "reason": reason, "note_digest": None}
    event = e.CredentialSuspended(**details, effective_at=None, until=until)
    state = {name: value for name, value in vars(event).items() if "originator" not in name}
    written = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    stored = EventMapper().to_stored_event(event)
    assert stored.state == written.encode()
    assert EventMapper().to_domain_event(stored) == event


@pytest.mark.parametrize("number", [7.5, 1e21, 1e-7, 3.0])
def test_numbers_of_a_definition_are_written_as_they_always_were(number: float) -> None:
    definition = {"workload": {"hours": number, "ó": 1, "a": 2}}
    event = e.AchievementRevised(**HEADER, issuer_id=ISSUER, definition=definition)
    stored = EventMapper().to_stored_event(event)
    written = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert written.encode() in stored.state
