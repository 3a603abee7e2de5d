"""Only so much is verified at once."""

import threading
from typing import Any

import pytest
from fastapi import FastAPI, Request

from api.errors import BusyError
from api.vc_api_route import counted_caller
from api.verifying_capacity import BoundedVerifier, Capacity
from registry.store.api_keys import Principal, Role
from registry.verification.ports import Fetched
from registry.verification.verify import Verifier


class Nowhere:
    """A fetcher that is never asked."""

    def fetch(self, url: str, *, accept: str) -> Fetched:
        raise NotImplementedError


def lender(**bounds: Any) -> BoundedVerifier:
    return BoundedVerifier(Verifier(Nowhere()), capacity=Capacity(**bounds))


def test_who_comes_when_all_is_lent_is_refused_and_room_is_given_back() -> None:
    verifier = lender(most=2, wait_seconds=0.01)
    with verifier.lent(None), verifier.lent(None), pytest.raises(BusyError), verifier.lent(None):
        pass
    with verifier.lent(None), verifier.lent(None):
        pass


def test_who_waits_gets_the_room_that_becomes_free() -> None:
    verifier = lender(most=1, wait_seconds=5)
    got = threading.Event()

    def wait() -> None:
        with verifier.lent(None):
            got.set()

    with verifier.lent(None):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.wait(0.05)
    waiting.join()
    assert got.is_set()


@pytest.mark.parametrize(("development", "counted"), [(True, None), (False, "key-1")])
def test_work_is_counted_by_api_key_but_not_in_development(
    development: bool, counted: str | None
) -> None:
    app = FastAPI()
    app.state.development = development
    request = Request({"type": "http", "app": app})
    request.state.principal = Principal("key-1", Role.OPERATOR, None)
    assert counted_caller(request) == counted


def test_one_caller_leaves_room_for_others() -> None:
    verifier = lender(most=3, most_for_one=2, wait_seconds=0.01)
    with verifier.lent("anna"), verifier.lent("anna"):
        with pytest.raises(BusyError), verifier.lent("anna"):
            pass
        with verifier.lent("basia"), pytest.raises(BusyError), verifier.lent("celina"):
            pass
    with verifier.lent("anna"), verifier.lent("anna"):
        pass
