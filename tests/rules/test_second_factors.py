"""Which second factor is due: tables of the order, and what holds for every pool, user and history."""

import itertools

import pytest

from chalicelib.rules import acr
from chalicelib.rules import second_factors as rule
from chalicelib.rules.second_factors import CHOICE, EMAIL, NOTHING, SETUP, SMS, TOTP, Due, Standing

ALL = (SMS, TOTP, EMAIL)
PROOFS = ("pwd", "sms", "otp", "email_otp", "hwk", "swk", "mfa", rule.RECOVERY)


def having(*methods, enabled=(), preferred=""):
    """A user with the means for these methods, some of them switched on."""
    return Standing(enabled, preferred, TOTP in methods, EMAIL in methods, SMS in methods)


def own(*methods, preferred=""):
    """A user with these methods, all switched on."""
    return having(*methods, enabled=methods, preferred=preferred)


def some(things):
    """Every selection of things."""
    return [list(one) for size in range(len(things) + 1) for one in itertools.combinations(things, size)]


def every_case():
    """All modes, what is offered in them, means and switches; preferred is one of them or none."""
    pools = [("OFF", []), *itertools.product(["OPTIONAL", "ON"], some(ALL)[1:])]
    for (mode, offered), means, enabled in itertools.product(pools, some(ALL), some(ALL)):
        for preferred in ("", *ALL):
            yield mode, offered, having(*means, enabled=enabled, preferred=preferred)


class TestMeans:
    def test_usable_is_what_both_sides_have_in_one_order(self):
        assert rule.usable({EMAIL, TOTP, SMS}, having(*ALL)) == [SMS, TOTP, EMAIL]
        assert rule.usable({EMAIL, TOTP}, having(SMS, EMAIL)) == [EMAIL]
        assert rule.usable((), having(*ALL)) == []

    def test_active_is_what_is_switched_on_besides(self):
        assert rule.active(ALL, having(*ALL, enabled=[TOTP, EMAIL])) == [TOTP, EMAIL]
        assert rule.active(ALL, having(SMS, enabled=[TOTP])) == []

    def test_possible_is_what_is_switched_on_or_else_whatever_there_is(self):
        assert rule.possible(ALL, having(*ALL, enabled=[TOTP])) == [TOTP]
        assert rule.possible(ALL, having(SMS, EMAIL, enabled=[TOTP])) == [SMS, EMAIL]


class TestIsNeeded:
    @pytest.mark.parametrize(
        ("mode", "standing", "needed"),
        [
            ("OPTIONAL", having(*ALL), False),
            ("OPTIONAL", own(SMS), True),
            ("OPTIONAL", Standing(enabled=[SMS]), False),
            ("ON", Standing(), True),
            ("ON", own(SMS), True),
        ],
    )
    def test_by_mode_and_by_what_is_switched_on(self, mode, standing, needed):
        assert rule.is_needed(mode, ALL, standing) is needed

    def test_never_while_mfa_is_off(self):
        assert rule.is_needed("OFF", (), own(*ALL)) is False

    def test_not_for_a_method_that_the_pool_does_not_offer_any_more(self):
        assert rule.is_needed("OPTIONAL", [TOTP], own(SMS)) is False


class TestIsProved:
    @pytest.mark.parametrize(
        "proved",
        [
            ("pwd", "sms"), ("pwd", "otp"), ("pwd", "email_otp"), ("pwd", rule.RECOVERY), ("hwk", "mfa"),
            ("swk", "mfa"), ("hwk", "otp"), ("swk", "sms"), ("hwk", rule.RECOVERY), ("sms", "email_otp"),
            ("email_otp", "otp"),
        ],
    )  # fmt: skip
    def test_by_two_factors(self, proved):
        assert rule.is_proved(proved)

    @pytest.mark.parametrize(
        "proved",
        [(), ("pwd",), ("sms",), ("otp",), ("email_otp",), ("hwk",), ("swk",), (rule.RECOVERY,), ("pwd", "hwk")],
    )
    def test_never_by_one(self, proved):
        assert not rule.is_proved(proved)

    def test_a_password_needs_a_method_of_mfa_beside_it(self):
        """A passkey behind a password is no way of signing in; only what the pool asks for counts."""
        assert not rule.is_proved(("pwd", "mfa"))


