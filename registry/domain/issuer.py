"""The issuer: an organisation, its DID, its signing keys in turn, and its own reason codes."""

import re
from collections.abc import Iterable
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
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
    IssuerAliasAdded,
    IssuerClosed,
    IssuerRegistered,
    IssuerRenamed,
    IssuerSucceeded,
    ReasonCodeAdded,
    RetentionDutySet,
    SigningKeyAdded,
    SigningKeyCompromised,
    SigningKeyRetired,
)
from registry.domain.profiles import GenericProfile
from registry.domain.reasons import RESERVED_REASONS, STANDARD_REASONS
from registry.domain.securing import KeyType, Mechanism

REASON_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")

_BEGINNINGS = {
    "z6Mk": KeyType.ED25519,
    "zDna": KeyType.P256,
    "z82": KeyType.P384,
    "z4MX": KeyType.RSA,
    "z2Ws": KeyType.RSA,
    "zgg": KeyType.RSA,
}
"""How Multikeys of each type begin, RSA keys by their size: 2,048, 3,072 and 4,096 bits."""


class Issuer(Aggregate):
    """Folds the events of one issuer."""

    did: str
    name_pl: str
    name_en: str
    country: str
    url: str

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.keys: dict[str, str] = {}
        self.retired: set[str] = set()
        self.reason_codes: dict[str, tuple[str, str]] = dict(STANDARD_REASONS)
        self.generic: GenericProfile | None = None
        self.compromised: dict[str, str] = {}
        self.aliases: list[str] = []
        self.successor_id: str | None = None
        self.closed = False
        self.custodian_id: str | None = None
        self.retention_days = 0

    def register(
        self, command: Command, *, did: str, name_pl: str, name_en: str, country: str, url: str
    ) -> None:
        """Admit the organisation under its DID."""
        self.record(
            IssuerRegistered,
            command,
            did=did,
            name_pl=name_pl,
            name_en=name_en,
            country=country,
            url=url,
        )

    def add_key(self, command: Command, *, key: str, verification_method: str) -> None:
        """Sign with this key from now on; raises as `check_key_can_be_added`."""
        self.check_key_can_be_added()
        self.record(SigningKeyAdded, command, key=key, verification_method=verification_method)

    def check_key_can_be_added(self) -> None:
        """Raise KeyRotationError for a second key of a did:key."""
        if self.did.startswith("did:key:") and self.keys:
            raise KeyRotationError(
                "a did:key issuer is its key and cannot have another",
                field="key",
                remedy="register the issuer anew as did:web, which can change its keys",
            )

    def retire_key(self, command: Command, *, key: str) -> None:
        """Stop signing with this key.

        Raises when it is unknown, retired, or the only one of its type: lists need it.
        """
        if key not in self.keys:
            raise UnknownKeyError(f"the issuer has no key {key}", field="key")
        if key in self.retired:
            raise KeyRotationError("the key is retired already", field="key")
        key_type = key_type_of(key)
        if self._active(key_type) == [key]:
            raise KeyRotationError(
                f"it is the only key of type {key_type} that signs this issuer's lists",
                field="key",
                remedy="add the next key of the type first, then retire this one",
            )
        self.record(SigningKeyRetired, command, key=key)

    def add_reason_code(self, command: Command, *, code: str, label_pl: str, label_en: str) -> None:
        """Use one more reason code; raises InvalidValueError where it is taken or malformed."""
        if not REASON_CODE.fullmatch(code):
            raise InvalidValueError(
                f"{code!r} is not 2 to 40 lower-case letters, digits and hyphens", field="code"
            )
        if code in self.reason_codes or code in RESERVED_REASONS:
            raise InvalidValueError(f"the code {code!r} is in use", field="code")
        self.record(ReasonCodeAdded, command, code=code, label_pl=label_pl, label_en=label_en)

    def check_reason(self, code: str) -> None:
        """Raise UnknownReasonError unless `code` is one this issuer may give."""
        if code not in self.reason_codes:
            raise UnknownReasonError(
                f"{code!r} is not a reason code of this issuer",
                field="reason",
                remedy="use one of: " + ", ".join(sorted(self.reason_codes)),
            )

    def open_generic_issuing(self, command: Command, profile: GenericProfile) -> None:
        """Let the issuer sign any credential; raises as `check_can_sign` and `profile.check`."""
        profile.check()
        self.check_can_sign(profile.mechanism)
        self.record(
            GenericIssuingOpened,
            command,
            cryptosuite=profile.mechanism.value,
            purposes=list(profile.purposes),
        )

    def generic_profile(self) -> GenericProfile:
        """Return how generic credentials are made; raises GenericIssuingClosedError."""
        if self.generic is None:
            raise GenericIssuingClosedError(
                "the issuer issues its own achievements only",
                remedy="issue under an achievement, or ask an operator to open generic issuing",
            )
        return self.generic

    def signing_key(self, key_type: KeyType) -> str:
        """Return the newest public key (Multikey) of a type that signs now.

        Raises NoSigningKeyError where there is none.
        """
        active = self._active(key_type)
        if not active:
            raise NoSigningKeyError(
                f"the issuer has no signing key of type {key_type}", remedy=self._remedy([key_type])
            )
        return active[-1]

    def check_can_sign(self, mechanism: Mechanism) -> None:
        """Raise NoSigningKeyError unless the issuer has every key that a mechanism needs."""
        needed = key_types_of(mechanism)
        missing = [key_type for key_type in needed if not self._active(key_type)]
        if missing:
            raise NoSigningKeyError(
                f"{mechanism} needs keys of the types {', '.join(needed)}; "
                f"the issuer has none of: {', '.join(missing)}",
                field="cryptosuite",
                remedy=self._remedy(missing),
            )

    def _active(self, key_type: KeyType) -> list[str]:
        keys = [key for key in self.keys if key not in self.retired]
        return [key for key in keys if key_type_of(key) is key_type]

    def _remedy(self, missing: Iterable[KeyType]) -> str:
        if self.did.startswith("did:key:"):
            return "choose a mechanism that fits the only key, or register an issuer as did:web"
        return "an operator adds a key of type " + " and one of type ".join(missing)

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case IssuerRegistered():
                self.did, self.country, self.url = event.did, event.country, event.url
                self.name_pl, self.name_en = event.name_pl, event.name_en
            case SigningKeyAdded():
                self.keys[event.key] = event.verification_method
            case SigningKeyRetired():
                self.retired.add(event.key)
            case ReasonCodeAdded():
                self.reason_codes[event.code] = (event.label_pl, event.label_en)
            case SigningKeyCompromised():
                self.compromised[event.key] = event.since
            case IssuerRenamed():
                self.name_pl, self.name_en, self.url = event.name_pl, event.name_en, event.url
            case IssuerAliasAdded():
                self.aliases.append(event.also_known_as)
            case IssuerSucceeded():
                self.successor_id = event.successor_id
            case IssuerClosed():
                self.closed, self.custodian_id = True, event.custodian_id
            case RetentionDutySet():
                self.retention_days = event.days
            case GenericIssuingOpened():
                purposes = tuple(event.purposes)
                self.generic = GenericProfile(Mechanism(event.cryptosuite), purposes)
            case _:
                raise ForeignEventError(f"not an issuer's event: {event!r}")


