"""The four users: an operator, an issuer, a verifier and an auditor, each over HTTPS alone."""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from scripts.demo.errors import DemonstrationError

TIMEOUT_SECONDS = 60
PAGE = 200
PAGE_OF_EVENTS = 1_000
BADGE = "application/vc"


class Http:
    """A client of the registry, with an API key or as a stranger."""

    def __init__(self, base_url: str, ca_file: Path, *, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy named in the environment could not reach this machine's own loopback.
        self._client = httpx.Client(
            base_url=base_url,
            headers=headers,
            verify=ssl.create_default_context(cafile=ca_file),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def get(self, url: str, **given: Any) -> httpx.Response:
        """Return the answer to a GET; raises DemonstrationError for a refusal."""
        return self._send("GET", url, **given)

    def post(self, url: str, body: object = None, **given: Any) -> Any:
        """Return the JSON that answers a POST; raises DemonstrationError for a refusal."""
        if body is not None:
            given["json"] = body
        return self._send("POST", url, **given).json()

    def _send(self, method: str, url: str, **given: Any) -> httpx.Response:
        try:
            return _accepted(self._client.request(method, url, **given))
        except httpx.TransportError as error:
            raise DemonstrationError(
                f"{method} {url} got no answer: {type(error).__name__}"
            ) from error


@dataclass(frozen=True)
class Operator:
    """Registers the issuer and gives out API keys."""

    http: Http

    def register(self, organisation: Mapping[str, Any]) -> str:
        """Register an issuer with a signing key; return its id."""
        issuer_id: str = self.http.post("/v1/issuers", organisation)["issuer_id"]
        self.http.post(f"/v1/issuers/{issuer_id}/keys")
        return issuer_id

    def api_key(self, role: str, label: str, *, issuer_id: str | None = None) -> str:
        """Return the token of a new API key."""
        wanted = {"role": role, "label": label, "issuer_id": issuer_id}
        given = {name: value for name, value in wanted.items() if value is not None}
        return str(self.http.post("/v1/api-keys", given)["token"])


@dataclass(frozen=True)
class Entry:
    """Where a credential's status for one purpose is looked up."""

    url: str
    index: int


@dataclass(frozen=True)
class Holding:
    """A credential as its issuer knows it: its id, and its entries by purpose."""

    credential_id: str
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Issuer:
    """Defines an achievement, issues credentials and changes their status."""

    http: Http

    def define(self, definition: Mapping[str, Any]) -> str:
        """Define an achievement; return its id."""
        made = self.http.post("/v1/achievements", {"definition": definition})
        return str(made["achievement_id"])

    def import_learners(self, achievement_id: str, csv: str, *, idempotency_key: str) -> list[str]:
        """Issue to the learners of a CSV file; return the credentials' ids."""
        answer = self.http.post(
            "/v1/credentials/import",
            params={"achievement_id": achievement_id},
            content=csv.encode(),
            headers={"Content-Type": "text/csv", "Idempotency-Key": idempotency_key},
        )
        return [row["credential_id"] for row in answer["credentials"]]

    def holdings(self, achievement_id: str) -> Iterator[Holding]:
        """Yield every credential of an achievement."""
        query = {"achievement_id": achievement_id, "limit": str(PAGE)}
        while True:
            page = self.http.get("/v1/credentials", params=query).json()
            yield from map(_holding, page["items"])
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def document(self, credential_id: str) -> bytes:
        """Return the signed badge, to hand to the learner."""
        url = f"/v1/credentials/{credential_id}/document"
        return self.http.get(url, headers={"Accept": BADGE}).content

    def change(self, credential_id: str, verb: str, *, reason: str) -> None:
        """Suspend, reinstate or revoke."""
        self.http.post(f"/v1/credentials/{credential_id}/{verb}", {"reason": reason})


@dataclass(frozen=True)
class Auditor:
    """Reads the whole history."""

    http: Http

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Yield every event, oldest first."""
        after = 0
        while True:
            query = {"after": after, "limit": PAGE_OF_EVENTS}
            page = self.http.get("/v1/events", params=query).json()
            yield from page["items"]
            if page["next"] is None:
                return
            after = page["next"]


def _holding(item: Mapping[str, Any]) -> Holding:
    entries = {e["purpose"]: Entry(e["url"], e["index"]) for e in item["status_lists"]}
    return Holding(item["credential_id"], entries)


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
        return answer
    request = answer.request
    raise DemonstrationError(
        f"{request.method} {request.url.path} answered {answer.status_code}: {_detail(answer)}"
    )


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail"))
    except json.JSONDecodeError:
        return answer.text[:200]
