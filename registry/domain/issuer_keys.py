"""The signing keys of an issuer: added, retired, compromised, and which of them signs now."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command
from registry.domain.errors import (
    EffectiveAtError,
    InvalidValueError,
    KeyRotationError,
    NoSigningKeyError,
    UnknownKeyError,
)
from registry.domain.events import SigningKeyAdded, SigningKeyCompromised, SigningKeyRetired
from registry.domain.instants import instant, parse_instant
from registry.domain.securing import KeyType, Mechanism

_BEGINNINGS = {
    "z6Mk": KeyType.ED25519,
    "zDna": KeyType.P256,
    "z82": KeyType.P384,
    "z4MX": KeyType.RSA,
    "z2Ws": KeyType.RSA,
    "zgg": KeyType.RSA,
}
"""How Multikeys of each type begin, RSA keys by their size: 2,048, 3,072 and 4,096 bits."""


class KeyHolder(Aggregate):
    """Decides about the keys; `compromised` maps a key to the instant since when it is."""

    did: str

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.keys: dict[str, str] = {}
        self.retired: set[str] = set()
        self.compromised: dict[str, str] = {}

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
        self.check_known(key)
        if not self.signs(key):
            state = "compromised" if key in self.compromised else "retired"
            raise KeyRotationError(
                f"the key is {state} already",
                field="key",
                remedy="nothing is left to be done: it signs nothing more",
            )
        if self.is_last_of_its_type(key):
            raise KeyRotationError(
                f"it is the only key of type {key_type_of(key)} that signs this issuer's lists",
                field="key",
                remedy="add the next key of the type first, then retire this one",
            )
        self.record(SigningKeyRetired, command, key=key)

    def check_can_be_compromised(self, command: Command, *, key: str, since: datetime) -> None:
        """Raise unless it can be recorded that others held the key from `since` on.

        A did:key is its only key; a moment once recorded can be moved back, never forward.
        """
        self.check_known(key)
        if self.did.startswith("did:key:"):
            raise KeyRotationError(
                "a did:key issuer is its key, which every verifier takes from the name itself",
                field="key",
                remedy="revoke what it signed, register the issuer anew as did:web, "
                "then name that one as its successor",
            )
        if since > command.recorded_at:
            raise EffectiveAtError(
                f"{instant(since)} lies in the future",
                field="since",
                remedy="name the earliest moment at which others may have held the key",
            )
        known = self.compromised.get(key)
        if known is not None and since >= parse_instant(known):
            raise KeyRotationError(
                f"the key is recorded as compromised since {known}",
                field="since",
                remedy="name an earlier moment, or leave it as it is",
            )

    def compromise_key(self, command: Command, *, key: str, since: datetime) -> None:
        """Record that others may have held the key from `since` on; it signs nothing more.

        Raises as `check_can_be_compromised`, and for the last key of its type that signs: add
        the next one first, or the issuer's lists could not be signed.
        """
        self.check_can_be_compromised(command, key=key, since=since)
        if self.is_last_of_its_type(key):
            raise KeyRotationError(
                f"no other key of type {key_type_of(key)} would sign this issuer's lists",
                field="key",
                remedy="add the next key of the type first",
            )
        self.record(SigningKeyCompromised, command, key=key, since=instant(since))

    def signs(self, key: str) -> bool:
        """Return whether a key signs now."""
        return key in self.keys and key not in self.retired and key not in self.compromised

    def is_last_of_its_type(self, key: str) -> bool:
        """Return whether a key signs now and no other of its type does."""
        return self._active(key_type_of(key)) == [key]

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

    def can_sign(self, mechanism: Mechanism) -> bool:
        """Return whether the issuer has every key that a mechanism needs."""
        return not self._missing(mechanism)

    def check_can_sign(self, mechanism: Mechanism) -> None:
        """Raise NoSigningKeyError unless the issuer has every key that a mechanism needs."""
        missing = self._missing(mechanism)
        if missing:
            raise NoSigningKeyError(
                f"{mechanism} needs keys of the types {', '.join(key_types_of(mechanism))}; "
                f"the issuer has none of: {', '.join(missing)}",
                field="cryptosuite",
                remedy=self._remedy(missing),
            )

    def check_known(self, key: str) -> None:
        """Raise UnknownKeyError for a key that never was the issuer's."""
        if key not in self.keys:
            raise UnknownKeyError(f"the issuer has no key {key}", field="key")

    def _missing(self, mechanism: Mechanism) -> list[KeyType]:
        return [each for each in key_types_of(mechanism) if not self._active(each)]

    def _active(self, key_type: KeyType) -> list[str]:
        return [key for key in self.keys if self.signs(key) and key_type_of(key) is key_type]

    def _remedy(self, missing: Iterable[KeyType]) -> str:
        if self.did.startswith("did:key:"):
            return "choose a mechanism that fits the only key, or register an issuer as did:web"
        return "an operator adds a key of type " + " and one of type ".join(missing)


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
