"""What operators do: admit issuers, turn over their keys, open generic issuing."""

from registry.commands import REGISTRY, Caller, Commands, issuer_scope
from registry.custody import Custody
from registry.domain.aggregate import Command
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.domain.profiles import GenericProfile
from registry.domain.securing import KeyType, Mechanism
from registry.formats import did as dids
from registry.formats.signer import Signer
from registry.issuer_changes import IssuerChanges
from registry.issuer_commands import IssuerCommands
from registry.list_histories import ListHistories
from registry.lookups import Lookups
from registry.requests import Organisation
from registry.store.key_store import KeyStore
from registry.store.signing import SigningKeys
from registry.streams import Streams


class OperatorUseCases:
    """The use cases of operators; each takes the caller first and is durable on return."""

    def __init__(
        self, *, streams: Streams, commands: Commands, keys: KeyStore, public_url: str
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._keys = keys
        self._signing = SigningKeys(keys)
        self._lookups = Lookups(streams)
        self._issuer_commands = IssuerCommands(commands, self._lookups)
        self.issuer_changes = IssuerChanges(
            streams=streams,
            commands=self._issuer_commands,
            lookups=self._lookups,
            signing=self._signing,
        )
        self.custody = Custody(streams, self._lookups)
        self.list_histories = ListHistories(streams=streams, commands=self._issuer_commands)
        self.public_url = public_url

    def register_issuer(self, caller: Caller, organisation: Organisation) -> Issuer:
        """Register an organisation; one that is did:key gets its only key at once."""
        organisation.check()
        body = organisation.plain()
        # A shard that was split off has the same secret: the same key must not give the same id.
        shard = self._streams.homes.shard
        operation = f"issuers@{shard}" if shard else "issuers"
        command = self._commands.make(caller, scope=REGISTRY, operation=operation, body=body)
        issuer_id = self._commands.new_id(caller, scope=REGISTRY, operation=operation)
        at = instant(command.recorded_at)
        details = {name: body[name] for name in ("name_pl", "name_en", "country", "url")}

        def register(issuer: Issuer) -> None:
            self._keys.find_or_create([issuer_scope(str(issuer_id))], at=at)
            if organisation.did_method == "web":
                issuer.register(command, did=self._did_web(str(issuer_id)), **details)
                _place(issuer, command, shard)
                return
            key = self._signing.create(str(issuer_id), at=at, key_type=organisation.key_type)
            issuer.register(command, did=dids.did_key(key), **details)
            _place(issuer, command, shard)
            issuer.add_key(command, key=key, verification_method=f"{issuer.did}#{key}")

        return self._streams.carry_out(
            command, lambda: self._streams.load(Issuer(issuer_id)), register
        )

    def _did_web(self, issuer_id: str) -> str:
        try:
            return dids.did_web(self.public_url, "issuers", issuer_id)
        except dids.DidError as error:
            raise InvalidValueError(
                f"a did:web needs an https URL with a host name, this is {self.public_url}",
                field="did_method",
                remedy='register the issuer with the did_method "key"',
            ) from error

    def add_signing_key(
        self, caller: Caller, issuer_id: str, key_type: KeyType = KeyType.ED25519
    ) -> str:
        """Make a key that signs from now on; return its public half as a Multikey."""
        body = {} if key_type is KeyType.ED25519 else {"type": key_type.value}
        operation = f"issuers/{issuer_id}/keys"
        command = self._issuer_commands.make(caller, issuer_id, operation=operation, body=body)

        def add(issuer: Issuer) -> None:
            issuer.check_key_can_be_added()
            at = instant(command.recorded_at)
            key = self._signing.create(issuer_id, at=at, key_type=key_type)
            issuer.add_key(command, key=key, verification_method=f"{issuer.did}#{key}")

        issuer = self._streams.carry_out(command, lambda: self.issuer(issuer_id), add)
        return list(issuer.keys)[-1]

    def retire_signing_key(self, caller: Caller, issuer_id: str, key: str) -> Issuer:
        """Stop signing with a key."""
        operation = f"issuers/{issuer_id}/keys/{key}/retire"
        command = self._issuer_commands.make(caller, issuer_id, operation=operation, body={})
        return self._streams.carry_out(
            command,
            lambda: self.issuer(issuer_id),
            lambda issuer: issuer.retire_key(command, key=key),
        )

    def open_generic_issuing(
        self, caller: Caller, issuer_id: str, profile: GenericProfile
    ) -> Issuer:
        """Let an issuer secure any credential, or change how it does."""
        body = {"cryptosuite": profile.mechanism.value, "purposes": list(profile.purposes)}
        operation = f"issuers/{issuer_id}/generic-issuing"
        command = self._issuer_commands.make(caller, issuer_id, operation=operation, body=body)
        return self._streams.carry_out(
            command,
            lambda: self.issuer(issuer_id),
            lambda issuer: issuer.open_generic_issuing(command, profile),
        )

    def issuer(self, issuer_id: str) -> Issuer:
        """Return an issuer; raises UnknownIssuerError."""
        return self._lookups.issuer(issuer_id)

    def check_here(self, issuer_id: str) -> None:
        """Raise IssuerElsewhereError for an issuer that another shard answers for."""
        self._lookups.check_here(issuer_id)

    def open_signer(self, issuer_id: str, key: str, *, verification_method: str) -> Signer:
        """Return what signs with one key of an issuer's; raises SecretMissingError."""
        return self._signing.signer(issuer_id, key, verification_method=verification_method)

    def signer_of(self, issuer_id: str, mechanism: Mechanism) -> Signer:
        """Return what secures an issuer's credentials now; raises NoSigningKeyError."""
        return self._signer(self.issuer(issuer_id), mechanism)

    def _signer(self, issuer: Issuer, mechanism: Mechanism) -> Signer:
        issuer.check_open()
        return self._any_signer(issuer, mechanism)

    def _any_signer(self, issuer: Issuer, mechanism: Mechanism) -> Signer:
        """Return what signs for an issuer, be it closed or not."""
        issuer.check_can_sign(mechanism)
        key = issuer.signing_key(mechanism.key_type)
        method = dids.method_id(issuer.did, key, is_jwt=mechanism.is_jwt)
        return self.open_signer(str(issuer.id), key, verification_method=method)


def _place(issuer: Issuer, command: Command, shard: str | None) -> None:
    """Say where a new issuer is at home, in a registry of several shards."""
    if shard is not None:
        issuer.place(command, shard=shard)
