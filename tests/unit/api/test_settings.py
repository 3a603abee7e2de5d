"""What `registry.toml` may say."""

from pathlib import Path

import pytest

from api.settings import CONFIGURATION_FILE, Settings
from registry.domain.errors import InvalidValueError


def refusal(folder: Path, text: str) -> InvalidValueError:
    """Return why settings in a folder's file are refused."""
    (folder / CONFIGURATION_FILE).write_text(text)
    with pytest.raises(InvalidValueError) as refused:
        Settings.read(folder=folder)
    return refused.value


def test_unknown_setting_is_named_with_its_file_and_what_was_meant(tmp_path: Path) -> None:
    error = refusal(tmp_path, "prot = 8080")

    assert error.field == "prot"
    assert str(tmp_path / CONFIGURATION_FILE) in error.reason
    assert error.remedy == "did you mean port?"


def test_setting_that_resembles_none_is_answered_with_all_there_are(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[zzz]\nport = 8080")

    assert error.field == "zzz"
    assert error.remedy is not None
    assert "public_url, " in error.remedy


def test_known_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / CONFIGURATION_FILE).write_text("port = 8080")

    assert Settings.read(folder=tmp_path).port == 8080
