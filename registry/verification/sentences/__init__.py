"""What a verifier says, in Polish and in English, by the code of the check.

Each code has one sentence in each language with the same placeholders, and, where the check can
end otherwise than well, the URL by which a specification calls the problem.
"""

from collections.abc import Mapping
from typing import Final

from registry.domain.text import Text
from registry.verification.report import shown
from registry.verification.sentences import documents, keys, presentations, standing, status
from registry.verification.sentences.sentence import Sentence

CATALOGUE: Final[Mapping[str, Sentence]] = {
    **documents.SENTENCES,
    **keys.SENTENCES,
    **status.SENTENCES,
    **presentations.SENTENCES,
    **standing.SENTENCES,
}

_WITHOUT_VALUES: Final = {code: Text(pl=told.pl, en=told.en) for code, told in CATALOGUE.items()}


def sentence(code: str, **values: object) -> Text:
    """Return what is said for a code; every value is shown quoted, short and inert.

    A `Text` is a part of the sentence and not a value: it is put in as it is.
    """
    if not values:
        return _WITHOUT_VALUES[code]
    told, parts = CATALOGUE[code], {name: _part(value) for name, value in values.items()}
    return Text(
        pl=told.pl.format(**{name: part.pl for name, part in parts.items()}),
        en=told.en.format(**{name: part.en for name, part in parts.items()}),
    )


def problem_type(code: str) -> str | None:
    """Return the URL of the problem a code stands for; None for one that is no problem."""
    return CATALOGUE[code].problem_type


def _part(value: object) -> Text:
    if isinstance(value, Text):
        return value
    text = shown(value)
    return Text(pl=text, en=text)
