"""SECRET_HASH: the known value, and matching over several secrets and names."""

import pytest

from chalicelib.rules import secret_hash
from chalicelib.rules.secret_hash import is_match

SECRET = "13ka4h7u28d9oo44tqpq9djqsfvhvu8rk4d2ighvpu0k8fj1c2r9"
CLIENT = "1example23456789"
KNOWN = "n3g4boUyS4Js8BqPwCnZgv5iQ1TjElY4rzjog0YuHaU="


class TestSecretHash:
    def test_it_has_the_known_value(self) -> None:
        assert secret_hash.secret_hash(SECRET, "testuser", CLIENT) == KNOWN

    def test_names_are_hashed_as_utf_8(self) -> None:
        assert secret_hash.secret_hash("key", "é", "id") == "XuCDdT6y6Ybb14Qo61WF/JMS2qO4RhfnWm5MabmluaI="


class TestIsMatch:
    @pytest.mark.parametrize("secrets", [[SECRET], ["other", SECRET], [SECRET, "other"]])
    @pytest.mark.parametrize("names", [["testuser"], ["alias@example.com", "testuser"], ["testuser", "sub"]])
    def test_any_active_secret_with_any_of_the_names_fits(self, secrets: list[str], names: list[str]) -> None:
        assert is_match(KNOWN, secrets, names, CLIENT)

    @pytest.mark.parametrize(
        ("secrets", "names", "client"),
        [
            (["other"], ["testuser"], CLIENT),
            ([SECRET], ["Testuser"], CLIENT),
            ([SECRET], ["testuser"], "2example23456789"),
            ([], ["testuser"], CLIENT),
            ([SECRET], [], CLIENT),
        ],
    )
    def test_another_secret_name_or_client_does_not(self, secrets: list[str], names: list[str], client: str) -> None:
        assert not is_match(KNOWN, secrets, names, client)

    @pytest.mark.parametrize("given", ["", KNOWN[:-1], KNOWN + "=", KNOWN.lower(), "é", "\ud800", "A" * 100_000])
    def test_junk_does_not_fit_and_raises_nothing(self, given: str) -> None:
        assert not is_match(given, [SECRET], ["testuser", "\ud800"], CLIENT)
