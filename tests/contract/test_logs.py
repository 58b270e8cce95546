"""Nothing that a caller keeps secret, and no name or address of a user, is found in what we write down of a request.

Two sweeps, at DEBUG for every logger, libraries included: markers in every text of every operation, and the real
secrets of real stories, those of answers too. Looked through are the log, what was printed, and the audit in the table.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.credentials import Credentials

from chalicelib.edge import log as lines
from chalicelib.operations import registry
from chalicelib.rules import outcomes
from chalicelib.settings import current
from chalicelib.table import store
from chalicelib.wire import model
from chalicelib.wire.model import Operation, Shape
from tests.application import HOST, PASSWORD, Cognito, Fault
from tests.callers import attribute, different
from tests.contract import calls
from tests.engines import ROOT
from tests.entrance import HIDING, ROTATING, Entrance, fault, secret_hash
from tests.lines import Log, logged, required_of_emf, rows

BUILT = [one for one in calls.EVERY_OPERATION if (one.service, one.python_name) in registry.built()]
IN_PARAMETERS = [
    "USERNAME", "PASSWORD", "SRP_A", "SECRET_HASH", "REFRESH_TOKEN", "NEW_PASSWORD", "PASSWORD_CLAIM_SIGNATURE",
    "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP", "DEVICE_KEY", "SMS_MFA_CODE", "ANSWER", "userAttributes.email",
]  # fmt: skip
FLOWS = {"AuthFlow": model.shape("cognito-idp", "AuthFlowType").enum}
CHALLENGES = {"ChallengeName": model.shape("cognito-idp", "ChallengeNameType").enum}
NUMBERS = itertools.count()
SECRETS_OF_ANSWERS = {
    "AccessToken", "IdToken", "RefreshToken", "Session", "SECRET_BLOCK", "SRP_B", "SALT", "ClientSecret", "code",
    "Username", "USERNAME", "USER_ID_FOR_SRP", "Destination",
}  # fmt: skip


# --- markers in every text of every operation ------------------------------------------------------------------------


class Markers:
    """Inputs of an operation with a text of its own in every place, as far as the model lets it in."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.made: list[str] = []

    def text(self, kind: Shape) -> str:
        """A marker that fits the shape, or one that does not, which is a reason to talk about it."""
        if kind.name in self.known:
            return self.known[kind.name]
        if kind.enum:
            return kind.enum[0]
        marker = f"Zq{next(NUMBERS):05}Marker-aA1"
        if kind.pattern and not kind.is_match(marker):
            marker = marker.replace("-", "")
        marker = marker.ljust(kind.min or 0, "x")[: kind.max or None]
        self.made.append(marker)
        return marker

    def value(self, kind: Shape, depth: int = 0) -> Any:
        """A value of a shape; structures in full."""
        if kind.type == "structure":
            members = {name: model.shape(kind.service, one.shape) for name, one in kind.members.items()}
            return {name: self.value(one, depth + 1) for name, one in members.items() if depth < 6}
        if kind.type == "map":
            names = IN_PARAMETERS if kind.is_sensitive else [self.text(model.shape(kind.service, kind.key))]
            return {name: self.value(model.shape(kind.service, kind.value), depth + 1) for name in names}
        if kind.type == "list":
            return [self.value(model.shape(kind.service, kind.member), depth + 1)]
        return {"string": self.text, "boolean": lambda _: True, "timestamp": lambda _: time.time()}.get(
            kind.type, lambda one: one.min or 1
        )(kind)


