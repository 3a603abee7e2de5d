"""A served log that does not answer as a log does."""

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from registry.domain.errors import InvalidValueError
from registry.formats.tlog.notes import MAX_NOTE_BYTES
from scripts.transparency.sources import LogInFolder, LogUnreadableError, NoLogError, ServedLog
from tests.small_log import SmallLog


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        bodies = {
            "/log/checkpoint": b"a" * (MAX_NOTE_BYTES + 1),
            "/log/tile/0/000": b"t" * 8192,
            "/log/tile/1/x001/067.p/3": b"p" * 96,
            "/log/tile/entries/000.p/7": b"e",
        }
        body = bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[ServedLog]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/log/"
    with closing(ServedLog(url, ca_file=None, token=None)) as log:
        yield log
    server.shutdown()
    server.server_close()


def test_tiles_and_entries_are_read_where_a_log_serves_them(served: ServedLog) -> None:
    assert served.read_tile(0, 0, 256) == b"t" * 8192
    assert served.read_tile(1, 1067, 3) == b"p" * 96
    assert served.read_bundle(0, 7) == b"e"


def test_answer_that_is_too_long_is_cut_off(served: ServedLog) -> None:
    with pytest.raises(LogUnreadableError, match="longer than"):
        served.checkpoint()


def test_what_is_not_served_is_named(served: ServedLog) -> None:
    with pytest.raises(LogUnreadableError, match=r"tile/0/005: it answered 404"):
        served.read_tile(0, 5, 256)


def test_server_that_is_away_is_named() -> None:
    with (
        closing(ServedLog("http://127.0.0.1:9/log", ca_file=None, token=None)) as log,
        pytest.raises(LogUnreadableError, match="no answer"),
    ):
        log.checkpoint()


@pytest.mark.parametrize("url", ["http://registry.example.org/log", "file:///log", "log"])
def test_log_is_read_over_https_alone(url: str) -> None:
    with pytest.raises(InvalidValueError):
        ServedLog(url, ca_file=None, token=None)


def test_folder_is_read_by_its_newest_log_or_by_number(tmp_path: Path) -> None:
    note = SmallLog(tmp_path).grow(3)

    assert LogInFolder(tmp_path).checkpoint() == note
    assert LogInFolder(tmp_path, number=1).checkpoint() == note
    with pytest.raises(NoLogError):
        LogInFolder(tmp_path, number=2).checkpoint()
