"""Steps of a check as they are printed, for people and for programs."""

from scripts.transparency.steps import StepFailedError, Steps


def test_answer_of_a_check_that_holds_says_what_it_proves() -> None:
    steps = Steps("badge.json")
    steps.passed("tree", "leaf 1 stands in it")

    answer = steps.answer(holds="proved", refused="refused", facts={"size": 2}, proves="All well.")

    assert answer.exit_code == 0
    assert answer.document == {
        "subject": "badge.json",
        "verdict": "proved",
        "steps": [{"step": "tree", "outcome": "passed", "said": "leaf 1 stands in it"}],
        "size": 2,
        "proves": "All well.",
    }
    assert str(answer.shown).splitlines() == [
        "badge.json: proved",
        "  passed  tree        leaf 1 stands in it",
        "All well.",
    ]


def test_answer_of_a_check_that_fails_proves_nothing_and_cannot_command_a_terminal() -> None:
    steps = Steps("badge.json")
    steps.failed(StepFailedError("tree", "found \x1b[31mred"))

    answer = steps.answer(holds="proved", refused="refused", facts={"size": 2}, proves="All well.")

    assert answer.exit_code == 1
    assert str(answer.shown).splitlines() == [
        "badge.json: refused",
        "  failed  tree        found \N{REPLACEMENT CHARACTER}[31mred",
    ]
