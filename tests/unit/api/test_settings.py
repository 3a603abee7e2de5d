"""What `registry.toml` and the environment may say."""

from pathlib import Path
from random import Random

import pytest
from pydantic import ValidationError

from api.settings import CONFIGURATION_FILE, Settings, ignored_variables
from registry.domain.errors import InvalidValueError
from registry.domain.securing import Mechanism
from registry.formats import bitstring, status_list_credential
from registry.formats.securing import secure_credential
from registry.verification.opening import open_document
from tests.unit.formats.signers import signer_of


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


def test_unknown_variable_is_named_with_the_setting_that_was_meant_perhaps() -> None:
    [sentence] = ignored_variables({"REGISTRY_DATABSE_URL": "postgresql://db/registry"})

    assert sentence == (
        "REGISTRY_DATABSE_URL is ignored, since there is no such setting;"
        " did you mean REGISTRY_DATABASE_URL?"
    )


def test_unknown_variable_that_resembles_no_setting_is_named_alone() -> None:
    [sentence] = ignored_variables({"REGISTRY_ZZZ": "1"})

    assert sentence == "REGISTRY_ZZZ is ignored, since there is no such setting"


def test_value_of_an_unknown_variable_is_not_told() -> None:
    assert "kanarek" not in "".join(ignored_variables({"REGISTRY_MASTERKEY": "kanarek"}))


@pytest.mark.parametrize("name", ["REGISTRY_PORT", "registry_port", "PATH", "REGISTRYPORT"])
def test_settings_and_variables_of_others_are_passed_over(name: str) -> None:
    assert list(ignored_variables({name: "8080"})) == []


KUBERNETES = {
    "REGISTRY_SERVICE_HOST": "10.96.0.7",
    "REGISTRY_SERVICE_PORT": "8443",
    "REGISTRY_SERVICE_PORT_HTTPS": "8443",
    "REGISTRY_PORT": "tcp://10.96.0.7:8443",
    "REGISTRY_PORT_8443_TCP": "tcp://10.96.0.7:8443",
    "REGISTRY_PORT_8443_TCP_PROTO": "tcp",
    "REGISTRY_PORT_8443_TCP_PORT": "8443",
    "REGISTRY_PORT_8443_TCP_ADDR": "10.96.0.7",
    "REGISTRY_METRICS_SERVICE_HOST": "10.96.0.8",
    "REGISTRY_METRICS_PORT": "tcp://10.96.0.8:9464",
}
"""What Kubernetes puts into every container beside services `registry` and `registry-metrics`."""


def test_links_to_services_of_kubernetes_are_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KUBERNETES.items():
        monkeypatch.setenv(name, value)
    (tmp_path / CONFIGURATION_FILE).write_text("port = 8080")

    assert list(ignored_variables(KUBERNETES)) == []
    settings = Settings.read(folder=tmp_path)
    assert (settings.port, settings.metrics_port) == (8080, 9464)


def test_port_that_is_no_link_of_kubernetes_is_told_as_a_setting_unknown() -> None:
    [sentence] = ignored_variables({"REGISTRY_HTTP_PORT": "8443"})

    assert "REGISTRY_HTTP_PORT is ignored" in sentence


GREATEST_LIST = 4_194_304


def test_list_larger_than_its_verifiers_read_is_refused(tmp_path: Path) -> None:
    assert Settings(folder=tmp_path, list_size=GREATEST_LIST).list_size == GREATEST_LIST
    with pytest.raises(ValidationError, match="less than or equal to 4194304"):
        Settings(folder=tmp_path, list_size=GREATEST_LIST + 8)


@pytest.mark.parametrize("mechanism", [Mechanism.EDDSA_RDFC_2022, Mechanism.VC_JWT_ES384])
def test_greatest_list_is_read_whatever_stands_in_it(mechanism: Mechanism) -> None:
    bits = Random(1).randbytes(GREATEST_LIST // 8)
    document = status_list_credential.build(
        url="https://registry.example/status-lists/" + "a" * 500,
        issuer="did:web:registry.example",
        purpose="revocation",
        encoded_list=bitstring.encode(bits).text,
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2026-01-02T00:00:00Z",
        ttl_ms=300_000,
    )
    signer = signer_of(mechanism.key_type)
    secured = secure_credential(
        document, mechanism=mechanism, signer=signer, created="2026-01-01T00:00:00Z"
    )
    read = open_document(secured.body).document["credentialSubject"]["encodedList"]
    assert bitstring.decode(read) == bits
