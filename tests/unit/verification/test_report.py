import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.text import Text
from registry.verification.report import Check, Outcome, Verdict, exit_code, shown, verdict_of

SAID = Text(pl="", en="")
PRECEDENCE = ["invalid", "revoked", "suspended", "expired", "not yet valid", "unknown", "valid"]
FAILURES = {
    "revoked": "revoked",
    "suspended": "suspended",
    "expired": "expired",
    "not-yet-valid": "not yet valid",
    "proof-expired": "expired",
    "proof-not-yet-valid": "not yet valid",
    "wrong-signature": "invalid",
    "malformed-credential": "invalid",
}

passed = st.builds(
    lambda code: Check("any", Outcome.PASSED, code, SAID, ""), st.sampled_from(["fine", *FAILURES])
)
unknown = st.builds(
    lambda code: Check("any", Outcome.UNKNOWN, code, SAID, ""), st.sampled_from(["lost", *FAILURES])
)
failed = st.builds(
    lambda code: Check("any", Outcome.FAILED, code, SAID, ""), st.sampled_from(list(FAILURES))
)


@given(st.lists(passed | unknown | failed, min_size=1))
def test_the_strongest_finding_is_the_verdict(checks: list[Check]) -> None:
    found = {FAILURES[check.code] for check in checks if check.outcome is Outcome.FAILED}
    found |= {"unknown" for check in checks if check.outcome is Outcome.UNKNOWN}
    expected = min(found, key=PRECEDENCE.index, default="valid")
    assert verdict_of(checks).value == expected


@given(st.lists(passed | unknown | failed), st.lists(unknown, min_size=1))
def test_an_unknown_neither_hides_a_failure_nor_lets_anything_be_valid(
    checks: list[Check], unknowns: list[Check]
) -> None:
    before, after = verdict_of(checks), verdict_of([*checks, *unknowns])
    assert after is (Verdict.UNKNOWN if before is Verdict.VALID else before)


@given(st.permutations([Check("a", outcome, "expired", SAID, "") for outcome in Outcome]))
def test_the_order_of_checks_does_not_matter(checks: list[Check]) -> None:
    assert verdict_of(checks) is Verdict.EXPIRED


def test_nothing_checked_is_unknown() -> None:
    assert verdict_of([]) is Verdict.UNKNOWN


def test_verdicts_stand_in_the_order_of_precedence() -> None:
    assert [verdict.value for verdict in Verdict] == PRECEDENCE


@pytest.mark.parametrize(
    ("verdict", "code"), [*zip(PRECEDENCE, [1, 1, 3, 1, 1, 4, 0], strict=True)]
)
def test_each_verdict_has_its_exit_code(verdict: str, code: int) -> None:
    assert exit_code(Verdict(verdict)) == code


def test_a_value_is_shown_short_and_without_control_characters() -> None:
    text = shown("\x1b[31m\u202e" + "x" * 1_000)
    assert len(text) < 200
    assert text.isprintable()


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1))
def test_several_inputs_exit_as_the_strongest_verdict_does(verdicts: list[Verdict]) -> None:
    strongest = min(verdicts, key=list(Verdict).index)
    assert exit_code(*verdicts) == exit_code(strongest)


def test_letters_of_any_alphabet_are_shown_as_they_are() -> None:
    assert shown("Zażółć gęślą jaźń") == '"Zażółć gęślą jaźń"'


def test_a_value_cannot_open_a_tag() -> None:
    assert shown("<script>") == '"\\u003cscript>"'
    assert json.loads(shown("\U000e0041<\x7f")) == "\U000e0041<\x7f"
