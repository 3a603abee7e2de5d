"""Copies of what is published, kept where other servers than the registry serve them."""
