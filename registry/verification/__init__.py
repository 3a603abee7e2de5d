"""Checks and a verdict for any credential.

A library without a clock and without I/O of its own: the instant is an argument, and what must
be fetched comes through `ports.Fetcher`. The one module that opens sockets is `guarded_fetch`.
"""
