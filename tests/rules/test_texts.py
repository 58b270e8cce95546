"""The words of messages: which of a pool's texts is taken, and what may stand in the placeholders."""

from __future__ import annotations

import time

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import texts
from chalicelib.rules.texts import Letter, Template

CODES = ["sign_up", "resend", "forgot_password", "verify_attribute"]
OWN_TEMPLATE = {"EmailSubject": "T subject", "EmailMessage": "T mail {####}", "SmsMessage": "T sms {####}"}
OLDER = {
    "EmailVerificationSubject": "O subject",
    "EmailVerificationMessage": "O mail {####}",
    "SmsVerificationMessage": "O sms {####}",
}
INVITATION = {
    "EmailSubject": "I subject",
    "EmailMessage": "I {username} {####}",
    "SMSMessage": "I sms {username} {####}",
}


class TestTemplate:
    @pytest.mark.parametrize("kind", CODES)
    def test_a_pool_without_words_uses_the_default_for_codes(self, kind):
        assert texts.template({}, kind, "EMAIL") == Template(
            "Your verification code", "Your verification code is {####}. "
        )
        assert texts.template({}, kind, "SMS") == Template("", "Your verification code is {####}. ")

    @pytest.mark.parametrize("kind", CODES)
    def test_the_older_members_speak_when_the_template_is_silent(self, kind):
        pool = OLDER | {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"}}

        assert texts.template(pool, kind, "EMAIL") == Template("O subject", "O mail {####}")
        assert texts.template(pool, kind, "SMS") == Template("", "O sms {####}")

    @pytest.mark.parametrize("kind", CODES)
    def test_the_template_comes_before_the_older_members(self, kind):
        pool = OLDER | {"VerificationMessageTemplate": OWN_TEMPLATE}

        assert texts.template(pool, kind, "EMAIL") == Template("T subject", "T mail {####}")
        assert texts.template(pool, kind, "SMS") == Template("", "T sms {####}")

    def test_subject_and_body_are_chosen_apart(self):
        pool = OLDER | {"VerificationMessageTemplate": {"EmailSubject": "T subject"}}

        assert texts.template(pool, "sign_up", "EMAIL") == Template("T subject", "O mail {####}")

    def test_an_invitation_has_a_default(self):
        default = "Your username is {username} and temporary password is {####}. "

        assert texts.template({}, "invitation", "EMAIL") == Template("Your temporary password", default)
        assert texts.template({}, "invitation", "SMS") == Template("", default)

    def test_an_invitation_has_the_pools_words(self):
        pool = {"AdminCreateUserConfig": {"InviteMessageTemplate": INVITATION}}

        assert texts.template(pool, "invitation", "EMAIL") == Template("I subject", "I {username} {####}")
        assert texts.template(pool, "invitation", "SMS") == Template("", "I sms {username} {####}")

    def test_an_invitation_without_a_password_tells_the_username_alone(self):
        pool = {"AdminCreateUserConfig": {"InviteMessageTemplate": INVITATION}}

        assert texts.template(pool, "invitation", "SMS", has_code=False).body == "Your username is {username}."

    def test_authentication_has_a_default(self):
        assert texts.template({}, "mfa", "SMS") == Template("", "Your authentication code is {####}. ")
        assert texts.template({}, "mfa", "EMAIL").body == "Your authentication code is {####}. "

    def test_authentication_has_the_pools_words(self):
        pool = {
            "SmsAuthenticationMessage": "A {####}",
            "EmailMfaConfiguration": {"Message": "M {####}", "Subject": "S"},
        }

        assert texts.template(pool, "mfa", "SMS") == Template("", "A {####}")
        assert texts.template(pool, "mfa", "EMAIL") == Template("S", "M {####}")


class TestConfirmationByLink:
    POOL = {"VerificationMessageTemplate": OWN_TEMPLATE | {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}

    @pytest.mark.parametrize("kind", ["sign_up", "resend"])
    def test_it_is_refused_for_there_is_no_domain_that_could_serve_it(self, kind):
        with pytest.raises(InvalidParameterException, match="valid use pool domain"):
            texts.template(self.POOL, kind, "EMAIL")

    @pytest.mark.parametrize("kind", ["forgot_password", "verify_attribute"])
    def test_passwords_and_attributes_use_codes_all_the_same(self, kind):
        assert texts.template(self.POOL, kind, "EMAIL").body == "T mail {####}"

    @pytest.mark.parametrize("kind", CODES)
    def test_sms_uses_codes_all_the_same(self, kind):
        assert texts.template(self.POOL, kind, "SMS").body == "T sms {####}"


class TestLetter:
    def test_an_email_has_a_page_and_a_text(self):
        letter = texts.letter(
            Template("Hello {username}", "<p>{username}: <b>{####}</b></p>"), "EMAIL", "ann", "123456"
        )

        assert letter == Letter("Hello ann", "ann: 123456", "<p>ann: <b>123456</b></p>")

    def test_an_sms_is_a_text_alone(self):
        letter = texts.letter(Template("unused", "<{username}> {####}"), "SMS", "a&b", "1<2")

        assert letter == Letter("", "<a&b> 1<2", "")

    def test_a_username_cannot_put_a_page_of_its_own_into_a_mail(self):
        username = '<a/href="//evil.example">Click</a>'

        letter = texts.letter(Template("{username}", "Hi {username}, {####}"), "EMAIL", username, "123456")

        assert "<a" not in letter.html
        assert letter.html == "Hi &lt;a/href=&quot;//evil.example&quot;&gt;Click&lt;/a&gt;, 123456"
        assert letter.text == f"Hi {username}, 123456"
        assert letter.subject == username

    def test_a_temporary_password_of_markup_can_be_read(self):
        letter = texts.letter(Template("s", "{####}"), "EMAIL", "ann", "a<b>&amp;1")

        assert letter.html == "a&lt;b&gt;&amp;amp;1"
        assert letter.text == "a<b>&amp;1"


class TestFilled:
    def test_every_place_is_filled(self):
        assert texts.filled("{####} {username} {####} {other} {##x##}", "ann", "1") == "1 ann 1 {other} {##x##}"

    def test_a_user_named_after_a_placeholder_does_not_get_the_code(self):
        assert texts.filled("{username} {####}", "{####}", "123456") == "{####} 123456"

    def test_backslashes_are_only_backslashes(self):
        assert texts.filled("{username}", r"\1\g<0>", "1") == r"\1\g<0>"


class TestPlain:
    @pytest.mark.parametrize(
        ("page", "seen"),
        [
            ("Your code is 1. ", "Your code is 1."),
            ("a<br>b<BR/>c", "a\nb\nc"),
            ("<h1>Hi</h1><p>one</p><p>two</p>", "Hi\n\none\n\ntwo"),
            ("<ul><li>a<li>b</ul><p></p><p></p><p></p>c", "a\nb\n\nc"),
            ("&lt;b&gt; &amp; &#233;", "<b> & é"),
            ("a <!-- <b>unseen</b> --> b", "a b"),
            ("a <!-- never closed", "a"),
            ("<style>p{}</style><script>x('<p>')</script>a", "a"),
            ("<!DOCTYPE html><head><title>t</title><meta x></head><body>a</body>", "a"),
            ("a --> b", "a --> b"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<a href='x'>link</a>", "link"),
            ("<![CDATA[ x", "<![CDATA[ x"),
            ("line one\nline  two", "line one\nline two"),
            ("", ""),
        ],
    )
    def test_it_is_what_a_reader_sees(self, page, seen):
        assert texts.plain(page) == seen

    @pytest.mark.parametrize("part", ["<!--", "<a ", "<", "</", "<![", "<script>", '<a b="', "a", "-", "&#", "<p>\n"])
    def test_a_hostile_template_costs_no_more_than_another(self, part):
        page = "<a" + part * (20_000 // len(part))
        start = time.process_time()

        texts.plain(page)

        assert time.process_time() - start < 0.25
