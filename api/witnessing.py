"""Build what has the log witnessed: the policy that names the witnesses, and who asks them."""

from api.settings import Settings
from projections.transparency.floor import LogFolder
from projections.transparency.witness_connection import WitnessUrlError
from projections.transparency.witnesses import WitnessClient, newest_in
from registry.domain.errors import RegistryError
from registry.formats.tlog.policies import Policy, PolicyError


class LogPolicyError(RegistryError):
    """The policy that names the log's witnesses cannot be used."""


def read_log_policy(settings: Settings) -> Policy | None:
    """Return the policy of the settings, None where none is set; raises LogPolicyError."""
    if settings.log_policy is None:
        return None
    try:
        return Policy.parse(settings.log_policy.read_bytes())
    except (OSError, PolicyError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LogPolicyError(
            f"{settings.log_policy}: {reason}",
            field="log_policy",
            remedy="correct the file (docs/receipts.md), or unset log_policy",
        ) from error


def build_witnesses(folder: LogFolder, policy: Policy | None) -> WitnessClient | None:
    """Return what asks the witnesses of a policy, None without one; raises LogPolicyError."""
    if policy is None:
        return None
    lock_file = folder.root / ".witnesses.lock"
    try:
        return WitnessClient(policy, lambda: newest_in(folder), lock_file=lock_file)
    except WitnessUrlError as error:
        raise LogPolicyError(
            str(error), field="log_policy", remedy="correct the witness's URL in the file"
        ) from error
