from datetime import UTC, datetime
from pathlib import Path

import pytest

from api import server
from api.roles import plan
from api.settings import Settings
from registry.domain.errors import InvalidValueError
from scripts.demo_tls import make_tls_files
from tests.web_servers import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tls = make_tls_files(tmp_path / "tls", now=datetime.now(UTC))
    return Settings(folder=tmp_path, certfile=tls.certificate, keyfile=tls.key)


def test_a_certificate_and_its_key_can_be_served_with(settings: Settings) -> None:
    server._check_certificate(settings)


def test_a_certificate_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    missing = settings.model_copy(update={"certfile": tmp_path / "cert.pem"})
    with pytest.raises(InvalidValueError, match=r"cert\.pem") as refusal:
        server._check_certificate(missing)
    assert refusal.value.field == "certfile"


def test_a_key_in_the_place_of_the_certificate_is_refused(settings: Settings) -> None:
    swapped = {"certfile": settings.keyfile, "keyfile": settings.certfile}
    with pytest.raises(InvalidValueError, match="no certificate and its key"):
        server._check_certificate(settings.model_copy(update=swapped))


@pytest.mark.parametrize("url", ["http://registry.example.org", "ftp://registry.example.org", "x"])
def test_a_public_url_that_is_not_https_is_refused_before_it_is_fixed(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ValueError, match="https"):
        Settings(folder=tmp_path, public_url=url)


def test_a_registry_on_this_machine_may_do_without_tls(tmp_path: Path) -> None:
    assert Settings(folder=tmp_path, public_url="http://localhost:8000").public_url


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_one_port_for_requests_and_metrics_is_refused_before_either_is_served(
    settings: Settings, host: str
) -> None:
    port = free_port()
    same = settings.model_copy(update={"host": host, "port": port, "metrics_port": port})
    with pytest.raises(InvalidValueError, match=f"127.0.0.1:{port} cannot be listened") as refusal:
        server._check_listening(plan(same), same)
    assert refusal.value.field == "metrics_port"
    different = same.model_copy(update={"metrics_port": 0})
    server._check_listening(plan(different), different)
