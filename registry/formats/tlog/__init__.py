"""Merkle trees, their tiles, checkpoints, cosignatures, proofs and policies: bytes in, bytes out.

The tree is RFC 6962's; the files around it are C2SP's (tlog-tiles, signed-note, tlog-checkpoint,
tlog-cosignature, tlog-proof, tlog-policy). Only `leaves` and `receipts` know this registry.
"""
