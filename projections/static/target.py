"""What a place must promise to which copies of published files go."""

from dataclasses import dataclass
from typing import Protocol

from projections.publish_folder import PublishedVersion
from registry.domain.errors import RegistryError


class TargetAwayError(RegistryError):
    """A static target cannot be reached, read or written at present."""


class TargetUnfitError(RegistryError):
    """A static target cannot promise that an older version never replaces a newer one."""


@dataclass(frozen=True)
class Copy:
    """A version of a published file, and what whoever serves the copy has to say of it."""

    name: str
    published: PublishedVersion
    body: bytes
    media_type: str
    max_age_seconds: int

    @property
    def cache_control(self) -> str:
        """The header's value that the registry answers with itself."""
        return f"public, max-age={self.max_age_seconds}"


class Target(Protocol):
    """A place that something else serves under the public URL, such as nginx or a bucket.

    Whole: who reads a name meanwhile gets all of one version or all of another. Forward: `put`
    compares with what is there and replaces it in one step, so that of any processes that put at
    once, also one that stalled and woke, none puts a lower version in a higher one's place.
    Durable: what `put` returned True for survives the loss of the process. Repeating any call
    changes nothing. Every method may be called from many threads and processes, and raises
    TargetAwayError for what may pass, such as a store that does not answer.
    """

    url: str
    look_seconds: float
    """How long what was seen there is believed without another look."""

    def prepare(self) -> None:
        """Find out that the promises can be kept; raises TargetUnfitError."""
        ...

    def served(self, name: str) -> PublishedVersion | None:
        """Return the version under a name and the digest of the bytes that are really there."""
        ...

    def put(self, copy: Copy) -> bool:
        """Serve a copy; return False where a newer version is there, or its end."""
        ...

    def withdraw(self, name: str) -> None:
        """Serve a name no more, and leave `NAME.withdrawn` to tell so for ever."""
        ...

    def is_withdrawn(self, name: str) -> bool:
        """Return whether what `withdraw` leaves is there."""
        ...
