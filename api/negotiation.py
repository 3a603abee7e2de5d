"""Choose a media type, or a coding, by an Accept header (RFC 9110 §12.5.1 and §12.5.3)."""

from collections.abc import Mapping, Sequence

Range = tuple[str, float]


def choose(accept: str, offers: Sequence[str]) -> str | None:
    """Return the offer with the highest quality, earlier ones first among equals.

    A header that names none of the offers gets the first: who asks for something unknown is
    better served than refused. None where every offer is excluded with q=0.
    """
    qualities = _qualities(accept, offers)
    unnamed = (offer for offer, quality in qualities.items() if quality is None)
    return _highest(qualities) or next(unnamed, None)


def accepted(accept: str, offers: Sequence[str]) -> str | None:
    """Return the offer with the highest quality, or None where the header accepts none of them."""
    return _highest(_qualities(accept, offers))


def _qualities(accept: str, offers: Sequence[str]) -> dict[str, float | None]:
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    return {offer: _quality(offer, ranges) for offer in offers}


def _highest(qualities: Mapping[str, float | None]) -> str | None:
    wanted = {offer: quality for offer, quality in qualities.items() if quality}
    return max(wanted, key=wanted.__getitem__, default=None)


def _quality(offer: str, ranges: Sequence[Range]) -> float | None:
    """Return what the most specific range that fits says, or None where none fits."""
    given = dict(ranges)
    for fitting in (offer, offer.partition("/")[0] + "/*", "*/*"):
        if fitting in given:
            return given[fitting]
    return None


def _range(part: str) -> Range:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return name, _weight(value.strip())
    return name, 1.0


def _weight(text: str) -> float:
    """Read a weight of 0 to 1; what is none excludes nothing."""
    try:
        weight = float(text)
    except ValueError:
        return 1.0
    return weight if 0 <= weight <= 1 else 1.0
