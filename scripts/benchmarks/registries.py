"""A new registry to measure on, with an issuer that can sign and an achievement to issue."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api import bootstrap, founding
from api.settings import Settings
from registry.commands import Caller
from registry.domain.securing import KeyType, Mechanism
from registry.requests import NewAchievement, Organisation

CALLER = Caller("benchmark")
ORGANISATION = Organisation("Uczelnia", "University", "PL", "https://university.example.org")
PUBLIC_URL = "https://registry.example.org"
MECHANISMS = (Mechanism.EDDSA_RDFC_2022, Mechanism.EDDSA_JCS_2022)
"""Those that issuing is measured with, unless others are asked for."""

DEFINITION = Path(__file__).parents[2] / "tests" / "samples" / "python-data-analysis.json"


@dataclass(frozen=True)
class Measured:
    """A registry, its one issuer, and an achievement for each of the mechanisms."""

    registry: bootstrap.Registry
    issuer_id: str
    achievements: dict[Mechanism, str]


@contextmanager
def new_registry(
    database_url: str, mechanisms: Sequence[Mechanism] = MECHANISMS
) -> Iterator[Measured]:
    """Give a registry on an empty database, its other files in a folder removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder=Path(folder), database_url=database_url, public_url=PUBLIC_URL)
        founding.initialise(settings)
        registry = bootstrap.build(settings)
        try:
            yield _furnished(registry, mechanisms)
        finally:
            registry.close()


def _furnished(registry: bootstrap.Registry, mechanisms: Sequence[Mechanism]) -> Measured:
    issuer_id = str(registry.application.register_issuer(CALLER, ORGANISATION).id)
    for key_type in {KeyType.ED25519, *(each.key_type for each in mechanisms)}:
        registry.application.add_signing_key(CALLER, issuer_id, key_type)
    achievements = {each: _define(registry, issuer_id, each) for each in mechanisms}
    return Measured(registry, issuer_id, achievements)


def _define(registry: bootstrap.Registry, issuer_id: str, mechanism: Mechanism) -> str:
    definition: dict[str, Any] = json.loads(DEFINITION.read_text(encoding="utf-8"))
    new = NewAchievement(definition, cryptosuite=mechanism)
    return str(registry.application.define_achievement(CALLER, issuer_id, new).id)
