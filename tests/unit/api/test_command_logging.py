"""What a command logs of a failure is no place for what was in its variables."""

import pytest
import structlog

from api import logging


def test_a_command_logs_where_it_failed_but_no_message_and_no_variable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    secret = "kanarek@student.example"
    try:
        logging.configure_command()
        try:
            raise ValueError(secret)
        except ValueError:
            structlog.get_logger().exception("it failed")
    finally:
        structlog.configure(**before)
    logged = capsys.readouterr().err
    assert secret not in logged
    assert "it failed" in logged
    assert "ValueError" in logged
    assert "test_command_logging.py" in logged


def test_a_command_logs_warnings_and_nothing_of_less_weight(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    try:
        logging.configure_command()
        structlog.get_logger().info("positions moved by another process")
        structlog.get_logger().warning("a list is not published")
    finally:
        structlog.configure(**before)
    logged = capsys.readouterr().err
    assert "positions moved" not in logged
    assert "a list is not published" in logged
