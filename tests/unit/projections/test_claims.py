"""What shards say they have is read whole, whoever writes it at once."""

import os
from pathlib import Path

import pytest

from projections.claims import CLAIMS, Claims


def test_processes_of_one_number_on_two_machines_do_not_write_into_each_others_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in containers, where each counts its processes from 1."""
    really_sync = os.fsync

    def while_another_writes(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", really_sync)
        Claims(tmp_path).make("a", ["first", "second"])
        assert Claims(tmp_path).of_others("b") == {"first", "second"}
        really_sync(descriptor)

    (tmp_path / CLAIMS).mkdir()
    monkeypatch.setattr(os, "fsync", while_another_writes)
    Claims(tmp_path).make("a", ["third"])

    assert Claims(tmp_path).of_others("b") == {"third"}
