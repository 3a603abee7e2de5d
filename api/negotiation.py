"""Choose a media type by an Accept header (RFC 9110 §12.5.1)."""

from collections.abc import Sequence

Range = tuple[str, float]


def choose(accept: str, offers: Sequence[str]) -> str | None:
    """Return the offer with the highest quality, earlier ones first among equals.

    A header that names none of the offers gets the first: who asks for something unknown is
    better served than refused. None where every offer is excluded with q=0.
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    qualities = [_quality(offer, ranges) for offer in offers]
    wanted = [quality or 0.0 for quality in qualities]
    if max(wanted) > 0:
        return offers[wanted.index(max(wanted))]
    return next((o for o, q in zip(offers, qualities, strict=True) if q is None), None)


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
