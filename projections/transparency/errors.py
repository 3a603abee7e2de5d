"""What keeps the transparency log from growing or being signed."""

from registry.domain.errors import RegistryError


class TransparencyError(RegistryError):
    """The transparency log cannot go on."""


class FloorDamagedError(TransparencyError):
    """The log's folder lacks what it must hold, or holds something else."""


class LogContradictedError(TransparencyError):
    """The database and the log do not tell the same history."""


class NotDurableError(TransparencyError):
    """The database does not keep what it acknowledges."""


class CheckpointShrinksError(TransparencyError):
    """A checkpoint must not go below one that was signed."""


class UnloggableEventError(TransparencyError):
    """An event is stored that cannot be a leaf of the log."""


class EventsNotRestorableError(TransparencyError):
    """The database does not let events be put back."""


class LogMovedError(Exception):
    """Another process made leaves of these events meanwhile."""
