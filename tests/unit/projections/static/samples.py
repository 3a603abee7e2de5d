"""Published files that tests make."""

import json
from hashlib import sha256
from uuid import UUID

from projections.publish_folder import PublishedVersion, PublishFolder, did_name, list_name
from projections.static.target import Copy

LIST = list_name(str(UUID(int=1)), "revocation")
OTHER_LIST = list_name(str(UUID(int=2)), "suspension")
DID = did_name(str(UUID(int=3)))


def list_bytes(version: int) -> bytes:
    """Return something like a list, of a size of its own, that tells which version it is."""
    subject = {"ttl": 300_000, "encodedList": f"{version}," * (100 + version % 7)}
    return json.dumps({"credentialSubject": subject}).encode()


def whole(body: bytes) -> int:
    """Return which version it is, every byte of it; raises where it is torn."""
    version = int(json.loads(body)["credentialSubject"]["encodedList"].partition(",")[0])
    assert body == list_bytes(version)
    return version


def a_copy(version: int, *, name: str = LIST) -> Copy:
    """Return a version of a list as it goes to a target."""
    return copy_with(version, list_bytes(version), name=name)


def copy_with(version: int, body: bytes, *, name: str = LIST) -> Copy:
    """Return a version with these bytes."""
    published = PublishedVersion(version, sha256(body).hexdigest())
    return Copy(name, published, body, "application/vc", 300)


def publish(folder: PublishFolder, version: int, *, name: str = LIST) -> PublishedVersion:
    """Let the publish folder serve a version."""
    published = folder.put(name, version, list_bytes(version))
    assert folder.make_current(name, published)
    return published
