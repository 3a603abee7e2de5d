import pytest

from registry.domain.text import Language
from scripts.verification.wording import language_of_environment


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "pl_PL.UTF-8"}, Language.PL),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({"LANG": "pl_PL.UTF-8", "LC_ALL": "C"}, Language.EN),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "pl_PL"}, Language.PL),
        ({"LANG": "pl_PL.UTF-8", "LC_ALL": ""}, Language.PL),
        ({"LANG": "en_GB", "LC_MESSAGES": "pl_PL"}, Language.PL),
    ],
)
def test_language_is_that_of_the_locale_for_messages(
    environment: dict[str, str], language: Language
) -> None:
    assert language_of_environment(environment) is language
