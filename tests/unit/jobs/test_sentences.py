import pytest

from registry.domain.row_codes import RowCode
from registry.domain.text import Language
from registry.jobs.sentences import SENTENCES, sentence


@pytest.mark.parametrize("code", RowCode)
def test_every_code_has_a_sentence_in_both_languages(code: RowCode) -> None:
    polish, english = (sentence(code, language) for language in Language)
    assert polish != english
    for text in (polish, english):
        assert text.endswith(".")
        assert text[0].isupper()


def test_sentences_are_of_codes_there_are_and_quote_nothing() -> None:
    assert {code for code in SENTENCES if code in set(RowCode)} == set(RowCode)
    assert not [text for text in SENTENCES.values() if "{" in text.pl + text.en]


def test_no_code_says_nothing() -> None:
    assert sentence(None, Language.EN) == ""
