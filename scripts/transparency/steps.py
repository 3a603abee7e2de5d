"""Say what was checked, step by step: what held, and which step did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.answers import FAILED, Answer, inert


class StepFailedError(Exception):
    """A step of a check does not hold; nothing after it was looked at."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.reason = reason


@dataclass
class Steps:
    """The steps of one check, in the order they were taken."""

    subject: str
    taken: list[dict[str, Any]] = field(default_factory=list)

    def passed(self, name: str, said: str) -> None:
        """Note a step that held."""
        self.taken.append({"step": name, "outcome": "passed", "said": said})

    def failed(self, error: StepFailedError) -> None:
        """Note the step that did not."""
        self.taken.append({"step": error.name, "outcome": "failed", "said": error.reason})

    @property
    def hold(self) -> bool:
        """Whether every step held."""
        return all(step["outcome"] == "passed" for step in self.taken)

    def answer(self, *, holds: str, refused: str, facts: Mapping[str, Any], proves: str) -> Answer:
        """Return the answer of a command; `holds` and `refused` are the two verdicts."""
        verdict = holds if self.hold else refused
        document = {"subject": self.subject, "verdict": verdict, "steps": self.taken}
        lines = [f"{inert(self.subject)}: {verdict}", *map(_line, self.taken)]
        if self.hold:
            document |= {**facts, "proves": proves}
            lines.append(proves)
        return Answer(document, "\n".join(lines), exit_code=0 if self.hold else FAILED)


def _line(step: Mapping[str, Any]) -> str:
    return f"  {step['outcome']}  {step['step']:10}  {inert(step['said'])}"
