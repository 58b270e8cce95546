"""ListAuditLines: pages over a day, who may read which pool, and what is refused."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from chalicelib.call import Call, Caller, Origin, arn
from chalicelib.flows import audit, operators
from chalicelib.table import store
from tests.application import Cognito
from tests.lines import ask, audited

ACTION = "latchkey:ListAuditLines"
DAY = "2026-11-20"


@pytest.fixture
def pool(application: Any) -> str:
    return f"us-east-1_{uuid.uuid4().hex[:9]}"


def write(pool: str, moment: float, **more: Any) -> None:
    """A line of a moment, as an operator's call leaves it."""
    call = Call({"UserPoolId": pool, **more}, Caller("LKIASOMEBODY"), Origin("", "192.0.2.5", "request-1"), moment)
    store.save(audit.line(call, f"Operation at {moment - 1_795_132_800:g}"))


def reader(resource: str, *, effect: str = "Allow", **more: Any) -> Cognito:
    statements = [{"Effect": effect, "Action": ACTION, "Resource": resource}]
    if effect == "Deny":
        statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    return Cognito(*operators.create({"Statement": statements}))


class TestListAuditLines:
    NOON = 1_795_176_000.0  # of the day

    def test_tells_a_line_in_full_and_nothing_that_is_not_there(self, cognito: Cognito, pool: str) -> None:
        write(pool, self.NOON + 0.25, Username="Ursula")

        (told,) = audited(cognito, pool, Day=DAY)
        assert told == {
            "Time": self.NOON + 0.25,
            "Operation": "Operation at 43200.2",
            "Operator": "LKIASOMEBODY",
            "UserPoolId": pool,
            "Members": ["UserPoolId", "Username"],
            "SourceIp": "192.0.2.5",
            "RequestId": "request-1",
            "Outcome": "Done",
        }

    @pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 1000])
    def test_pages_lead_through_a_day_in_its_order(self, cognito: Cognito, pool: str, size: int) -> None:
        for place in (3, 0, 5, 2, 4, 1):
            write(pool, self.NOON + place)

        pages, more = [], {}
        while True:
            answer = ask(cognito, UserPoolId=pool, Day=DAY, MaxResults=size, **more).said()
            pages.append([told["Time"] - self.NOON for told in answer["AuditLines"]])
            if "NextToken" not in answer:
                break
            more = {"NextToken": answer["NextToken"]}

        assert [one for page in pages for one in page] == [0, 1, 2, 3, 4, 5]
        assert {len(page) for page in pages[:-1]} <= {size}
        assert pages[-1]

    def test_days_do_not_mix(self, cognito: Cognito, pool: str) -> None:
        write(pool, self.NOON)
        write(pool, self.NOON + 86400)

        assert len(audited(cognito, pool, Day=DAY)) == len(audited(cognito, pool, Day="2026-11-21")) == 1

    def test_today_is_the_day_when_none_is_given(self, cognito: Cognito, pool: str) -> None:
        write(pool, time.time())

        assert len(audited(cognito, pool)) == 1

    def test_a_page_is_one_trip(self, cognito: Cognito, pool: str) -> None:
        for place in range(120):
            write(pool, self.NOON + place)

        with store.counted() as trips:
            answer = ask(cognito, UserPoolId=pool, Day=DAY).said()
        assert len(answer["AuditLines"]) == 100
        assert trips.calls == ["Query"]

    @pytest.mark.parametrize("given", [
        {"Day": "today"}, {"Day": "2026-11-2"}, {"Day": "2026-11-21#x"}, {"Day": ""}, {"MaxResults": 0},
        {"MaxResults": 1001}, {"UserPoolId": "-"}, {"UserPoolId": ""}, {"UserPoolId": "a#b_c"}, {"NextToken": "junk"},
    ])  # fmt: skip
    def test_what_has_not_the_form_is_refused(self, cognito: Cognito, given: dict[str, Any]) -> None:
        answer = ask(cognito, **given)

        assert (answer.status, answer.code()) == (400, "InvalidParameterException")

    def test_a_day_without_lines_and_a_day_that_is_none_are_empty(self, cognito: Cognito, pool: str) -> None:
        assert audited(cognito, pool, Day="2001-01-01") == audited(cognito, pool, Day="2026-99-99") == []


class TestWhoMayRead:
    def test_who_may_read_one_pool_reads_no_other_and_not_what_belongs_to_none(self, pool: str) -> None:
        only_this = reader(arn(pool))

        assert ask(only_this, UserPoolId=pool).status == 200
        assert ask(only_this, UserPoolId="us-east-1_another00").code() == "AccessDeniedException"
        assert ask(only_this).code() == "AccessDeniedException"

    def test_who_may_read_every_pool_by_its_arn_does_not_read_what_belongs_to_none(self, pool: str) -> None:
        every_pool = reader("arn:aws:cognito-idp:*:*:userpool/*")

        assert ask(every_pool, UserPoolId=pool).status == 200
        assert ask(every_pool).code() == "AccessDeniedException"

    def test_who_may_read_everything_reads_both(self, pool: str) -> None:
        everything = reader("*")

        assert ask(everything, UserPoolId=pool).status == ask(everything).status == 200

    def test_a_denial_of_one_pool_wins(self, pool: str) -> None:
        denied = reader(arn(pool), effect="Deny")

        assert ask(denied, UserPoolId=pool).code() == "AccessDeniedException"
        assert ask(denied, UserPoolId="us-east-1_another00").status == 200

    def test_cognitos_own_actions_do_not_open_it(self, pool: str) -> None:
        policy = {"Statement": {"Effect": "Allow", "Action": "cognito-idp:*", "Resource": "*"}}
        administrator = Cognito(*operators.create(policy))

        assert ask(administrator, UserPoolId=pool).code() == "AccessDeniedException"

    def test_a_cursor_of_one_pool_opens_no_other(self, cognito: Cognito, pool: str) -> None:
        for _ in range(2):
            write(pool, time.time())
        cursor = ask(cognito, UserPoolId=pool, MaxResults=1).said()["NextToken"]

        answer = ask(reader("*"), UserPoolId="us-east-1_another00", NextToken=cursor)
        assert (answer.status, answer.code()) == (400, "InvalidParameterException")

    def test_strangers_are_refused(self, pool: str) -> None:
        assert ask(Cognito("LKIANOBODY", "x"), UserPoolId=pool).code() == "UnrecognizedClientException"
