"""Only so much is verified at once."""

import threading

import pytest

from api.errors import BusyError
from api.verifying_capacity import BoundedVerifier
from registry.verification.ports import Fetched
from registry.verification.verify import Verifier


class Nowhere:
    """A fetcher that is never asked."""

    def fetch(self, url: str, *, accept: str) -> Fetched:
        raise NotImplementedError


def test_who_comes_when_all_is_lent_is_refused_and_room_is_given_back() -> None:
    verifier = BoundedVerifier(Verifier(Nowhere()), most=2, wait_seconds=0.01)
    with verifier.lent(), verifier.lent(), pytest.raises(BusyError), verifier.lent():
        pass
    with verifier.lent(), verifier.lent():
        pass


def test_who_waits_gets_the_room_that_becomes_free() -> None:
    verifier = BoundedVerifier(Verifier(Nowhere()), most=1, wait_seconds=5)
    got = threading.Event()

    def wait() -> None:
        with verifier.lent():
            got.set()

    with verifier.lent():
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.wait(0.05)
    waiting.join()
    assert got.is_set()
