"""What lies where in evidence; the same names stand in `check_evidence.py`."""

from typing import Final

MANIFEST: Final = "manifest"
POLICY: Final = "policy"
CHECKPOINT: Final = "checkpoint"
POSITIONS: Final = "positions.json"
README: Final = "README.txt"
CHECKER: Final = "check_evidence.py"

DOCUMENT_FOLDER: Final = "credential/"
LISTS_FOLDER: Final = "lists/"
DID_FOLDER: Final = "did/"
EVENTS_FOLDER: Final = "events/"
PUBLICATIONS: Final = f"{EVENTS_FOLDER}{LISTS_FOLDER}"
RECEIPT: Final = ".tlog-proof"
CHAINS: Final = ("credential", "issuer", "achievement")
"""Streams that stand whole in the evidence, each event with its receipt."""


def document_name(*, is_jwt: bool) -> str:
    """Return the name of the credential's document."""
    return f"{DOCUMENT_FOLDER}document.{'jwt' if is_jwt else 'json'}"


def event_name(chain: str, version: int) -> str:
    """Return the name of an event of a whole stream, without its ending."""
    return f"{EVENTS_FOLDER}{chain}/{version:06d}"


def publication_name(purpose: str, version: int) -> str:
    """Return the name of the event that published a list's version, without its ending."""
    return f"{PUBLICATIONS}{purpose}-{version:06d}"


def list_name(purpose: str, version: int, *, is_jwt: bool) -> str:
    """Return the name of a form of a list's version."""
    return f"{LISTS_FOLDER}{purpose}-{version:06d}.{'jwt' if is_jwt else 'json'}"


def did_name(version: int) -> str:
    """Return the name of the DID document that the first `version` events of the issuer make."""
    return f"{DID_FOLDER}{version}.json"
