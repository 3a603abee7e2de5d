"""Whole streams in evidence: those of the credential, its issuer and its achievement.

A stream is whole from its first event on. That none came after its last is not to be proved by
receipts; the registry says it with the manifest, which names the position it looked at.
"""

from collections.abc import Mapping
from itertools import pairwise

from registry.domain.events import CredentialIssued
from registry.formats.evidence import layout
from registry.formats.evidence.manifest import Manifest
from registry.formats.strict_json import loads
from registry.formats.tlog.leaves import EventLeaf


class HistoryError(ValueError):
    """The events are not the whole streams they should be."""


def chains_of(leaves: Mapping[str, EventLeaf], manifest: Manifest) -> dict[str, list[EventLeaf]]:
    """Return the whole streams by name, or raise HistoryError; leaves are by name of their file.

    The achievement's reaches to the version the credential was issued under, at least.
    """
    chains = {chain: _chain(leaves, chain) for chain in layout.CHAINS}
    if not chains["credential"] or chains["credential"][0].topic != CredentialIssued.TOPIC:
        raise HistoryError("there is no event that issues the credential")
    issued = chains["credential"][0].event
    _check(chains["credential"], manifest.credential_id, least=1)
    _check(chains["issuer"], issued["issuer_id"], least=1)
    least = issued["achievement_version"] or 0
    _check(chains["achievement"], issued["achievement_id"], least=least)
    return chains


def positions_of(files: Mapping[str, bytes], manifest: Manifest, *, count: int) -> list[int]:
    """Return the positions of the credential's events, or raise HistoryError.

    A status list says by a position which events are in it.
    """
    positions: list[int] = loads(files[layout.POSITIONS])
    if not all(type(position) is int for position in positions):
        raise HistoryError("positions are whole numbers")
    if len(positions) != count:
        raise HistoryError(f"{len(positions)} positions for {count} events")
    if any(later <= earlier for earlier, later in pairwise([0, *positions, manifest.position + 1])):
        raise HistoryError("the positions do not rise, or lead beyond that of the evidence")
    return positions


def _chain(leaves: Mapping[str, EventLeaf], chain: str) -> list[EventLeaf]:
    folder = f"{layout.EVENTS_FOLDER}{chain}/"
    return [leaves[name] for name in sorted(leaves) if name.startswith(folder)]


def _check(chain: list[EventLeaf], stream: object, *, least: int) -> None:
    # What the events ask for may be any number, so no range is made of it.
    expected = range(1, len(chain) + 1)
    if len(chain) < least or [leaf.version for leaf in chain] != list(expected):
        raise HistoryError(f"events of the stream {stream} are missing")
    if any(leaf.stream != stream for leaf in chain):
        raise HistoryError(f"an event is not of the stream {stream}")
