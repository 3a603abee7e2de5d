"""The registry's rules: pure values and decisions, no I/O."""
