"""Text that every reader gets in Polish and in English."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language the registry's documents are written in (BCP 47)."""

    PL = "pl"
    EN = "en"


@dataclass(frozen=True)
class Text:
    """The same statement in Polish and in English; neither is the translation of the other."""

    pl: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the text in one of the two languages."""
        return self.pl if language is Language.PL else self.en
