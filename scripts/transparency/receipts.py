"""Wait for receipts, and write them beside the badges they are about."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from api.bootstrap import Registry
from projections.transparency.receipts import NotLoggedYetError
from registry.formats.tlog.proofs import Proof

T = TypeVar("T")

WAIT_SECONDS = 15.0
"""Longer than witnesses take to cosign while they are well."""
LOOK_AGAIN_SECONDS = 0.1
SUFFIX = ".tlog-proof"


def see_logged(registry: Registry) -> float:
    """Log what is not logged yet and begin to have it witnessed, until the registry is closed.

    Where a server runs it does both itself, and this leaves it to that. Returns until when that
    is worth waiting for, on the monotonic clock.
    """
    registry.transparency.run()
    if registry.witnesses is not None:
        registry.witnesses.start()
    return time.monotonic() + WAIT_SECONDS


def once_logged(make: Callable[[], T], *, until: float) -> T:
    """Return what can be made once a checkpoint covers it; raises NotLoggedYetError."""
    while True:
        try:
            return make()
        except NotLoggedYetError:
            if time.monotonic() > until:
                raise
        time.sleep(LOOK_AGAIN_SECONDS)


def receipt_of(registry: Registry, credential_id: str) -> Proof:
    """Return a credential's receipt; where it is not there yet, see to it and wait."""
    try:
        return registry.receipts.for_credential(credential_id)
    except NotLoggedYetError:
        until = see_logged(registry)
        return once_logged(lambda: registry.receipts.for_credential(credential_id), until=until)


def write_all(
    registry: Registry, credential_ids: Iterable[str], folder: Path
) -> Iterator[tuple[str, str]]:
    """Write the receipt of each credential; yield each that is written, and its file's name."""
    until = see_logged(registry)
    for credential_id in credential_ids:
        file = folder / f"{credential_id}{SUFFIX}"
        receipt = partial(registry.receipts.for_credential, credential_id)
        write(file, once_logged(receipt, until=until))
        yield credential_id, str(file)


def write(file: Path, proof: Proof) -> None:
    """Write a receipt, byte for byte as it was made."""
    file.write_bytes(proof.to_text().encode())
