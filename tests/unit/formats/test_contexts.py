from hashlib import sha256
from importlib import resources

import pytest

from registry.formats import contexts
from registry.formats.contexts import BUNDLED, ContextAlteredError, ContextNotBundledError, load


@pytest.mark.parametrize("url", BUNDLED)
def test_each_bundled_context_is_the_pinned_copy_and_defines_terms(url: str) -> None:
    assert load(url)["@context"]


def test_no_file_is_bundled_without_a_pin() -> None:
    files = [path for path in resources.files(contexts).iterdir() if path.name.endswith(".json")]
    assert {sha256(path.read_bytes()).hexdigest() for path in files} == set(BUNDLED.values())


def test_a_context_is_parsed_once() -> None:
    assert load(contexts.CREDENTIALS_V2) is load(contexts.CREDENTIALS_V2)


def test_any_other_url_is_refused() -> None:
    with pytest.raises(ContextNotBundledError) as refused:
        load("https://www.w3.org/2018/credentials/v1")
    assert refused.value.url == "https://www.w3.org/2018/credentials/v1"


def test_an_altered_copy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://w3id.org/security/multikey/v1"
    contexts._parsed.cache_clear()
    monkeypatch.setitem(contexts._FILES, url, ("did-v1.json", BUNDLED[url]))
    with pytest.raises(ContextAlteredError):
        load(url)
