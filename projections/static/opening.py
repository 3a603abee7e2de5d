"""From the URL of a static target to the target."""

import os
from datetime import timedelta

from obstore.exceptions import BaseError
from obstore.store import from_url

from projections.static.directory import DirectoryTarget
from projections.static.object_store import StoreTarget
from projections.static.target import Target
from projections.static.target_urls import check_target_url, directory_of
from registry.domain.errors import InvalidValueError

ANSWER_SECONDS = 10
"""How long a store may take to answer; the publication tries again by itself."""


def open_target(url: str) -> Target:
    """Return the target, without a look at it; raises InvalidValueError.

    A bucket's credentials and endpoint are taken from the environment (AWS_ACCESS_KEY_ID,
    AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY and so on).
    """
    check_target_url(url)
    directory = directory_of(url)
    if directory is not None:
        return DirectoryTarget(directory)
    try:
        store = from_url(
            url,
            client_options={
                "timeout": f"{ANSWER_SECONDS}s",
                "connect_timeout": "5s",
                # Options given here replace those of the environment altogether.
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true",
            },
            retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=ANSWER_SECONDS)},
        )
    except (BaseError, ValueError) as error:
        raise InvalidValueError(
            str(error).partition("\n")[0],
            field="static_targets",
            remedy="see docs/static-publication.md for the URLs and the environment",
        ) from error
    return StoreTarget(store, url=url)
