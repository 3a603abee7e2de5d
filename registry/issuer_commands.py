"""Commands of an issuer's requests: digested with the issuer's own secret."""

from uuid import UUID

from registry.commands import Caller, Commands, issuer_scope
from registry.domain.aggregate import Command
from registry.domain.errors import UnknownIssuerError
from registry.identifiers import parse_id
from registry.lookups import Lookups
from registry.store.key_store import SecretMissingError


class IssuerCommands:
    """Makes commands for known issuers without loading them: an issuer is known by its secret."""

    def __init__(self, commands: Commands, lookups: Lookups) -> None:
        self._commands = commands
        self._lookups = lookups

    def make(self, caller: Caller, issuer_id: str, *, operation: str, body: object) -> Command:
        """Return the command; raises UnknownIssuerError or IssuerElsewhereError."""
        parse_id(issuer_id, UnknownIssuerError, field="issuer_id")
        self._lookups.check_here(issuer_id)
        try:
            scope = issuer_scope(issuer_id)
            return self._commands.make(caller, scope=scope, operation=operation, body=body)
        except SecretMissingError:
            # An issuer that is there without its secret is another fault than one that is not.
            self._lookups.issuer(issuer_id)
            raise

    def new_id(self, caller: Caller, issuer_id: str, *, operation: str) -> UUID:
        """Return the id of what the request creates: the same for the same idempotency key."""
        return self._commands.new_id(caller, scope=issuer_scope(issuer_id), operation=operation)
