"""From errors to answers (RFC 9457): one table, and what is sent for each entry.

The nearest ancestor of an error's class decides. What is in no line of the table is answered as
`internal-error`, which tells nothing of its cause.
"""

import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from api import errors as here
from api.witnessing import LogPolicyError
from projections.evidence.making import EvidenceNotMadeError
from projections.past.moments import NotRecordedYetError
from projections.past.past_lists import LostListVersionError, UnknownListVersionError
from projections.positions import ProjectionOutdatedError
from projections.standby import StandbyBehindError
from projections.static.target import TargetAwayError, TargetUnfitError
from projections.transparency import errors as log_errors
from projections.transparency.receipts import NoSuchEventError, NotLoggedYetError
from projections.transparency.trusted_checkpoints import UntrustedCheckpointError
from registry.badge_writing import WronglyWrittenError
from registry.domain import errors as domain
from registry.domain.errors import RegistryError
from registry.jobs.issuing import RowsRefusedError
from registry.jobs.issuing_receiving import FileTooLargeError
from registry.moving import IssuerBusyError, TiedIssuersError
from registry.possession import PossessionError
from registry.purging import UnclaimedError
from registry.sharding import NO_NAME, ElsewhereError, IssuerElsewhereError
from registry.store.api_keys import CredentialsRefusedError, KeyElsewhereError, UnknownApiKeyError
from registry.store.database import StoreUnavailableError
from registry.store.erasure_journal import JournalDamagedError
from registry.store.installation import NotInitialisedError, PublicUrlError
from registry.store.job_claims import UnreadableRowsError
from registry.store.key_store import MasterKeyError, SecretMissingError
from registry.store.learner_keys import VaultDamagedError
from registry.store.log_keys import LogKeyError
from registry.store.mapper import EventTextError, EventTooLargeError, UnknownEventError
from registry.store.roles import MissingRightError
from registry.store.schema import SchemaError
from registry.store.standby_reading import OtherRegistryError, ReadsOnlyError
from registry.store.view_owners import ForeignCodeError, OwnerUsesViewsError

MEDIA_TYPE = "application/problem+json"
STORE_RETRY_SECONDS = 1


@dataclass(frozen=True)
class Kind:
    """A kind of problem: the HTTP status, and the last part of the URL that explains it.

    `type_url` is its `type` where a specification names it, otherwise that URL is.
    """

    status: int
    slug: str
    type_url: str | None = None


# Bitstring Status List 1.0 §3.2: what a list is answered with that cannot be given as it was.
RETRIEVAL = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"

INTERNAL = Kind(500, "internal-error")

