"""What is wrong with a document, in words its author can act on (VCDM 2.0 §7.2)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

MALFORMED: Final = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
RANGE: Final = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"
DATA_LOSS: Final = "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
LIST_LENGTH: Final = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"


@dataclass(frozen=True)
class Problem:
    """One rule a document breaks: where, in what way, and what would satisfy the rule.

    `field` is a path such as "credentialStatus[1].statusListIndex"; `problem_type` is the URL
    the specification gives errors of this kind.
    """

    field: str
    reason: str
    remedy: str
    problem_type: str = MALFORMED

    def __str__(self) -> str:
        return f"{self.field}: {self.reason} {self.remedy}"


Document = dict[str, Any]
Rule = Callable[[Document], Iterator[Problem]]


class NotIssuableError(ValueError):
    """The document is not a credential that can be issued."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
