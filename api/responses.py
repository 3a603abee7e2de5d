"""Headers and descriptions that many answers share."""

from typing import Any

from api.problems import PROBLEMS

ALWAYS = (400, 421, 429, 503)
_MEANINGS = {
    400: "The body is not strict JSON, too large, or not what the VC API takes.",
    401: "The API key or access token is missing, wrong, expired or withdrawn.",
    403: "The API key's role, or the access token, does not open this.",
    404: "There is no such thing, or it is not yours.",
    406: "Every form on offer is excluded.",
    409: "The state of things does not allow it.",
    410: "The document was erased.",
    412: "Somebody changed it since you read it.",
    415: "The body is of another media type.",
    421: "Another shard answers for it; the header `Registry-Shard` names it.",
    422: "A value is refused; `errors` names each.",
    429: "Too many wrong API keys from this address.",
    503: "The database does not answer, and nothing was changed; or it is not the moment.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route, those that any route may give included."""
    return {status: _described(status) for status in sorted({*statuses, *ALWAYS})}


def _described(status: int) -> dict[str, Any]:
    slugs = sorted(kind.slug for kind in PROBLEMS.values() if kind.status == status)
    return {
        "description": f"{_MEANINGS[status]} Types: {', '.join(slugs)}.",
    }
