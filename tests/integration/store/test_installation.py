"""The installation's public URL is fixed for good; refusals are kept in the access log."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from registry.store import installation
from registry.store.access_log import AccessLog, Refusal
from registry.store.database import Database
from registry.store.installation import NotInitialisedError, PublicUrlError

AT = "2026-11-22T18:00:00.000000Z"
URL = "https://registry.example.org"
REFUSAL = Refusal(AT, "anonymous", "GET", "/credentials", 401, "no key", "request-1")


def test_public_url_is_recorded_once_and_may_be_repeated(database: Database) -> None:
    assert installation.recorded_public_url(database) is None
    installation.record_public_url(database, URL, at=AT)
    installation.record_public_url(database, URL, at=AT)
    installation.check_public_url(database, URL)
    assert installation.recorded_public_url(database) == URL


@pytest.mark.parametrize("other", ["http://registry.example.org", f"{URL}:8443", f"{URL}/", ""])
def test_another_public_url_is_refused_naming_both(database: Database, other: str) -> None:
    installation.record_public_url(database, URL, at=AT)
    for refuse in (installation.check_public_url, _record):
        with pytest.raises(PublicUrlError) as refusal:
            refuse(database, other)
        assert URL in str(refusal.value)
        assert other in str(refusal.value)
    assert installation.recorded_public_url(database) == URL


def _record(database: Database, url: str) -> None:
    installation.record_public_url(database, url, at=AT)


def test_registry_that_was_never_initialised_does_not_start(database: Database) -> None:
    with pytest.raises(NotInitialisedError) as refusal:
        installation.check_public_url(database, URL)
    assert refusal.value.remedy == "run: registry init"


def test_of_several_who_initialise_at_once_one_url_wins(database: Database) -> None:
    barrier = Barrier(6)

    def record(number: int) -> bool:
        barrier.wait()
        try:
            installation.record_public_url(database, f"{URL}/{number % 2}", at=AT)
        except PublicUrlError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(record, range(6)))
    winner = installation.recorded_public_url(database)
    assert won == [f"{URL}/{number % 2}" == winner for number in range(6)]


def test_sweep_begins_where_the_last_one_ended(database: Database) -> None:
    installation.record_public_url(database, URL, at=AT)
    assert installation.swept_until(database) == AT
    later = "2026-11-22T19:00:00.000000Z"
    installation.record_sweep(database, until=later)
    assert installation.swept_until(database) == later


def test_refusals_are_read_back_in_order_and_in_pages(database: Database) -> None:
    log = AccessLog(database)
    for _ in range(5):
        log.append(REFUSAL)
    first = log.after(0, limit=3)
    rest = log.after(first[-1][0], limit=3)
    numbers = [number for number, _ in (*first, *rest)]
    assert numbers == sorted(set(numbers))
    assert [refusal for _, refusal in (*first, *rest)] == [REFUSAL] * 5
