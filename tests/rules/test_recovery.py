"""The address to which a reset code goes."""

from chalicelib.rules import recovery

BOTH = {
    "email": "a@b.c",
    "email_verified": "true",
    "phone_number": "+12065550100",
    "phone_number_verified": "true",
}


def preferring(*mechanisms):
    ordered = [{"Name": name, "Priority": place} for place, name in enumerate(mechanisms, 1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": ordered[::-1]}}


class TestAddress:
    def test_without_a_setting_the_phone_comes_first(self):
        assert recovery.address({}, BOTH) == "phone_number"

    def test_an_unproved_phone_is_passed_over(self):
        assert recovery.address({}, BOTH | {"phone_number_verified": "false"}) == "email"

    def test_nothing_proved_means_no_address(self):
        assert recovery.address({}, {"email": "a@b.c"}) is None
        assert recovery.address({}, {"email_verified": "true"}) is None

    def test_the_priority_decides_not_the_order_of_the_list(self):
        assert recovery.address(preferring("verified_email", "verified_phone_number"), BOTH) == "email"

    def test_a_second_factor_is_not_the_way_back_in(self):
        settings = preferring("verified_phone_number", "verified_email")

        assert recovery.address(settings, BOTH, ["SMS_MFA"]) == "email"
        assert recovery.address(settings, BOTH, ["SMS_MFA", "EMAIL_OTP"]) is None

    def test_a_pool_without_a_setting_allows_it_as_ever(self):
        assert recovery.address({}, BOTH, ["SMS_MFA"]) == "phone_number"


class TestByAdministratorOnly:
    def test_only_when_the_setting_says_so(self):
        assert recovery.is_by_administrator_only(preferring("admin_only"))
        assert not recovery.is_by_administrator_only(preferring("verified_email"))
        assert not recovery.is_by_administrator_only({})
