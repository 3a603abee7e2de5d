"""Read policy files line by line (C2SP tlog-policy, "Policy file syntax and structure")."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from registry.formats.tlog.cosignatures import COSIGNATURE_TYPES
from registry.formats.tlog.verifier_keys import ED25519, VerifierKey, VerifierKeyError

MAX_POLICY_BYTES: Final = 1_048_576
NO_QUORUM: Final = "none"
NO_WITNESSES: Final = b"quorum none\n"
"""A policy that asks for no cosignature, and names no log either."""
_FORBIDDEN: Final = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_SPACE: Final = re.compile(r"[ \t]+")
_THRESHOLD: Final = re.compile(r"[1-9][0-9]{0,5}")


class PolicyError(ValueError):
    """A policy file is malformed."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class PolicyLog:
    """A log that is believed, by one of its keys, and where it can be reached."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyWitness:
    """A witness's key, and where it takes checkpoints."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True)
class PolicyGroup:
    """Witnesses and groups of which at least `threshold` must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class PolicyFile:
    """What the lines of a policy file define; a quorum of None requires no witness."""

    logs: tuple[PolicyLog, ...]
    witnesses: Mapping[str, PolicyWitness]
    groups: Mapping[str, PolicyGroup]
    quorum: str | None


def read_policy(data: bytes) -> PolicyFile:
    """Return what a policy file defines, or raise PolicyError naming the line."""
    if len(data) > MAX_POLICY_BYTES:
        raise PolicyError(1, f"the file is longer than {MAX_POLICY_BYTES} bytes")
    *lines, rest = data.split(b"\n")
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        reader.line = number
        reader.read(line)
    if rest:
        raise PolicyError(len(lines) + 1, "the line does not end in a newline")
    return reader.policy()


@dataclass
class _Reader:
    """What the lines read so far define."""

    line: int = 1
    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: dict[str, PolicyWitness] = field(default_factory=dict)
    groups: dict[str, PolicyGroup] = field(default_factory=dict)
    grouped: set[str] = field(default_factory=set)
    quorums: list[str | None] = field(default_factory=list)

    def policy(self) -> PolicyFile:
        if not self.quorums:
            raise self.error("a policy has a quorum line; `quorum none` requires no witness")
        return PolicyFile(tuple(self.logs), self.witnesses, self.groups, self.quorums[0])

    def read(self, line: bytes) -> None:
        if _FORBIDDEN.search(line):
            raise self.error("only tabs may stand among the characters, and no other control")
        # Bytes above 0x7f are opaque: whatever is not UTF-8 stays distinct from all that is.
        text = line.decode(errors="surrogateescape").strip(" \t")
        if not text or text.startswith("#"):
            return
        match _SPACE.split(text):
            case ["log", vkey, *url] if len(url) <= 1:
                self.add_log(vkey, *url)
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self.add_witness(name, vkey, *url)
            case ["group", name, threshold, *members] if members:
                self.add_group(name, threshold, members)
            case ["quorum", name]:
                self.add_quorum(name)
            case _:
                raise self.error("not a log, witness, group or quorum line")

    def add_log(self, vkey: str, url: str | None = None) -> None:
        key = self.key(vkey, frozenset({ED25519}))
        if any(log.key.public_key == key.public_key for log in self.logs):
            raise self.error("this log's key stands on an earlier line")
        self.logs.append(PolicyLog(key, url))

    def add_witness(self, name: str, vkey: str, url: str | None = None) -> None:
        self.check_new(name)
        key = self.key(vkey, COSIGNATURE_TYPES)
        if any(other.key.public_key == key.public_key for other in self.witnesses.values()):
            raise self.error("this witness's key stands on an earlier line")
        self.witnesses[name] = PolicyWitness(key, url)

    def add_group(self, name: str, threshold: str, members: list[str]) -> None:
        self.check_new(name)
        for member in members:
            self.check_defined(member)
            if member in self.grouped:
                raise self.error(f"{member!r} is a member already")
            self.grouped.add(member)
        self.groups[name] = PolicyGroup(self.threshold(threshold, len(members)), tuple(members))

    def add_quorum(self, name: str) -> None:
        if self.quorums:
            raise self.error("a policy has one quorum line")
        if name != NO_QUORUM:
            self.check_defined(name)
        self.quorums.append(None if name == NO_QUORUM else name)

    def threshold(self, text: str, members: int) -> int:
        number = {"any": "1", "all": str(members)}.get(text, text)
        if not _THRESHOLD.fullmatch(number) or int(number) > members:
            raise self.error(f"of {members} members, {text!r} cannot be required")
        return int(number)

    def key(self, vkey: str, types: frozenset[int]) -> VerifierKey:
        try:
            key = VerifierKey.parse(vkey)
        except VerifierKeyError as error:
            raise self.error(str(error)) from None
        if key.key_type not in types:
            raise self.error(f"a key of type {key.key_type} makes no signatures of this kind")
        return key

    def check_new(self, name: str) -> None:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            raise self.error(f"the name {name!r} is taken")

    def check_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise self.error(f"{name!r} is not defined on an earlier line")

    def error(self, reason: str) -> PolicyError:
        return PolicyError(self.line, reason)


def with_logs(keys: Iterable[VerifierKey], given: bytes = NO_WITNESSES) -> bytes:
    """Return a policy file that names these keys of a log, and else says what `given` says.

    A public key that `given` names for another log is replaced: it may stand in a policy once.
    """
    named = {key.public_key: key for key in keys}
    others = [line for line in given.split(b"\n") if _log_key_in(line) not in named]
    lines = [f"log {key.vkey}\n".encode() for key in named.values()]
    return b"".join(lines) + b"\n".join(others)


def _log_key_in(line: bytes) -> bytes | None:
    """Return the public key on a line that names a log, None for other lines."""
    match line.decode(errors="replace").split():
        case ["log", vkey, *_]:
            return VerifierKey.parse(vkey).public_key
    return None
