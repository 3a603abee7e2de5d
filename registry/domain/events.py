"""Every event of the registry: flat, past tense, primitive values, an explicit topic each.

A stored event is the JSON object of these fields without the two `originator_` ones, which are
columns. New fields must have a default; anything else is a new class with a new topic. Instants
are text as `instants.instant` writes it. `tests/golden/events.json` holds one of each.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event says: its place, when it was recorded, by whom, and for which command.

    `actor` is an opaque principal (an API key's id or "registry"), never a name. `command_id` and
    `request_digest` are keyed digests that find a repeated request. `nonce` is 128 random bits in
    hex, so that nobody can confirm a guess of an event's contents by hashing it.
    """

    TOPIC: ClassVar[str]

    originator_id: UUID
    originator_version: int
    recorded_at: str
    actor: str
    command_id: str
    request_digest: str
    nonce: str


@dataclass(frozen=True, kw_only=True)
class IssuerEvent(Event):
    """What happened to an issuer, whose stream it stands in."""


@dataclass(frozen=True, kw_only=True)
class IssuerRegistered(IssuerEvent):
    """An operator admitted an organisation that issues credentials."""

    TOPIC: ClassVar[str] = "issuer-registered-v1"

    did: str
    name_pl: str
    name_en: str
    country: str
    url: str


@dataclass(frozen=True, kw_only=True)
class SigningKeyAdded(IssuerEvent):
    """The issuer signs with this key from now on; `key` is its public half as a Multikey."""

    TOPIC: ClassVar[str] = "signing-key-added-v1"

    key: str
    verification_method: str


@dataclass(frozen=True, kw_only=True)
class SigningKeyRetired(IssuerEvent):
    """The key signs nothing more; what it signed stays good, so it stays in the DID document."""

    TOPIC: ClassVar[str] = "signing-key-retired-v1"

    key: str


@dataclass(frozen=True, kw_only=True)
class SigningKeyCompromised(IssuerEvent):
    """Others may have held the private key from `since` on: nothing it signed speaks for itself."""

    TOPIC: ClassVar[str] = "signing-key-compromised-v1"

    key: str
    since: str


@dataclass(frozen=True, kw_only=True)
class IssuerRenamed(IssuerEvent):
    """The organisation has another name or another site; its DID and its documents stay."""

    TOPIC: ClassVar[str] = "issuer-renamed-v1"

    name_pl: str
    name_en: str
    url: str


@dataclass(frozen=True, kw_only=True)
class IssuerAliasAdded(IssuerEvent):
    """The organisation is also known under another URI; its DID document says so."""

    TOPIC: ClassVar[str] = "issuer-alias-added-v1"

    also_known_as: str


@dataclass(frozen=True, kw_only=True)
class IssuerSucceeded(IssuerEvent):
    """Another issuer carries on what this one did; what this one issued stays its own."""

    TOPIC: ClassVar[str] = "issuer-succeeded-v1"

    successor_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class IssuerClosed(IssuerEvent):
    """The organisation issues nothing more; `custodian_id` changes statuses in its place."""

    TOPIC: ClassVar[str] = "issuer-closed-v1"

    custodian_id: str | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class IssuerPlaced(IssuerEvent):
    """The issuer is at home in this shard: from now on nothing of it is changed in any other."""

    TOPIC: ClassVar[str] = "issuer-placed-v1"

    shard: str


@dataclass(frozen=True, kw_only=True)
class RetentionDutySet(IssuerEvent):
    """The law makes the issuer keep each document for `days` from its issuance; 0 ends that."""

    TOPIC: ClassVar[str] = "retention-duty-set-v1"

    days: int
    legal_basis: str


@dataclass(frozen=True, kw_only=True)
class ReasonCodeAdded(IssuerEvent):
    """The issuer uses one more reason code for its status changes."""

    TOPIC: ClassVar[str] = "reason-code-added-v1"

    code: str
    label_pl: str
    label_en: str


@dataclass(frozen=True, kw_only=True)
class GenericIssuingOpened(IssuerEvent):
    """An operator lets the issuer sign any credential, this way and with entries for `purposes`.

    A later one takes the place of an earlier one.
    """

    TOPIC: ClassVar[str] = "generic-issuing-opened-v1"

    cryptosuite: str
    purposes: list[str]


@dataclass(frozen=True, kw_only=True)
class AchievementEvent(Event):
    """What each event of an achievement repeats: whose it is."""

    issuer_id: str


@dataclass(frozen=True, kw_only=True)
class AchievementDefined(AchievementEvent):
    """An issuer defined a micro-credential; this is version 1 of the definition."""

    TOPIC: ClassVar[str] = "achievement-defined-v1"

    definition: dict[str, Any]
    language: str
    cryptosuite: str
    profile: str


@dataclass(frozen=True, kw_only=True)
class AchievementRevised(AchievementEvent):
    """The definition has a new version; credentials issued under earlier ones keep theirs."""

    TOPIC: ClassVar[str] = "achievement-revised-v1"

    definition: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AchievementWithdrawn(AchievementEvent):
    """Nothing more is issued for this achievement; what was issued keeps its status."""

    TOPIC: ClassVar[str] = "achievement-withdrawn-v1"


