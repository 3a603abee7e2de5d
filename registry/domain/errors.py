"""What the registry refuses, each error with the field, the reason and the remedy.

A class's docstring is the title a caller reads. No error knows HTTP: the API has one table for it.
"""

from collections.abc import Mapping, Sequence


class RegistryError(Exception):
    """The request cannot be carried out."""

    def __init__(self, reason: str, *, field: str | None = None, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.remedy = remedy

    @property
    def title(self) -> str:
        """One sentence that names the kind of refusal."""
        return (type(self).__doc__ or "").splitlines()[0]


class InvalidValueError(RegistryError):
    """A value is missing or not of the form it must have."""


class CredentialRefusedError(InvalidValueError):
    """The credential breaks rules of the Verifiable Credentials Data Model.

    `errors` has the field, the reason, the remedy and the type of each, for the caller to read.
    """

    def __init__(self, reason: str, *, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(reason, field="credential", remedy="correct it, then send it again")
        self.errors = [dict(error) for error in errors]


class NotFoundError(RegistryError):
    """There is no such thing, or it is not yours."""


class UnknownIssuerError(NotFoundError):
    """There is no such issuer, or it is not yours."""


class UnknownAchievementError(NotFoundError):
    """There is no such achievement, or it is not yours."""


class UnknownCredentialError(NotFoundError):
    """There is no such credential, or it is not yours."""


class UnknownListError(NotFoundError):
    """There is no such status list, or it is not yours."""


class UnknownKeyError(NotFoundError):
    """The issuer has no such key."""


class UnknownJobError(NotFoundError):
    """There is no such job."""


class UnknownSchemeError(NotFoundError):
    """There is no such accreditation scheme."""


class UnknownAccreditationError(NotFoundError):
    """There is no such accreditation, or it is not yours."""


class UnknownSubjectError(NotFoundError):
    """There is no such learner."""


class UnknownErasureError(NotFoundError):
    """There is no such erasure."""


class DocumentGoneError(RegistryError):
    """The document no longer exists."""


class FourEyesError(RegistryError):
    """Who asked for it does not confirm it."""


class ConflictError(RegistryError):
    """The state of things does not allow it."""


class RevokedIsFinalError(ConflictError):
    """A revoked credential stays revoked."""


class AlreadySuspendedError(ConflictError):
    """The credential is suspended already."""


class NotSuspendedError(ConflictError):
    """Only a suspended credential can be reinstated."""


class NotSuspendableError(ConflictError):
    """This credential has no suspension entry."""


class NoStatusEntryError(ConflictError):
    """This credential has no entry for that purpose."""


class KeyRotationError(ConflictError):
    """This issuer's keys cannot be changed that way."""


class NoSigningKeyError(ConflictError):
    """The issuer has no key to sign with."""


class IssuerClosedError(ConflictError):
    """A closed issuer issues nothing and changes no status."""


class AchievementWithdrawnError(ConflictError):
    """A withdrawn achievement cannot be issued or revised."""


class StatusListFullError(ConflictError):
    """The status list has no index left."""


class AccreditationStateError(ConflictError):
    """The accreditation is in another state than this needs."""


class AccreditationWithdrawnError(ConflictError):
    """A withdrawn accreditation stays withdrawn."""


class NotAccreditedError(RegistryError):
    """An issuer without an accreditation that counts now cannot issue."""


class GenericIssuingClosedError(RegistryError):
    """This issuer may not issue credentials of any kind, only its own achievements."""


class IncompleteDefinitionError(RegistryError):
    """The definition lacks what Annex I of Recommendation 2022/C 243/02 makes mandatory."""


class UnknownReasonError(RegistryError):
    """The reason code is not one this issuer uses."""


class EffectiveAtError(RegistryError):
    """The moment of effect is not possible."""


class IdempotencyConflictError(RegistryError):
    """The idempotency key was used before with another request."""


class VersionMismatchError(RegistryError):
    """Somebody changed it since you read it."""


class AlreadyErasedError(ConflictError):
    """The learner was erased already."""


class ErasureDecidedError(ConflictError):
    """This erasure was confirmed or declined already."""


class LegalHoldError(ConflictError):
    """A legal hold forbids erasing."""


class NotHeldError(ConflictError):
    """There is no legal hold to lift."""


class RetentionDutyError(ConflictError):
    """The law makes the issuer keep what was to be erased."""


class ConcurrentChangeError(ConflictError):
    """Somebody else changed it at the same moment."""
