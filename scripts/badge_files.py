"""Write issued badges to a folder, with the receipts beside them, some at a time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from api.bootstrap import Registry
from registry.domain.errors import DocumentGoneError, RegistryError
from registry.formats.securing import VC
from registry.issuing import Issued
from scripts.answers import say
from scripts.transparency import receipts

Found = dict[str, Any]
"""What a command answers of a credential: its `credential_id`, and its `file` and `receipt`."""

AT_ONCE: Final = 1_000


class BadgeFiles:
    """A folder that badges are written to."""

    def __init__(self, registry: Registry, issuer_id: str, out: Path) -> None:
        self._registry = registry
        self._issuer_id = issuer_id
        self._out = out
        self._has_receipts = True

    def write(self, found: Iterable[Found]) -> Iterator[Found]:
        """Write the badge and the receipt of each, and give it with the names of its files."""
        self._out.mkdir(parents=True, exist_ok=True)
        following = iter(found)
        while some := list(islice(following, AT_ONCE)):
            named = [one | {"file": self._badge(str(one["credential_id"]))} for one in some]
            if self._has_receipts:
                self._add_receipts(named)
            yield from named

    def _badge(self, credential_id: str) -> str | None:
        try:
            issued = self._registry.application.issued(self._issuer_id, credential_id)
        except DocumentGoneError:
            return None
        file = self._out / f"{credential_id}.{_ending(issued)}"
        file.write_bytes(issued.document)
        return str(file)

    def _add_receipts(self, named: Sequence[Found]) -> None:
        """Write the receipts beside the badges; what was issued stays issued where they fail."""
        ids = [str(one["credential_id"]) for one in named]
        written: dict[str, str] = {}
        try:
            written.update(receipts.write_all(self._registry, ids, self._out))
        except RegistryError as error:
            self._has_receipts = False
            say(
                f"note: {len(ids) - len(written)} receipts are not there yet: {error.reason}; "
                "get them later with registry receipt get CREDENTIAL"
            )
        for one in named:
            one["receipt"] = written.get(str(one["credential_id"]))


def _ending(issued: Issued) -> str:
    return "json" if issued.media_type == VC else "jwt"
