"""What each shard says it has: the issuers at home in it, in the publish folder that all share.

A shard that was split off exists once it runs. No other shard could tell otherwise whether the copy
that it begins as was ever made, and so whether what is destroyed here is still held there.
"""

import json
from collections.abc import Collection
from pathlib import Path

from registry.sharding import NO_NAME
from registry.store.folders import make_folder, replace_file

CLAIMS = ".shards"


class Claims:
    """A file for each shard, replaced as a whole; any number of processes may write one."""

    def __init__(self, publish_folder: Path) -> None:
        self._folder = publish_folder / CLAIMS

    def make(self, shard: str | None, issuer_ids: Collection[str]) -> None:
        """Say which issuers a shard has; writes nothing where it says so already."""
        name, wanted = shard or NO_NAME, frozenset(issuer_ids)
        if self._read(name) == wanted:
            return
        make_folder(self._folder)
        replace_file(self._folder / name, json.dumps(sorted(wanted)).encode())

    def of_others(self, shard: str | None) -> frozenset[str]:
        """Return the issuers that any shard but this one says it has."""
        if not self._folder.is_dir():
            return frozenset()
        names = {file.name for file in self._folder.iterdir() if not file.name.startswith(".")}
        others = names - {shard or NO_NAME}
        return frozenset().union(*(self._read(name) or () for name in others))

    def _read(self, name: str) -> frozenset[str] | None:
        try:
            return frozenset(json.loads((self._folder / name).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return None