@dataclass(frozen=True, kw_only=True)
class CredentialEvent(Event):
    """What each credential event repeats, so that nobody needs a look-up to know whose it is."""

    issuer_id: str


@dataclass(frozen=True, kw_only=True)
class CredentialIssued(CredentialEvent):
    """A credential was signed and handed over; ids, digests and dates only, never claims.

    One that was sent to be signed as it is has no achievement, and one without an entry of the
    registry's own has no list.
    """

    TOPIC: ClassVar[str] = "credential-issued-v1"

    list_id: str | None
    list_index: int | None
    achievement_id: str | None
    achievement_version: int | None
    profile: str
    subject_ref: str
    document_digest: str
    verification_method: str
    cryptosuite: str
    valid_from: str
    valid_until: str | None = None
    supersedes: str | None = None


@dataclass(frozen=True, kw_only=True)
class StatusEvent(CredentialEvent):
    """What each status change repeats, so that a list can be folded without a look-up."""

    list_id: str
    list_index: int


@dataclass(frozen=True, kw_only=True)
class CredentialSuspended(StatusEvent):
    """The credential is not to be relied on for now; `until` is the promised end, if any."""

    TOPIC: ClassVar[str] = "credential-suspended-v1"

    reason: str
    note_digest: str | None = None
    effective_at: str | None = None
    until: str | None = None


@dataclass(frozen=True, kw_only=True)
class CredentialReinstated(StatusEvent):
    """A suspension ended; the credential can be relied on again."""

    TOPIC: ClassVar[str] = "credential-reinstated-v1"

    reason: str
    note_digest: str | None = None
    effective_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class CredentialRevoked(StatusEvent):
    """The credential is not to be relied on ever again."""

    TOPIC: ClassVar[str] = "credential-revoked-v1"

    reason: str
    note_digest: str | None = None
    effective_at: str | None = None
    superseded_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class CredentialDocumentErased(CredentialEvent):
    """The key of the document and its notes was destroyed; the status stays as it was."""

    TOPIC: ClassVar[str] = "credential-document-erased-v1"

    subject_ref: str
    erasure_id: str


@dataclass(frozen=True, kw_only=True)
class CredentialNamed(Event):
    """A credential bears the name that this stream stands for, as others may.

    The name itself is kept nowhere: the stream's id is a keyed digest of it.
    """

    TOPIC: ClassVar[str] = "credential-named-v1"

    issuer_id: str
    credential_id: str


@dataclass(frozen=True, kw_only=True)
class StatusListEvent(Event):
    """What happened to a status list, whose stream it stands in."""


@dataclass(frozen=True, kw_only=True)
class StatusListOpened(StatusListEvent):
    """A list of `size` entries exists for one issuer and one way of securing its credentials."""

    TOPIC: ClassVar[str] = "status-list-opened-v1"

    issuer_id: str
    cryptosuite: str
    profile: str
    purposes: list[str]
    size: int
    sequence: int


@dataclass(frozen=True, kw_only=True)
class IndexesReserved(StatusListEvent):
    """The counters first..first+count-1 belong to one worker, for ever."""

    TOPIC: ClassVar[str] = "indexes-reserved-v1"

    first: int
    count: int


@dataclass(frozen=True, kw_only=True)
class IndexesReturned(StatusListEvent):
    """A worker that stopped in good order gives back counters it has not used."""

    TOPIC: ClassVar[str] = "indexes-returned-v1"

    first: int
    count: int


@dataclass(frozen=True, kw_only=True)
class StatusListClosed(StatusListEvent):
    """Every counter of the list is reserved; new credentials go to the next list."""

    TOPIC: ClassVar[str] = "status-list-closed-v1"


@dataclass(frozen=True, kw_only=True)
class StatusListRetired(StatusListEvent):
    """Every credential of the list ended long ago; the list is no longer published."""

    TOPIC: ClassVar[str] = "status-list-retired-v1"


@dataclass(frozen=True, kw_only=True)
class StatusListHistoryOpened(StatusListEvent):
    """Everyone may fetch the list's past versions, whose differences tell who changed when."""

    TOPIC: ClassVar[str] = "status-list-history-opened-v1"


@dataclass(frozen=True, kw_only=True)
class StatusListHistoryClosed(StatusListEvent):
    """The list's past versions are for auditors alone again."""

    TOPIC: ClassVar[str] = "status-list-history-closed-v1"


