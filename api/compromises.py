"""What a compromised key touched, as operators and auditors are told."""

from pydantic import BaseModel, Field

from api.bootstrap import Registry
from api.witnessing import read_log_policy
from projections.compromise import CompromiseReport, CompromiseReports, SignedCredential
from projections.proofs_of_age import ProofsOfAge
from registry.domain.credential import Status


class SignedCredentialAnswer(BaseModel):
    """A credential that the key signed."""

    credential_id: str
    issued_at: str
    proved: bool = Field(description="Witnesses had seen its issuance before the compromise.")
    reissuable: bool = Field(description="It can be issued anew under the next key.")
    status: Status = Field(description="As its events left it.")
    superseded_by: str | None = Field(description="The credential that replaced it.")
    erased: bool = Field(description="Its document is gone, so it cannot be issued anew.")


class SignedListAnswer(BaseModel):
    """A status list that the key signed once."""

    list_id: str
    purpose: str = Field(examples=["revocation"])
    version: int = Field(description="The newest published version.")
    signed_anew: bool = Field(description="Another key signed that version.")


class CompromiseCounts(BaseModel):
    """How many of each there are."""

    signed: int = Field(description="Credentials that the key signed.")
    proved: int = Field(description="Those proved to be older than the compromise.")
    not_proved: int = Field(description="The registry's verdict on these stays unknown.")
    reissuable: int
    reissued: int = Field(description="Proved ones that another credential replaced.")
    erased: int
    lists: int = Field(description="Status lists that the key signed.")
    lists_signed_anew: int


class CompromiseAnswer(BaseModel):
    """What a key touched."""

    issuer_id: str
    key: str = Field(examples=["z6Mk…"])
    since: str | None = Field(description="Null: it is not recorded as compromised.")
    counts: CompromiseCounts
    credentials: list[SignedCredentialAnswer]
    lists: list[SignedListAnswer]


def compromise_reports(registry: Registry) -> CompromiseReports:
    """Build what makes the reports; raises LogPolicyError for a policy that cannot be read."""
    policy = read_log_policy(registry.settings)
    ages = ProofsOfAge(registry.transparency.folder, policy)
    return CompromiseReports(registry.history, ages)


def compromise_answer(report: CompromiseReport) -> CompromiseAnswer:
    """Show a report."""
    return CompromiseAnswer(
        issuer_id=report.issuer_id,
        key=report.key,
        since=report.since,
        counts=_counts(report),
        credentials=[_credential(each) for each in report.credentials],
        lists=[
            SignedListAnswer(
                list_id=each.list_id,
                purpose=each.purpose,
                version=each.version,
                signed_anew=each.is_signed_anew,
            )
            for each in report.lists
        ],
    )


def _credential(credential: SignedCredential) -> SignedCredentialAnswer:
    return SignedCredentialAnswer(
        credential_id=credential.credential_id,
        issued_at=credential.issued_at,
        proved=credential.is_proved,
        reissuable=credential.can_be_reissued,
        status=credential.status,
        superseded_by=credential.superseded_by,
        erased=credential.is_erased,
    )


def _counts(report: CompromiseReport) -> CompromiseCounts:
    credentials = report.credentials
    proved = [each for each in credentials if each.is_proved]
    return CompromiseCounts(
        signed=len(credentials),
        proved=len(proved),
        not_proved=len(credentials) - len(proved),
        reissuable=sum(each.can_be_reissued for each in proved),
        reissued=sum(each.superseded_by is not None for each in proved),
        erased=sum(each.is_erased for each in credentials),
        lists=len(report.lists),
        lists_signed_anew=sum(each.is_signed_anew for each in report.lists),
    )
