"""What others must reproduce: bytes and values in, bytes and values out, and nothing else."""
