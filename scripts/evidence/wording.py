"""The words of `registry evidence verify`, in Polish and in English."""

from collections.abc import Mapping
from typing import Final

from registry.domain.text import Text
from registry.formats.evidence.checks import Step
from registry.verification.report import Outcome

SIGNATURES: Final = "signatures"
COMPROMISE: Final = "compromise"
COPY: Final = "copy"

HOLDS: Final = Text("dowód jest nienaruszony", "the evidence holds")
AGREES: Final = Text(
    "dowód jest zgodny sam ze sobą; czyj jest, nie wiadomo",
    "the evidence agrees with itself; whose it is was not checked",
)
REFUSED: Final = Text("dowód odrzucony", "the evidence is refused")
UNKNOWN: Final = Text("nie wiadomo", "it cannot be told")

OUTCOMES: Final[Mapping[Outcome, Text]] = {
    Outcome.PASSED: Text("zgodne", "passed"),
    Outcome.FAILED: Text("niezgodne", "failed"),
    Outcome.UNKNOWN: Text("nie wiadomo", "unknown"),
}

PASSED: Final[Mapping[str, Text]] = {
    Step.CONTAINER: Text(
        "Archiwum jest zapisane dokładnie tak, jak zapisał je rejestr.",
        "The archive is written just as the registry writes it.",
    ),
    Step.MANIFEST: Text(
        "Każdy plik jest tym, którego skrót podpisano; żadnego nie brak, żaden nie przybył.",
        "Every file is the one whose digest was signed; none is missing, none was added.",
    ),
    Step.CHECKPOINT: Text(
        "Stan dziennika podpisał jego klucz i tylu świadków, ilu trzeba.",
        "The state of the log is signed by its key, and by as many witnesses as are asked for.",
    ),
    Step.RECEIPTS: Text(
        "Każde zdarzenie stoi w dzienniku.",
        "Every event stands in the log.",
    ),
    Step.HISTORY: Text(
        "Historie poświadczenia, wydawcy i osiągnięcia nie mają luk.",
        "The histories of the credential, its issuer and its achievement have no gap.",
    ),
    Step.DOCUMENT: Text(
        "Dokument jest tym, który wydano.",
        "The document is the one that was issued.",
    ),
    Step.LISTS: Text(
        "Listy są tymi, które opublikowano, i pokazują to, co wynika ze zdarzeń.",
        "The lists are those that were published, and show what the events make.",
    ),
    Step.KEYS: Text(
        "Klucze wydawcy są tymi, które podają zdarzenia.",
        "The issuer's keys are those the events name.",
    ),
    COPY: Text(
        "Podana kopia jest poświadczeniem, które wydano.",
        "The copy that was given is the credential that was issued.",
    ),
    SIGNATURES: Text(
        "Poświadczenie i listy podpisano kluczami wydawcy.",
        "The credential and the lists are signed with the issuer's keys.",
    ),
}

FAILED: Final[Mapping[str, Text]] = {
    Step.CONTAINER: Text(
        "To nie jest archiwum takie, jakie zapisuje rejestr",
        "This is no archive as the registry writes it",
    ),
    Step.MANIFEST: Text(
        "Pliki nie są tymi, których skróty podpisano, albo podpis nie jest zaufany",
        "The files are not those whose digests were signed, or nobody trusted signed them",
    ),
    Step.CHECKPOINT: Text(
        "Stanu dziennika nie podpisał jego klucz albo nie podpisało go tylu świadków, ilu trzeba",
        "The state of the log is not signed by its key, or not by as many witnesses as are asked"
        " for",
    ),
    Step.RECEIPTS: Text(
        "Nie każde zdarzenie stoi w dzienniku",
        "Not every event stands in the log",
    ),
    Step.HISTORY: Text(
        "Historie poświadczenia, wydawcy i osiągnięcia nie są całe",
        "The histories of the credential, its issuer and its achievement are not whole",
    ),
    Step.DOCUMENT: Text(
        "Dokument nie jest tym, który wydano",
        "The document is not the one that was issued",
    ),
    Step.LISTS: Text(
        "Listy nie są tymi, które opublikowano, albo nie pokazują tego, co wynika ze zdarzeń",
        "The lists are not those that were published, or do not show what the events make",
    ),
    Step.KEYS: Text(
        "Klucze wydawcy nie są tymi, które podają zdarzenia",
        "The issuer's keys are not those the events name",
    ),
}
"""What does not hold; what exactly was found stands behind it in brackets, in English alone."""

COMPROMISED_LATER: Final = Text(
    "Klucz, którym podpisano poświadczenie, od {since} mógł mieć ktoś inny. Wydanie zapisano"
    " wcześniej, {issued_at}; sam dokument, bez tego dowodu, już tego nie pokaże.",
    "Others may have held the key that signed the credential since {since}. The issuance was"
    " recorded before that, at {issued_at}; the document by itself no longer shows it.",
)
COMPROMISED_BEFORE: Final = Text(
    "Klucz, którym podpisano poświadczenie, od {since} mógł mieć ktoś inny, a wydanie zapisano"
    " później, {issued_at}: nie wiadomo, kto podpisał.",
    "Others may have held the key that signed the credential since {since}, and the issuance was"
    " recorded later, at {issued_at}: it cannot be told who signed.",
)
ERASED: Final = Text(
    "Dokumentu tu nie ma, bo go usunięto; kto ma kopię, może podać ją w --credential.",
    "The document is not here, since it was erased; a copy can be given with --credential.",
)
NOT_ENCLOSED: Final = Text(
    "Dokument nie jest załączony; kto ma kopię, może podać ją w --credential.",
    "The document is not enclosed; a copy can be given with --credential.",
)
NO_LISTS: Final = Text(
    "Nie ma tu żadnej listy, więc statusu nie sprawdzono.",
    "None are here: no status was checked.",
)
NO_KEYS: Final = Text(
    "Nie ma tu żadnego dokumentu DID, więc kluczy z nim nie porównano.",
    "None are here: no DID document was compared with the events.",
)
OTHER_COPY: Final = Text(
    "Podana kopia nie jest poświadczeniem, które wydano.",
    "The copy that was given is not the credential that was issued.",
)
ENCLOSED: Final = Text(
    "Nie podano --policy, więc zaufano plikowi „policy” z dowodu. Podpisały go te klucze. Jeżeli"
    " choć jednego nie podał też ktoś inny niż ten, kto dał dowód, mógł go zrobić każdy:",
    "No --policy was given, so the file policy of the evidence was trusted. These keys signed it."
    " Unless somebody other than the one who gave you the evidence names every one of them, anybody"
    " may have made it:",
)
PROVES: Final = Text(
    "Tak było na pozycji {position}, {made_at}. Nie wynika stąd, że później nic nie nastąpiło:"
    " obecny status podaje obecna lista.",
    "This is how it was at position {position}, {made_at}. It does not prove that nothing came"
    " later: the status of today is told by the list of today.",
)
SHOWN: Final = Text(
    "lista {purpose} {version}, opublikowana {at}: {bit}",
    "{purpose} list {version}, published {at}: {bit}",
)
BITS: Final[Mapping[int, Text]] = {0: Text("nie", "not set"), 1: Text("tak", "set")}
