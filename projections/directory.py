"""The directory: issuers with their keys, and achievements, for listing and for DID documents."""

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

from projections.projection import TableMaker, UnhandledEventError
from projections.rows import Rows
from registry.domain import events as e

ISSUERS = "issuers"
ACHIEVEMENTS = "achievements"


def issuers_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the issuers' table, or the view over it.

    `keys` maps each public key (Multikey) to whether it still signs, `compromised` those that
    others may have held to since when; `home` names its shard, NULL the one without a name;
    `version` is the stream's. `changed_position` is the last event that changed what the DID
    document says.
    """
    return Table(
        name,
        metadata,
        Column("issuer_id", Text, primary_key=True),
        Column("did", Text, nullable=False),
        Column("name_pl", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("country", Text, nullable=False),
        Column("url", Text, nullable=False),
        Column("keys", JSON, nullable=False),
        Column("compromised", JSON, nullable=False),
        Column("aliases", JSON, nullable=False),
        Column("successor_id", Text),
        Column("closed", Boolean, nullable=False),
        Column("custodian_id", Text),
        Column("home", Text),
        Column("registered_at", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("changed_position", BigInteger, nullable=False),
        Index(f"{name}_by_change", "changed_position"),
    )


def achievements_table(metadata: MetaData, name: str) -> Table:
    """Describe one generation of the achievements' table, or the view over it."""
    return Table(
        name,
        metadata,
        Column("achievement_id", Text, primary_key=True),
        Column("issuer_id", Text, nullable=False),
        Column("title_pl", Text),
        Column("title_en", Text),
        Column("latest", Integer, nullable=False),
        Column("profile", Text, nullable=False),
        Column("cryptosuite", Text, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
        Column("position", BigInteger, nullable=False),
        Index(f"{name}_by_issuer", "issuer_id", "position"),
    )


class DirectoryProjection:
    """One row an issuer, one row an achievement."""

    name = "directory"
    schema_version = 3
    tables: ClassVar[Mapping[str, TableMaker]] = {
        ISSUERS: issuers_table,
        ACHIEVEMENTS: achievements_table,
    }

    def apply(self, event: e.Event, *, position: int, rows: Rows) -> None:
        """Fold one event."""
        match event:
            case e.IssuerRegistered():
                self._add_issuer(event, position, rows)
            case e.SigningKeyAdded():
                self._set_key(event, position, rows, signs=True)
            case e.SigningKeyRetired():
                self._set_key(event, position, rows, signs=False)
            case e.ReasonCodeAdded() | e.GenericIssuingOpened() | e.RetentionDutySet():
                values = {"version": event.originator_version}
                rows.change(ISSUERS, (str(event.originator_id),), values)
            case e.SigningKeyCompromised():
                self._compromise(event, position, rows)
            case e.IssuerAliasAdded():
                self._add_alias(event, position, rows)
            case e.IssuerRenamed() | e.IssuerSucceeded() | e.IssuerClosed() | e.IssuerPlaced():
                changed = _said_of_issuer(event) | {"version": event.originator_version}
                rows.change(ISSUERS, (str(event.originator_id),), changed)
            case e.AchievementDefined():
                self._add_achievement(event, position, rows)
            case e.AchievementRevised():
                self._revise(event, rows)
            case e.AchievementWithdrawn():
                values = {"withdrawn": True, "version": event.originator_version}
                rows.change(ACHIEVEMENTS, (str(event.originator_id),), values)
            case (
                e.CredentialEvent()
                | e.CredentialNamed()
                | e.StatusListEvent()
                | e.ErasureEvent()
                | e.LegalHoldEvent()
                | e.AccreditationSchemeOpened()
                | e.AccreditationEvent()
            ):
                pass
            case _:
                raise UnhandledEventError(event.TOPIC)

    def _add_issuer(self, event: e.IssuerRegistered, position: int, rows: Rows) -> None:
        row: dict[str, object] = {
            "issuer_id": str(event.originator_id),
            "did": event.did,
            "name_pl": event.name_pl,
            "name_en": event.name_en,
            "country": event.country,
            "url": event.url,
            "keys": {},
            "compromised": {},
            "aliases": [],
            "successor_id": None,
            "closed": False,
            "custodian_id": None,
            "home": None,
            "registered_at": event.recorded_at,
            "version": event.originator_version,
            "position": position,
            "changed_position": position,
        }
        rows.insert(ISSUERS, (str(event.originator_id),), row)

    def _set_key(
        self,
        event: e.SigningKeyAdded | e.SigningKeyRetired,
        position: int,
        rows: Rows,
        *,
        signs: bool,
    ) -> None:
        known = rows.get(ISSUERS, (str(event.originator_id),)) or {"keys": {}}
        values = {"keys": {**known["keys"], event.key: signs}}
        self._change_document(event, position, rows, values=values)

    def _compromise(self, event: e.SigningKeyCompromised, position: int, rows: Rows) -> None:
        known = rows.get(ISSUERS, (str(event.originator_id),)) or {"keys": {}, "compromised": {}}
        values = {
            "keys": {**known["keys"], event.key: False},
            "compromised": {**known["compromised"], event.key: event.since},
        }
        self._change_document(event, position, rows, values=values)

    def _add_alias(self, event: e.IssuerAliasAdded, position: int, rows: Rows) -> None:
        known = rows.get(ISSUERS, (str(event.originator_id),)) or {"aliases": []}
        values = {"aliases": [*known["aliases"], event.also_known_as]}
        self._change_document(event, position, rows, values=values)

    def _change_document(
        self, event: e.Event, position: int, rows: Rows, *, values: Mapping[str, object]
    ) -> None:
        place = {"version": event.originator_version, "changed_position": position}
        rows.change(ISSUERS, (str(event.originator_id),), {**values, **place})

    def _add_achievement(self, event: e.AchievementDefined, position: int, rows: Rows) -> None:
        row = {
            "achievement_id": str(event.originator_id),
            "issuer_id": event.issuer_id,
            **_titles(event.definition),
            "latest": 1,
            "profile": event.profile,
            "cryptosuite": event.cryptosuite,
            "withdrawn": False,
            "version": event.originator_version,
            "position": position,
        }
        rows.insert(ACHIEVEMENTS, (row["achievement_id"],), row)

    def _revise(self, event: e.AchievementRevised, rows: Rows) -> None:
        # Versions of the definition count the stream's events: nothing may follow a withdrawal.
        number = event.originator_version
        values = {**_titles(event.definition), "latest": number, "version": number}
        rows.change(ACHIEVEMENTS, (str(event.originator_id),), values)


def _said_of_issuer(
    event: e.IssuerRenamed | e.IssuerSucceeded | e.IssuerClosed | e.IssuerPlaced,
) -> dict[str, object]:
    match event:
        case e.IssuerRenamed():
            return {"name_pl": event.name_pl, "name_en": event.name_en, "url": event.url}
        case e.IssuerSucceeded():
            return {"successor_id": event.successor_id}
        case e.IssuerClosed():
            return {"closed": True, "custodian_id": event.custodian_id}
        case e.IssuerPlaced():
            return {"home": event.shard}


def _titles(definition: dict[str, dict[str, str]]) -> dict[str, str | None]:
    title = definition.get("title") or {}
    return {"title_pl": title.get("pl"), "title_en": title.get("en")}