def sparse(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """What is required, and what is sensitive: the rest is mostly refused before the operation begins."""
    kind = model.shape(operation.service, operation.input)
    wanted = {name for name, one in kind.members.items() if model.shape(kind.service, one.shape).is_sensitive}
    return {name: value for name, value in given.items() if name in kind.required | wanted | {"UserAttributes"}}


def choices(operation: Operation) -> Iterator[dict[str, str]]:
    members = model.shape(operation.service, operation.input).members
    offered = {**FLOWS, **CHALLENGES}
    found = [[(name, one) for one in values] for name, values in offered.items() if name in members]
    for choice in itertools.product(*found):
        yield dict(choice)


@pytest.fixture(scope="module")
def hall(application: tuple[str, str]) -> Entrance:
    return Entrance(Cognito(*application), AutoVerifiedAttributes=["email"])


def send(cognito: Cognito, operation: Operation, given: dict[str, Any]) -> calls.Answer:
    """A call, with an Authorization header even where no signature is asked for."""
    asked = calls.question(operation, json.dumps(given).encode())
    return calls.ask(*calls.signed(cognito.credentials, operation.service, asked))


def found_in(text: str, secrets: set[str]) -> list[str]:
    """Which of the secrets stand in a text; short ones only where they stand alone."""
    longer = {one for one in secrets if len(one) >= 12}
    alone = [one for one in secrets - longer if re.search(rf"(?<![\w.:-]){re.escape(one)}(?![\w.:-])", text)]
    return sorted(alone + [one for one in longer if one in text or json.dumps(one)[1:-1] in text])


def kept(*pools: str) -> str:
    """All lines of the audit of these pools and of none, as they lie in the table."""
    return json.dumps([row.serialize() for pool in (*pools, "-") for row in rows(pool)])


@pytest.fixture
def everything(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """What was written down of the requests of a test: log at DEBUG, standard output, standard error, audit."""
    lines.write_lines(logging.DEBUG)
    with logged(logging.DEBUG) as log:

        def written(*pools: str) -> str:
            printed = capfd.readouterr()
            assert log.requests(), "nothing was logged, so nothing was shown"
            return log.text + printed.out + printed.err + kept(*pools)

        yield written
    lines.write_lines()


class TestMarkers:
    @pytest.mark.parametrize("operation", BUILT, ids=calls.label)
    def test_no_text_of_a_request_is_written_down(
        self, hall: Entrance, operation: Operation, everything: Callable[..., str]
    ) -> None:
        is_spoilt = operation.name in ("DeleteUserPool", "UpdateUserPool", "UpdateUserPoolSecuritySettings")
        doomed = hall.cognito.pool() if is_spoilt else hall.pool
        client = hall.cognito.client(doomed)
        real = {"UserPoolIdType": doomed, "PoolId": doomed, "ClientIdType": client}
        markers: list[str] = []
        refusals = set()

        for known, choice in itertools.product((real, {"UserPoolIdType": doomed}), list(choices(operation))):
            source = Markers(known if not operation.is_unsigned or known is real else {})
            given = source.value(model.shape(operation.service, operation.input)) | choice
            for one in (given, sparse(operation, given)):
                refusals.add(send(hall.cognito, operation, one).code())
            markers += source.made

        assert found_in(everything(doomed), set(markers) - clients_that_an_operator_named(doomed)) == []
        assert not refusals & {"InternalErrorException", "InternalServerException"}


def clients_that_an_operator_named(pool: str) -> set[str | None]:
    """The audit tells which client an operator's refused call was about, whether it is there or not."""
    return {row.client_id for row in rows(pool) if row.operator}


# --- the real secrets of real stories --------------------------------------------------------------------------------


class Watched(Cognito):
    """Remembers every secret that it sends or is told."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.secrets = {credentials.secret_key, *([credentials.token] if credentials.token else [])}

    def send(self, service: str, operation: str, content: bytes) -> dict[str, Any]:
        known = model.operation(service, operation)
        assert known is not None
        self._look(json.loads(content), model.shape(service, known.input), is_sensitive=False)
        answer = super().send(service, operation, content)
        self._hear(answer)
        return answer

    def _signed(self, service: str, headers: dict[str, str], content: bytes) -> dict[str, str]:
        found = super()._signed(service, headers, content)
        self.secrets.add(found["Authorization"].rpartition("Signature=")[2])
        return found

    def _look(self, value: Any, kind: Shape, *, is_sensitive: bool) -> None:
        sensitive = is_sensitive or (kind.is_sensitive and kind.name != "ClientIdType")
        if isinstance(value, dict):
            for name, one in value.items():
                shape = kind.value or kind.members[name].shape
                self._look(one, model.shape(kind.service, shape), is_sensitive=sensitive)
        elif isinstance(value, list):
            for one in value:
                self._look(one, model.shape(kind.service, kind.member), is_sensitive=sensitive)
        elif isinstance(value, str) and sensitive:
            self.secrets.add(value)

    def _hear(self, value: Any, name: str = "") -> None:
        if isinstance(value, dict):
            for key, one in value.items():
                is_attribute = key == "Value" and value.get("Name") != "sub"
                self._hear(one, "code" if is_attribute else key)
        elif isinstance(value, list):
            for one in value:
                self._hear(one, name)
        elif isinstance(value, str) and name in SECRETS_OF_ANSWERS:
            self.secrets.add(value)


class Stories:
    """Stories of one user with names that stand out, each through success and refusals."""

    NAME, EMAIL, PHONE = "Ursula.Verhaegen", "ursula.verhaegen@mailbox.example", "+4915155512345"

    def __init__(self, entrance: Entrance, outbox: Any) -> None:
        self.door, self.outbox = entrance, outbox
        self.door.name = self.NAME

    def call(self, operation: str, **given: Any) -> Any:
        """An unsigned call of the client."""
        return self.door.cognito.call(operation, ClientId=self.door.client, **given)

    def newest_code(self) -> str:
        """The code of the newest message, which is a secret too."""
        code = str(self.outbox.code(self.NAME))
        self.door.cognito.secrets.add(code)  # type: ignore[attr-defined]
        return code

    def enrols(self) -> None:
        """Signs up, proves the address, at the second try."""
        who = {"Username": self.NAME}
        about = [
            attribute("email", self.EMAIL),
            attribute("phone_number", self.PHONE),
            attribute("name", "Ursula Verhaegen"),
        ]
        self.call("SignUp", **who, Password=PASSWORD, UserAttributes=about)
        fault(lambda: self.call("SignUp", **who, Password=PASSWORD, UserAttributes=about))
        fault(lambda: self.call("SignUp", Username=self.EMAIL, Password="short", UserAttributes=about))
        fault(lambda: self.door.tokens())
        self.call("ResendConfirmationCode", **who)
        code = self.newest_code()
        fault(lambda: self.call("ConfirmSignUp", **who, ConfirmationCode=different(code)))
        self.call("ConfirmSignUp", **who, ConfirmationCode=code)

    def signs_in(self) -> dict[str, Any]:
        """By password, by SRP, wrongly, with stale and stolen proofs; refreshes; has tokens refused."""
        door = self.door
        fault(lambda: door.tokens("Wrong-Horse-8"))
        fault(lambda: door.tokens(name="somebody.else@mailbox.example"))
        client, parameters = door.challenged()
        answer = client.answer(parameters, PASSWORD)
        fault(lambda: door.verified({**answer, "USERNAME": self.EMAIL}))
        fault(lambda: door.verified({**answer, "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA" * 20}))
        door.verified(answer)
        fault(lambda: door.verified(answer))
        tokens = door.tokens()
        fault(lambda: door.refresh(tokens["RefreshToken"][:-4] + "AAAA"))
        door.refresh(tokens["RefreshToken"])
        door.me(tokens["AccessToken"])
        fault(lambda: door.me(tokens["AccessToken"][:-6] + "AAAAAA"))
        fault(lambda: door.me(tokens["IdToken"]))
        fault(lambda: door.me("opaque-token-of-somebody"))
        return tokens

    def forgets(self) -> None:
        """Resets the password, at the second try, and changes it."""
        who = {"Username": self.NAME}
        self.call("ForgotPassword", **who)
        code = self.newest_code()
        fault(lambda: self.call("ConfirmForgotPassword", **who, ConfirmationCode=different(code), Password=PASSWORD))
        self.call("ConfirmForgotPassword", **who, ConfirmationCode=code, Password="Reset-Horse-1")
        token = self.door.tokens("Reset-Horse-1")["AccessToken"]
        given = {"AccessToken": token, "ProposedPassword": PASSWORD}
        fault(lambda: self.door.cognito.call("ChangePassword", **given, PreviousPassword="Wrong-Horse-7"))
        self.door.cognito.call("ChangePassword", **given, PreviousPassword="Reset-Horse-1")

    def is_administered(self) -> None:
        """Is read, changed, disabled, enabled; another one is invited with a temporary password and chooses one."""
        door = self.door
        door.admin("AdminGetUser")
        door.admin("AdminUpdateUserAttributes", UserAttributes=[attribute("nickname", "Uschi-the-Great")])
        door.admin("AdminDisableUser")
        fault(door.tokens)
        door.admin("AdminEnableUser")
        door.cognito.call("ListUsers", UserPoolId=door.pool)
        fault(lambda: door.admin("AdminGetUser", "nobody.knows@mailbox.example"))
        name = door.invited("Invited.Verhaegen", email="invited@mailbox.example")
        begun = door.by_password("Temporary-1", name)
        fault(lambda: door.choose({"Session": begun["Session"][:-8] + "AAAAAAAA"}, name=name))
        door.choose(begun, name=name)
        fault(lambda: door.choose(begun, name=name))

    def leaves(self, tokens: dict[str, Any]) -> None:
        """Signs out and is gone."""
        self.door.revoke(tokens["RefreshToken"])
        fault(lambda: self.door.refresh(tokens["RefreshToken"]))
        token = self.door.tokens()["AccessToken"]
        self.door.cognito.call("GlobalSignOut", AccessToken=token)
        fault(lambda: self.door.cognito.call("DeleteUser", AccessToken=token))
        self.door.cognito.call("DeleteUser", AccessToken=self.door.tokens()["AccessToken"])


class TestStories:
    def watched(self, hall: Entrance) -> Watched:
        return Watched(hall.cognito.credentials)

    @pytest.mark.parametrize("settings", [{}, HIDING, ROTATING], ids=["plain", "hiding", "rotating"])
    def test_no_secret_and_no_name_of_a_life_is_written_down(
        self, hall: Entrance, settings: dict[str, Any], outbox: Any, everything: Callable[..., str]
    ) -> None:
        watched = self.watched(hall)
        pool = hall.cognito.pool(AutoVerifiedAttributes=["email"])
        entrance = Entrance.at(watched, pool)
        entrance.client = watched.client(pool, **settings)
        life = Stories(entrance, outbox)

        life.enrols()
        tokens = self.without_rotation(life) if settings is ROTATING else life.signs_in()
        life.forgets()
        life.is_administered()
        life.leaves(tokens)

        secrets = watched.secrets | {life.NAME, life.EMAIL, life.PHONE}
        assert {PASSWORD, "Wrong-Horse-7", "Temporary-1", "Invited.Verhaegen", "Uschi-the-Great"} <= secrets
        assert len(secrets) > 40
        assert found_in(everything(pool), secrets) == []

    def without_rotation(self, life: Stories) -> dict[str, Any]:
        door = life.door
        first = door.tokens()
        fresh = door.renew(first["RefreshToken"])
        fault(lambda: door.renew(first["RefreshToken"]))
        fault(lambda: door.renew("A" * 91))
        return {**first, "RefreshToken": fresh["RefreshToken"]}

    def test_secrets_of_clients_and_hashes_by_them_are_not(
        self, hall: Entrance, everything: Callable[..., str]
    ) -> None:
        watched = self.watched(hall)
        made = watched.call(
            "CreateUserPoolClient", UserPoolId=hall.pool, ClientName="c", GenerateSecret=True,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]  # fmt: skip
        entrance = hall.another()
        entrance.cognito, entrance.client = watched, made["ClientId"]
        proof = secret_hash(made["ClientSecret"], entrance.name, made["ClientId"])
        tokens = entrance.by_password(SECRET_HASH=proof)["AuthenticationResult"]
        fault(lambda: entrance.by_password(SECRET_HASH="d3JvbmctaGFzaC1vZi1zb21lYm9keQ=="))
        fault(entrance.by_password)
        entrance.renew(tokens["RefreshToken"], ClientSecret=made["ClientSecret"])
        fault(lambda: entrance.renew(tokens["RefreshToken"], ClientSecret="wrong-secret-of-a-client"))
        watched.call("DescribeUserPoolClient", UserPoolId=hall.pool, ClientId=made["ClientId"])

        assert {made["ClientSecret"], proof} <= watched.secrets
        assert found_in(everything(hall.pool), watched.secrets) == []

    def test_keys_and_tokens_of_operators_are_not(self, hall: Entrance, everything: Callable[..., str]) -> None:
        stranger = Watched(Credentials("LKIANOBODYKNOWSIT", "secret-of-a-stranger"))
        wrong = Watched(Credentials(hall.cognito.credentials.access_key, "not-the-secret-of-root"))
        temporary = Watched(Credentials("LKSANOBODYKNOWSIT", "secret-of-a-session", "token-of-a-session-" + "x" * 90))
        for who in (stranger, wrong, temporary):
            with pytest.raises(Fault):
                who.call("ListUserPools", MaxResults=1)

        secrets = stranger.secrets | wrong.secrets | temporary.secrets | {"LKIANOBODYKNOWSIT", "LKSANOBODYKNOWSIT"}
        assert len(secrets) == 3 + 3 + 1 + 2
        assert found_in(everything(hall.pool), secrets) == []

    def test_what_is_no_request_at_all_is_not(self, hall: Entrance, everything: Callable[..., str]) -> None:
        secret = "Secret-of-Somebody-77"
        plain = {"Host": HOST, "Content-Type": calls.JSON}
        for method, path, headers in [
            ("GET", f"/{secret}/nothing?code={secret}", plain),
            ("GET", f"/?token={secret}", plain),
            ("POST", "/", {**plain, "X-Amz-Target": secret}),
            ("POST", "/", {**plain, "Authorization": f"Bearer {secret}", "User-Agent": secret, "Cookie": secret}),
            ("POST", "/operator/session", {**plain, "Content-Type": "application/json"}),
            ("DELETE", f"/identitypools/{secret}", plain),
            ("GET", f"/{secret}/.well-known/jwks.json", plain),
        ]:  # fmt: skip
            calls.ask(method, path, headers, secret.encode())

        assert found_in(everything(hall.pool), {secret}) == []


class TestTheSweep:
    """It finds what it looks for: a sweep that cannot fail shows nothing."""

    def test_a_secret_in_the_log_is_found(self, hall: Entrance, everything: Callable[..., str]) -> None:
        fault(hall.tokens)
        logging.getLogger("latchkey.somewhere").debug("the code is %s", "123456")
        logging.getLogger("a.library").debug('{"Password": "%s"}', PASSWORD)

        assert found_in(everything(hall.pool), {"123456", PASSWORD, "Never-Sent-1"}) == sorted(["123456", PASSWORD])

    def test_a_secret_on_standard_error_or_in_the_audit_is_found(
        self, hall: Entrance, everything: Callable[..., str], capfd: pytest.CaptureFixture[str]
    ) -> None:
        import os

        entrance = hall.another()
        os.write(2, b"printed-by-a-library")
        entrance.admin("AdminDisableUser")
        sub = entrance.account().user.sub

        assert found_in(everything(hall.pool), {"printed-by-a-library", sub}) == sorted(["printed-by-a-library", sub])

    def test_libraries_would_tell_if_they_were_let(self, hall: Entrance, everything: Callable[..., str]) -> None:
        name = hall.another().name
        logging.getLogger("botocore").setLevel(logging.DEBUG)
        hall.admin("AdminGetUser", name)

        assert found_in(everything(hall.pool), {name}) == [name]


# --- the lines themselves --------------------------------------------------------------------------------------------


class TestReasons:
    def test_the_log_knows_what_the_caller_is_not_told(self, hall: Entrance, outbox: Any) -> None:
        entrance = hall.another()
        entrance.client = entrance.cognito.client(entrance.pool, **HIDING)
        tokens = entrance.tokens()
        client, parameters = entrance.challenged()
        proof = client.answer(parameters, PASSWORD)
        entrance.verified(proof)
        other = hall.another()
        other.client = entrance.cognito.client(entrance.pool)
        expected: list[tuple[str, Callable[[], Any]]] = [
            ("unknown user", lambda: entrance.tokens(name="nobody-at-all")),
            ("wrong password", lambda: entrance.tokens("wrong")),
            ("proof spent", lambda: entrance.verified(proof)),
            ("session foreign or expired", lambda: entrance.verified({**proof, "PASSWORD_CLAIM_SECRET_BLOCK": "AAAA"})),
            ("secret hash", lambda: entrance.by_password(SECRET_HASH="wrong")),
            ("token forged", lambda: entrance.me("a.b.c")),
            ("token foreign", lambda: entrance.me(tokens["IdToken"])),
            ("refresh malformed", lambda: entrance.refresh("junk")),
            ("refresh unknown", lambda: entrance.refresh("A" * 91)),
            ("refresh forged or foreign", lambda: other.refresh(tokens["RefreshToken"])),
            ("code expired", lambda: confirm(entrance, entrance.name)),
            ("unknown user", lambda: confirm(entrance, "nobody-at-all")),
            ("name taken", lambda: sign_up(entrance, entrance.name)),
            ("password policy", lambda: sign_up(entrance, "fresh", Password="weak")),
            ("validation", lambda: entrance.cognito.call("SignUp", ClientId="", Username="")),
            ("unknown resource", lambda: entrance.cognito.call("ForgotPassword", ClientId="x", Username="x")),
        ]  # fmt: skip

        with logged() as log:
            told = [fault(attempt) for _, attempt in expected]

        assert None not in told
        assert [line["reason"] for line in log.requests()] == [reason for reason, _ in expected]
        assert [line["outcome"] for line in log.requests()] == [one.code for one in told if one]

    def test_locked_disabled_and_temporary_ones_are_told_apart(self, hall: Entrance) -> None:
        locked, disabled, invited = hall.another(), hall.another(), hall.another()
        locked.wrongly(6)
        token = disabled.tokens()
        disabled.admin("AdminDisableUser")
        invited.name = invited.invited(f"invited-{invited.name}")
        account = invited.account()
        assert account.password is not None
        account.password.valid_until = 1.0
        store.save(account.password)

        with logged() as log:
            fault(locked.tokens)
            fault(disabled.tokens)
            fault(lambda: disabled.me(token["AccessToken"]))
            fault(lambda: disabled.refresh(token["RefreshToken"]))
            fault(lambda: invited.tokens("Temporary-1"))
        assert [line["reason"] for line in log.requests()] == [
            "locked", "disabled", "disabled", "disabled", "temporary password over",
        ]  # fmt: skip

    def test_a_token_that_was_used_before_and_one_that_was_revoked_are_told_apart(self, hall: Entrance) -> None:
        entrance = hall.another()
        revoked = entrance.tokens()
        entrance.revoke(revoked["RefreshToken"])
        entrance.client = entrance.cognito.client(entrance.pool, **ROTATING)
        first = entrance.tokens()["RefreshToken"]
        entrance.renew(first)

        with logged() as log:
            fault(lambda: entrance.renew(first))
            fault(lambda: entrance.me(revoked["AccessToken"]))
        assert [line["reason"] for line in log.requests()] == ["refresh reused", "token revoked"]

    def test_a_code_that_nobody_was_sent_is_done_for_the_caller_alone(self, hall: Entrance) -> None:
        entrance = hall.another()
        entrance.client = entrance.cognito.client(entrance.pool, **HIDING)

        with logged() as log:
            entrance.cognito.call("ForgotPassword", ClientId=entrance.client, Username="nobody-at-all")
            entrance.cognito.call("ForgotPassword", ClientId=entrance.client, Username=entrance.name)
        assert [(line["outcome"], line.get("reason")) for line in log.requests()] == [
            ("Done", "unknown user"), ("Done", None),
        ]  # fmt: skip

    @pytest.mark.parametrize(("secret", "reason"), [("wrong", "bad signature"), (None, "unknown key")])
    def test_callers_without_a_key_of_ours_are_told_apart(
        self, hall: Entrance, secret: str | None, reason: str
    ) -> None:
        key = hall.cognito.credentials.access_key if secret else "LKIANOBODY"
        with logged() as log:
            fault(lambda: Cognito(key, "wrong").call("ListUserPools", MaxResults=1))

        assert log.last()["reason"] == reason
        assert "caller" not in log.last()


def confirm(entrance: Entrance, name: str) -> Any:
    given = {"Username": name, "ConfirmationCode": "123456", "Password": PASSWORD}
    return entrance.cognito.call("ConfirmForgotPassword", ClientId=entrance.client, **given)


def sign_up(entrance: Entrance, name: str, **given: Any) -> Any:
    given = {"Password": PASSWORD, "UserAttributes": [attribute("email", "a@example.com")], **given}
    return entrance.cognito.call("SignUp", ClientId=entrance.client, Username=name, **given)


class TestLines:
    def one(self, log: Log) -> dict[str, Any]:
        assert len(log.requests()) == 1
        return log.last()

    def test_a_call_of_an_operator_has_one_line(self, hall: Entrance) -> None:
        with logged() as log:
            hall.cognito.call("DescribeUserPool", UserPoolId=hall.pool)

        line = self.one(log)
        assert line["ms"] > 0
        assert line["trips"] == 2
        assert {name: line[name] for name in ("operation", "caller", "operator", "pool", "outcome", "status")} == {
            "operation": "DescribeUserPool", "caller": "operator", "operator": hall.cognito.credentials.access_key,
            "pool": hall.pool, "outcome": "Done", "status": 200,
        }  # fmt: skip

    def test_a_call_of_a_user_has_one_line(self, hall: Entrance) -> None:
        entrance = hall.another()
        token = entrance.tokens()["AccessToken"]
        with logged() as log:
            entrance.me(token)

        line = self.one(log)
        assert (line["caller"], line["client"], line["sub"]) == ("user", entrance.client, entrance.account().user.sub)

    def test_a_key_set_has_one_line_too(self, hall: Entrance) -> None:
        with logged() as log:
            calls.ask("GET", f"/{hall.pool}/.well-known/jwks.json", {"Host": HOST})

        line = self.one(log)
        assert (line["route"], line["outcome"]) == ("GET /{pool}/.well-known/jwks.json", "Done")

    @pytest.mark.parametrize(("method", "path", "status", "outcome"), [
        ("GET", "/nothing", 404, "UnknownOperationException"),
        ("PATCH", "/", 405, "MethodNotAllowedException"),
        ("POST", "/", 415, "UnsupportedMediaTypeException"),
        ("OPTIONS", "/", 200, "Done"),
    ])  # fmt: skip
    def test_what_the_front_door_refuses_has_one_line(
        self, application: Any, method: str, path: str, status: int, outcome: str
    ) -> None:
        with logged() as log:
            calls.ask(method, path, {"Host": HOST, "Content-Type": "text/html"})

        line = self.one(log)
        assert (line["method"], line["status"], line["outcome"]) == (method, status, outcome)


class TestDocumentation:
    """docs/observing.md against the code: who reads a log looks words up there."""

    TEXT = (ROOT / "docs" / "observing.md").read_text("utf-8")

    def test_every_reason_stands_in_it(self) -> None:
        source = "".join(path.read_text("utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
        noted = set(re.findall(r'reason["=: ]+"([a-z][^"]+)"', source)) | set(outcomes.REASONS.values())

        assert len(noted) > 40
        assert [reason for reason in sorted(noted) if f"`{reason}`" not in self.TEXT] == []

    def test_every_metric_and_every_member_of_an_audit_line_stands_in_it(self) -> None:
        members = model.shape("latchkey", "AuditLine").members

        assert [
            name for name in (*outcomes.COUNTED, "Latency", "Trips", *members) if f"`{name}`" not in self.TEXT
        ] == []


class TestMetrics:
    @pytest.fixture
    def metered(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
        monkeypatch.setattr(lines, "current", lambda: replace(current(), metrics=True))
        with logged() as log:
            yield log

    def test_every_kind_of_line_is_one_that_cloudwatch_takes(self, hall: Entrance, metered: Log) -> None:
        entrance = hall.another()
        entrance.refresh(entrance.tokens()["RefreshToken"])
        fault(lambda: entrance.tokens("wrong"))
        fault(lambda: sign_up(entrance, entrance.name))
        fault(lambda: entrance.cognito.call("SignUp", ClientId="x", Username="x", Password=PASSWORD))
        calls.ask("GET", f"/{hall.pool}/.well-known/jwks.json", {"Host": HOST})
        calls.ask("GET", "/nothing", {"Host": HOST})

        for line in metered.requests():
            required_of_emf(line)
        assert {line["Operation"] for line in metered.requests()} >= {
            "InitiateAuth", "SignUp", "AdminCreateUser", "GET /{pool}/.well-known/jwks.json", "none",
        }  # fmt: skip

    def test_a_stranger_cannot_make_metrics_up(self, hall: Entrance, metered: Log) -> None:
        for place in range(20):
            fault(lambda place=place: sign_up_at(hall, f"invented{place}"))
            calls.ask("GET", f"/invented{place}", {"Host": HOST})
            calls.ask("GET", f"/invented{place}/.well-known/jwks.json", {"Host": HOST})
            calls.ask("POST", "/", {"Host": HOST, "Content-Type": calls.JSON, "X-Amz-Target": f"Invented.{place}"})

        dimensions = {
            tuple(str(line[name]) for name in directive["Dimensions"][0])
            for line in metered.requests()
            for directive in line["_aws"]["CloudWatchMetrics"]
        }
        assert len(dimensions) == 5

    def test_trips_are_those_that_were_made(self, hall: Entrance, metered: Log) -> None:
        with store.counted() as trips:
            hall.another().tokens()

        assert sum(line["Trips"] for line in metered.requests()) == len(trips.calls)


def sign_up_at(entrance: Entrance, client: str) -> Any:
    return entrance.cognito.call("SignUp", ClientId=client, Username="x", Password=PASSWORD)
