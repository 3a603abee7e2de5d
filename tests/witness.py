"""A witness of logs (C2SP tlog-witness) over real HTTP on this machine, and its bad habits.

It keeps the sizes it cosigned in a file before it answers, as a real one does, so that it may be
stopped and started again. `Habit` makes it fail in ways the log has to bear.
"""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Lock, Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import cosigner_key, sign_cosignature
from registry.formats.tlog.merkle import EMPTY_ROOT, ConsistencyError, verify_consistency
from registry.formats.tlog.notes import Note, NoteError, NoteSignature, NoteSigner, verify
from registry.formats.tlog.verifier_keys import VerifierKey

CosignerKey = Ed25519PrivateKey | MLDSA44PrivateKey
HUGE_BYTES = 8_000_000


class Habit(StrEnum):
    """What the witness does with the next requests."""

    NONE = "answers as it must"
    SLOW = "takes its time"
    DRIPPING = "sends a byte now and then"
    WRONG_SIGNATURE = "signs another text"
    STRANGER = "signs with a key nobody knows as well"
    OVERZEALOUS = "signs with each key a hundred times"
    HUGE = "does not stop sending"
    GARBAGE = "answers 200 with nonsense"
    GARBAGE_CONFLICT = "answers 409 with nonsense"
    HUNG_UP = "hangs up"


_CANNED = {
    Habit.HUGE: (200, "text/plain", "\u2014 ".encode() + b"a" * HUGE_BYTES),
    Habit.GARBAGE: (200, "text/plain", b"\xff\xfe\n\n"),
    Habit.GARBAGE_CONFLICT: (409, "text/x.tlog.size", b"-1e3 or so"),
}
_SILENT = {Habit.SLOW, Habit.DRIPPING, Habit.HUNG_UP}


@dataclass
class Witness:
    """One witness: its keys sign under its name; `logs` are those it knows."""

    name: str
    keys: list[CosignerKey]
    file: Path
    logs: list[VerifierKey] = field(default_factory=list)
    habit: Habit = Habit.NONE
    status: int | None = None
    """Answer everything with this status."""
    slow_seconds: float = 30.0
    requests: list[tuple[int, int]] = field(default_factory=list)
    """The old size and the checkpoint's size of each request it understood."""
    statuses: list[int] = field(default_factory=list)
    """What it answered, in order."""
    clients: set[tuple[str, int]] = field(default_factory=set)
    """The address and port of each connection that was made."""
    url: str = ""
    stopping: bool = False
    _lock: Lock = field(default_factory=Lock)

    @property
    def verifier_keys(self) -> list[VerifierKey]:
        return [cosigner_key(self.name, key) for key in self.keys]

    @property
    def policy_lines(self) -> list[str]:
        """The lines that name this witness in a policy, one for each key."""
        return [
            f"witness {self.name}/{number} {key.vkey} {self.url}"
            for number, key in enumerate(self.verifier_keys)
        ]

    def size(self, origin: str) -> int:
        """Return the size of the tree it cosigned last."""
        return int(self._states().get(origin, {"size": 0})["size"])

    def forget(self) -> None:
        """Lose everything it knew, as if restored from nothing."""
        self.file.unlink(missing_ok=True)

    def add_checkpoint(self, body: bytes) -> tuple[int, str, bytes]:
        """Return the status, content type and body of the answer to a request."""
        try:
            old, proof, note = _parsed(body)
            checkpoint = Checkpoint.parse(note.text)
        except ValueError as error:
            return _refused(400, str(error))
        self.requests.append((old, checkpoint.size))
        known = [key for key in self.logs if key.name == checkpoint.origin]
        if not known:
            return _refused(404, "no such log")
        try:
            verify(note, known)
        except NoteError as error:
            return _refused(403, str(error))
        with self._lock:
            return self._grown(old, proof, checkpoint)

    def _grown(
        self, old: int, proof: list[bytes], checkpoint: Checkpoint
    ) -> tuple[int, str, bytes]:
        if old > checkpoint.size:
            return _refused(400, "the old size is larger")
        states = self._states()
        state = states.get(checkpoint.origin, {"size": 0, "root": EMPTY_ROOT.hex()})
        if old != state["size"]:
            return 409, "text/x.tlog.size", f"{state['size']}\n".encode()
        if old == checkpoint.size and checkpoint.root.hex() != state["root"]:
            return 409, "text/x.tlog.size", f"{state['size']}\n".encode()
        try:
            verify_consistency(
                old_size=old,
                old_root=bytes.fromhex(str(state["root"])),
                new_size=checkpoint.size,
                new_root=checkpoint.root,
                proof=proof,
            )
        except ConsistencyError as error:
            return _refused(422, str(error))
        states[checkpoint.origin] = {"size": checkpoint.size, "root": checkpoint.root.hex()}
        self.file.write_text(json.dumps(states))
        return 200, "text/plain", "".join(self._lines(checkpoint)).encode()

    def _lines(self, checkpoint: Checkpoint) -> Iterator[str]:
        text = checkpoint.text
        if self.habit is Habit.WRONG_SIGNATURE:
            text = Checkpoint("another.example/log", checkpoint.size, checkpoint.root).text
        if self.habit is Habit.STRANGER:
            yield self._cosignature(text, Ed25519PrivateKey.generate(), "stranger.example").line
        if self.habit is Habit.OVERZEALOUS:
            for at, key in product(range(1, 100), self.keys):
                yield sign_cosignature(text, name=self.name, private_key=key, at=at).line
        for key in self.keys:
            yield self._cosignature(text, key, self.name).line

    def _cosignature(self, text: str, key: CosignerKey, name: str) -> NoteSignature:
        return sign_cosignature(text, name=name, private_key=key, at=int(time.time()))

    def _states(self) -> dict[str, dict[str, int | str]]:
        states: dict[str, dict[str, int | str]] = {}
        return json.loads(self.file.read_text()) if self.file.exists() else states


