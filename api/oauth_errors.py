"""How a request for an access token is refused (RFC 6749 §5.2)."""

import json
from typing import ClassVar

from starlette.responses import Response

NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE = 'Basic realm="registry", charset="UTF-8"'


class OAuthError(Exception):
    """No token is given; `description` is plain ASCII without quotation marks."""

    code: ClassVar[str]
    status: ClassVar[int] = 400

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description

    def response(self) -> Response:
        """Return the answer."""
        body = {"error": self.code, "error_description": self.description}
        headers = dict(NEVER_STORED)
        if self.status == 401:  # noqa: PLR2004 - RFC 9110 §15.5.2
            headers["WWW-Authenticate"] = CHALLENGE
        content = json.dumps(body).encode()
        return Response(content, self.status, headers=headers, media_type="application/json")


class TokenRequestError(OAuthError):
    """A parameter is missing, repeated or malformed."""

    code = "invalid_request"


class ClientError(OAuthError):
    """The client is unknown, or did not prove who it is."""

    code = "invalid_client"
    status = 401


class GrantTypeError(OAuthError):
    """Tokens are given for client credentials alone."""

    code = "unsupported_grant_type"


class UnknownScopeError(OAuthError):
    """The client may not have a scope it asks for."""

    code = "invalid_scope"
