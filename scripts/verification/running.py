"""Verify one input after the other, and tell what was found as it is found."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from registry.domain.text import Language, Text
from registry.verification.report import exit_code
from scripts.answers import WRONG_USAGE
from scripts.progress import Bar, progress
from scripts.refusals import Refusal, refuse
from scripts.verification.examining import Examiner, Tally
from scripts.verification.inputs import Input, Inputs, Unread
from scripts.verification.printing import EveryCheck, NumbersOnly, OneLine
from scripts.verification.report_files import (
    Form,
    JsonDocument,
    JsonSummary,
    Writer,
    report_file,
)
from scripts.verification.wording import (
    CANNOT_BE_VERIFIED,
    ERROR,
    GIVE_FILES,
    GIVE_SOURCES,
    HOLDS_NOTHING,
)


@dataclass(frozen=True)
class ReportPlace:
    """Where the report goes, and how it is written."""

    path: Path
    form: Form


@dataclass(frozen=True)
class Verification:
    """One call of `registry verify`, its arguments checked."""

    inputs: Inputs
    examiner: Examiner
    language: Language
    as_json: bool = False
    report: ReportPlace | None = None

    def run(self) -> int:
        """Verify all, and return the exit code, also where there is nothing to verify."""
        try:
            given = self._required()
        except _NoInputError as error:
            return self._refuse(error)
        tally = Tally()
        with ExitStack() as stack:
            writers = self._writers(stack)
            with self._bar() as bar:
                for one in given:
                    self._one(one, writers, tally)
                    if bar is not None:
                        bar.advance()
            for writer in writers:
                writer.finish(tally)
        return exit_code(tally.verdict)

    def _one(self, given: Input, writers: Sequence[Writer], tally: Tally) -> None:
        found = self.examiner.examine(given, now=datetime.now(UTC))
        tally.add(found)
        for writer in writers:
            writer.add(found)

    def _required(self) -> Iterator[Input]:
        """Return the inputs, after a look at the first: what is no input at all is wrong usage."""
        given = self.inputs.read()
        first = next(given, None)
        if first is None:
            raise _NoInputError(", ".join(self.inputs.sources), HOLDS_NOTHING, GIVE_FILES)
        if isinstance(first, Unread) and self.inputs.is_alone(first):
            raise _NoInputError(first.source, first.check.sentence, GIVE_SOURCES)
        return chain([first], given)

    def _refuse(self, error: "_NoInputError") -> int:
        """Say in the reader's language what is wrong; every other refusal has one language."""
        title, reason, remedy = (
            each.in_language(self.language).removesuffix(".")
            for each in (CANNOT_BE_VERIFIED, error.reason, error.remedy)
        )
        refusal = Refusal(f"{title}.", reason, error.source, remedy, WRONG_USAGE)
        return refuse(refusal, as_json=self.as_json, word=ERROR.in_language(self.language))

    def _writers(self, stack: ExitStack) -> Sequence[Writer]:
        if self.report is None:
            return [self._all_shown()]
        place = self.report
        report = stack.enter_context(report_file(place.path, place.form, language=self.language))
        summary = JsonSummary(sys.stdout) if self.as_json else NumbersOnly(self.language)
        return [report, summary]

    def _all_shown(self) -> Writer:
        if self.as_json:
            return JsonDocument(sys.stdout)
        return OneLine(self.language) if self.inputs.is_many else EveryCheck(self.language)

    def _bar(self) -> AbstractContextManager[Bar | None]:
        """Return a bar for many inputs, unless the lines that show them go to the same terminal."""
        is_many = self.inputs.is_many or len(self.inputs.sources) > 1
        scrolls = self.report is None and sys.stdout.isatty()
        if self.as_json or scrolls or not is_many or not sys.stderr.isatty():
            return nullcontext()
        return progress("verifying", self.inputs.count())


class _NoInputError(Exception):
    """What the user named is nothing that could be verified."""

    def __init__(self, source: str, reason: Text, remedy: Text) -> None:
        super().__init__(source)
        self.source = source
        self.reason = reason
        self.remedy = remedy
