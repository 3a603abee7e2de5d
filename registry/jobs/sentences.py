"""What is said of a row, in Polish and in English: one sentence a code, with the remedy."""

from collections.abc import Mapping
from typing import Final

from registry.domain.row_codes import RowCode
from registry.domain.text import Language, Text
from registry.jobs.status_changes_terms import SENTENCES as STATUS_CHANGES

ISSUING: Final[Mapping[str, Text]] = {
    RowCode.CELLS_MISSING: Text(
        pl="Wiersz ma inną liczbę komórek niż nagłówek; popraw separatory lub cudzysłowy.",
        en="The row has another number of cells than the header; correct separators or quotes.",
    ),
    RowCode.LINE_TOO_LONG: Text(
        pl="Wiersz jest za długi; usuń z niego to, czego rejestr nie czyta.",
        en="The line is too long; take out of it what the registry does not read.",
    ),
    RowCode.NOT_JSON: Text(
        pl="Wiersz nie jest obiektem JSON; zapisz go według RFC 8259, każde pole raz.",
        en="The line is not a JSON object; write it as RFC 8259 says, each member once.",
    ),
    RowCode.NOT_CSV: Text(
        pl="Od tego wiersza plik nie jest poprawnym CSV; sprawdź cudzysłowy i prześlij ponownie.",
        en="From this line on the file is not CSV; check the quotes and send it again.",
    ),
    RowCode.NOT_TEXT: Text(
        pl="To nie jest tekst; zapisz arkusz jako CSV w UTF-8, UTF-16 lub Windows-1250, a wartości"
        " w JSON jako teksty.",
        en="This is not text; save a spreadsheet as CSV in UTF-8, UTF-16 or Windows-1250, and"
        " values in JSON as texts.",
    ),
    RowCode.COLUMN_UNKNOWN: Text(
        pl="Rejestr nie zna tej kolumny; usuń ją lub nazwij jedną z tych: adres e-mail,"
        " identyfikator, rodzaj identyfikatora, imię i nazwisko (albo osobno imię, nazwisko),"
        " ocena, ważne od, ważne do.",
        en="The registry knows no such column; remove it or call it one of: email, identifier,"
        " identity_type, name (or given_name, family_name), grade, valid_from, valid_until.",
    ),
    RowCode.COLUMN_TWICE: Text(
        pl="Ta kolumna występuje dwa razy; zostaw jedną.",
        en="The column is there twice; keep one of them.",
    ),
    RowCode.COLUMN_MISSING: Text(
        pl="Brakuje kolumny „adres e-mail” albo pary kolumn „identyfikator” i „rodzaj"
        " identyfikatora”; pierwszy wiersz pliku to nazwy kolumn: uzupełnij go.",
        en="A column email, or both identifier and identity_type, is missing; add it to the"
        " first line of the file, which names the columns.",
    ),
    RowCode.EMAIL_MALFORMED: Text(
        pl="To nie jest adres e-mail; popraw go.",
        en="This is not an e-mail address; correct it.",
    ),
    RowCode.IDENTIFIER_MISSING: Text(
        pl="Nie podano, o kogo chodzi; wpisz adres e-mail albo identyfikator i jego rodzaj.",
        en="Nobody is named; give an e-mail address, or an identifier and its type.",
    ),
    RowCode.IDENTIFIER_TWICE: Text(
        pl="Podano i adres e-mail, i identyfikator; zostaw jedno z nich.",
        en="Both an e-mail address and an identifier are given; keep one of them.",
    ),
    RowCode.IDENTIFIER_MALFORMED: Text(
        pl="Identyfikator jest za długi lub ma znaki sterujące; popraw go.",
        en="The identifier is too long or has control characters; correct it.",
    ),
    RowCode.IDENTITY_TYPE_UNKNOWN: Text(
        pl="Rejestr nie zna takiego rodzaju identyfikatora; wybierz jeden z opisanych.",
        en="The registry knows no such type of identifier; choose one that is documented.",
    ),
    RowCode.NAME_MALFORMED: Text(
        pl="Imię i nazwisko są za długie lub mają znaki sterujące; popraw je.",
        en="The name is too long or has control characters; correct it.",
    ),
    RowCode.NAME_TWICE: Text(
        pl="Imię i nazwisko podano i razem, i osobno; zostaw jedno z nich.",
        en="The name is given both as a whole and in parts; keep one of them.",
    ),
    RowCode.GRADE_MALFORMED: Text(
        pl="Ocena jest za długa lub ma znaki sterujące; popraw ją.",
        en="The grade is too long or has control characters; correct it.",
    ),
    RowCode.GRADE_UNKNOWN: Text(
        pl="Skala ocen nie ma takiej oceny; wpisz jedną z jej ocen.",
        en="The grade scheme has no such grade; give one that it has.",
    ),
    RowCode.GRADE_UNSCHEMED: Text(
        pl="To osiągnięcie nie ma skali ocen; zostaw ocenę pustą.",
        en="The achievement has no grade scheme; leave the grade empty.",
    ),
    RowCode.DATE_MALFORMED: Text(
        pl="Daty nie można odczytać; zapisz ją jak 31.01.2026, 2026-01-31 lub"
        " 2026-01-31T12:00:00Z.",
        en="The date cannot be read; write it like 2026-01-31, 31.01.2026 or 2026-01-31T12:00:00Z.",
    ),
    RowCode.DATE_IMPOSSIBLE: Text(
        pl="Nie ma takiego dnia lub godziny; popraw datę.",
        en="There is no such day or time; correct the date.",
    ),
    RowCode.PERIOD_EMPTY: Text(
        pl="Koniec ważności nie jest późniejszy niż jej początek; popraw jedną z dat.",
        en="The end of validity is not after its start; correct one of the dates.",
    ),
    RowCode.PERIOD_OVER: Text(
        pl="Ważność już minęła; podaj późniejszy koniec albo początek w przeszłości.",
        en="The validity is over already; give a later end, or a start in the past.",
    ),
    RowCode.ROWS_MISSING: Text(
        pl="W pliku nie ma ani jednego wiersza z osobą; dodaj je pod nagłówkiem.",
        en="The file has no row with a learner; add them below the header.",
    ),
    RowCode.ROWS_TOO_MANY: Text(
        pl="Plik ma więcej niż milion wierszy; podziel go na mniejsze.",
        en="The file has more than a million rows; divide it into smaller ones.",
    ),
    RowCode.DUPLICATE_IN_FILE: Text(
        pl="Ta sama osoba jest już we wcześniejszym wierszu; usuń jeden z nich.",
        en="The same learner stands on an earlier line; remove one of the two.",
    ),
    RowCode.ALREADY_ISSUED: Text(
        pl="Ta osoba ma już to poświadczenie; usuń wiersz albo wybierz skip lub supersede.",
        en="The learner has this credential already; remove the row, or choose skip or supersede.",
    ),
    RowCode.SKIPPED_IN_FILE: Text(
        pl="Pominięto, bo ta sama osoba jest we wcześniejszym wierszu; nic nie trzeba robić.",
        en="Passed over, since the same learner stands on an earlier line; nothing is to be done.",
    ),
    RowCode.SKIPPED_AS_ISSUED: Text(
        pl="Pominięto, bo ta osoba ma już to poświadczenie; nic nie trzeba robić.",
        en="Passed over, since the learner has this credential already; nothing is to be done.",
    ),
    RowCode.REPLACED_IN_FILE: Text(
        pl="Pominięto, bo późniejszy wiersz o tej samej osobie zastępuje ten; sprawdź, który jest"
        " właściwy.",
        en="Passed over, since a later line about the same learner replaces this one; see which"
        " is right.",
    ),
    RowCode.ACCEPTED: Text(
        pl="Poświadczenie można wydać.",
        en="The credential can be issued.",
    ),
    RowCode.SUPERSEDES: Text(
        pl="Poświadczenie można wydać; zastąpi wcześniejsze, które zostanie unieważnione.",
        en="The credential can be issued; it will supersede an earlier one, which is revoked.",
    ),
    RowCode.ISSUED: Text(
        pl="Poświadczenie zostało wydane.",
        en="The credential was issued.",
    ),
    RowCode.ISSUED_ANEW: Text(
        pl="Poświadczenie zostało wydane; wcześniejsze zostało unieważnione.",
        en="The credential was issued; the earlier one was revoked.",
    ),
    RowCode.REVOKED_MEANWHILE: Text(
        pl="Poświadczenie, które miało być zastąpione, tymczasem unieważniono; wydaj nowe osobno.",
        en="The credential to be superseded was revoked meanwhile; issue a new one by itself.",
    ),
    RowCode.JOB_CANCELLED: Text(
        pl="Nie wydano, bo zlecenie anulowano; jeśli poświadczenie ma powstać, prześlij plik"
        " ponownie.",
        en="Not issued, since the job was cancelled; if it is to be issued, send the file again.",
    ),
    RowCode.JOB_FAILED: Text(
        pl="W tym wierszu nie ma błędu, ale nic z niego nie wydano, bo zlecenie się nie powiodło;"
        " usuń przyczynę, na przykład błędy w innych wierszach, i prześlij plik ponownie.",
        en="There is no fault in this row, but it was not issued, since the job failed; mend"
        " what made it fail, such as faults of other rows, and send the file again.",
    ),
}

SENTENCES: Final[Mapping[str, Text]] = {**ISSUING, **STATUS_CHANGES}
"""Every code that a report may have; each kind of job has its own."""


def sentence(code: str | None, language: Language) -> str:
    """Return what a code says; nothing for none."""
    return SENTENCES[code].in_language(language) if code else ""
