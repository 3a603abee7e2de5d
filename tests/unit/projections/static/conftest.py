"""Targets of each kind, and a publish folder to copy from."""

from pathlib import Path

import pytest
from obstore.store import MemoryStore, S3Store

from projections.publish_folder import PublishFolder
from projections.static.directory import DirectoryTarget
from projections.static.object_store import StoreTarget
from projections.static.target import Target
from tests.web_servers import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectStore


@pytest.fixture
def folder(tmp_path: Path) -> PublishFolder:
    return PublishFolder(tmp_path / "published")


def bucket(s3: ObjectStore, prefix: str) -> S3Store:
    """Return a part of the server's bucket that belongs to one test."""
    return S3Store(
        BUCKET,
        prefix=prefix,
        endpoint=s3.endpoint,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        region="us-east-1",
        client_options={"allow_http": True, "timeout": "10s"},
        retry_config={"max_retries": 0},
    )


@pytest.fixture(params=["directory", "memory", "s3"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """A target of each kind in turn."""
    if request.param == "directory":
        return DirectoryTarget(tmp_path / "copies")
    if request.param == "memory":
        return StoreTarget(MemoryStore(), url="memory:")
    store = bucket(request.getfixturevalue("s3_server"), tmp_path.name)
    return StoreTarget(store, url=f"s3://{BUCKET}/{tmp_path.name}")
