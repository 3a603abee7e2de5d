"""The transparency log: stored events as the leaves of a Merkle tree, under signed checkpoints."""
