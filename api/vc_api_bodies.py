"""What requests to the VC API carry (VCALM 1.0 and its OpenAPI description)."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from api.errors import UnknownOptionError
from api.values import Body
from registry.requests import CredentialOrder, StatusOrder

UNKNOWN_OPTION = "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED"

_ENTRY_TYPES = ("BitstringStatusListEntry", "BitstringStatusList")
"""The type of entries, and the name that VCALM's own example gives it."""

Document = dict[str, Any]


class Options(BaseModel):
    """Options; one that is unknown is an error, as VCALM 1.0, "Options", asks."""

    # The text "false" is not false.
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    def check(self) -> None:
        """Raise UnknownOptionError for what the registry does not understand."""
        unknown = sorted(self.__pydantic_extra__ or {})
        if unknown:
            raise unknown_options(unknown, known=list(type(self).model_fields))


class IssueOptions(Options):
    """How a credential is issued."""

    credentialId: str | None = Field(
        default=None,
        min_length=1,
        max_length=2_000,
        description="What status changes call the credential; its `id` unless given.",
        examples=["urn:uuid:7d9e4b1a-6c2f-4e3d-a5b4-1f0e9d8c7b6a"],
    )
    mandatoryPointers: list[str] = Field(
        default=[],
        max_length=0,
        description="For selective disclosure, which no suite here has: empty.",
    )
    previousProof: str | list[str] | None = Field(
        default=None,
        description="The id of the proof that the new one stands on; else both stand alone.",
    )


class IssueBody(Body):
    """A credential to secure."""

    credential: Document = Field(description="The credential, without the registry's proof.")
    options: IssueOptions = Field(default=IssueOptions(), description="How it is issued.")

    def order(self) -> CredentialOrder:
        """Return what the write side is asked for."""
        self.options.check()
        return CredentialOrder(
            self.credential,
            credential_id=self.options.credentialId,
            previous_proof=self.options.previousProof,
        )


class StatusEntryBody(Body):
    """The entry whose status changes."""

    type: str = Field(examples=["BitstringStatusListEntry"])
    statusPurpose: str = Field(
        max_length=40, description="revocation or suspension", examples=["revocation"]
    )
    id: str | None = Field(default=None, max_length=2_000, description="The entry's own id.")
    statusListIndex: str | None = Field(
        default=None, max_length=20, description="As in the entry.", examples=["94567"]
    )
    statusListCredential: str | None = Field(
        default=None, max_length=2_000, description="As in the entry."
    )

    @model_validator(mode="after")
    def _known_type(self) -> Self:
        if self.type not in _ENTRY_TYPES:
            raise ValueError(f"the registry's entries are of the type {_ENTRY_TYPES[0]}")
        return self


class StatusBody(Body):
    """A status to set or to clear."""

    credentialId: str = Field(
        min_length=1,
        max_length=2_000,
        description="The credential's `id`, or the `credentialId` it was issued under.",
    )
    credentialStatus: StatusEntryBody
    status: StrictBool = Field(
        description="True sets the status, false clears it.", examples=[True]
    )
    indexAllocator: str | None = Field(
        default=None, max_length=2_000, description="Taken and not needed: there is one allocator."
    )

    def order(self) -> StatusOrder:
        """Return what the write side is asked for."""
        entry = self.credentialStatus
        return StatusOrder(
            self.credentialId,
            entry.statusPurpose,
            self.status,
            list_url=entry.statusListCredential,
            index=entry.statusListIndex,
        )


class StatusListBody(Body):
    """A status list to open."""

    statusPurpose: str = Field(
        max_length=40, description="revocation or suspension", examples=["revocation"]
    )
    id: None = Field(default=None, description="Left out: the registry names its lists.")
    options: Options = Field(default=Options(), description="None are known.")


def unknown_options(names: list[str], *, known: list[str]) -> UnknownOptionError:
    """Return the error that names each unknown option."""
    remedy = f"leave it out; known are: {', '.join(known) or 'none'}"
    faults = [
        {"field": f"options.{name}", "reason": "unknown", "remedy": remedy, "type": UNKNOWN_OPTION}
        for name in names
    ]
    return UnknownOptionError("unknown options: " + ", ".join(names), errors=faults)