PROBLEMS: dict[type[RegistryError], Kind] = {
    domain.InvalidValueError: Kind(422, "invalid-value"),
    NotRecordedYetError: Kind(422, "not-recorded-yet"),
    domain.IncompleteDefinitionError: Kind(422, "incomplete-definition"),
    domain.UnknownReasonError: Kind(422, "unknown-reason"),
    domain.EffectiveAtError: Kind(422, "effective-at"),
    domain.IdempotencyConflictError: Kind(422, "idempotency-conflict"),
    PossessionError: Kind(422, "possession-not-proved"),
    here.InvalidRequestError: Kind(422, "invalid-request"),
    here.RefusedFileError: Kind(422, "refused-file"),
    FileTooLargeError: Kind(422, "file-too-large"),
    RowsRefusedError: Kind(422, "rows-refused"),
    domain.NotFoundError: Kind(404, "not-found"),
    domain.UnknownIssuerError: Kind(404, "unknown-issuer"),
    domain.UnknownAchievementError: Kind(404, "unknown-achievement"),
    domain.UnknownCredentialError: Kind(404, "unknown-credential"),
    domain.UnknownKeyError: Kind(404, "unknown-key"),
    domain.UnknownListError: Kind(404, "unknown-list"),
    UnknownListVersionError: Kind(404, "unknown-list-version"),
    LostListVersionError: Kind(404, "lost-list-version", RETRIEVAL),
    domain.UnknownSubjectError: Kind(404, "unknown-subject"),
    domain.UnknownErasureError: Kind(404, "unknown-erasure"),
    domain.UnknownJobError: Kind(404, "unknown-job"),
    domain.UnknownSchemeError: Kind(404, "unknown-scheme"),
    domain.UnknownAccreditationError: Kind(404, "unknown-accreditation"),
    UnknownApiKeyError: Kind(404, "unknown-api-key"),
    NoSuchEventError: Kind(404, "unknown-event-place"),
    here.UnknownLearnerError: Kind(404, "unknown-learner"),
    here.NoSuchResourceError: Kind(404, "no-such-resource"),
    here.UnpublishedError: Kind(404, "unpublished"),
    here.PastListError: Kind(404, "past-list", RETRIEVAL),
    here.ClosedHistoryError: Kind(404, "closed-history", RETRIEVAL),
    here.TimestampError: Kind(400, "timestamp", RETRIEVAL),
    domain.ConflictError: Kind(409, "conflict"),
    domain.RevokedIsFinalError: Kind(409, "revoked-is-final"),
    domain.AlreadySuspendedError: Kind(409, "already-suspended"),
    domain.NotSuspendedError: Kind(409, "not-suspended"),
    domain.NotSuspendableError: Kind(409, "not-suspendable"),
    domain.NoStatusEntryError: Kind(409, "no-status-entry"),
    domain.KeyRotationError: Kind(409, "key-rotation"),
    domain.NoSigningKeyError: Kind(409, "no-signing-key"),
    domain.IssuerClosedError: Kind(409, "issuer-closed"),
    domain.AchievementWithdrawnError: Kind(409, "achievement-withdrawn"),
    domain.StatusListFullError: Kind(409, "status-list-full"),
    domain.AccreditationStateError: Kind(409, "accreditation-state"),
    domain.AccreditationWithdrawnError: Kind(409, "accreditation-withdrawn"),
    domain.AlreadyErasedError: Kind(409, "already-erased"),
    domain.ErasureDecidedError: Kind(409, "erasure-decided"),
    domain.LegalHoldError: Kind(409, "legal-hold"),
    domain.NotHeldError: Kind(409, "not-held"),
    domain.RetentionDutyError: Kind(409, "retention-duty"),
    domain.ConcurrentChangeError: Kind(409, "concurrent-change"),
    IssuerBusyError: Kind(409, "issuer-busy"),
    TiedIssuersError: Kind(409, "issuers-tied"),
    UnclaimedError: Kind(409, "issuers-unclaimed"),
    ElsewhereError: Kind(421, "elsewhere"),
    IssuerElsewhereError: Kind(421, "issuer-elsewhere"),
    KeyElsewhereError: Kind(421, "key-elsewhere"),
    domain.DocumentGoneError: Kind(410, "document-gone"),
    here.WithdrawnError: Kind(410, "list-retired"),
    domain.VersionMismatchError: Kind(412, "version-mismatch"),
    CredentialsRefusedError: Kind(401, "credentials-refused"),
    here.RoleError: Kind(403, "role"),
    here.ScopeError: Kind(403, "insufficient-scope"),
    domain.FourEyesError: Kind(403, "four-eyes"),
    domain.GenericIssuingClosedError: Kind(403, "generic-issuing-closed"),
    domain.NotAccreditedError: Kind(403, "not-accredited"),
    here.TooManyFailuresError: Kind(429, "too-many-failures"),
    here.MalformedBodyError: Kind(400, "malformed-body"),
    here.BodyTooLargeError: Kind(400, "body-too-large"),
    domain.CredentialRefusedError: Kind(400, "credential-refused"),
    here.InvalidInputError: Kind(400, "invalid-input"),
    here.UnknownOptionError: Kind(400, "unknown-option"),
    here.NotVerifiedError: Kind(400, "not-verified"),
    here.MethodError: Kind(405, "method"),
    here.NotAcceptableError: Kind(406, "not-acceptable"),
    here.ContentTypeError: Kind(415, "content-type"),
    here.BusyError: Kind(503, "busy"),
    here.NotPublishedYetError: Kind(503, "not-published-yet"),
    NotLoggedYetError: Kind(503, "not-logged-yet"),
    LogPolicyError: Kind(503, "log-policy"),
    LogKeyError: Kind(503, "log-key"),
    log_errors.TransparencyError: Kind(503, "transparency-log"),
    log_errors.FloorDamagedError: Kind(503, "log-folder-damaged"),
    log_errors.LogContradictedError: Kind(503, "log-contradicted"),
    log_errors.NotDurableError: Kind(503, "not-durable"),
    log_errors.CheckpointShrinksError: Kind(503, "checkpoint-shrinks"),
    log_errors.UnloggableEventError: Kind(503, "unloggable-event"),
    log_errors.EventsNotRestorableError: Kind(503, "events-not-restorable"),
    UntrustedCheckpointError: Kind(422, "untrusted-checkpoint"),
    EvidenceNotMadeError: Kind(500, "evidence-not-made"),
    StoreUnavailableError: Kind(503, "store-unavailable"),
    MasterKeyError: Kind(503, "master-key"),
    SecretMissingError: Kind(503, "secret-missing"),
    SchemaError: Kind(503, "schema"),
    OwnerUsesViewsError: Kind(503, "owner-uses-views"),
    ForeignCodeError: Kind(503, "foreign-code"),
    MissingRightError: Kind(503, "missing-right"),
    NotInitialisedError: Kind(503, "not-initialised"),
    PublicUrlError: Kind(503, "public-url"),
    ReadsOnlyError: Kind(503, "reads-only"),
    OtherRegistryError: Kind(503, "other-registry"),
    StandbyBehindError: Kind(503, "standby-behind"),
    TargetAwayError: Kind(503, "static-target-away"),
    TargetUnfitError: Kind(503, "static-target-unfit"),
    ProjectionOutdatedError: Kind(503, "projection-outdated"),
    UnknownEventError: Kind(503, "unknown-event"),
    EventTooLargeError: Kind(422, "too-large"),
    EventTextError: Kind(422, "text"),
    VaultDamagedError: Kind(500, "vault-damaged"),
    UnreadableRowsError: Kind(500, "rows-unreadable"),
    WronglyWrittenError: Kind(500, "wrongly-written"),
    JournalDamagedError: Kind(503, "journal-damaged"),
    here.InternalError: INTERNAL,
}

