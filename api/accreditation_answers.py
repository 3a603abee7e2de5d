"""What requests about accreditation carry, and what they are answered."""

from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from api.answers import Texts
from api.clock import now
from api.standing import endorsement_url
from api.values import Body, BothLanguages, Id, Instant, Line, Url
from projections import standings
from projections.queries import CredentialFilter
from registry.domain.accreditation import Accreditation, AccreditationScheme
from registry.domain.instants import instant
from registry.domain.standing import Standing, standing_at
from registry.requests import StatusChange


class NewSchemeBody(Body):
    """A scheme to open."""

    name: BothLanguages
    accreditor_id: Id = Field(description="The issuer of this registry that decides.")
    url: Url = Field(description="Where its rules are read.", examples=["https://pka.example"])


class NewAccreditationBody(Body):
    """An accreditation to grant."""

    issuer_id: Id = Field(description="Who is accredited.")
    scope: Line = Field(description="For what; for people to read.", examples=["Computer science"])
    valid_from: Instant | None = Field(default=None, description="Now unless given.")
    valid_until: Instant | None = Field(default=None, description="No end unless given.")


class DecisionBody(Body):
    """Why, and since when, an accreditation changes."""

    reason: Annotated[str, Field(max_length=40)] = Field(
        description="A reason code of the accreditor's.", examples=["misconduct"]
    )
    effective_at: Instant | None = Field(
        default=None, description="Since when it holds; now unless given, never later."
    )

    def change(self) -> StatusChange:
        """Return the change that is asked for."""
        return StatusChange(self.reason, effective_at=self.effective_at)


class SchemeAnswer(BaseModel):
    """A scheme."""

    scheme_id: str
    name: Texts
    accreditor_id: str
    url: str
    version: int


class SchemesAnswer(BaseModel):
    """Every scheme, oldest first."""

    items: list[SchemeAnswer]


class ChangeAnswer(BaseModel):
    """What became of an accreditation."""

    kind: str = Field(examples=["withdrawn"])
    recorded_at: str
    effective_at: str
    reason: str | None = None


class AccreditationAnswer(BaseModel):
    """An accreditation."""

    accreditation_id: str
    scheme_id: str
    issuer_id: str
    scope: str
    valid_from: str
    valid_until: str | None
    granted_at: str
    standing: Standing = Field(description="What it makes of its issuer now.")
    changes: list[ChangeAnswer] = Field(description="In the order they were recorded.")
    endorsement: str = Field(description="The signed EndorsementCredential that says so.")
    version: int


def touched(accreditation: Accreditation) -> CredentialFilter:
    """Return the filter for what was issued since the accreditation no longer counts.

    Raises AccreditationStateError where it is neither suspended nor withdrawn.
    """
    since = instant(accreditation.lost_at())
    return CredentialFilter(issuer_id=accreditation.granted.issuer_id, issued_from=since)


def scheme_answer(scheme: AccreditationScheme) -> SchemeAnswer:
    """Show a scheme."""
    return scheme_row(vars(scheme) | {"scheme_id": str(scheme.id)})


def scheme_row(row: RowMapping | dict[str, object]) -> SchemeAnswer:
    """Show a row of the schemes' view."""
    name = Texts(pl=row["name_pl"], en=row["name_en"])
    names = ("scheme_id", "accreditor_id", "url", "version")
    return SchemeAnswer(name=name, **{each: row[each] for each in names})


def accreditation_answer(accreditation: Accreditation, *, public_url: str) -> AccreditationAnswer:
    """Show an accreditation as its events left it."""
    granted, accreditation_id = accreditation.granted, str(accreditation.id)
    names = ("scheme_id", "issuer_id", "scope", "valid_from", "valid_until")
    return AccreditationAnswer(
        accreditation_id=accreditation_id,
        **{name: getattr(granted, name) for name in names},
        granted_at=granted.recorded_at,
        standing=accreditation.standing(now()),
        changes=[
            ChangeAnswer(
                kind=change.kind,
                recorded_at=instant(change.recorded_at),
                effective_at=instant(change.effective_at),
                reason=change.reason,
            )
            for change in accreditation.changes
        ],
        endorsement=endorsement_url(public_url, accreditation_id),
        version=accreditation.version,
    )


def accreditation_row(row: RowMapping, *, public_url: str) -> AccreditationAnswer:
    """Show a row of the accreditations' view."""
    named = {name: row[name] for name in AccreditationAnswer.model_fields if name in row}
    return AccreditationAnswer(
        **named,
        standing=standing_at([standings.term_of(row)], now()),
        endorsement=endorsement_url(public_url, row["accreditation_id"]),
    )
