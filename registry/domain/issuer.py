"""The issuer: an organisation, its DID, its signing keys in turn, and its own reason codes."""

import re
from enum import StrEnum
from uuid import UUID

from registry.domain.aggregate import Command, ForeignEventError
from registry.domain.errors import (
    ConflictError,
    GenericIssuingClosedError,
    InvalidValueError,
    IssuerClosedError,
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
    SigningKeyAdded,
    SigningKeyCompromised,
    SigningKeyRetired,
)
from registry.domain.issuer_keys import KeyHolder
from registry.domain.profiles import GenericProfile
from registry.domain.reasons import RESERVED_REASONS, STANDARD_REASONS
from registry.domain.securing import Mechanism

REASON_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")

_ALIAS = re.compile(r"(?:did:[a-z0-9]+:[A-Za-z0-9._:%-]+|https://[!-~]+)")
_MOST_ALIASES = 20
_LONGEST_ALIAS = 500


class EndReason(StrEnum):
    """Why an organisation is succeeded by another, or closes."""

    MERGED = "merged"
    TAKEN_OVER = "taken-over"
    REGISTERED_ANEW = "registered-anew"
    CLOSED_DOWN = "closed-down"
    OTHER = "other"


class Issuer(KeyHolder):
    """Folds the events of one issuer."""

    name_pl: str
    name_en: str
    country: str
    url: str

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.reason_codes: dict[str, tuple[str, str]] = dict(STANDARD_REASONS)
        self.generic: GenericProfile | None = None
        self.aliases: list[str] = []
        self.successor_id: str | None = None
        self.closed = False
        self.custodian_id: str | None = None
        self.home: str | None = None
        self.retention_days = 0
        self.retention_basis = ""

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

    def rename(self, command: Command, *, name_pl: str, name_en: str, url: str) -> None:
        """Go by another name or have another site; raises InvalidValueError for what is so."""
        if (self.name_pl, self.name_en, self.url) == (name_pl, name_en, url):
            raise InvalidValueError(
                "the issuer has this name and this site already",
                field="name",
                remedy="give another name or another site, or leave it as it is",
            )
        self.record(IssuerRenamed, command, name_pl=name_pl, name_en=name_en, url=url)

    def add_alias(self, command: Command, *, also_known_as: str) -> None:
        """Be known under another URI too, a DID or an https URL (DIDs v1.0 §5.1.3)."""
        if not _ALIAS.fullmatch(also_known_as) or len(also_known_as) > _LONGEST_ALIAS:
            raise InvalidValueError(
                f"an alias is a DID or an https URL of at most {_LONGEST_ALIAS} characters",
                field="also_known_as",
                remedy="write it like did:web:old.example.org or https://old.example.org",
            )
        if also_known_as in (self.did, *self.aliases):
            raise InvalidValueError(
                "the issuer is known under this already",
                field="also_known_as",
                remedy="name another URI, or leave it as it is",
            )
        if len(self.aliases) >= _MOST_ALIASES:
            raise ConflictError(
                f"an issuer has {_MOST_ALIASES} aliases at most",
                field="also_known_as",
                remedy="aliases stay for ever: describe the rest on the issuer's own site",
            )
        self.record(IssuerAliasAdded, command, also_known_as=also_known_as)

    def succeed(self, command: Command, *, by: str, reason: EndReason) -> None:
        """Name the issuer `by` as the one that carries on; a later successor takes its place."""
        if by in (str(self.id), self.successor_id):
            raise InvalidValueError(
                "an issuer does not succeed itself, nor the same issuer twice",
                field="successor_id",
                remedy="name another issuer of this registry",
            )
        self.record(IssuerSucceeded, command, successor_id=by, reason=reason.value)

    def close(self, command: Command, *, custodian_id: str | None, reason: EndReason) -> None:
        """Issue nothing more; from now on the custodian, if any, changes statuses."""
        self.check_open()
        if custodian_id == str(self.id):
            raise InvalidValueError(
                "a closed issuer is not its own custodian",
                field="custodian_id",
                remedy="name another issuer, or none: then operators alone change statuses",
            )
        self.record(IssuerClosed, command, custodian_id=custodian_id, reason=reason.value)

    def check_open(self) -> None:
        """Raise IssuerClosedError once the issuer is closed."""
        if self.closed:
            raise IssuerClosedError(
                "the issuer is closed", remedy="ask its successor or its custodian"
            )

    def place(self, command: Command, *, shard: str) -> None:
        """Be at home in a shard from now on; raises InvalidValueError for the present one."""
        if shard == self.home:
            raise InvalidValueError(f"the issuer is in the shard {shard} already", field="shard")
        self.record(IssuerPlaced, command, shard=shard)

    def set_retention_duty(self, command: Command, *, days: int, legal_basis: str) -> None:
        """Keep each document for `days` from its issuance, as a law asks; 0 ends that."""
        if days < 0:
            raise InvalidValueError("a duty lasts 0 days or more", field="days")
        self.record(RetentionDutySet, command, days=days, legal_basis=legal_basis)

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
            case IssuerPlaced():
                self.home = event.shard
            case RetentionDutySet():
                self.retention_days, self.retention_basis = event.days, event.legal_basis
            case GenericIssuingOpened():
                purposes = tuple(event.purposes)
                self.generic = GenericProfile(Mechanism(event.cryptosuite), purposes)
            case _:
                raise ForeignEventError(f"not an issuer's event: {event!r}")
