"""POST /operator/session, by the front door and with a strict stand-in for STS: who comes in, and that once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.credentials import Credentials

from chalicelib import settings
from chalicelib.edge.request import Request
from chalicelib.flows import operator_mappings
from chalicelib.flows.operators import EVERYTHING
from chalicelib.outside import sts
from chalicelib.table import keys, store
from chalicelib.table.access_keys import OperatorSession
from chalicelib.web import operator
from tests import iam
from tests.iam import Iam, posted, presigned, signed
from tests.lines import logged

USERS = f"arn:aws:iam::{iam.ACCOUNT}:user/*"


@pytest.fixture(scope="module")
def emulated(application: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iam]:
    with iam.serving(tmp_path_factory.mktemp("iam")) as found:
        yield found


@pytest.fixture
def url(emulated: Iam) -> Iterator[str]:
    """Where STS answers; every test begins and ends without mappings."""
    yield f"{emulated.url}/"
    for mapping in operator_mappings.listed():
        operator_mappings.remove(mapping.name)


@pytest.fixture
def caller(emulated: Iam) -> Credentials:
    return emulated.user()


@pytest.fixture
def users() -> str:
    """A mapping that means every user."""
    return operator_mappings.create("users", USERS, EVERYTHING).name


def refused(demand: dict[str, Any], code: str, word: str) -> None:
    status, content = posted(demand)

    assert (status >= 400, content["__type"]) == (True, code)
    assert word in content["message"]


class TestGranted:
    @pytest.mark.parametrize("make", [signed, presigned])
    def test_a_user_whom_a_mapping_means_gets_what_an_sdk_wants(
        self, url: str, caller: Any, users: str, make: Any
    ) -> None:
        status, content = posted(make(caller, url))

        assert status == 200
        assert set(content) == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
        assert content["Version"] == 1
        assert content["AccessKeyId"].startswith("LKSA")
        left = datetime.fromisoformat(content["Expiration"]).timestamp() - time.time()
        assert 3590 < left <= 3600

    def test_for_as_long_as_asked(self, url: str, caller: Any, users: str) -> None:
        _, content = posted({**signed(caller, url), "seconds": 900})

        assert 890 < datetime.fromisoformat(content["Expiration"]).timestamp() - time.time() <= 900

    def test_a_session_of_a_role_by_the_name_of_the_role(self, emulated: Iam, url: str) -> None:
        role = f"ci-{uuid.uuid4().hex[:6]}"
        operator_mappings.create("ci", f"arn:aws:iam::{iam.ACCOUNT}:role/ci-*", EVERYTHING)

        given = iam.given(signed(emulated.assumed(role, "ann@example.com"), url))

        kept = store.get(OperatorSession, id=given.access_key)
        assert kept.arn == f"arn:aws:sts::{iam.ACCOUNT}:assumed-role/{role}/ann@example.com"
        assert (kept.principal, kept.mapping) == (f"arn:aws:iam::{iam.ACCOUNT}:role/{role}", "ci")

    def test_the_log_tells_who_got_which_key(self, url: str, caller: Any, users: str) -> None:
        with logged() as log:
            given = iam.given(signed(caller, url))

        line = log.last()
        assert (line["operator"], line["outcome"]) == (given.access_key, "Done")
        assert line["principal"] == store.get(OperatorSession, id=given.access_key).arn

    def test_the_table_does_not_hold_the_secret(self, url: str, caller: Any, users: str) -> None:
        given = iam.given(signed(caller, url))

        kept = store.list(keys.key("OperatorSession", id=given.access_key).pk).items
        assert len(kept) == 1
        assert given.secret_key not in str([item.serialize() for item in kept])

    def test_a_mapping_counts_at_once(self, url: str, caller: Any) -> None:
        operator_mappings.create("other", f"arn:aws:iam::{iam.ACCOUNT}:role/x", EVERYTHING)
        refused(signed(caller, url), "AccessDeniedException", "is not authorized to have an operator session")
        item = operator_mappings.create("users", USERS, EVERYTHING)

        assert item.enabled
        iam.given(signed(caller, url))

    def test_of_several_mappings_the_named_one(self, url: str, caller: Any, users: str) -> None:
        operator_mappings.create("also", USERS, EVERYTHING)

        refused(signed(caller, url), "AccessDeniedException", "name one of them: also, users")
        given = iam.given({**signed(caller, url), "mapping": "also"})

        assert store.get(OperatorSession, id=given.access_key).mapping == "also"


class TestRefused:
    def test_where_nobody_is_mapped_sts_is_not_even_asked(self, url: str, caller: Any) -> None:
        with iam.in_use("http://127.0.0.1:9"):  # nobody is there
            refused(signed(caller, "http://127.0.0.1:9/"), "AccessDeniedException", "there is no mapping")

    def test_whoever_no_mapping_means(self, url: str, caller: Any) -> None:
        operator_mappings.create("roles", f"arn:aws:iam::{iam.ACCOUNT}:role/*", EVERYTHING)

        refused(signed(caller, url), "AccessDeniedException", f"User: arn:aws:iam::{iam.ACCOUNT}:user/")

    def test_by_a_mapping_of_another_name(self, url: str, caller: Any, users: str) -> None:
        refused({**signed(caller, url), "mapping": "root"}, "AccessDeniedException", "is not authorized")

    def test_by_a_disabled_mapping(self, url: str, caller: Any, users: str) -> None:
        operator_mappings.create("other", f"arn:aws:iam::{iam.ACCOUNT}:role/x", EVERYTHING)
        operator_mappings.set_enabled(users, enabled=False)

        refused(signed(caller, url), "AccessDeniedException", "is not authorized")

    @pytest.mark.parametrize("make", [signed, presigned])
    def test_whoever_signs_with_another_secret(self, url: str, caller: Any, users: str, make: Any) -> None:
        forged = Credentials(caller.access_key, "guess")

        refused(make(forged, url), "AccessDeniedException", "STS refused the signed request")

    def test_a_proof_for_another_server_even_with_our_name_written_over_it(
        self, url: str, caller: Any, users: str
    ) -> None:
        demand = signed(caller, url, "http://other.test")
        refused(demand, "InvalidParameterException", "X-Latchkey-Server")
        demand["headers"]["X-Latchkey-Server"] = iam.SERVER

        refused(demand, "AccessDeniedException", "STS refused the signed request")

    def test_a_stale_proof(self, url: str, caller: Any, users: str) -> None:
        demand = signed(caller, url)
        demand["headers"]["X-Amz-Date"] = "20260101T000000Z"

        refused(demand, "InvalidSignatureException", "expired or not yet current")

    def test_a_token_of_somebody_else(self, emulated: Iam, url: str, users: str) -> None:
        stolen, own = emulated.assumed(f"a-{uuid.uuid4().hex[:6]}"), emulated.user()

        mixed = Credentials(own.access_key, own.secret_key, stolen.token)

        refused(signed(mixed, url), "AccessDeniedException", "STS refused")

    @pytest.mark.parametrize(
        ("status", "code"), [(307, "ServiceUnavailable"), (500, "ServiceUnavailable"), (400, "AccessDenied")]
    )
    def test_whatever_sts_says_but_a_name(
        self, url: str, caller: Any, users: str, monkeypatch: pytest.MonkeyPatch, status: int, code: str
    ) -> None:
        content = b"<Arn>arn:aws:iam::000000000000:user/ann</Arn>"
        monkeypatch.setattr(sts, "answer", lambda _proof: sts.Answer(status, content))

        refused(signed(caller, url), f"{code}Exception", "")

    def test_an_answer_that_only_looks_like_one_of_sts(
        self, url: str, caller: Any, users: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = b'{"GetCallerIdentityResponse": {"Arn": "arn:aws:iam::000000000000:user/ann"}}'
        monkeypatch.setattr(sts, "answer", lambda _proof: sts.Answer(200, content))

        refused(signed(caller, url), "AccessDeniedException", "STS did not name")

    def test_a_host_header_that_makes_us_another_server(
        self, url: str, caller: Any, users: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("LATCHKEY_BASE_URL")
        settings.current.cache_clear()
        try:
            answer = operator.session(Request("POST", "/operator/session", base_url="http://other.test"))
        finally:
            monkeypatch.undo()
            settings.current.cache_clear()

        assert answer.status == 400
        assert "LATCHKEY_BASE_URL" in str(answer.body)


class TestReplay:
    @pytest.mark.parametrize("make", [signed, presigned])
    def test_a_proof_works_once(self, url: str, caller: Any, users: str, make: Any) -> None:
        demand = make(caller, url)
        iam.given(demand)

        refused(demand, "AccessDeniedException", "has been used before")
        refused({**demand, "seconds": 900}, "AccessDeniedException", "has been used before")

    def test_nor_does_another_spelling_of_it_work(self, url: str, caller: Any, users: str) -> None:
        demand = signed(caller, url)
        iam.given(demand)
        authorization = demand["headers"]["Authorization"].replace(", ", ",")

        for other in (
            {**demand, "url": url.rstrip("/")},
            {**demand, "headers": {**demand["headers"], "Authorization": authorization}},
            {**demand, "headers": {name.lower(): value for name, value in demand["headers"].items()}},
        ):
            refused(other, "AccessDeniedException", "has been used before")

    def test_of_two_at_once_exactly_one_wins(self, url: str, caller: Any, users: str) -> None:
        demand, answers = signed(caller, url), []
        start = threading.Barrier(6)

        def post() -> None:
            start.wait()
            answers.append(posted(demand)[0])

        threads = [threading.Thread(target=post) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(answers) == [200, 400, 400, 400, 400, 400]

    def test_a_refused_proof_leaves_nothing_in_the_table(self, url: str, caller: Any) -> None:
        operator_mappings.create("roles", f"arn:aws:iam::{iam.ACCOUNT}:role/*", EVERYTHING)
        with store.counted() as trips:
            refused(signed(caller, url), "AccessDeniedException", "is not authorized")

        assert set(trips.calls) <= {"Query"}


class TestTheDoor:
    def test_takes_json_alone(self, url: str) -> None:
        status, _ = posted(b"{}", **{"Content-Type": "text/plain"})

        assert status == 415

    def test_says_what_is_wrong_with_a_body(self, url: str) -> None:
        refused({}, "InvalidParameterException", "headers must be an object")

    def test_reads_no_table_for_what_is_no_proof(self, url: str) -> None:
        with store.counted() as trips:
            posted({"method": "POST", "url": "https://evil.example/", "headers": {}})

        assert trips.calls == []
