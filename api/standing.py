"""Put together what everybody may know of an issuer's standing; its rows come from the view."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from api.answers import Texts
from projections import standings
from projections.standings import term_of
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.domain.standing import Period, Standing, Term, periods, standing_at
from registry.store.database import Database
from registry.verification.standing import said_now, said_then


class NowAnswer(BaseModel):
    """The standing at the moment of the answer."""

    moment: str = Field(examples=["2026-11-22T18:00:00.000000Z"])
    standing: Standing = Field(examples=["accredited"])
    sentence: Texts


class ThenAnswer(NowAnswer):
    """The standing at the moment that was asked about, as is known now."""

    recorded: Standing = Field(description="What the registry's records said at that moment.")


class PeriodAnswer(BaseModel):
    """A stretch of time of one standing."""

    start: str | None = Field(description="The first instant in it; null: from the beginning.")
    end: str | None = Field(description="The first instant after it; null: without end.")
    standing: Standing


class PublicAccreditation(BaseModel):
    """One accreditation of the issuer's."""

    accreditation_id: str
    scheme_id: str
    scheme: Texts
    scheme_url: str
    accreditor_id: str = Field(description="The issuer of this registry that decides.")
    scope: str
    valid_from: str
    valid_until: str | None
    standing: Standing
    endorsement: str = Field(description="The signed EndorsementCredential that says so.")


class StandingAnswer(BaseModel):
    """An issuer's standing: now, then, and in every period, as is known now."""

    issuer: str = Field(description="The issuer's DID.")
    enforced: bool = Field(description="Whether this registry demands it of who issues.")
    now: NowAnswer
    at: ThenAnswer | None = Field(description="Null where no moment was asked about.")
    periods: list[PeriodAnswer]
    accreditations: list[PublicAccreditation]


def standing_answer(
    database: Database,
    issuer: Issuer,
    *,
    public_url: str,
    enforced: bool,
    now: datetime,
    at: datetime | None = None,
) -> StandingAnswer:
    """Return the standing of an issuer, now and at another moment if one is named."""
    with database.snapshot() as connection:
        schemes = {row["scheme_id"]: row for row in standings.schemes(connection)}
        rows = standings.of_issuer(connection, str(issuer.id))
    found = _Found(public_url, [term_of(row) for row in rows], has_schemes=bool(schemes))
    return StandingAnswer(
        issuer=issuer.did,
        enforced=enforced and bool(schemes),
        now=found.now(now),
        at=None if at is None else found.then(at),
        periods=[_period(period) for period in found.periods()],
        accreditations=[
            _accreditation(row, schemes[row["scheme_id"]], public_url=public_url, now=now)
            for row in rows
        ],
    )


def endorsement_url(public_url: str, accreditation_id: str) -> str:
    """Return where the endorsement of an accreditation is served."""
    return f"{public_url}/accreditations/{accreditation_id}/endorsement"


class _Found:
    """The terms of one issuer, and what is said of them."""

    def __init__(self, public_url: str, terms: Sequence[Term], *, has_schemes: bool) -> None:
        self._public_url = public_url
        self._terms = terms
        self._has_schemes = has_schemes

    def now(self, moment: datetime) -> NowAnswer:
        standing = self._standing(moment)
        told = said_now(standing, registry=self._public_url)
        return NowAnswer(
            moment=instant(moment), standing=standing, sentence=Texts(pl=told.pl, en=told.en)
        )

    def then(self, moment: datetime) -> ThenAnswer:
        standing, text = self._standing(moment), instant(moment)
        told = said_then(standing, registry=self._public_url, at=text)
        return ThenAnswer(
            moment=text,
            standing=standing,
            recorded=self._standing(moment, known_at=moment),
            sentence=Texts(pl=told.pl, en=told.en),
        )

    def periods(self) -> list[Period]:
        if not self._has_schemes:
            return [Period(None, None, Standing.NO_SCHEME)]
        return periods(self._terms)

    def _standing(self, moment: datetime, *, known_at: datetime | None = None) -> Standing:
        if not self._has_schemes:
            return Standing.NO_SCHEME
        return standing_at(self._terms, moment, known_at=known_at)


def _period(period: Period) -> PeriodAnswer:
    return PeriodAnswer(
        start=instant(period.start) if period.start else None,
        end=instant(period.end) if period.end else None,
        standing=period.standing,
    )


def _accreditation(
    row: RowMapping, scheme: RowMapping, *, public_url: str, now: datetime
) -> PublicAccreditation:
    return PublicAccreditation(
        accreditation_id=row["accreditation_id"],
        scheme_id=row["scheme_id"],
        scheme=Texts(pl=scheme["name_pl"], en=scheme["name_en"]),
        scheme_url=scheme["url"],
        accreditor_id=scheme["accreditor_id"],
        scope=row["scope"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        standing=standing_at([term_of(row)], now),
        endorsement=endorsement_url(public_url, row["accreditation_id"]),
    )
