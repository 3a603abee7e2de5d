"""Decide by a policy file whether a checkpoint is to be believed (C2SP tlog-policy).

A policy names logs, witnesses, and the quorum: which witnesses must have cosigned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError
from registry.formats.tlog.cosignatures import Cosignature, verify_cosignatures
from registry.formats.tlog.notes import Note, NoteError, verify
from registry.formats.tlog.policy_files import (
    PolicyError,
    PolicyGroup,
    PolicyLog,
    PolicyWitness,
    read_policy,
)
from registry.formats.tlog.verifier_keys import VerifierKey

__all__ = [
    "Policy",
    "PolicyError",
    "PolicyGroup",
    "PolicyLog",
    "PolicyNotMetError",
    "PolicyVerdict",
    "PolicyWitness",
]


class PolicyNotMetError(ValueError):
    """A checkpoint is not signed and cosigned as the policy requires."""


@dataclass(frozen=True)
class PolicyVerdict:
    """A checkpoint the policy is satisfied with, the log's key that signed it, and who cosigned."""

    checkpoint: Checkpoint
    log: VerifierKey
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True)
class Policy:
    """Whom to believe; `groups` stand in the order of the file, and no `quorum` requires none."""

    logs: tuple[PolicyLog, ...]
    witnesses: Mapping[str, PolicyWitness]
    groups: Mapping[str, PolicyGroup]
    quorum: str | None

    @classmethod
    def parse(cls, data: bytes) -> "Policy":
        """Return the policy in a file, or raise PolicyError naming the line."""
        lines = read_policy(data)
        return cls(lines.logs, lines.witnesses, lines.groups, lines.quorum)

    def check(self, note: bytes) -> PolicyVerdict:
        """Return the verdict on a signed checkpoint, or raise PolicyNotMetError.

        One of the logs must have signed it, under the name that is its origin, and witnesses that
        make the quorum must have cosigned. A bad signature of a known key is never passed over.
        """
        try:
            parsed = Note.parse(note)
            checkpoint = Checkpoint.parse(parsed.text)
            log_keys = [log.key for log in self.logs if log.key.name == checkpoint.origin]
            log, *_ = verify(parsed, log_keys)
            witnesses = [witness.key for witness in self.witnesses.values()]
            cosignatures = tuple(verify_cosignatures(parsed, witnesses))
        except (NoteError, CheckpointError) as error:
            raise PolicyNotMetError(f"the checkpoint: {error}") from error
        if not self.satisfied_by(cosignature.key for cosignature in cosignatures):
            raise PolicyNotMetError("the witnesses that cosigned make no quorum")
        return PolicyVerdict(checkpoint, log, cosignatures)

    def satisfied_by(self, keys: Iterable[VerifierKey]) -> bool:
        """Tell whether witnesses with these keys make the quorum."""
        given = set(keys)
        met = {name for name, witness in self.witnesses.items() if witness.key in given}
        # Groups name only what stands before them, so one pass in their order is enough.
        for name, group in self.groups.items():
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(name)
        return self.quorum is None or self.quorum in met

    def quorum_before(self, cosignatures: Iterable[Cosignature], at: int) -> bool:
        """Tell whether the cosignatures made before a POSIX time make a quorum of witnesses.

        Never where no quorum is required, since then nobody says when the checkpoint was there;
        and a cosignature without a time says it neither.
        """
        earlier = [cosignature.key for cosignature in cosignatures if 0 < cosignature.at < at]
        return self.quorum is not None and self.satisfied_by(earlier)
