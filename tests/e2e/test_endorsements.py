"""An accreditation as others see it: an endorsement that their verifiers take, and its status.

The accreditor's key and lists are fetched from the running server, as for any badge.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft201909Validator

from registry.formats import contexts
from tests.e2e.conftest import ROOT, CliWithin
from tests.e2e.javascript_verifiers import verify_digitalbazaar, verify_digitalcredentials
from tests.e2e.live_registry import Badge, Json, LiveRegistry, is_published, new_issuer, running
from tests.waiting import wait_until

SCHEMA = ROOT / "../shared/standards/ob3-schema/endorsementcredential.json"
STATUSES = {
    "granted": {"revocation": False, "suspension": False},
    "suspended": {"revocation": False, "suspension": True},
    "withdrawn": {"revocation": True, "suspension": False},
}
DECISIONS = {"granted": [], "suspended": ["suspend"], "withdrawn": ["withdraw"]}


@dataclass(frozen=True)
class Endorsed:
    """A registry whose badges are endorsements, and one of an issuer who lost it since."""

    registry: LiveRegistry
    of_withdrawn: Badge

    @property
    def documents(self) -> list[Json]:
        return [self.registry.badges[name].document for name in STATUSES]


@pytest.fixture(scope="module")
def endorsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endorsed]:
    """One endorsement in each state, once its status is published."""
    with running(tmp_path_factory.mktemp("live")) as (registry, client):
        scheme_id = open_scheme(client)
        last = None
        for name, verbs in DECISIONS.items():
            issuer = new_issuer(client, did_method="web")
            accreditation = post(
                client,
                f"accreditation-schemes/{scheme_id}/accreditations",
                {"issuer_id": issuer.issuer_id, "scope": "Informatyka"},
            )
            document = json.loads(registry.fetch(accreditation["endorsement"]))
            registry.badges[name] = Badge(document, document["id"], STATUSES[name])
            last = issuer.issue(issuer.define())
            for verb in verbs:
                path = f"accreditations/{accreditation['accreditation_id']}/{verb}"
                post(client, path, {"reason": "other"})
        assert last is not None
        for badge in [*registry.badges.values(), last]:
            wait_until(lambda badge=badge: is_published(registry, badge))  # type: ignore[misc]
        yield Endorsed(registry, last)


def open_scheme(client: httpx.Client) -> str:
    accreditor = new_issuer(client, did_method="web")
    body = {
        "name": {"pl": "Komisja", "en": "Commission"},
        "accreditor_id": accreditor.issuer_id,
        "url": "https://commission.example",
    }
    return str(post(client, "accreditation-schemes", body)["scheme_id"])


def post(client: httpx.Client, path: str, body: Json) -> Any:
    response = client.post(f"/v1/{path}", json=body)
    assert response.is_success, response.text
    return response.json()


def assert_taken(found: list[Json]) -> None:
    assert [each["error"] for each in found] == [None] * len(STATUSES)
    assert all(each["verified"] is True for each in found), "withdrawn ones are authentic too"
    statuses = [{one["purpose"]: one["status"] for one in each["statuses"]} for each in found]
    assert statuses == list(STATUSES.values())


def bundled_contexts() -> dict[str, Path]:
    """Return the file of each context that the registry carries."""
    files = Path(contexts.__file__).parent.glob("*.json")
    loaded = {path: json.loads(path.read_bytes()) for path in files}
    return {
        url: path
        for url in contexts.BUNDLED
        for path, document in loaded.items()
        if contexts.load(url) == document
    }


def test_digitalbazaar_takes_endorsements_and_reads_their_status(endorsed: Endorsed) -> None:
    ca_file, bundled = endorsed.registry.ca_file, bundled_contexts()
    assert_taken(verify_digitalbazaar(endorsed.documents, ca_file=ca_file, contexts=bundled))


def test_digitalcredentials_takes_endorsements_and_reads_their_status(endorsed: Endorsed) -> None:
    ca_file = endorsed.registry.ca_file
    assert_taken(verify_digitalcredentials(endorsed.documents, ca_file=ca_file, schemas={}))


def test_digitalbazaar_refuses_an_endorsement_of_another_issuer(endorsed: Endorsed) -> None:
    (document, *_) = endorsed.documents
    subject = {**document["credentialSubject"], "id": "did:web:another.example"}
    (found,) = verify_digitalbazaar(
        [{**document, "credentialSubject": subject}],
        ca_file=endorsed.registry.ca_file,
        contexts=bundled_contexts(),
    )
    assert found["verified"] is False


def test_endorsement_differs_from_the_published_schema_only_in_having_two_status_entries(
    endorsed: Endorsed,
) -> None:
    if not SCHEMA.is_file():
        pytest.skip("the published schema is kept in ../shared/standards, which is not here")
    schema = Draft201909Validator(json.loads(SCHEMA.read_bytes()))
    (document, *_) = endorsed.documents
    faults = {tuple(fault.absolute_path) for fault in schema.iter_errors(document)}
    assert faults == {("credentialStatus",)}
    for entry in document["credentialStatus"]:
        schema.validate({**document, "credentialStatus": entry})


def test_verify_tells_the_standing_and_calls_the_badge_valid(
    endorsed: Endorsed, tmp_path: Path
) -> None:
    badge = tmp_path / "badge.json"
    badge.write_text(json.dumps(endorsed.of_withdrawn.document))
    options = ("--allow-loopback", "--ca-file", endorsed.registry.ca_file, "--language", "en")
    ran = CliWithin()("verify", badge, *options)
    assert ran.code == 0, ran.out
    assert "the issuer's accreditation was withdrawn." in ran.out
    assert "the issuer was accredited at" in ran.out
    found = CliWithin()("verify", badge, *options, "--json").json["reports"][0]
    assert (found["verdict"], found["standing"]["now"]) == ("valid", "withdrawn")
    assert found["standing"]["at_issuance"] == "accredited"


def test_verify_keeps_the_standing_for_later_without_the_network(
    endorsed: Endorsed, tmp_path: Path
) -> None:
    badge, saved = tmp_path / "badge.json", tmp_path / "saved"
    badge.write_text(json.dumps(endorsed.of_withdrawn.document))
    options = ("--allow-loopback", "--ca-file", endorsed.registry.ca_file)
    CliWithin()("verify", badge, *options, "--keep", saved)
    found = CliWithin()("verify", badge, "--offline", saved, "--json").json["reports"][0]
    assert (found["verdict"], found["standing"]["now"]) == ("valid", "withdrawn")
