"""What a line of the audit tells: who, what, when, from where, and how it ended; and never what must not be kept."""

from __future__ import annotations

import time

import pytest

from chalicelib import journal
from chalicelib.call import Call, Caller, Origin, arn
from chalicelib.errors import InvalidParameterException
from chalicelib.flows import audit
from chalicelib.settings import Settings
from chalicelib.table import keys, store
from chalicelib.table.access_keys import OperatorSession

pytestmark = pytest.mark.usefixtures("application")

NOW = 1_763_730_000.5
ORIGIN = Origin("http://latchkey.test", "192.0.2.7", "request-1")
OPERATOR = Caller("LKIAROOT")


NOBODY = Caller()


def call(who: Caller = NOBODY, now: float = NOW, **given: object) -> Call:
    return Call(given, who, ORIGIN, now)


class TestLine:
    def test_tells_who_what_when_from_where_and_how_it_ended(self) -> None:
        line = audit.line(call(OPERATOR, UserPoolId="p_1", ClientId="c1", ClientName="x"), "UpdateUserPoolClient")

        assert (line.operator, line.operation, line.pool_id, line.client_id) == (
            "LKIAROOT", "UpdateUserPoolClient", "p_1", "c1",
        )  # fmt: skip
        assert (line.happened_at, line.source_ip, line.request_id) == (NOW, "192.0.2.7", "request-1")
        assert (line.outcome, line.reason) == ("Done", None)

    def test_knows_members_by_name_and_no_value(self) -> None:
        line = audit.line(call(OPERATOR, UserPoolId="p_1", Username="Ursula", Password="Hunter-2"), "Something")

        assert line.members == ["Password", "UserPoolId", "Username"]
        assert not {"Ursula", "Hunter-2"} & set(str(line.serialize()).replace("'", '"').split('"'))

    def test_of_a_stranger_takes_over_nothing_that_was_not_found(self) -> None:
        line = audit.line(call(ClientId="my-password", UserPoolId="p_1"), "SignUp")

        assert (line.operator, line.client_id, line.pool_id) == (None, None, None)

    def test_tells_what_was_noted_on_the_way(self) -> None:
        with journal.opened():
            journal.note(pool="p_2", client="c2", sub="sub-1", reason="wrong password")
            done, refused = audit.line(call(), "ChangePassword"), audit.line(call(), "ChangePassword", "NotAuthorized")

        assert (done.pool_id, done.client_id, done.sub, done.reason) == ("p_2", "c2", "sub-1", None)
        assert (refused.outcome, refused.reason) == ("NotAuthorized", "wrong password")

    def test_of_a_refusal_that_explains_itself_has_its_reason(self) -> None:
        assert audit.line(call(OPERATOR), "CreateGroup", "AccessDeniedException").reason == "policy"

    def test_lies_by_pool_and_day(self) -> None:
        assert audit.line(call(OPERATOR, UserPoolId="p_1"), "X").pk == "X#p_1#2025-11-21"
        assert audit.line(call(OPERATOR), "CreateUserPool").pk == "X#-#2025-11-21"

    def test_of_tags_lies_by_the_pool_of_the_arn(self) -> None:
        line = audit.line(call(OPERATOR, ResourceArn=arn("p_1"), Tags={"k": "v"}), "TagResource")

        assert (line.pk, line.pool_id, line.members) == ("X#p_1#2025-11-21", "p_1", ["ResourceArn", "Tags"])

    @pytest.mark.parametrize(
        "resource",
        [
            "arn:aws:cognito-idp:us-east-1:123456789012:userpool/p_1",
            "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/p_1",
            "arn:aws:cognito-identity:us-east-1:000000000000:identitypool/p_1",
            arn("x/p_1"),
            arn("p_1\n"),
            arn("p" * 56),
            arn(""),
            "p_1",
        ],
        ids=ascii,
    )
    def test_of_tags_of_another_resource_lies_outside_of_pools(self, resource: str) -> None:
        line = audit.line(call(OPERATOR, ResourceArn=resource), "TagResource")

        assert (line.pk, line.pool_id) == ("X#-#2025-11-21", None)

    def test_of_a_user_lies_by_the_pool_that_was_found(self) -> None:
        with journal.opened():
            journal.note(pool="p_3")

            assert audit.line(call(AccessToken="t"), "DeleteUser").pk == "X#p_3#2025-11-21"

    def test_of_the_making_of_a_pool_lies_outside_of_pools_and_names_the_new_one(self) -> None:
        with journal.opened():
            journal.note(pool="p_new")
            line = audit.line(call(OPERATOR, PoolName="x"), "CreateUserPool")

        assert (line.pk, line.pool_id) == ("X#-#2025-11-21", "p_new")

    def test_names_the_iam_caller_behind_a_temporary_key(self) -> None:
        arn, now = "arn:aws:sts::111122223333:assumed-role/Deploy/ci", time.time()
        session = OperatorSession.new(
            {"id": "LKSATEST", "created": keys.sortable(now)},
            arn=arn, principal=arn, mapping="ci", created_at=now, ends_at=now + 60, expires=now + 60,
        )  # fmt: skip
        store.save(session)

        assert audit.line(call(Caller("LKSATEST")), "X").principal == arn
        assert audit.line(call(Caller("LKSAGONE")), "X").principal is None
        assert audit.line(call(OPERATOR), "X").principal is None


class TestRetention:
    @pytest.mark.parametrize(("days", "expires"), [(1, int(NOW) + 86400), (400, int(NOW) + 400 * 86400), (0, None)])
    def test_lines_end_after_the_days_of_the_settings_or_never(
        self, days: int, expires: int | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "current", lambda: Settings(audit_days=days))

        assert audit.line(call(), "X").expires == expires


class TestPage:
    def test_two_lines_of_one_moment_are_both_kept(self) -> None:
        now = time.time()
        for _ in range(2):
            store.save(audit.line(call(OPERATOR, now, UserPoolId="moment_1"), "X"))

        assert len(audit.page("moment_1", audit.day_of(now), 10, None).items) == 2

    def test_lines_that_are_over_are_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        then = time.time() - 2 * 86400
        monkeypatch.setattr(audit, "current", lambda: Settings(audit_days=1))
        store.save(audit.line(call(OPERATOR, then, UserPoolId="over_1"), "X"))

        assert audit.page("over_1", audit.day_of(then), 10, None).items == []

    def test_days_change_at_midnight_utc(self) -> None:
        midnight = 1_763_683_200.0

        assert audit.day_of(midnight - 0.001) == "2025-11-20"
        assert audit.day_of(midnight) == "2025-11-21"

    @pytest.mark.parametrize("cursor", ["", "x", "W10", "e30"])
    def test_a_cursor_that_is_none_is_refused(self, cursor: str) -> None:
        with pytest.raises(InvalidParameterException):
            audit.page("p_1", "2025-11-21", 10, cursor)

    def test_a_cursor_of_another_pool_is_refused(self) -> None:
        now = time.time()
        for _ in range(2):
            store.save(audit.line(call(OPERATOR, now, UserPoolId="mine_1"), "X"))
        cursor = audit.page("mine_1", audit.day_of(now), 1, None).cursor

        with pytest.raises(InvalidParameterException):
            audit.page("yours_1", audit.day_of(now), 1, cursor)
