"""Issuers with real keys, credentials with real signatures, and a web that is a dictionary."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats import bitstring, data_integrity, did, status_list_credential
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multikey import encode_public_key
from registry.verification.ports import Fetched, FetchError
from registry.verification.report import Check, Report
from registry.verification.verify import Verifier

Document = dict[str, Any]

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CREATED = "2026-11-22T17:00:00Z"
CREDENTIAL_ID = "https://registry.example/credentials/1"
REVOCATION_URL = "https://registry.example/lists/1/revocation"
SUSPENSION_URL = "https://registry.example/lists/1/suspension"
INDEX = 94_567


def instant(offset: timedelta = timedelta(0)) -> str:
    return (NOW + offset).isoformat().replace("+00:00", "Z")


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


class Key:
    """A `Signer`: an Ed25519 key of one DID."""

    def __init__(self, controller: str | None = None) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.multibase = encode_public_key(self._key.public_key())
        self.controller = controller or did.did_key(self.multibase)

    @property
    def verification_method(self) -> str:
        return f"{self.controller}#{self.multibase}"

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


class Web:
    """A `Fetcher` that answers from memory and remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []

    def fetch(self, url: str, *, accept: str) -> Fetched:
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError("nobody answers.")
        return Fetched(self.pages[url], "application/vc")


@dataclass
class Issuer:
    """A did:web issuer whose DID document stands on the web."""

    web: Web
    name: str = "aurora"
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        self.did = did.did_web("https://registry.example", "issuers", self.name)
        self.key = Key(self.did)
        self.publish_keys(self.key)

    def publish_keys(self, *keys: Key) -> None:
        self.publish_document(
            did.did_document(self.did, assertion_keys=[k.multibase for k in keys])
        )

    def publish_document(self, document: Document) -> None:
        self.web.pages[self.document_url] = as_bytes(document)

    @property
    def document_url(self) -> str:
        return did.did_web_document_url(self.did)

    def sign(
        self,
        document: Document,
        *,
        key: Key | None = None,
        cryptosuite: Cryptosuite = Cryptosuite.EDDSA_RDFC_2022,
    ) -> Document:
        return data_integrity.secure(
            document, cryptosuite=cryptosuite, signer=key or self.key, created=CREATED
        )

    def credential(self, **changes: Any) -> Document:
        return self.sign(unsigned(self.did, **changes))

    def publish_list(
        self,
        url: str = REVOCATION_URL,
        *,
        purpose: str = "revocation",
        set_entries: Mapping[int, int] | None = None,
        entry_size: int = 1,
        changes: Document | None = None,
        subject_changes: Document | None = None,
        valid_from: str | None = None,
        valid_until: str | None = None,
        ttl_ms: int = 300_000,
    ) -> Document:
        document = status_list_credential.build(
            url=url,
            issuer=self.did,
            purpose=purpose,
            encoded_list=bitstring.encode(bits(set_entries or {}, entry_size=entry_size)).text,
            valid_from=valid_from or instant(timedelta(minutes=-5)),
            valid_until=valid_until or instant(timedelta(days=1)),
            ttl_ms=ttl_ms,
        )
        document = {**document, **(changes or {})}
        document["credentialSubject"] |= subject_changes or {}
        signed = self.sign(document)
        self.web.pages[url] = as_bytes(signed)
        return signed


def unsigned(issuer: str, **changes: Any) -> Document:
    """Return an Open Badge without a proof; a change to None leaves the field out."""
    document: Document = {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": CREDENTIAL_ID,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": "Aurora University"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2027-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:7e1f4b52-7b9a-4a6e-8c6c-0d4a5c1f2b3d",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://registry.example/achievements/1",
                "type": ["Achievement"],
                "name": "Beekeeping",
                "description": "Keeps bees through a winter.",
                "criteria": {"narrative": "An exam among hives."},
            },
        },
        "credentialStatus": [revocation_entry(), suspension_entry()],
    }
    changed = {**document, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def revocation_entry(**changes: Any) -> Document:
    entry = status_list_credential.entry(REVOCATION_URL, purpose="revocation", index=INDEX)
    return {**entry, **changes}


def suspension_entry(**changes: Any) -> Document:
    entry = status_list_credential.entry(SUSPENSION_URL, purpose="suspension", index=INDEX)
    return {**entry, **changes}


def bits(set_entries: Mapping[int, int], *, entry_size: int = 1) -> bytes:
    """Return a minimal bitstring, built without the code under test."""
    total = bitstring.MINIMUM_ENTRIES * entry_size
    number = 0
    for index, value in set_entries.items():
        number |= value << (total - (index + 1) * entry_size)
    return number.to_bytes(total // 8, "big")


class World:
    """An issuer, the web it publishes on, and a verifier that has seen nothing yet."""

    def __init__(self, web: Web, issuer: Issuer) -> None:
        self.web = web
        self.issuer = issuer
        self.verifier = Verifier(web)

    @classmethod
    def at_work(cls) -> Self:
        """Return a world whose issuer has published both of its lists with nothing set."""
        web = Web()
        issuer = Issuer(web)
        issuer.publish_list()
        issuer.publish_list(SUSPENSION_URL, purpose="suspension")
        return cls(web, issuer)

    def verify(self, document: Document | bytes, *, now: datetime = NOW) -> Report:
        data = document if isinstance(document, bytes) else as_bytes(document)
        return self.verifier.verify(data, now=now)


def codes(report: Report) -> list[str]:
    return [check.code for check in report.checks]


def only(report: Report, name: str) -> Check:
    [check] = [check for check in report.checks if check.name == name]
    return check
