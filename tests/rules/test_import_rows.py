"""What one line of an import may say, by the settings of the pool."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.rules import import_rows, schema
from chalicelib.rules.csv_files import RowRefused
from chalicelib.rules.import_rows import MFA_ENABLED, USERNAME

SCHEMA = schema.created([{"Name": "points", "AttributeDataType": "Number"}])
HEADER = import_rows.columns(SCHEMA)
NO_ADDRESS = "The User Record does not set any of the auto verified attributes to true. (Example: {} to true)."


def given(**values: str) -> dict[str, str]:
    return dict.fromkeys(HEADER, "") | values


def named(name: str, **settings: Any) -> str:
    return import_rows.username(settings, given(**{USERNAME: name}))


class TestColumns:
    def test_are_those_of_the_schema_without_sub_and_two_more(self) -> None:
        assert HEADER == [
            "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
            "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
            "phone_number_verified", "address", "updated_at", "custom:points", "cognito:mfa_enabled",
            "cognito:username",
        ]  # fmt: skip


class TestRow:
    def test_has_a_value_for_every_column(self) -> None:
        assert import_rows.row(["a", "b"], ["1", "2"]) == {"a": "1", "b": "2"}

    @pytest.mark.parametrize("values", [["1"], ["1", "2", "3"]])
    def test_of_another_number_of_values_is_refused(self, values: list[str]) -> None:
        with pytest.raises(RowRefused, match=f"has {len(values)} values and the header 2; before a comma"):
            import_rows.row(["a", "b"], values)


class TestUsername:
    def test_is_taken_as_it_comes(self) -> None:
        assert named("Ada.Lovelace+x@example") == "Ada.Lovelace+x@example"

    def test_must_be_there(self) -> None:
        with pytest.raises(RowRefused, match="does not set cognito:username"):
            named("")

    @pytest.mark.parametrize("name", ["a b", "a\tb", "a\0", "x" * 129, "a\u200bb"])
    def test_is_what_the_api_takes(self, name: str) -> None:
        with pytest.raises(RowRefused, match="at most 128 characters, and no spaces or controls"):
            named(name)

    @pytest.mark.parametrize(
        ("settings", "name", "message"),
        [
            ({"UsernameAttributes": ["email"]}, "ada", "Username should be an email."),
            ({"UsernameAttributes": ["phone_number"]}, "ada", "Username should be a phone number."),
            (
                {"UsernameAttributes": ["email", "phone_number"]}, "ada",
                "Username should be either an email or a phone number.",
            ),
            ({"AliasAttributes": ["email"]}, "a@example.com", "Username cannot be of email format"),
        ],
    )  # fmt: skip
    def test_has_the_form_that_the_pool_asks_for(self, settings: Any, name: str, message: str) -> None:
        with pytest.raises(RowRefused, match=message):
            named(name, **settings)


class TestAttributes:
    def test_are_those_with_a_value_and_no_settings(self) -> None:
        values = given(name="Ada", **{USERNAME: "ada", MFA_ENABLED: "true", "password_hash": "x"})

        assert import_rows.attributes(values) == {"name": "Ada"}

    def test_have_days_in_the_form_of_iso(self) -> None:
        assert import_rows.attributes(given(birthdate="02/29/2024")) == {"birthdate": "2024-02-29"}

    @pytest.mark.parametrize(
        "text", ["29/02/2024", "2/9/2024", "02/29/2023", "2024-02-29", "02/29/24", "0\uff12/09/2024"]
    )
    def test_have_days_as_americans_write_them(self, text: str) -> None:
        with pytest.raises(RowRefused, match="birthdate must be a day in the form mm/dd/yyyy"):
            import_rows.attributes(given(birthdate=text))

    def test_have_2048_characters(self) -> None:
        assert import_rows.attributes(given(name="x" * 2048))
        with pytest.raises(RowRefused, match="name: The value is longer than 2048 characters"):
            import_rows.attributes(given(name="x" * 2049))


class TestRequireVerified:
    BOTH = {"AutoVerifiedAttributes": ["email", "phone_number"]}

    @pytest.mark.parametrize("kind", ["email", "phone_number"])
    @pytest.mark.parametrize("word", ["true", "TRUE"])
    def test_one_of_the_addresses_will_do(self, kind: str, word: str) -> None:
        import_rows.require_verified(self.BOTH, {kind: "x", f"{kind}_verified": word})
        import_rows.require_verified({}, {kind: "x", f"{kind}_verified": word})

    @pytest.mark.parametrize(
        "values",
        [{}, {"email": "x"}, {"email": "x", "email_verified": "false"}, {"email_verified": "true"}],
        ids=str,
    )
    def test_none_is_too_few(self, values: dict[str, str]) -> None:
        with pytest.raises(RowRefused) as refused:
            import_rows.require_verified(self.BOTH, values)

        assert str(refused.value) == NO_ADDRESS.format("email_verified")

    def test_it_must_be_one_that_the_pool_verifies(self) -> None:
        with pytest.raises(RowRefused) as refused:
            values = {"email": "x", "email_verified": "true"}
            import_rows.require_verified({"AutoVerifiedAttributes": ["phone_number"]}, values)

        assert str(refused.value) == NO_ADDRESS.format("phone_number_verified")


class TestHasMfa:
    PHONE = {"phone_number": "+15550100", "phone_number_verified": "true"}

    @pytest.mark.parametrize(
        ("mode", "word", "expected"),
        [
            ("ON", "true", True), ("ON", "True", True), ("ON", "", True), ("OFF", "false", False), ("OFF", "", False),
            ("OPTIONAL", "true", True), ("OPTIONAL", "FALSE", False), ("OPTIONAL", "", False),
        ],
    )  # fmt: skip
    def test_follows_the_mode_of_the_pool(self, mode: str, word: str, expected: bool) -> None:
        settings = {"MfaConfiguration": mode}

        assert import_rows.has_mfa(settings, given(**{MFA_ENABLED: word}), self.PHONE) is expected

    @pytest.mark.parametrize(
        ("mode", "word", "message"),
        [
            ("ON", "false", "must be true, because MFA of the user pool is ON"),
            ("OFF", "true", "must be false, because MFA of the user pool is OFF"),
            ("OPTIONAL", "yes", "must be true or false"),
        ],
    )
    def test_refuses_what_does_not_fit_the_pool(self, mode: str, word: str, message: str) -> None:
        with pytest.raises(RowRefused, match=message):
            import_rows.has_mfa({"MfaConfiguration": mode}, given(**{MFA_ENABLED: word}), self.PHONE)

    @pytest.mark.parametrize("missing", ["phone_number", "phone_number_verified"])
    def test_needs_a_proven_phone_number(self, missing: str) -> None:
        values = {name: value for name, value in self.PHONE.items() if name != missing}

        with pytest.raises(RowRefused, match="phone_number must be set and phone_number_verified be true"):
            import_rows.has_mfa({"MfaConfiguration": "ON"}, given(**{MFA_ENABLED: "true"}), values)


class TestPasswordHash:
    def test_is_none_without_algorithm_or_value(self) -> None:
        assert import_rows.password_hash(given(password_hash=""), "BCRYPT") is None
        assert import_rows.password_hash(given(), None) is None

    def test_must_be_of_the_algorithm(self) -> None:
        with pytest.raises(RowRefused, match="not of the form of BCRYPT"):
            import_rows.password_hash(given(password_hash="s3cr3t"), "BCRYPT")
