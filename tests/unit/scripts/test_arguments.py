"""What a terminal hands over that is no text."""

import pytest

from scripts.cli import run

CREDENTIAL = "018f7c1e-0000-7000-8000-000000000000"
NO_TEXT = "a\udcff"
"""The byte 0xFF after a letter, as Python has it in an argument."""


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["status", "suspend", CREDENTIAL, "--reason", "fraud", "--note", NO_TEXT], "--note"),
        (
            ["status", "revoke", CREDENTIAL, "--reason", "fraud", "--idempotency-key", NO_TEXT],
            "--idempotency-key",
        ),
        (["api-key", "create", "--role", "auditor", "--label", NO_TEXT], "--label"),
        (["issuer", "show", NO_TEXT], "ISSUER"),
    ],
)
def test_bytes_that_are_no_text_are_refused_where_a_text_is_meant(
    arguments: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(arguments)
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert f"Invalid value for '{option}': it is not text in UTF-8" in printed.err
    assert "Traceback" not in printed.err
