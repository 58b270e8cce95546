"""Ids, limits and records of tracked sessions."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules import session_settings
from chalicelib.rules.session_settings import Tracked

MODEL = re.compile(r"(tkn|sso)[a-z0-9]{25}")
LIMIT_OF_2 = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 2}}


def sessions(*actives):
    """One session for each time of its last use, named by its place."""
    return [Tracked(str(uuid.UUID(int=place)), "client", 10.0, active) for place, active in enumerate(actives)]


class TestId:
    @given(st.uuids())
    def test_leads_back_to_its_session(self, session):
        shown = session_settings.id_of(str(session))

        assert MODEL.fullmatch(shown)
        assert session_settings.session_of(shown) == str(session)

    @pytest.mark.parametrize(
        "text",
        ["", "tkn", "tkn" + "z" * 25, "sso" + "0" * 25, "tkn" + "0" * 24, "tkn" + "0" * 26, "TKN" + "0" * 25,
         "tkn" + "0" * 24 + "\n", "tkn" + "\u0661" * 25, "tkn" + "0" * 24 + "_"],
        ids=range(10),
    )  # fmt: skip
    def test_of_another_form_is_none(self, text):
        assert session_settings.session_of(text) is None


class TestSettings:
    def test_are_off_with_twenty_sessions_until_they_are_set(self):
        assert session_settings.shown(None) == {"UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}}
        assert session_settings.shown_of_client(None) == {"SSOSession": {"MaxValidityMinutes": 60}}
        assert not session_settings.is_tracking(None)
        assert session_settings.most(None) == 20

    def test_are_what_was_set(self):
        assert session_settings.is_tracking(LIMIT_OF_2)
        assert session_settings.most(LIMIT_OF_2) == 2


class TestGivingWay:
    @pytest.mark.parametrize(
        ("actives", "leaving"),
        [((), []), ((30.0,), []), ((30.0, 20.0), [20.0]), ((30.0, 40.0, 20.0), [20.0, 30.0])],
    )
    def test_are_the_least_recently_used(self, actives, leaving):
        assert [one.active_at for one in session_settings.giving_way(sessions(*actives), LIMIT_OF_2)] == leaving

    def test_counts_a_session_that_was_never_used_as_of_its_beginning(self):
        never, later = sessions(None, 11.0)

        assert session_settings.giving_way([later, never], LIMIT_OF_2) == [never]


class TestRecords:
    def test_have_what_is_known_and_no_more(self):
        [bare] = sessions(None)
        full = Tracked(str(uuid.UUID(int=7)), "client", 10.0, 20.0, "Linux, Firefox", "192.0.2.7")

        assert session_settings.records([bare, full], full.id) == [
            {
                "SessionId": "tkn0000000000000000000000007", "SessionType": "TOKEN", "ClientId": "client",
                "CreateDate": 10.0, "LastActiveDate": 20.0, "DeviceType": "Linux, Firefox", "IsCurrentSession": True,
                "LastIPAddress": "192.0.2.7",
            },
            {
                "SessionId": "tkn0000000000000000000000000", "SessionType": "TOKEN", "ClientId": "client",
                "CreateDate": 10.0, "LastActiveDate": 10.0, "DeviceType": "unknown", "IsCurrentSession": False,
            },
        ]  # fmt: skip

    def test_are_at_most_those_of_a_page_the_last_used_first(self):
        found = session_settings.records(sessions(*(float(n) for n in range(10, 210))), "")

        assert len(found) == 125
        assert [one["LastActiveDate"] for one in found] == sorted((float(n) for n in range(85, 210)), reverse=True)
