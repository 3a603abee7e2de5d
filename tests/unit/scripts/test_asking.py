"""Who is asked may have no input to answer with, or answer with bytes that are no text."""

import io
import sys

import pytest

from scripts.asking import answered, typed


def say(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    # Strict, as Python reads in every locale that is named, pl_PL.UTF-8 for one.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(answer), encoding="utf-8"))


def test_where_the_input_was_closed_nobody_is_there_to_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert answered("Go on?") is None
    assert typed() == ""


@pytest.mark.parametrize("nonsense", [b"tak", b"\xff\xfe", "nie, \u017cadnych".encode("iso8859-2")])
def test_answer_that_is_no_choice_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, nonsense: bytes
) -> None:
    say(monkeypatch, nonsense + b"\nyes\n")

    assert answered("Go on?") is True


def test_word_that_is_no_text_is_another_word(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, b"erase\xff\n")

    assert typed() not in ("", "erase")
