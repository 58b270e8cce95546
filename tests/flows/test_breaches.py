"""Leaked passwords as a pool's settings and the installation's source decide about them."""

import dataclasses

import pytest

from chalicelib import journal, settings
from chalicelib.errors import InvalidPasswordException
from chalicelib.flows import breaches, passwords
from chalicelib.table.items import Pool
from tests import ranges

LEAKED, FRESH = "Tr0ub4dor&3x", "Correct-Horse-9"
POLICY = {"Policies": {"PasswordPolicy": {"MinimumLength": 8, "RequireSymbols": True}}}


def a_pool(mode=None):
    ours = {"security": {"BreachCheckMode": mode}} if mode else None
    return Pool.new({"pool": "us-east-1_Breach001", "created": "0"}, document=POLICY, secret=b"", ours=ours)


@pytest.fixture
def source():
    with ranges.serving() as found:
        found.leaked, found.padding = {LEAKED}, {FRESH}
        yield found


@pytest.fixture
def configured(source, monkeypatch):
    """The installation names the source."""
    there = dataclasses.replace(settings.current(), breach_range_url=source.url)
    monkeypatch.setattr(breaches, "current", lambda: there)
    return source


class TestIsRefused:
    @pytest.mark.parametrize("mode", [None, "ENFORCED"])
    def test_a_leaked_password_is(self, configured, mode):
        assert breaches.is_refused(a_pool(mode), LEAKED)
        assert not breaches.is_refused(a_pool(mode), FRESH)

    def test_in_mode_audit_it_is_noted_only(self, configured):
        with journal.opened() as facts:
            assert not breaches.is_refused(a_pool("AUDIT"), LEAKED)
        assert facts == {"breached_password": True}

        with journal.opened() as facts:
            breaches.is_refused(a_pool("AUDIT"), FRESH)
        assert facts == {}

    def test_in_mode_off_nobody_is_asked(self, configured):
        assert not breaches.is_refused(a_pool("OFF"), LEAKED)
        assert configured.asked == []

    def test_without_a_source_nobody_is_asked(self, source):
        assert not breaches.is_refused(a_pool(), LEAKED)
        assert source.asked == []

    def test_a_source_that_fails_refuses_nothing_and_is_logged(self, configured, caplog):
        configured.status = 503

        assert not breaches.is_refused(a_pool(), LEAKED)
        assert "status 503" in caplog.text
        assert LEAKED not in caplog.text

    def test_neither_the_password_nor_its_hash_is_sent(self, configured):
        breaches.is_refused(a_pool(), LEAKED)

        ((path, headers),) = configured.asked
        assert path == f"/range/{ranges.digest(LEAKED)[:5]}"
        assert LEAKED not in repr(headers)

    def test_a_text_that_is_no_unicode_is_looked_up_like_any(self, configured):
        assert not breaches.is_refused(a_pool(), "half a pair \ud800")


class TestOrder:
    def refusal(self, text):
        with pytest.raises(InvalidPasswordException) as caught:
            passwords.require_valid(a_pool(), text)
        return caught.value.message

    def test_the_policy_comes_first_then_common_ones_then_leaked_ones(self, configured):
        configured.leaked |= {"password", "p@ssw0rd"}

        assert self.refusal("password") == passwords.REFUSED + "Password must have symbol characters"
        assert self.refusal("P@ssw0rd") == passwords.REFUSED + "Password is too common"
        assert configured.asked == []
        assert self.refusal(LEAKED) == passwords.REFUSED + "Password has appeared in a data breach"
        passwords.require_valid(a_pool(), FRESH)
