"""The issuer: an organisation, its DID, its signing keys in turn, and its own reason codes."""

import re
from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
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
)
from registry.domain.reasons import RESERVED_REASONS, STANDARD_REASONS

REASON_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")


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
        """Stop signing with this key; raises when it is unknown, retired, or the last one."""
        if key not in self.keys:
            raise UnknownKeyError(f"the issuer has no key {key}", field="key")
        if key in self.retired:
            raise KeyRotationError("the key is retired already", field="key")
        if len(self.keys) - len(self.retired) == 1:
            raise KeyRotationError(
                "it is the only key that signs this issuer's lists",
                field="key",
                remedy="add the next key first, then retire this one",
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

    @property
    def signing_key(self) -> str:
        """The public half of the key that signs now; raises NoSigningKeyError without one."""
        active = [key for key in self.keys if key not in self.retired]
        if not active:
            raise NoSigningKeyError(
                "the issuer has no signing key", remedy="an operator adds one under /keys"
            )
        return active[-1]

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
            case _:
                raise ForeignEventError(f"not an issuer's event: {event!r}")
