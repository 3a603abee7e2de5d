"""A log of a few made-up leaves in a folder, which grows and is signed as a test asks."""

from dataclasses import dataclass, field
from pathlib import Path

from projections.transparency.add_checkpoint import LoggedCheckpoint
from projections.transparency.floor import LogFiles, LogFolder
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.merkle import Frontier, leaf_hashes
from registry.formats.tlog.notes import Note, NoteSigner
from registry.formats.tlog.verifier_keys import VerifierKey
from tests.witness import log_key

ORIGIN = "registry.example.org/log"


@dataclass
class SmallLog:
    """Log number 1 of a folder; leaf 7 is `leaf 7` unless `salt` says otherwise."""

    root: Path
    salt: str = ""
    signer: NoteSigner = field(default_factory=lambda: log_key(ORIGIN))
    frontier: Frontier = field(default_factory=Frontier.empty)

    @property
    def files(self) -> LogFiles:
        return LogFolder(self.root).log(1)

    @property
    def key(self) -> VerifierKey:
        return self.signer.verifier_key

    def grow(self, count: int = 1) -> bytes:
        """Append leaves; return the checkpoint that was signed then."""
        start = self.frontier.size
        leaves = [f"leaf {self.salt}{index}".encode() for index in range(start, start + count)]
        return self.append(leaves)

    def append(self, leaves: list[bytes]) -> bytes:
        """Append these leaves; return the checkpoint that was signed then."""
        hashes = leaf_hashes(leaves)
        self.files.append(self.frontier.size, leaves, hashes)
        self.frontier = self.frontier.append_all(hashes)
        note = self.sign()
        self.files.put_checkpoint(note)
        return note

    def sign(self) -> bytes:
        """Return a signed checkpoint of the tree as it is."""
        text = Checkpoint(self.signer.name, self.frontier.size, self.frontier.root()).text
        return Note(text, (self.signer.sign(text),)).to_bytes()

    def newest(self) -> LoggedCheckpoint | None:
        note = self.files.checkpoint()
        if note is None:
            return None
        return LoggedCheckpoint.of(self.files.path, note, self.files.read_tile)
