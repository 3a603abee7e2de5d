"""Which URLs are taken for static targets."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from api import published
from api.settings import Settings
from projections.static import copies
from projections.static.opening import open_target
from registry.domain.errors import InvalidValueError


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/lists",
        "file://",
        "file:///",
        "file://host/srv",
        "ftp://host/lists",
        "memory:",
        "s3:///prefix",
        "s3://key:secret@bucket/prefix",
        "s3://bucket?region=eu",
    ],
)
def test_other_urls_are_refused_with_a_remedy_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        open_target(url)
    assert refused.value.field == "static_targets"
    assert refused.value.remedy
    assert "secret" not in f"{refused.value.reason}{refused.value.remedy}"


@pytest.mark.parametrize("url", ["file:///srv/lists", "s3://bucket", "s3://bucket/a/b"])
def test_directories_and_buckets_are_taken(url: str) -> None:
    assert open_target(url).url == url


def test_settings_name_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="write it like file:///srv/lists"):
        Settings(folder=tmp_path, static_targets=("file://srv",))


@pytest.mark.parametrize("inside", ["", "/published", "/published/copies"])
def test_copies_do_not_go_where_the_originals_are(tmp_path: Path, inside: str) -> None:
    with pytest.raises(ValidationError, match="publish folder"):
        Settings(folder=tmp_path, static_targets=(f"{tmp_path.as_uri()}{inside}",))


def test_targets_are_read_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_STATIC_TARGETS", '["s3://bucket/lists", "file:///srv/lists"]')
    found = Settings(folder=tmp_path).static_targets
    assert found == ("s3://bucket/lists", "file:///srv/lists")


def test_types_are_those_that_the_registry_offers_first() -> None:
    offers = (published.LIST_TYPES[0], published.JWT_TYPES[0], published.DID_TYPES[0])
    assert offers == (copies.LIST_TYPE, copies.JWT_TYPE, copies.DID_TYPE)
