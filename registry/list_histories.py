"""Who may fetch what a status list was: auditors alone, or everyone."""

from registry.commands import Caller
from registry.domain.aggregate import Command
from registry.domain.errors import UnknownListError
from registry.domain.status_list import StatusList
from registry.identifiers import parse_id
from registry.issuer_commands import IssuerCommands
from registry.streams import Streams


class ListHistories:
    """Opens and closes the histories of lists."""

    def __init__(self, *, streams: Streams, commands: IssuerCommands) -> None:
        self._streams = streams
        self._commands = commands

    def open(self, caller: Caller, issuer_id: str, list_id: str) -> StatusList:
        """Let everyone fetch a list's past versions; raises UnknownListError."""
        command = self._command(caller, issuer_id, f"status-lists/{list_id}/history/open")
        return self._streams.carry_out(
            command,
            lambda: self._of_issuer(issuer_id, list_id),
            lambda status_list: status_list.open_history(command),
        )

    def close(self, caller: Caller, issuer_id: str, list_id: str) -> StatusList:
        """Keep a list's past versions for auditors; raises UnknownListError."""
        command = self._command(caller, issuer_id, f"status-lists/{list_id}/history/close")
        return self._streams.carry_out(
            command,
            lambda: self._of_issuer(issuer_id, list_id),
            lambda status_list: status_list.close_history(command),
        )

    def find(self, list_id: str) -> StatusList:
        """Return a list of whichever issuer; raises UnknownListError."""
        number = parse_id(list_id, UnknownListError, field="list_id")
        found = self._streams.load(StatusList(number))
        if not found.version:
            raise UnknownListError("there is no such status list", field="list_id")
        return found

    def _command(self, caller: Caller, issuer_id: str, operation: str) -> Command:
        return self._commands.make(caller, issuer_id, operation=operation, body={})

    def _of_issuer(self, issuer_id: str, list_id: str) -> StatusList:
        found = self.find(list_id)
        if found.shelf.issuer_id != issuer_id:
            raise UnknownListError("there is no such status list", field="list_id")
        return found
