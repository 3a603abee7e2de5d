"""What a replay finds: the first difference, and how much was compared until then."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Something that is not what the events make it; `position` is the event it goes back to."""

    what: str
    position: int | None
    expected: str
    found: str


@dataclass
class Outcome:
    """What a replay did: how many events, rows and published versions, and the first difference.

    `position` is the newest event that the views hold, `pending` how many newer positions there
    are that they do not hold yet. `compared_by_bits` counts versions whose compressor is not
    installed here, so that their bits were compared instead of the compressed text.
    """

    events: int = 0
    position: int = 0
    pending: int = 0
    rows: int = 0
    versions: int = 0
    compared_by_bits: int = 0
    difference: Difference | None = None

    @property
    def identical(self) -> bool:
        """Whether everything there is what the events make it."""
        return self.difference is None