def _parsed(body: bytes) -> tuple[int, list[bytes], Note]:
    head, blank, note = body.partition(b"\n\n")
    word, _, size = head.split(b"\n")[0].partition(b" ")
    lines = head.split(b"\n")[1:]
    if not blank or word != b"old" or str(int(size)).encode() != size or len(lines) > 63:
        raise ValueError("not a request")
    return int(size), [b64decode(line, validate=True) for line in lines], Note.parse(note)


def _refused(status: int, reason: str) -> tuple[int, str, bytes]:
    return status, "text/plain", reason.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    witness: Witness

    def do_POST(self) -> None:
        witness = self.witness
        witness.clients.add(self.client_address)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/witness/add-checkpoint":
            self._answer(404, "text/plain", b"no such path")
        elif witness.habit in _CANNED:
            self._answer(*_CANNED[witness.habit])
        elif witness.habit in _SILENT:
            self._stay_silent()
        elif witness.status is not None:
            self._answer(witness.status, "text/plain", b"no")
        else:
            self._answer(*witness.add_checkpoint(body))

    def _stay_silent(self) -> None:
        self.close_connection = True
        if self.witness.habit is Habit.SLOW:
            _sleep(self.witness)
        elif self.witness.habit is Habit.DRIPPING:
            self._drip()

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.witness.statuses.append(status)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _drip(self) -> None:
        try:
            for _ in range(1000):
                self.wfile.write(b"H")
                self.wfile.flush()
                if _sleep(self.witness, seconds=0.1):
                    return
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the test looks at `statuses`."""


def _sleep(witness: Witness, *, seconds: float | None = None) -> bool:
    until = time.monotonic() + (witness.slow_seconds if seconds is None else seconds)
    while time.monotonic() < until and not witness.stopping:
        time.sleep(0.02)
    return witness.stopping


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def serving(witness: Witness, *, port: int = 0) -> Iterator[Witness]:
    """Serve a witness while the block runs."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    server = _Server(("127.0.0.1", port), handler)
    witness.url, witness.stopping = f"http://127.0.0.1:{server.server_port}/witness", False
    # The shortest poll, so that stopping a witness takes a test no time.
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield witness
    finally:
        witness.stopping = True
        server.shutdown()
        server.server_close()


def new_witness(
    folder: Path, name: str, *, logs: list[VerifierKey], kinds: str = "ed25519"
) -> Witness:
    """Return a witness with new keys; `kinds` names them: ed25519, mldsa44 or both."""
    keys: list[CosignerKey] = []
    if "ed25519" in kinds:
        keys.append(Ed25519PrivateKey.generate())
    if "mldsa44" in kinds:
        keys.append(MLDSA44PrivateKey.generate())
    return Witness(f"{name}.example/witness", keys, folder / f"{name}.json", list(logs))


def policy_of(
    logs: list[VerifierKey], witnesses: list[Witness], *, needed: int | None = None
) -> bytes:
    """Return a policy with these logs and witnesses, of which `needed` (or all) must cosign."""
    lines = [f"log {key.vkey}" for key in logs]
    lines += [line for witness in witnesses for line in witness.policy_lines]
    if not witnesses:
        return "\n".join([*lines, "quorum none", ""]).encode()
    names = [line.split()[1] for witness in witnesses for line in witness.policy_lines]
    threshold = len(names) if needed is None else needed
    lines += [f"group quorum-of-witnesses {threshold} {' '.join(names)}"]
    return "\n".join([*lines, "quorum quorum-of-witnesses", ""]).encode()


def log_key(origin: str) -> NoteSigner:
    """Return a new key of a log."""
    return NoteSigner(origin, Ed25519PrivateKey.generate())
