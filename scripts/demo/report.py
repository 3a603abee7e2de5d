"""What a demonstration found, for programs and for people who see a registry for the first time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scripts.answers import FAILED, table


@dataclass(frozen=True)
class ListState:
    """A status list as it is served; `set` counts entries, `bytes` is the size of the answer."""

    url: str
    purpose: str
    entries: int
    set: int
    bytes: int
    version: int


@dataclass(frozen=True)
class Verdicts:
    """How many badges a verifier found in each state; `wrong` ones should be in another."""

    valid: int
    suspended: int
    revoked: int
    unknown: int
    wrong: int


@dataclass(frozen=True)
class Replayed:
    """What `registry replay --verify` found, and how many events the auditor read over HTTP."""

    events: int
    identical: bool
    events_over_http: int


@dataclass(frozen=True)
class Freshness:
    """Milliseconds from a change's acknowledgement until anybody could fetch it."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True)
class Result:
    """Everything a demonstration found."""

    issued: int
    suspended: int
    reinstated: int
    revoked: int
    lists: Sequence[ListState]
    verdicts: Verdicts
    replay: Replayed
    freshness_ms: Freshness
    base_url: str
    ca_file: str
    folder: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 where everything came out as it must."""
        right = self.verdicts.wrong == self.verdicts.unknown == 0 and self.replay.identical
        return 0 if right else FAILED

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


def summary(result: Result) -> str:
    """Return a short table: who did what, and what came of it."""
    verdicts, replay, fresh = result.verdicts, result.replay, result.freshness_ms
    rows = [
        ("issuer", "issued", f"{result.issued:,} micro-credentials, each signed"),
        ("", "changed", _changes(result)),
        (
            "everybody",
            "sees a change after",
            f"{fresh.p50:.0f} ms (half), {fresh.p99:.0f} ms (99 %)",
        ),
        *(("", f"fetches the {one.purpose} list", _list(one)) for one in result.lists),
        ("verifier", "checked every badge", _found(verdicts)),
        ("", "wrong or unknown", f"{verdicts.wrong:,} wrong, {verdicts.unknown:,} unknown"),
        ("auditor", "read the history", f"{replay.events_over_http:,} events"),
        ("", "replayed it from zero", _replay(replay)),
    ]
    return table(("who", "did", "result"), rows) + f"\n\nAll of it took {result.seconds:.0f} s."


def next_steps(result: Result, *, serving: bool, kept: bool) -> str:
    """Return what to open next."""
    if not (serving or kept):
        return (
            "Everything was removed again. To look around:\n"
            "  registry demo --folder my-demo --serve"
        )
    steps = _steps(result.document())
    if serving:
        return "The server is running; Ctrl-C ends it. Now try:\n" + steps
    return f"Start it again: registry --folder {result.folder} serve\nThen try:\n" + steps


def _steps(found: Mapping[str, Any]) -> str:
    folder, ca_file, base_url = found["folder"], found["ca_file"], found["base_url"]
    return "\n".join(
        f"  {step}"
        for step in (
            f"open {base_url}/docs   (the API; the keys are in {folder}/api-keys.json)",
            f"curl --cacert {ca_file} {found['lists'][0]['url']}",
            f"registry verify --allow-loopback --ca-file {ca_file} {folder}/badges/*.json",
            f"registry --folder {folder} replay --verify --all-versions",
        )
    )


def _changes(result: Result) -> str:
    return (
        f"{result.suspended:,} suspended, {result.reinstated:,} reinstated, "
        f"{result.revoked:,} revoked"
    )


def _list(one: ListState) -> str:
    return f"{one.set:,} of {one.entries:,} set, {one.bytes:,} bytes, version {one.version}"


def _found(verdicts: Verdicts) -> str:
    return (
        f"{verdicts.valid:,} valid, {verdicts.suspended:,} suspended, {verdicts.revoked:,} revoked"
    )


def _replay(replay: Replayed) -> str:
    if replay.identical:
        return f"{replay.events:,} events give the same views and the same list bytes"
    return "the views or lists DIFFER from what the events make"
