"""A development server: a test issuer for every way of securing, open to all on this machine."""

import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import httpx
from rich.console import Console

from api import server
from api.bootstrap import Registry
from registry.domain.profiles import GenericProfile
from registry.domain.securing import KeyType, Mechanism
from registry.formats.securing import cryptosuite_of
from registry.requests import Organisation
from scripts import parent
from scripts.answers import Session
from scripts.demo import place as places
from scripts.local import caller, existing, opened
from scripts.temporary_folder import folder_of, leave_on_sigterm

WARNING = (
    "DEVELOPMENT SERVER: it asks nobody who they are. Whoever can reach this machine's loopback "
    "can issue as its test issuers. Their credentials are worth nothing."
)
MECHANISMS: Sequence[Mechanism] = [each for each in Mechanism if each.key_type is not KeyType.RSA]
"""All that a did:key can do here: it is one key, and one of RSA signs no status list."""

READY_SECONDS = 60
POLL_SECONDS = 0.05
LOOPBACK = "127.0.0.1"
NOT_READY = (
    f"the server is not ready after {READY_SECONDS} s; what it says above tells why, or else "
    "stop it and start again on a machine that is less busy"
)

OF_ANY_MECHANISM = ("vcdm-2.0", "bitstring-status-list", "vc-api")
"""Suites that test no cryptosuite: the issuer of the first mechanism is theirs too."""


@dataclass(frozen=True)
class TestIssuer:
    """An issuer that secures in one way.

    `suite` is its cryptosuite, or the mechanism where that is none, or a suite of tests. Its
    credentials get status entries for `purposes`.
    """

    suite: str
    mechanism: str
    key_type: str
    purposes: tuple[str, ...]
    id: str
    issuer_id: str
    issue: str
    status: str
    status_lists: str


@dataclass(frozen=True)
class Ready:
    """Where everything is, once the server answers; `ca_file` makes its certificate trusted."""

    base_url: str
    issuers: list[TestIssuer]
    verify: str
    verify_presentation: str
    ca_file: str


def run(session: Session, *, host: str | None, port: int | None, until_stdin_closes: bool) -> None:
    """Serve until interrupted; a folder that was not named is removed at the end.

    Raises InvalidValueError for a host that others could reach.
    """
    server.check_loopback(host or LOOPBACK)
    leave_on_sigterm()
    if until_stdin_closes:
        parent.end_with_stdin()
    Console(stderr=True, style="bold red").print(WARNING, highlight=False, soft_wrap=True)
    with folder_of(session, prefix="registry-dev-") as folder:
        _serve(folder, host=host or LOOPBACK, port=port, as_json=session.as_json)


def _serve(folder: Path, *, host: str, port: int | None, as_json: bool) -> None:
    place = places.prepare(folder, database_url=None, port=port)
    local = Session(place.folder)
    with opened(local) as registry:
        issuers = _issuers(registry)
    ready = Ready(
        base_url=place.base_url,
        issuers=issuers,
        verify=f"{place.base_url}/credentials/verify",
        verify_presentation=f"{place.base_url}/presentations/verify",
        ca_file=str(place.ca_file),
    )
    output = _own_stdout()
    threading.Thread(
        target=_announce, args=(ready, output, as_json), name="ready", daemon=True
    ).start()
    server.serve(existing(local, host=host), development=True)


def _issuers(registry: Registry) -> list[TestIssuer]:
    """Register an issuer for every mechanism, and name one for each suite that asks for none."""
    issuers = [_issuer(registry, GenericProfile(each)) for each in MECHANISMS]
    return [*issuers, *(replace(issuers[0], suite=suite) for suite in OF_ANY_MECHANISM)]


def _issuer(registry: Registry, profile: GenericProfile) -> TestIssuer:
    """Register an issuer whose did:key needs no resolver, ready to secure anything."""
    mechanism = profile.mechanism
    organisation = Organisation(
        name_pl=f"Wystawca testowy {mechanism}",
        name_en=f"Test issuer {mechanism}",
        country="PL",
        url="https://test-issuer.example",
        did_method="key",
        key_type=mechanism.key_type,
    )
    issuer = registry.application.register_issuer(caller(None), organisation)
    issuer_id = str(issuer.id)
    registry.application.open_generic_issuing(caller(None), issuer_id, profile)
    base = f"{registry.public_url}/issuers/{issuer_id}"
    return TestIssuer(
        suite=cryptosuite_of(mechanism) or mechanism.value,
        mechanism=mechanism.value,
        key_type=mechanism.key_type.value,
        purposes=profile.purposes,
        id=issuer.did,
        issuer_id=issuer_id,
        issue=f"{base}/credentials/issue",
        status=f"{base}/credentials/status",
        status_lists=f"{base}/status-lists",
    )


def _announce(ready: Ready, output: TextIO, as_json: bool) -> None:
    """Say where everything is, once the server answers, or on stderr that it does not."""
    context = ssl.create_default_context(cafile=ready.ca_file)
    deadline = time.monotonic() + READY_SECONDS
    with httpx.Client(base_url=ready.base_url, verify=context, trust_env=False) as client:
        while not _answers(client):
            if time.monotonic() > deadline:
                print(NOT_READY, file=sys.stderr, flush=True)
                return
            time.sleep(POLL_SECONDS)
    print(_json(ready) if as_json else _words(ready), file=output, flush=True)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def _json(ready: Ready) -> str:
    return json.dumps(asdict(ready))


def _words(ready: Ready) -> str:
    lines = [f"{each.suite:24} {each.key_type:8} {each.issue}" for each in ready.issuers]
    verifying = {"verify": ready.verify, "verify presentations": ready.verify_presentation}
    return "\n".join([*lines, *(f"{name:33} {url}" for name, url in verifying.items())])


def _own_stdout() -> TextIO:
    """Keep standard output for the answer; what the server and its worker say goes to stderr."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output