def key_type_of(key: str) -> KeyType:
    """Return the type of a public key of an issuer's, told by how its Multikey begins.

    Raises InvalidValueError for what begins otherwise.
    """
    for beginning, key_type in _BEGINNINGS.items():
        if key.startswith(beginning):
            return key_type
    raise InvalidValueError(f"{key[:60]!r} is not a signing key of a known type", field="key")


def check_sole_key(key_type: KeyType) -> None:
    """Raise InvalidValueError for a type that can sign nothing as the only key of an issuer."""
    enough = [key_types_of(mechanism) for mechanism in Mechanism]
    if (key_type,) in enough:
        return
    fitting = dict.fromkeys(types[0] for types in enough if len(types) == 1)
    raise InvalidValueError(
        f"a key of type {key_type} alone signs nothing: status lists need another one beside it",
        field="key_type",
        remedy=f"choose one of {', '.join(fitting)}, or register as did:web and add both keys",
    )


def key_types_of(mechanism: Mechanism) -> tuple[KeyType, ...]:
    """Return the types of the keys that credentials and their status lists need.

    A list is always published with a Data Integrity proof too, and there is none for RSA.
    """
    if mechanism.key_type is KeyType.RSA:
        return (KeyType.RSA, KeyType.ED25519)
    return (mechanism.key_type,)
