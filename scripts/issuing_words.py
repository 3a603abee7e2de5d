"""What `registry issue` says of a file, in Polish and in English."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from registry.domain.text import Language, Text
from registry.jobs.sentences import sentence
from scripts.answers import inert

MOST_SHOWN: Final = 20
"""Lines shown of a file's faults or of what was issued; a report has them all."""

REFUSED: Final = Text(
    pl="Plik odrzucono i nic nie wydano.",
    en="The file was refused and nothing was issued.",
)
REMEDY: Final = Text(
    pl="popraw wiersze wymienione niżej i powtórz polecenie",
    en="correct the lines named below, then repeat the command",
)
SAME_FILE: Final = Text(
    pl="uwaga: ten sam plik daje te same poświadczenia, ilekroć zostanie przesłany",
    en="note: the same file gives the same credentials, however often it is issued",
)
WRITTEN: Final = Text(pl="Zapisano w pliku {}.", en="Written to {}.")
BADGES: Final = Text(pl="Odznaki są w folderze {}.", en="The badges are in {}.")

_ERROR: Final = Text(pl="błąd", en="error")
_FAULTS: Final = Text(pl="Błędy: {}", en="Faults: {}")
_FAULTY_ROWS: Final = Text(pl="Wiersze z błędami: {} z {}", en="Rows with faults: {} of {}")
_LINE: Final = Text(pl="wiersz", en="line")
_FIRST: Final = Text(pl="… i kolejne; to pierwsze {}", en="… and more; these are the first {}")
_ALL: Final = Text(pl="Wszystkie: {}", en="All of them: {}")
_WITH_REPORT: Final = Text(
    pl="powtórz polecenie z --report PLIK", en="repeat the command with --report FILE"
)
_REPORT_OF: Final = Text(pl="registry jobs report {} --language pl", en="registry jobs report {}")
_OR: Final = Text(pl="{} albo {}", en="{}, or {}")
_EVERY_ROW: Final = Text(pl="O każdym wierszu: {}", en="Of every row: {}")
_ISSUED: Final = Text(
    pl="Wydano: {}; odrzucono: {}; pominięto: {}.",
    en="{} issued, {} refused, {} passed over.",
)
_WOULD_ISSUE: Final = Text(
    pl="Można wydać: {}; odrzucono: {}; pominięto: {}. Nic nie wydano.",
    en="{} can be issued, {} refused, {} passed over; nothing was issued.",
)
_THOUSANDS: Final = Text(pl="\N{NO-BREAK SPACE}", en=",")


def faults_of_file(count: int, *, language: Language) -> str:
    """Say how many faults keep a file from being read."""
    return _said(_FAULTS, language, count)


def faulty_rows(count: int, *, total: int, language: Language) -> str:
    """Say how many rows of a file have faults."""
    return _said(_FAULTY_ROWS, language, count, total)


def issued(accepted: int, refused: int, skipped: int, *, language: Language) -> str:
    """Say what became of the rows of a file."""
    return _said(_ISSUED, language, accepted, refused, skipped)


def would_issue(accepted: int, refused: int, skipped: int, *, language: Language) -> str:
    """Say what would become of the rows of a file."""
    return _said(_WOULD_ISSUE, language, accepted, refused, skipped)


def every_row(job_id: str, *, language: Language) -> str:
    """Say what tells of every row of a job."""
    return _said(_EVERY_ROW, language, _said(_REPORT_OF, language, job_id))


def all_faults(job_id: str | None, *, language: Language) -> str:
    """Say how to have all faults of a file that was refused; `job_id` is None where none is."""
    with_report = _WITH_REPORT.in_language(language)
    if job_id is None:
        return with_report
    return _said(_OR, language, _said(_REPORT_OF, language, job_id), with_report)


def fault(line: int, column: str | None, code: str, *, language: Language) -> dict[str, Any]:
    """Return a fault for programs, with its reason in a language."""
    reason = sentence(code, language)
    return {"line": line, "column": column, "reason": reason, "code": code}


def refusal_lines(
    title: str,
    reason: str,
    faults: Sequence[Mapping[str, Any]],
    *,
    where: str,
    language: Language,
) -> Iterator[str]:
    """Give the lines that refuse a file: what, why, the first faults, and `where` all of them are.

    They cannot command a terminal.
    """
    error, remedy = (text.in_language(language) for text in (_ERROR, REMEDY))
    yield inert(f"{error}: {title} {reason}; {remedy}")
    word = _LINE.in_language(language)
    for each in faults[:MOST_SHOWN]:
        column = f", {each['column']}" if each["column"] else ""
        yield inert(f"  {word} {each['line']}{column}: {each['reason']}")
    if len(faults) > MOST_SHOWN:
        yield f"  {_said(_FIRST, language, MOST_SHOWN)}. {_said(_ALL, language, where)}"


def _said(text: Text, language: Language, *values: int | str) -> str:
    thousands = _THOUSANDS.in_language(language)
    shown = (
        f"{each:,}".replace(",", thousands) if isinstance(each, int) else each for each in values
    )
    return text.in_language(language).format(*shown)
