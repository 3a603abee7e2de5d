"""A history as a busy registry has it, made without signing: for measuring what reads it."""

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from registry.domain import events as e
from registry.store.mapper import EventMapper
from registry.store.recorders import EventRecorder

LIST_SIZE = 131_072
SAVED_AT_ONCE = 5_000
UNCHANGED, REVOKED = 0.8, 0.1
"""Shares of the credentials; the rest is suspended and reinstated."""


def sample_events(count: int, *, seed: int = 1) -> Iterator[e.Event]:
    """Yield `count` events: one issuer, its lists, and credentials of which a fifth change."""
    source = random.Random(seed)  # noqa: S311 - every run measures the same history
    issuer = _uuid(source)
    lists = [_uuid(source) for _ in range(count // LIST_SIZE + 1)]
    yield _issuer(source, issuer)
    for number, list_id in enumerate(lists):
        yield _list(source, list_id, issuer, number)
    made = 1 + len(lists)
    index = 0
    while made < count:
        credential, place = _uuid(source), (str(lists[index // LIST_SIZE]), index % LIST_SIZE)
        index += 1
        for event in _life(source, credential, issuer, place)[: count - made]:
            made += 1
            yield event


def list_of_credentials(
    issuer: UUID, count: int, *, seed: int, entries: int = LIST_SIZE
) -> Iterator[e.Event]:
    """Yield a list of an issuer that is there, and `count` credentials of it that nobody changed.

    Each seed makes others.
    """
    source = random.Random(seed)  # noqa: S311 - every run measures the same history
    list_id, achievement = _uuid(source), _uuid(source)
    yield _list(source, list_id, issuer, seed, entries=entries)
    for index in range(count):
        entry = _entry(issuer, (str(list_id), index))
        yield _issued(source, _common(source, _uuid(source), 1), entry, achievement)


def stored_in_pages(recorder: EventRecorder, events: Iterator[e.Event]) -> Iterator[list[e.Event]]:
    """Store events, some thousand a save, and yield each save."""
    mapper = EventMapper()
    while page := list(islice(events, SAVED_AT_ONCE)):
        recorder.insert_events([mapper.to_stored_event(event) for event in page])
        yield page


def _life(
    source: random.Random, credential: UUID, issuer: UUID, place: tuple[str, int]
) -> list[e.Event]:
    common, achievement = _common(source, credential, 1), _uuid(source)
    issued = _issued(source, common, _entry(issuer, place), achievement)
    chance = source.random()
    if chance < UNCHANGED:
        return [issued]
    if chance > UNCHANGED + REVOKED:
        change: dict[str, Any] = {**_entry(issuer, place), "reason": "other"}
        return [
            issued,
            e.CredentialSuspended(**_common(source, credential, 2), **change),
            e.CredentialReinstated(**_common(source, credential, 3), **change),
        ]
    revoked = e.CredentialRevoked(
        **_common(source, credential, 2), **_entry(issuer, place), reason="fraud"
    )
    return [issued, revoked]


def _issued(
    source: random.Random, common: dict[str, Any], entry: dict[str, Any], achievement: UUID
) -> e.Event:
    did = f"did:web:registry.example.org:issuers:{entry['issuer_id']}"
    return e.CredentialIssued(
        **common,
        **entry,
        achievement_id=str(achievement),
        achievement_version=1,
        profile="default",
        subject_ref=str(_uuid(source)),
        document_digest=source.randbytes(32).hex(),
        verification_method=f"{did}#z6Mk{'x' * 44}",
        cryptosuite="eddsa-rdfc-2022",
        valid_from="2026-01-01T00:00:00.000000Z",
    )


def _issuer(source: random.Random, issuer: UUID) -> e.Event:
    return e.IssuerRegistered(
        **_common(source, issuer, 1),
        did=f"did:web:registry.example.org:issuers:{issuer}",
        name_pl="Uczelnia",
        name_en="University",
        country="PL",
        url="https://university.example.org",
    )


def _list(
    source: random.Random, list_id: UUID, issuer: UUID, number: int, *, entries: int = LIST_SIZE
) -> e.Event:
    return e.StatusListOpened(
        **_common(source, list_id, 1),
        issuer_id=str(issuer),
        cryptosuite="eddsa-rdfc-2022",
        profile="default",
        purposes=["revocation", "suspension"],
        size=entries,
        sequence=number,
    )


def _entry(issuer: UUID, place: tuple[str, int]) -> dict[str, Any]:
    return {"issuer_id": str(issuer), "list_id": place[0], "list_index": place[1]}


def _common(source: random.Random, stream: UUID, version: int) -> dict[str, Any]:
    return {
        "originator_id": stream,
        "originator_version": version,
        "recorded_at": "2026-01-01T00:00:00.000000Z",
        "actor": "api-key:0123456789abcdef",
        "command_id": source.randbytes(32).hex(),
        "request_digest": source.randbytes(32).hex(),
        "nonce": source.randbytes(16).hex(),
    }


def _uuid(source: random.Random) -> UUID:
    return UUID(bytes=source.randbytes(16), version=4)
