import io

import certifi
import pytest

from scripts import dev_server
from scripts.dev_server import Ready
from tests.integration.api.world import free_port


def test_server_that_does_not_get_ready_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev_server, "READY_SECONDS", 0)
    url, output = f"https://127.0.0.1:{free_port()}", io.StringIO()
    ready = Ready(url, issuers=[], verify="", verify_presentation="", ca_file=certifi.where())
    dev_server._announce(ready, output, as_json=True)
    assert output.getvalue() == ""
    assert capsys.readouterr().err == f"{dev_server.NOT_READY}\n"
