"""What is ordered with a file of learners."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Rows(StrEnum):
    """Which rows are issued where some cannot be."""

    ALL = "all"
    VALID = "valid"


class Duplicates(StrEnum):
    """What becomes of a learner who holds the credential, or stands in the file twice."""

    REFUSE = "refuse"
    SKIP = "skip"
    SUPERSEDE = "supersede"


@dataclass(frozen=True)
class IssuingTerms:
    """The terms of an issuing job."""

    achievement_id: str
    rows: Rows = Rows.ALL
    duplicates: Duplicates = Duplicates.REFUSE
    dry_run: bool = False
    wait: bool = False
    """Whether the job waits for its confirmation once it is checked."""

    def plain(self) -> dict[str, Any]:
        """Return the terms in plain JSON."""
        return asdict(self)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "IssuingTerms":
        """Return the terms that `plain` was made of."""
        rows, duplicates = Rows(plain["rows"]), Duplicates(plain["duplicates"])
        return cls(**{**plain, "rows": rows, "duplicates": duplicates})
