"""Publish the DID documents of did:web issuers into the publish folder, beside their lists."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import MetaData, select

from projections.directory import ISSUERS, issuers_table
from projections.publish_folder import PublishFolder, did_name
from registry.formats.canonical import jcs
from registry.formats.did import did_document

_issuers = issuers_table(MetaData(), ISSUERS)


class DidPublisher:
    """Publishes each issuer's document once its keys have changed; versions are the stream's."""

    def __init__(self, *, snapshot: Callable[[], Any], folder: PublishFolder) -> None:
        self._snapshot = snapshot
        self._folder = folder
        self._seen = 0

    def tick(self) -> int:
        """Publish what changed since the last tick, all of them at the first; return how many."""
        query = select(_issuers).where(_issuers.c.changed_position > self._seen)
        with self._snapshot() as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            if row["did"].startswith("did:web:"):
                self._publish(row)
            self._seen = max(self._seen, row["changed_position"])
        return len(rows)

    def _publish(self, row: Any) -> None:
        # Retired keys stay in the document: what they signed is still good.
        body = jcs(did_document(row["did"], assertion_keys=list(row["keys"])))
        name = did_name(row["issuer_id"])
        self._folder.make_current(name, self._folder.put(name, row["version"], body))
