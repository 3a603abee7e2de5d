"""What only a request over HTTP can get wrong; what the domain refuses is in `domain.errors`."""

from collections.abc import Sequence
from typing import Any

from registry.domain.errors import NotFoundError, RegistryError


class MalformedBodyError(RegistryError):
    """The body is not JSON that every reader understands alike."""


class BodyTooLargeError(RegistryError):
    """The body is larger than the registry reads."""


class ContentTypeError(RegistryError):
    """The body is of a kind this resource does not read."""


class InvalidRequestError(RegistryError):
    """Parts of the request are missing, unknown or not of the form they must have."""

    def __init__(self, reason: str, *, errors: Sequence[dict[str, Any]]) -> None:
        first = errors[0].get("field") if errors else None
        super().__init__(reason, field=first, remedy="correct what `errors` names, then repeat")
        self.errors = list(errors)


class RefusedFileError(InvalidRequestError):
    """Rows of the file cannot be issued, so none was."""


class InvalidInputError(InvalidRequestError):
    """The input is not what the VC API takes."""


class UnknownOptionError(InvalidInputError):
    """An option was sent that the registry does not know."""


class NotVerifiedError(RegistryError):
    """What was to be verified is not valid, or could not be told to be."""

    def __init__(self, reason: str, *, members: dict[str, Any]) -> None:
        super().__init__(reason)
        self.members = members


class RoleError(RegistryError):
    """This API key does not open that."""


class ScopeError(RegistryError):
    """This access token does not open that."""


class BusyError(RegistryError):
    """The registry has its hands full."""


class NotPublishedYetError(RegistryError):
    """The status list was opened, and is not published yet."""


class TooManyFailuresError(RegistryError):
    """Too many requests with a wrong API key came from this address."""

    def __init__(self, reason: str, *, retry_after_seconds: int, goes_on_record: bool) -> None:
        super().__init__(reason, remedy=f"wait {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds
        self.goes_on_record = goes_on_record


class UnknownLearnerError(NotFoundError):
    """This issuer knows no such learner."""


class NoSuchResourceError(NotFoundError):
    """Nothing is found under this URL."""


class MethodError(RegistryError):
    """This resource does not understand the method."""


class NotAcceptableError(RegistryError):
    """The request excludes every form in which this can be served."""


class InternalError(RegistryError):
    """The registry failed; the failure is in its log under the request's id."""


class WithdrawnError(RegistryError):
    """This status list is retired and served no more."""


class UnpublishedError(NotFoundError):
    """Nothing is published under this name."""


class PastListError(NotFoundError):
    """No version of the list was valid at that time."""


class ClosedHistoryError(NotFoundError):
    """What this list was at another time is for auditors and its issuer."""


class TimestampError(RegistryError):
    """The time of a past list is not written as the standard says."""
