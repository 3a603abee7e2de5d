"""What a replay finds: the first difference, and how much was compared until then."""

from dataclasses import dataclass

from projections.transparency.tampering import Tampered


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

    `leaves` is the size of the log's newest checkpoint, whose leaves the stored events were held
    against, None where none was signed yet; `believed_leaves` that of the checkpoint an auditor
    brought or whose policy it satisfies; `unlogged` counts the events after the newest checkpoint.
    """

    leaves: int | None = None
    believed_leaves: int | None = None
    unlogged: int = 0

    events: int = 0
    position: int = 0
    pending: int = 0
    rows: int = 0
    versions: int = 0
    compared_by_bits: int = 0
    tampered: Tampered | None = None
    difference: Difference | None = None

    @property
    def identical(self) -> bool:
        """Whether the events are the log's, and everything there is what the events make it."""
        return self.tampered is None and self.difference is None