TITLES: dict[str, tuple[int, str]] = {
    kind.slug: (kind.status, (error.__doc__ or "").splitlines()[0])
    for error, kind in PROBLEMS.items()
}
"""Slug -> (status, title), for the pages that explain a problem."""


def kind_of(error: RegistryError) -> Kind:
    """Return the table's entry for the nearest ancestor of the error's class."""
    ancestors = type(error).__mro__
    return next((PROBLEMS[each] for each in ancestors if each in PROBLEMS), INTERNAL)


def problem_url(public_url: str, slug: str) -> str:
    """Return the `type` of a problem, where it is explained."""
    return f"{public_url}/problems/{slug}"


def problem_response(error: RegistryError, *, public_url: str, request_id: str) -> Response:
    """Return the answer for an error."""
    kind = kind_of(error)
    body = _body(error, kind, public_url) | {"request_id": request_id}
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = _headers(error, kind) | _shard(error)
    return Response(content, kind.status, headers=headers, media_type=MEDIA_TYPE)


def _body(error: RegistryError, kind: Kind, public_url: str) -> dict[str, Any]:
    members = {
        "type": kind.type_url or problem_url(public_url, kind.slug),
        "title": error.title,
        "status": kind.status,
        "detail": error.reason,
        "field": error.field,
        "remedy": error.remedy,
        "errors": getattr(error, "errors", None),
    }
    said = {name: value for name, value in members.items() if value is not None}
    return said | getattr(error, "members", {})


def _headers(error: RegistryError, kind: Kind) -> dict[str, str]:
    if isinstance(error, here.TooManyFailuresError):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, here.BodyTooLargeError):
        return {"Connection": "close"}  # The rest of the body is not read.
    if kind.status == 503:  # noqa: PLR2004 - the one status that asks to come again
        return {"Retry-After": str(STORE_RETRY_SECONDS)}
    if isinstance(error, here.ScopeError):
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}  # RFC 6750 §3.1
    return {"WWW-Authenticate": "Bearer"} if kind.status == 401 else {}  # noqa: PLR2004 - RFC 9110 §15.5.2


def _shard(error: RegistryError) -> dict[str, str]:
    """Name the shard that answers, so that a proxy can ask it without reading the body."""
    return {"Registry-Shard": error.shard or NO_NAME} if isinstance(error, ElsewhereError) else {}
