"""The name an issuer calls credentials by: a stream of its own, which tells who bears it."""

from uuid import UUID

from registry.domain.aggregate import Aggregate, Command, ForeignEventError
from registry.domain.events import CredentialNamed, Event


class CredentialName(Aggregate):
    """Folds the events of one name; `bearers` are the ids of its credentials, oldest first.

    A name may be given again. Two who give it at once collide in the event store, so that none
    of them is missing here.
    """

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.bearers: list[str] = []

    def give(self, command: Command, *, issuer_id: str, credential_id: str) -> None:
        """Record that a credential of the issuer's bears the name, beside those that do already."""
        self.record(CredentialNamed, command, issuer_id=issuer_id, credential_id=credential_id)

    def when(self, event: Event) -> None:
        """Apply one event."""
        match event:
            case CredentialNamed():
                self.bearers.append(event.credential_id)
            case _:
                raise ForeignEventError(f"not a name's event: {event!r}")
