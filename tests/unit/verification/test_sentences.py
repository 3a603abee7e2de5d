"""The catalogue: every code has a sentence in both languages, and says nothing by itself."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from registry import verification
from registry.domain.text import Text
from registry.verification.checks import passed, unknown
from registry.verification.sentences import CATALOGUE, problem_type, sentence

SOURCES = [
    path
    for path in Path(verification.__path__[0]).glob("*.py")
    if path.name not in {"checks.py", "report.py"}
]
HOSTILE = '"<b>\x1b[31m\u202e\n=1+1'


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def literals() -> set[str]:
    """Return every text that stands in a module which makes checks."""
    return {text for path in SOURCES for text in texts(ast.parse(path.read_text()))}


def told(outcomes: set[str]) -> set[str]:
    """Return the codes given to functions that make checks of these outcomes."""
    return {
        code
        for path in SOURCES
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in outcomes
        for argument in call.args[1:2]
        for code in codes_of(argument, function)
    }


def codes_of(argument: ast.expr, function: ast.FunctionDef) -> set[str]:
    """Return the catalogue's codes that an argument can be: itself, or what it was set to."""
    if isinstance(argument, ast.Name):
        assigned = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and argument.id in names(node)
        ]
        return {text for value in assigned for text in texts(value)} & CATALOGUE.keys()
    return set(texts(argument))


def names(assignment: ast.Assign) -> set[str]:
    return {
        node.id
        for target in assignment.targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name)
    }


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_say_something_with_the_same_values(code: str) -> None:
    said = CATALOGUE[code]
    assert placeholders(said.pl) == placeholders(said.en)
    assert said.pl != said.en
    assert said.pl[0].isupper()
    assert said.en[0].isupper()
    assert all(one.endswith((".", "}")) for one in (said.pl, said.en))


def test_every_code_that_is_told_is_in_the_catalogue_and_no_other() -> None:
    assert told({"passed", "failed", "unknown"}) <= CATALOGUE.keys()
    assert CATALOGUE.keys() - literals() == TOLD_BY_OTHERS


TOLD_BY_OTHERS = {"credential-unreachable"}


def test_every_check_that_does_not_pass_has_a_problem_type() -> None:
    for code in told({"failed", "unknown"}):
        assert str(problem_type(code)).startswith("https://")


def test_what_only_ever_passes_has_no_problem_type() -> None:
    for code in told({"passed"}) - told({"failed", "unknown"}) - {"holder-is-not-subject"}:
        assert problem_type(code) is None


@pytest.mark.parametrize("code", CATALOGUE)
def test_values_are_inert_in_every_sentence(code: str) -> None:
    values = dict.fromkeys(placeholders(CATALOGUE[code].en), HOSTILE)
    said = sentence(code, **values)
    for text in (said.pl, said.en):
        assert text.isprintable()
        assert "<" not in text


def test_a_part_of_a_sentence_is_put_in_as_it_is_and_in_its_language() -> None:
    said = sentence("credential-unreachable", reason=Text(pl="bo nie.", en="just so."))
    assert said.pl.endswith(": bo nie.")
    assert said.en.endswith(": just so.")


def test_a_check_that_passed_has_no_problem_type_even_if_it_may_fail() -> None:
    values = {"subject": "did:key:z1", "holder": "did:key:z2"}
    check = passed("subject", "holder-is-not-subject", looked_at="x", **values)
    assert check.problem_type is None
    assert unknown("subject", check.code, looked_at="x", **values).check.problem_type
