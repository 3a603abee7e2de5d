"""Issuers with real keys, credentials with real signatures, and a web that is a dictionary."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from registry.domain.securing import KeyType, Mechanism
from registry.formats import bitstring, data_integrity, did, securing, status_list_credential
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multikey import encode_public_key
from registry.verification.ports import Fetched, FetchError
from registry.verification.report import Check, PresentationReport, Report
from registry.verification.verify import Verifier

Document = dict[str, Any]

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CREATED = "2026-11-22T17:00:00Z"
CREDENTIAL_ID = "https://registry.example/credentials/1"
REVOCATION_URL = "https://registry.example/lists/1/revocation"
SUSPENSION_URL = "https://registry.example/lists/1/suspension"
INDEX = 94_567
DATA_INTEGRITY = [mechanism for mechanism in Mechanism if not mechanism.is_jwt]
TOKENS = [mechanism for mechanism in Mechanism if mechanism.is_jwt]


def instant(offset: timedelta = timedelta(0)) -> str:
    return (NOW + offset).isoformat().replace("+00:00", "Z")


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


class Key:
    """A `Signer`: a key of one DID, Ed25519 unless another type is asked for."""

    def __init__(
        self,
        controller: str | None = None,
        *,
        key_type: KeyType = KeyType.ED25519,
        is_jwt: bool = False,
    ) -> None:
        self._key = _GENERATE[key_type]()
        self.key_type = key_type
        self.multibase = encode_public_key(self._key.public_key())
        self.controller = controller or did.did_key(self.multibase)
        self.is_jwt = is_jwt

    @property
    def verification_method(self) -> str:
        return did.method_id(self.controller, self.multibase, is_jwt=self.is_jwt)

    def sign(self, data: bytes) -> bytes:
        match self._key:
            case ec.EllipticCurvePrivateKey() as key:
                size = key.curve.key_size // 8
                digest = hashes.SHA384() if size == 48 else hashes.SHA256()
                numbers = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
                return b"".join(number.to_bytes(size) for number in numbers)
            case rsa.RSAPrivateKey() as key:
                return bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
            case key:
                return bytes(key.sign(data))


_GENERATE: dict[KeyType, Callable[[], Any]] = {
    KeyType.ED25519: Ed25519PrivateKey.generate,
    KeyType.P256: lambda: ec.generate_private_key(ec.SECP256R1()),
    KeyType.P384: lambda: ec.generate_private_key(ec.SECP384R1()),
    KeyType.RSA: lambda: rsa.generate_private_key(65_537, 2_048),
}


class Web:
    """A `Fetcher` that answers from memory and remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.accepted: list[str] = []

    def fetch(self, url: str, *, accept: str) -> Fetched:
        self.asked.append(url)
        self.accepted.append(accept)
        if url not in self.pages:
            raise FetchError("nobody answers.", pl="nikt nie odpowiada.")
        return Fetched(self.pages[url], "application/vc")


@dataclass
class Issuer:
    """A did:web issuer whose DID document stands on the web."""

    web: Web
    name: str = "aurora"
    key: Key = field(init=False)
    _keys: dict[Mechanism, Key] = field(init=False, default_factory=dict)

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

    def issue(self, document: Document, mechanism: Mechanism) -> bytes:
        """Return a document secured by any mechanism with a key of the issuer's."""
        secured = securing.secure_credential(
            document, mechanism=mechanism, signer=self.key_for(mechanism), created=CREATED
        )
        return secured.body

    def issue_json(self, document: Document, mechanism: Mechanism) -> Document:
        """Return a document with a proof of any Data Integrity suite."""
        secured: Document = json.loads(self.issue(document, mechanism))
        return secured

    def key_for(self, mechanism: Mechanism) -> Key:
        if mechanism not in self._keys:
            self._keys[mechanism] = Key(
                self.did, key_type=mechanism.key_type, is_jwt=mechanism.is_jwt
            )
            self.publish_keys(self.key, *self._keys.values())
        return self._keys[mechanism]

    def credential(self, **changes: Any) -> Document:
        return self.sign(unsigned(self.did, **changes))

    def publish_list(
        self,
        url: str = REVOCATION_URL,
        *,
        mechanism: Mechanism = Mechanism.EDDSA_RDFC_2022,
        **what: Any,
    ) -> Document:
        """Publish a list at a URL, and return its JSON (signed, unless it went into a JWT)."""
        document = self.unsigned_list(url, **what)
        if mechanism is Mechanism.EDDSA_RDFC_2022:
            document = self.sign(document)
            self.web.pages[url] = as_bytes(document)
        else:
            self.web.pages[url] = self.issue(document, mechanism)
        return document

    def unsigned_list(
        self,
        url: str,
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
        return document


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


def codes(report: Report | PresentationReport) -> list[str]:
    return [check.code for check in report.checks]


def only(report: Report | PresentationReport, name: str) -> Check:
    [check] = [check for check in report.checks if check.name == name]
    return check
