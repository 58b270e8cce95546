"""What an exchanged token may hold: never more than the subject's token gave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import claims, token_exchange

SCOPES = st.lists(st.sampled_from(["openid", "a/r", "a/w", claims.API_SCOPE]), unique=True)
ACCESS = {"token_use": "access", "client_id": "app", "sub": "ann", "event_id": "1", "scope": "openid a/r"}
ID = {"token_use": "id", "aud": "app", "sub": "ann", "event_id": "1", "email": "old@example.com"}
MACHINE = {"token_use": "access", "client_id": "job", "sub": "job", "scope": "a/r"}


class TestGranted:
    @given(SCOPES, SCOPES, SCOPES, st.booleans())
    def test_is_in_all_three(self, wanted, own, allowed, is_bound):
        subject = {**ACCESS, "scope": " ".join(own)}
        try:
            granted = token_exchange.granted(wanted, subject, allowed, is_bound=is_bound)
        except InvalidParameterException:
            assert wanted
            assert not set(wanted) & set(own) & set(allowed) - ({claims.API_SCOPE} if is_bound else set())
            return

        assert set(granted) <= set(own) & set(allowed) & set(wanted or own)
        assert not (is_bound and claims.API_SCOPE in granted)

    def test_is_all_that_the_subject_has_when_nothing_is_asked_for(self):
        assert token_exchange.granted([], ACCESS, ["a/r", "openid", "a/w"], is_bound=False) == ["openid", "a/r"]

    def test_is_nothing_where_the_subject_is_an_id_token(self):
        assert token_exchange.granted([], ID, ["a/r"], is_bound=False) == []

    def test_of_nothing_that_was_asked_for_is_refused(self):
        with pytest.raises(InvalidParameterException, match="None of the scopes"):
            token_exchange.granted(["a/w"], ACCESS, ["a/w", "a/r"], is_bound=False)


class TestAct:
    def test_is_absent_while_the_user_acts(self):
        assert token_exchange.act(ACCESS, None) is None

    def test_names_who_acts(self):
        assert token_exchange.act(ACCESS, MACHINE) == {"sub": "job", "client_id": "job"}
        assert token_exchange.act(ACCESS, ID) == {"sub": "ann", "client_id": "app"}

    def test_keeps_who_acted_before(self):
        acting = {**ACCESS, "act": {"sub": "first", "client_id": "first"}}

        assert token_exchange.act(acting, None) == {"sub": "first", "client_id": "first"}
        assert token_exchange.act(acting, MACHINE) == {
            "sub": "job", "client_id": "job", "act": {"sub": "first", "client_id": "first"},
        }  # fmt: skip

    def test_ends_where_the_chain_is_too_long(self):
        acting = ACCESS
        for _ in range(token_exchange.LONGEST_CHAIN):
            acting = {**ACCESS, "act": token_exchange.act(acting, MACHINE)}

        with pytest.raises(InvalidParameterException, match="act for one another"):
            token_exchange.act(acting, MACHINE)


class TestShown:
    VALUES = {"email": "new@example.com", "phone_number": "+15555550100"}

    def test_is_what_an_id_token_told_in_the_words_of_now(self):
        assert token_exchange.shown(ID, self.VALUES) == {"email": "new@example.com"}

    def test_is_everything_where_the_token_opens_the_profile(self):
        assert token_exchange.shown({**ACCESS, "scope": claims.API_SCOPE}, self.VALUES) == self.VALUES

    def test_is_nothing_where_the_token_is_for_something_else(self):
        assert token_exchange.shown(ACCESS, self.VALUES) == {}
        assert token_exchange.shown({**ACCESS, "scope": f"x{claims.API_SCOPE}"}, self.VALUES) == {}


class TestParties:
    def test_a_machine_is_its_own_subject_without_a_session(self):
        assert token_exchange.is_machine(MACHINE)
        assert not token_exchange.is_machine(ACCESS)
        assert not token_exchange.is_machine({**MACHINE, "event_id": "1"})
        assert not token_exchange.is_machine(ID)

    def test_a_token_names_its_client_by_its_kind(self):
        assert token_exchange.client_of(ACCESS) == token_exchange.client_of(ID) == "app"
        assert token_exchange.client_of({**ACCESS, "aud": "orders"}) == "app"
