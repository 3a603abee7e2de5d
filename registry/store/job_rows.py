"""The rows of jobs as they are stored: sealed under the job's own key, bound to their place."""

from collections.abc import Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag

from registry.domain.job import Row, SliceState
from registry.store.key_store import KeyStore, unseal
from registry.store.learner_keys import VaultDamagedError, sealed


class SealedRows:
    """Seals and opens the rows of slices; raises SecretMissingError once a job's key is gone."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def seal(self, job_id: str, number: int, rows: Sequence[Row]) -> bytes:
        """Return the rows of a slice as they are stored."""
        key = self._keys.get(key_name(job_id))
        return sealed(key, orjson.dumps(rows), bound_to=_bound_to(job_id, number))

    def open(self, job_id: str, number: int, content: bytes) -> Sequence[Row]:
        """Return the rows of a slice; raises VaultDamagedError."""
        key = self._keys.get(key_name(job_id))
        try:
            opened = unseal(key, bytes(content), bound_to=_bound_to(job_id, number))
        except InvalidTag as error:
            raise VaultDamagedError(
                "stored rows of a job were damaged or moved", remedy="order the job anew"
            ) from error
        rows: Sequence[Row] = orjson.loads(opened)
        return rows

    def new_slice(
        self, job_id: str, number: int, rows: Sequence[Row], *, state: SliceState
    ) -> dict[str, Any]:
        """Return a slice of which nothing is said yet."""
        return {
            "job_id": job_id,
            "number": number,
            "rows": len(rows),
            "content": self.seal(job_id, number, rows),
            "state": state,
            "accepted": 0,
            "refused": 0,
            "report": "[]",
            "claims": 0,
        }


def key_name(job_id: str) -> str:
    """Name the secret that a job's rows are sealed under."""
    return f"job/{job_id}"


def _bound_to(job_id: str, number: int) -> str:
    return f"job/{job_id}/{number}"