@dataclass(frozen=True, kw_only=True)
class StatusListPublished(StatusListEvent):
    """One version of one published list, with all that is needed to make its bytes again.

    The stream is the (list, purpose), so `originator_version` is the list's version. `position`
    is the last event folded into it. Each of `representations` names media_type, cryptosuite,
    verification_method, created, proof_value and the SHA-256 `digest` of the served bytes.
    """

    TOPIC: ClassVar[str] = "status-list-published-v1"

    list_id: str
    issuer_id: str
    purpose: str
    position: int
    valid_from: str
    valid_until: str
    ttl_ms: int
    encoder: str
    representations: list[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class ErasureEvent(Event):
    """What each event of an erasure repeats; the stream is one learner's erasure at one issuer."""

    issuer_id: str


@dataclass(frozen=True, kw_only=True)
class ErasureRequested(ErasureEvent):
    """Somebody asked that what the registry holds of one learner be erased."""

    TOPIC: ClassVar[str] = "erasure-requested-v1"

    subject_ref: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ErasureConfirmed(ErasureEvent):
    """A second person agreed; the learner's key is destroyed from now on, also after a restore."""

    TOPIC: ClassVar[str] = "erasure-confirmed-v1"


@dataclass(frozen=True, kw_only=True)
class ErasureDeclined(ErasureEvent):
    """A second person did not agree; nothing was erased."""

    TOPIC: ClassVar[str] = "erasure-declined-v1"

    reason: str


@dataclass(frozen=True, kw_only=True)
class ErasureCompleted(ErasureEvent):
    """No file of the database holds the destroyed key any longer."""

    TOPIC: ClassVar[str] = "erasure-completed-v1"


@dataclass(frozen=True, kw_only=True)
class LegalHoldEvent(Event):
    """What each event of a legal hold repeats; the stream's id is the learner's reference."""

    issuer_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LegalHoldPlaced(LegalHoldEvent):
    """A claim or an inquiry needs what is held of one learner: nothing of it may be erased."""

    TOPIC: ClassVar[str] = "legal-hold-placed-v1"

    until: str | None = None


@dataclass(frozen=True, kw_only=True)
class LegalHoldLifted(LegalHoldEvent):
    """The hold ended; erasing is possible again."""

    TOPIC: ClassVar[str] = "legal-hold-lifted-v1"


@dataclass(frozen=True, kw_only=True)
class AccreditationSchemeOpened(Event):
    """An accreditor, itself an issuer here, decides under this scheme who may issue."""

    TOPIC: ClassVar[str] = "accreditation-scheme-opened-v1"

    name_pl: str
    name_en: str
    accreditor_id: str
    url: str


@dataclass(frozen=True, kw_only=True)
class AccreditationEvent(Event):
    """What each event of one accreditation repeats."""

    scheme_id: str
    issuer_id: str


@dataclass(frozen=True, kw_only=True)
class AccreditationGranted(AccreditationEvent):
    """The issuer is accredited for `scope`; `endorsement_id` is the credential that says so."""

    TOPIC: ClassVar[str] = "accreditation-granted-v1"

    scope: str
    valid_from: str
    valid_until: str | None = None
    endorsement_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccreditationChange(AccreditationEvent):
    """What each later event of one accreditation repeats."""

    reason: str
    effective_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccreditationSuspended(AccreditationChange):
    """The accreditation does not count for now."""

    TOPIC: ClassVar[str] = "accreditation-suspended-v1"


@dataclass(frozen=True, kw_only=True)
class AccreditationReinstated(AccreditationChange):
    """A suspension ended; the accreditation counts again."""

    TOPIC: ClassVar[str] = "accreditation-reinstated-v1"


@dataclass(frozen=True, kw_only=True)
class AccreditationWithdrawn(AccreditationChange):
    """The accreditation ended for ever; what was issued under it keeps its status."""

    TOPIC: ClassVar[str] = "accreditation-withdrawn-v1"


EVENT_CLASSES: tuple[type[Event], ...] = (
    IssuerRegistered,
    SigningKeyAdded,
    SigningKeyRetired,
    SigningKeyCompromised,
    IssuerRenamed,
    IssuerAliasAdded,
    IssuerSucceeded,
    IssuerClosed,
    IssuerPlaced,
    RetentionDutySet,
    ReasonCodeAdded,
    GenericIssuingOpened,
    AchievementDefined,
    AchievementRevised,
    AchievementWithdrawn,
    CredentialIssued,
    CredentialSuspended,
    CredentialReinstated,
    CredentialRevoked,
    CredentialDocumentErased,
    CredentialNamed,
    StatusListOpened,
    IndexesReserved,
    IndexesReturned,
    StatusListClosed,
    StatusListRetired,
    StatusListHistoryOpened,
    StatusListHistoryClosed,
    StatusListPublished,
    ErasureRequested,
    ErasureConfirmed,
    ErasureDeclined,
    ErasureCompleted,
    LegalHoldPlaced,
    LegalHoldLifted,
    AccreditationSchemeOpened,
    AccreditationGranted,
    AccreditationSuspended,
    AccreditationReinstated,
    AccreditationWithdrawn,
)

OPENING_EVENTS: frozenset[type[Event]] = frozenset(
    {
        IssuerRegistered,
        AchievementDefined,
        CredentialIssued,
        StatusListOpened,
        ErasureRequested,
        AccreditationSchemeOpened,
        AccreditationGranted,
    }
)
"""Those that begin a stream and stand nowhere else in it."""
