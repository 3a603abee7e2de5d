"""Histories of an issuer, for tests of what it decides."""

from typing import Any

from registry.domain.events import (
    Event,
    IssuerRegistered,
    SigningKeyAdded,
    SigningKeyRetired,
)
from registry.domain.issuer import Issuer
from tests.given import Given, event

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
