"""The words of `registry verify` for people, in Polish and in English."""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.text import Text as Styled

from registry.domain.text import Language, Text
from registry.verification.report import Check, IssuerStanding, Outcome, Verdict
from scripts.answers import inert

UNREADABLE: Final = Text(
    "Nie udało się odczytać pliku: {}.",
    "The file could not be read: {}.",
)
NO_OWN_FILE: Final = Text("dowiązanie prowadzi poza folder", "a link leads out of the folder")
NO_REGULAR_FILE: Final = Text("to nie jest zwykły plik", "it is no regular file")
_NO_NAME: Final = Text("żaden plik nie może się tak nazywać", "no file can have this name")
_SYSTEM: Final = Text("system odmówił ({})", "the system refused it ({})")
_NO_RIGHTS: Final = Text("brak uprawnień do odczytu", "you may not read it")
_FAULTS: Final[Mapping[int | None, Text]] = {
    errno.ENOENT: Text("nie ma takiego pliku", "there is no such file"),
    errno.EACCES: _NO_RIGHTS,
    errno.EPERM: _NO_RIGHTS,
    errno.ELOOP: Text("dowiązania prowadzą w kółko", "its links lead in a circle"),
    errno.ENAMETOOLONG: Text("jego nazwa jest za długa", "its name is too long"),
}

ERROR: Final = Text("błąd", "error")
CANNOT_BE_VERIFIED: Final = Text("Tego nie da się sprawdzić.", "This cannot be verified.")
HOLDS_NOTHING: Final = Text("nie zawiera niczego do sprawdzenia", "holds nothing to verify")
GIVE_FILES: Final = Text(
    "podaj pliki .json, .jsonld, .jwt, .txt, .jsonl lub .ndjson",
    "give .json, .jsonld, .jwt, .txt, .jsonl or .ndjson files",
)
GIVE_SOURCES: Final = Text(
    "podaj pliki, foldery, adresy URL, zwarte JWT albo - dla standardowego wejścia",
    "give files, folders, URLs, compact JWTs, or - for standard input",
)
TOO_LONG: Final = Text(
    "Dokument ma więcej niż 1 048 576 bajtów.",
    "The document is longer than 1,048,576 bytes.",
)

VERDICTS: Final[Mapping[Verdict, Text]] = {
    Verdict.INVALID: Text("nieprawidłowe", "invalid"),
    Verdict.REVOKED: Text("unieważnione", "revoked"),
    Verdict.SUSPENDED: Text("zawieszone", "suspended"),
    Verdict.EXPIRED: Text("po terminie ważności", "expired"),
    Verdict.NOT_YET_VALID: Text("jeszcze nieważne", "not yet valid"),
    Verdict.UNKNOWN: Text("nie wiadomo", "unknown"),
    Verdict.VALID: Text("ważne", "valid"),
}

_OUTCOMES: Final[Mapping[Outcome, tuple[Text, str]]] = {
    Outcome.PASSED: (Text("zgodne", "passed"), "green"),
    Outcome.FAILED: (Text("niezgodne", "failed"), "red"),
    Outcome.UNKNOWN: (Text("nie wiadomo", "unknown"), "yellow"),
}
_OUTCOME_WIDTH: Final = {Language.PL: 12, Language.EN: 8}

_TOLD: Final = Text("informacja", "told")
_CREDENTIAL: Final = Text("poświadczenie {}", "credential {}")
_CHECKED: Final = Text("sprawdzono {}", "{} checked")
_COUNTED: Final = Text("{verdict}: {number}", "{number} {verdict}")
_THOUSANDS: Final = Text("\N{NO-BREAK SPACE}", ",")


def language_of_environment(environment: Mapping[str, str] = os.environ) -> Language:
    """Return Polish if the locale for messages is Polish (POSIX.1-2017 §8.2), else English."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return Language.PL if locale.lower().startswith("pl") else Language.EN


def why_unreadable(error: OSError | ValueError) -> Text:
    """Return why a file could not be read; a name that no file can have is a ValueError."""
    if not isinstance(error, OSError):
        return _NO_NAME
    known = _FAULTS.get(error.errno)
    if known is not None:
        return known
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return Text(_SYSTEM.pl.format(name), _SYSTEM.en.format(name))


def heading(source: str, verdict: Verdict, *, language: Language) -> Styled:
    """Return the line that says what one document is."""
    word = VERDICTS[verdict].in_language(language)
    return Styled(f"{inert(source)}: ").append(word, style="bold")


def check_lines(checks: Iterable[Check], *, indent: str, language: Language) -> Iterator[Styled]:
    """Yield a line for each check."""
    for check in checks:
        word, colour = _OUTCOMES[check.outcome]
        outcome = f"{word.in_language(language):{_OUTCOME_WIDTH[language]}}"
        sentence = plain(check, language=language)
        yield Styled.assemble(indent, (outcome, colour), f"{check.name:10}", sentence)


def standing_lines(
    standing: IssuerStanding | None, *, indent: str, language: Language
) -> Iterator[Styled]:
    """Yield a line for each sentence about the issuer's accreditation, told and not checked."""
    word = f"{_TOLD.in_language(language):{_OUTCOME_WIDTH[language]}}"
    for told in standing.sentences if standing else ():
        yield Styled.assemble(indent, word, f"{'standing':10}", inert(told.in_language(language)))


def plain(check: Check, *, language: Language) -> str:
    """Return a check's sentence as it may be printed to a terminal."""
    return inert(check.sentence.in_language(language))


def credential_name(number: int, credential_id: str | None, *, language: Language) -> str:
    """Return what to call a credential within a presentation."""
    name = _CREDENTIAL.in_language(language).format(number)
    return f"{name} ({credential_id})" if credential_id else name


def summary(counts: Mapping[Verdict, int], *, language: Language) -> Styled:
    """Return how many documents got which verdict."""
    parts = [
        _COUNTED.in_language(language).format(
            verdict=VERDICTS[verdict].in_language(language),
            number=_number(count, language=language),
        )
        for verdict, count in counts.items()
    ]
    total = _number(sum(counts.values()), language=language)
    checked = _CHECKED.in_language(language).format(total)
    return Styled(f"{checked}: ").append(", ".join(parts), style="bold")


def _number(count: int, *, language: Language) -> str:
    return f"{count:,}".replace(",", _THOUSANDS.in_language(language))
