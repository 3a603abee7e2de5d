"""Choose Polish or English by an Accept-Language header (RFC 9110 §12.5.4)."""

from typing import Annotated

from fastapi import Depends, Header

from api.negotiation import choose
from registry.domain.text import Language

_OFFERS = (Language.EN, Language.PL)


def _chosen(
    accept_language: Annotated[
        str | None, Header(description="`pl` or `en`; English unless given.", examples=["pl"])
    ] = None,
) -> Language:
    # "pl-PL" asks for Polish as "pl" does; the registry knows no regions.
    parts = (accept_language or "").split(",")
    ranges = [_without_region(part) for part in parts]
    return Language(choose(",".join(ranges), _OFFERS) or Language.EN)


def _without_region(part: str) -> str:
    language, semicolon, parameters = part.strip().partition(";")
    return language.partition("-")[0] + semicolon + parameters


ReaderLanguage = Annotated[Language, Depends(_chosen)]