class TestDue:
    @pytest.mark.parametrize(
        ("mode", "standing", "due"),
        [
            ("OFF", own(*ALL), NOTHING),
            ("OPTIONAL", having(*ALL), NOTHING),
            ("OPTIONAL", own(TOTP), Due(TOTP)),
            ("OPTIONAL", own(SMS, TOTP), Due(CHOICE, (SMS, TOTP))),
            ("OPTIONAL", own(SMS, TOTP, preferred=TOTP), Due(TOTP)),
            ("OPTIONAL", having(*ALL, enabled=[EMAIL]), Due(EMAIL)),
            ("OPTIONAL", having(*ALL, enabled=[EMAIL], preferred=SMS), Due(EMAIL)),
            ("ON", own(SMS), Due(SMS)),
            ("ON", having(SMS), Due(SMS)),
            ("ON", having(SMS, EMAIL), Due(CHOICE, (SMS, EMAIL))),
            ("ON", having(*ALL, enabled=[TOTP]), Due(TOTP)),
            ("ON", Standing(), Due(SETUP, ALL)),
            ("ON", Standing(enabled=[TOTP], preferred=TOTP), Due(SETUP, ALL)),
        ],
    )
    def test_in_order(self, mode, standing, due):
        assert rule.due(mode, () if mode == "OFF" else ALL, standing, ("pwd",)) == due

    def test_what_can_be_set_up_is_what_the_pool_offers(self):
        assert rule.due("ON", [EMAIL, TOTP], Standing(), ("pwd",)) == Due(SETUP, (TOTP, EMAIL))

    def test_nothing_behind_two_factors(self):
        assert rule.due("ON", ALL, own(*ALL), ("pwd", "sms")) == NOTHING
        assert rule.due("ON", ALL, Standing(), ("hwk", "mfa")) == NOTHING

    def test_what_was_the_first_factor_is_not_asked_for_again(self):
        """The attack: one mailbox gives both factors, once in the place of the password and once behind it."""
        assert rule.due("ON", ALL, own(SMS, EMAIL), ("email_otp",)) == Due(SMS)
        assert rule.due("ON", ALL, own(EMAIL), ("email_otp",)) == Due(SETUP, ALL)

    def test_every_case_asks_unless_nothing_is_missing(self):
        for (mode, offered, standing), proved in itertools.product(every_case(), some(PROOFS[:5])):
            due = rule.due(mode, offered, standing, proved)
            is_enough = rule.is_proved(proved) or not rule.is_needed(mode, offered, standing)
            assert (due == NOTHING) == is_enough

    def test_every_challenge_can_be_answered_and_leads_on(self):
        for mode, offered, standing in every_case():
            due = rule.due(mode, offered, standing, ["pwd"])
            methods = due.choices or ((due.challenge,) if due.challenge else ())
            assert set(methods) <= set(offered)
            if due.challenge != SETUP:
                assert set(methods) <= set(rule.possible(offered, standing))
            for method in methods:
                assert rule.is_proved(["pwd", rule.WORDS[method]])

    def test_only_who_has_none_sets_one_up(self):
        """The attack: whoever learned a password sets up an app of his own beside the factor of the owner."""
        for mode, offered, standing in every_case():
            if rule.due(mode, offered, standing, ["pwd"]).challenge == SETUP:
                assert rule.usable(offered, standing) == []


class TestDueForLevel:
    @pytest.mark.parametrize(
        ("level", "standing", "proved", "due"),
        [
            (0, own(*ALL), (), NOTHING),
            (1, own(*ALL), ("pwd",), NOTHING),
            (3, own(*ALL), ("pwd", "sms"), NOTHING),
            (3, own(SMS), ("pwd",), Due(SMS)),
            (3, own(SMS, EMAIL), ("pwd",), Due(CHOICE, (SMS, EMAIL))),
            (3, own(SMS, EMAIL, preferred=EMAIL), ("pwd",), Due(EMAIL)),
            (4, own(*ALL), ("pwd",), Due(TOTP)),
            (4, own(*ALL, preferred=SMS), ("pwd", "sms"), Due(TOTP)),
            (4, own(SMS), ("pwd",), NOTHING),
            (3, having(SMS), ("pwd",), Due(SMS)),
            (4, own(TOTP), ("email_otp",), NOTHING),
        ],
    )
    def test_is_what_reaches_it(self, level, standing, proved, due):
        assert rule.due_for_level(level, ALL, standing, proved) == due

    def test_whatever_is_asked_for_reaches_the_level(self):
        for level, (_, offered, standing), proved in itertools.product(range(5), every_case(), some(PROOFS[:4])):
            due = rule.due_for_level(level, offered, standing, proved)
            for method in due.choices or ((due.challenge,) if due.challenge else ()):
                assert acr.level([*proved, rule.WORDS[method]]) >= level > acr.level(proved)
