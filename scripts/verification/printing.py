"""Print what was found to people, as it is found."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from registry.domain.text import Language
from registry.verification.report import PresentationReport
from scripts.verification import wording
from scripts.verification.examining import Examined, Tally


@dataclass(frozen=True)
class Paper:
    """Standard output, a line of text at a time."""

    console: Console = field(default_factory=Console)

    def write(self, line: Text) -> None:
        """Print one line."""
        self.console.print(line, emoji=False, markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class EveryCheck:
    """Prints a heading for every input, and a line for each of its checks."""

    language: Language
    paper: Paper = field(default_factory=Paper)

    def add(self, one: Examined) -> None:
        """Print one input's heading and checks."""
        for line in self._lines(one):
            self.paper.write(line)

    def finish(self, tally: Tally) -> None:
        """Print nothing more."""

    def _lines(self, one: Examined) -> Iterator[Text]:
        language, report = self.language, one.report
        yield wording.heading(one.source, report.verdict, language=language)
        yield from wording.check_lines(report.checks, indent="  ", language=language)
        if not isinstance(report, PresentationReport):
            yield from wording.standing_lines(report.standing, indent="  ", language=language)
            return
        for number, credential in enumerate(report.credentials, start=1):
            name = wording.credential_name(number, credential.credential_id, language=language)
            yield wording.heading(f"  {name}", credential.verdict, language=language)
            yield from wording.check_lines(credential.checks, indent="    ", language=language)
            standing = credential.standing
            yield from wording.standing_lines(standing, indent="    ", language=language)


@dataclass(frozen=True)
class OneLine:
    """Prints one line for every input, and at the end how many got which verdict."""

    language: Language
    paper: Paper = field(default_factory=Paper)

    def add(self, one: Examined) -> None:
        """Print one input's line."""
        line = wording.heading(one.source, one.report.verdict, language=self.language)
        if one.decisive is not None:
            line.append(f" - {wording.plain(one.decisive, language=self.language)}")
        self.paper.write(line)

    def finish(self, tally: Tally) -> None:
        """Print the numbers."""
        self.paper.write(wording.summary(tally.counts, language=self.language))


@dataclass(frozen=True)
class NumbersOnly:
    """Prints nothing but how many got which verdict; for when a report holds the rest."""

    language: Language
    paper: Paper = field(default_factory=Paper)

    def add(self, one: Examined) -> None:
        """Print nothing yet."""

    def finish(self, tally: Tally) -> None:
        """Print the numbers."""
        self.paper.write(wording.summary(tally.counts, language=self.language))
