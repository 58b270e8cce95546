"""Proofs: what botocore signs for STS and for us is taken, and nothing else is ever sent anywhere."""

from __future__ import annotations

import calendar
import copy
import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import AwsError, InvalidParameterException, InvalidSignatureException
from chalicelib.rules import proofs
from chalicelib.rules.proofs import Proof, Trust
from tests.iam import BODY, SERVER, presigned, signed

CALLER = Credentials("AKIAEXAMPLE", "wJalr/XUtnFEMI+K7MDENG")
WITH_TOKEN = Credentials("ASIAEXAMPLE", "wJalr/XUtnFEMI+K7MDENG", "session/token+==")
URL = "https://sts.us-east-1.amazonaws.com/"
LOCAL = "http://127.0.0.1:4566"
TRUST = Trust(SERVER, LOCAL)


def parts(**more: Any) -> dict[str, Any]:
    return signed(CALLER, URL, **more)


def query_parts(**more: Any) -> dict[str, Any]:
    return presigned(CALLER, URL, **more)


def stamp(given: dict[str, Any]) -> float:
    text = dict(parse_qsl(urlsplit(given["url"]).query)).get("X-Amz-Date") or given["headers"]["X-Amz-Date"]
    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))


def proved(given: dict[str, Any], *, later: float = 0, trust: Trust = TRUST) -> Proof:
    return proofs.proof(proofs.demand(json.dumps(given).encode()), trust, stamp(given) + later)


def refused(given: dict[str, Any], kind: type[AwsError] = InvalidParameterException, **more: Any) -> str:
    with pytest.raises(kind) as caught:
        proved(given, **more)
    return caught.value.message


def with_header(given: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    changed = copy.deepcopy(given)
    for known in [known for known in changed["headers"] if known.lower() == name.lower()]:
        del changed["headers"][known]
    if value is not None:
        changed["headers"][name] = value
    return changed


def resigned(given: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The Authorization header says something else, as a signer could have made it say."""
    return with_header(given, "Authorization", given["headers"]["Authorization"].replace(old, new))


BOTH = pytest.mark.parametrize("make", [parts, query_parts], ids=["posted", "presigned"])


class TestDemand:
    def test_has_an_hour_and_no_mapping_of_its_own(self) -> None:
        demand = proofs.demand(json.dumps(parts()).encode())

        assert (demand.seconds, demand.mapping) == (3600, None)

    def test_may_name_a_mapping_and_a_shorter_life(self) -> None:
        demand = proofs.demand(json.dumps({**parts(), "mapping": "ci", "seconds": 900}).encode())

        assert (demand.seconds, demand.mapping) == (900, "ci")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"null",
            b"[]",
            b"\xff",
            b"{",
            b'{"method": "GET", "method": "POST"}',
            b"[" * 9000,
            b'"' + b"x" * 20_000 + b'"',
            b'{"headers": {"a": "b", "a": "c"}}',
        ],
    )
    def test_is_one_small_object_with_each_member_once(self, content: bytes) -> None:
        with pytest.raises(InvalidParameterException, match="JSON object"):
            proofs.demand(content)

    @pytest.mark.parametrize(
        "more",
        [
            {"method": 1},
            {"url": None},
            {"body": ["x"]},
            {"mapping": 0},
            {"mapping": False},
            {"extra": "x"},
        ],
    )
    def test_has_texts_and_nothing_unknown(self, more: dict[str, Any]) -> None:
        assert "members" in refused({**parts(), **more})

    @pytest.mark.parametrize("seconds", [899, 3601, "900", True, 900.0, None, 10**40])
    def test_lives_from_a_quarter_to_a_whole_hour(self, seconds: Any) -> None:
        assert "seconds" in refused({**parts(), "seconds": seconds})

    @pytest.mark.parametrize(
        "headers",
        [
            None,
            [],
            "x",
            {"a b": "x"},
            {"": "x"},
            {"a": 1},
            {"a": ["x"]},
            {"a": ""},
            {"a": "x\r\nHost: y"},
            {"a": "\u00e9"},
            {"a\n": "x"},
            {"a": "x\n"},
            {f"a{number}": "x" for number in range(33)},
            {"X-Latchkey-Server": SERVER, "x-latchkey-server": "http://other.test"},
        ],
    )
    def test_has_headers_that_can_end_no_line_and_hide_no_other(self, headers: Any) -> None:
        assert "header names" in refused({**parts(), "headers": headers})


class TestSoundProofs:
    def test_a_post_goes_out_as_it_was_signed(self) -> None:
        given = signed(WITH_TOKEN, URL)

        proof = proved(given)

        assert (proof.method, proof.origin, proof.target, proof.body) == ("POST", URL[:-1], "/", BODY)
        assert proof.headers == {
            name.lower(): value for name, value in given["headers"].items() if name.lower() != "host"
        }

    def test_a_presigned_get_goes_out_with_the_values_that_were_signed(self) -> None:
        given = presigned(WITH_TOKEN, URL)

        proof = proved(given)

        assert (proof.method, proof.origin, proof.body) == ("GET", URL[:-1], "")
        assert proof.headers == {"x-latchkey-server": SERVER}
        assert parse_qsl(urlsplit(proof.target).query) == parse_qsl(urlsplit(given["url"]).query)

    @pytest.mark.parametrize(
        "url",
        [
            "https://sts.amazonaws.com/",
            "https://sts.amazonaws.com",
            "https://sts.eu-central-1.amazonaws.com/",
            "https://sts.us-gov-west-1.amazonaws.com/",
            f"{LOCAL}/",
        ],
    )
    def test_go_to_a_name_of_sts_or_to_the_stand_in_of_a_laptop(self, url: str) -> None:
        assert proved(signed(CALLER, url)).origin == url.rstrip("/")

    def test_may_come_with_what_other_signers_add(self) -> None:
        digest = "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843"
        given = parts(headers={"X-Amz-Content-SHA256": digest, "Content-Length": str(len(BODY))})

        proof = proved(given)

        assert proof.headers["x-amz-content-sha256"] == digest
        assert "content-length" not in proof.headers

    def test_headers_that_nobody_signed_are_left_behind(self) -> None:
        given = with_header(with_header(parts(), "Accept", "application/json"), "X-Forwarded-Host", "elsewhere")

        assert proved(given).headers.keys() <= {"authorization", "content-type", "x-amz-date", "x-latchkey-server"}

    def test_without_a_signed_content_type_are_sent_as_a_form(self) -> None:
        request = AWSRequest("POST", URL, headers={"X-Latchkey-Server": SERVER}, data=BODY)
        SigV4Auth(CALLER, "sts", "us-east-1").add_auth(request)
        given = {"method": "POST", "url": URL, "headers": dict(request.headers.items()), "body": BODY}

        assert proved(given).headers["content-type"] == "application/x-www-form-urlencoded"

    @BOTH
    def test_two_proofs_have_two_marks_and_one_proof_has_one(self, make: Any) -> None:
        first, other = make(), make(server="http://other.test")

        assert proved(first).mark == proved(first).mark
        assert proved(first).mark != proved(other, trust=Trust("http://other.test")).mark

    def test_show_no_signature_to_whoever_logs_them(self) -> None:
        given = parts()

        shown = repr(proved(given)) + repr(proofs.demand(json.dumps(given).encode()))

        assert given["headers"]["Authorization"][-64:] not in shown


class TestWhereTheyMayGo:
    @pytest.mark.parametrize(
        "url",
        [
            "https://sts.evil.example/",
            "https://evil.example/sts.amazonaws.com",
            "https://sts.amazonaws.com.evil.example/",
            "https://evilsts.amazonaws.com/",
            "https://sts.evil.amazonaws.com/",
            "https://s3.amazonaws.com/",
            "https://sts.us-east-1.s3.amazonaws.com/",
            "https://STS.amazonaws.com/",
            "https://sts.amazonaws.com:8443/",
            "https://sts.amazonaws.com:443/",
            "https://sts.amazonaws.com@evil.example/",
            "https://user@sts.amazonaws.com/",
            "https://sts.amazonaws.com/../",
            "https://sts.amazonaws.com/x",
            "https://sts.amazonaws.com//evil.example/",
            "https://sts.amazonaws.com/#x",
            "https://sts.amazonaws.com\\@evil.example/",
            "https://sts.amazonaws.com./",
            "https://169.254.169.254/",
            "http://169.254.169.254/latest/meta-data/",
            "http://127.0.0.1:4567/",
            "https://127.0.0.1:4566/",
            "http://127.0.0.1:45660/",
            "file:///etc/passwd",
            "",
            "//sts.amazonaws.com/",
            "https://sts.amazonaws.com/\n",
            "https://sts.\u0061mazonaws\uff0ecom/",
            "https://sts.us_east_1.amazonaws.com/",
        ],
    )
    def test_another_host_is_never_asked(self, url: str) -> None:
        assert "url must be" in refused({**parts(), "url": url})

    def test_nor_is_sts_without_tls(self) -> None:
        assert "url must be" in refused(signed(CALLER, "http://sts.amazonaws.com/"))

    @BOTH
    def test_the_stand_in_is_none_where_none_is_configured(self, make: Any) -> None:
        given = signed(CALLER, f"{LOCAL}/") if make is parts else presigned(CALLER, f"{LOCAL}/")

        assert "url must be" in refused(given, trust=Trust(SERVER))

    @BOTH
    def test_a_host_header_of_another_host_is_refused(self, make: Any) -> None:
        assert "Host" in refused(with_header(make(), "Host", "sts.amazonaws.com"))


class TestWhatMayBeAsked:
    @pytest.mark.parametrize(
        "body",
        [
            "Action=AssumeRole&Version=2011-06-15",
            "Action=GetCallerIdentity",
            "",
            f"{BODY}&Action=AssumeRole",
            f"{BODY}&RoleArn=x",
            "action=GetCallerIdentity&Version=2011-06-15",
            f"{BODY}\n",
            f" {BODY}",
            "Action=GetSessionToken&Version=2011-06-15",
            "Action=%47etCallerIdentity&Version=2011-06-15",
        ],
    )
    def test_no_other_action_and_no_parameters_are_posted(self, body: str) -> None:
        assert "body must be" in refused(parts(body=body))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("Action=GetCallerIdentity", "Action=AssumeRole"),
            ("Version=2011-06-15", "Version=2010-05-08"),
            ("Action=GetCallerIdentity", "Action=GetCallerIdentity&action=AssumeRole"),
            ("Action=GetCallerIdentity", "Action=GetCallerIdentity&Action=AssumeRole"),
            ("Action=GetCallerIdentity", "%41ction=GetCallerIdentity"),
            ("Version=2011-06-15&", ""),
            ("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=900"),
            ("X-Amz-Expires=60", "X-Amz-Expires=6e1"),
            ("X-Amz-Expires=60", "X-Amz-Expires"),
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none"),
            ("%2Fsts%2F", "%2Fs3%2F"),
            ("Action=GetCallerIdentity", "Action=GetCallerIdentity&RoleArn=x"),
            ("Action=GetCallerIdentity", "Action=GetCallerIdentity&"),
            ("Action=", "Action=%FF"),
        ],
    )
    def test_nor_are_they_in_a_presigned_query(self, old: str, new: str) -> None:
        given = query_parts()
        assert old in given["url"]

        assert "query" in refused({**given, "url": given["url"].replace(old, new, 1)})

    @pytest.mark.parametrize(
        ("more", "word"),
        [
            ({"method": "GET"}, "POST with a body"),
            ({"method": "PUT"}, "POST"),
            ({"method": "post"}, "POST"),
            ({"url": f"{URL}?{BODY}"}, "no query"),
            ({"url": f"{URL}?"}, "url must be"),
        ],
    )
    def test_a_post_is_a_post(self, more: dict[str, str], word: str) -> None:
        assert word in refused({**parts(), **more})

    @pytest.mark.parametrize("more", [{"method": "POST"}, {"body": BODY}, {"url": URL}])
    def test_a_presigned_get_has_a_query_and_no_body(self, more: dict[str, str]) -> None:
        now = {"X-Amz-Date": "20260101T000000Z"}
        given = query_parts()

        assert "without a body" in refused({**given, **more, "headers": {**given["headers"], **now}})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Content-Type", "application/json"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", "1"),
        ],
    )
    def test_a_body_is_not_read_as_something_else(self, name: str, value: str) -> None:
        assert "Content-" in refused(parts(headers={name: value}))

    @pytest.mark.parametrize("value", ["UNSIGNED-PAYLOAD", "0" * 64])
    def test_the_digest_of_the_body_is_that_of_this_body(self, value: str) -> None:
        assert "SHA256" in refused(parts(headers={"X-Amz-Content-SHA256": value}))

    @pytest.mark.parametrize("name", ["Accept", "X-Amz-Target", "X-HTTP-Method-Override", "Transfer-Encoding-X"])
    def test_a_signed_header_that_could_change_the_answer_is_refused(self, name: str) -> None:
        assert "at most" in refused(parts(headers={name: "application/json"}))


class TestForWhomTheyWereSigned:
    @BOTH
    @pytest.mark.parametrize(
        "server",
        [
            "http://other.test",
            "https://latchkey.test",
            f"{SERVER}/",
            f"{SERVER}.evil.example",
            "latchkey.test",
            f"{SERVER},http://other.test",
            SERVER.upper(),
        ],
    )
    def test_a_proof_for_another_server_cannot_be_relayed_to_us(self, make: Any, server: str) -> None:
        assert "X-Latchkey-Server must be signed" in refused(make(server=server))

    def test_nor_can_a_request_that_was_signed_for_no_server(self) -> None:
        assert "X-Latchkey-Server must be signed" in refused(parts(server=None))

    @BOTH
    def test_nor_does_it_help_to_change_the_header_afterwards(self, make: Any) -> None:
        given = with_header(make(server="http://other.test"), "X-Latchkey-Server", SERVER)

        # STS finds that the signature is not that of these headers; what is sent is what was changed.
        assert proved(given).headers["x-latchkey-server"] == SERVER

    def test_nor_to_add_the_header_without_a_signature(self) -> None:
        given = with_header(parts(server=None), "X-Latchkey-Server", SERVER)

        assert "must be signed" in refused(given)

    def test_nor_to_take_it_away_from_what_is_sent(self) -> None:
        assert "must be signed" in refused(with_header(parts(), "X-Latchkey-Server", None))

    def test_nor_to_add_it_to_a_presigned_url(self) -> None:
        given = query_parts()
        given["url"] = given["url"].replace("host%3Bx-latchkey-server", "host")

        assert "must be signed" in refused(given)

    def test_nor_to_put_it_into_the_query(self) -> None:
        given = query_parts()
        given["url"] += f"&X-Latchkey-Server={SERVER[7:]}"

        assert "query" in refused(given)


class TestWhatIsSigned:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            ("/sts/", "/s3/"),
            ("/aws4_request", "/aws5_request"),
            ("Signature=", "Signature=0"),
            ("Credential=AKIA", "Credential=../AKIA"),
            (", ", ", X=y, "),
            ("Signature=", "SIGNATURE="),
        ],
    )
    def test_an_authorization_header_has_one_form(self, old: str, new: str) -> None:
        assert "Authorization" in refused(resigned(parts(), old, new))

    def test_there_is_one(self) -> None:
        assert "Authorization" in refused(with_header(parts(), "Authorization", None))

    @pytest.mark.parametrize("name", ["host", "x-amz-date"])
    def test_host_and_date_are_under_the_signature(self, name: str) -> None:
        given = resigned(parts(), f"{name};", "")

        assert "must cover" in refused(given)

    def test_a_signed_header_is_there(self) -> None:
        assert "must cover" in refused(with_header(parts(), "Content-Type", None))

    @pytest.mark.parametrize("make", [signed, presigned])
    def test_a_security_token_is_not_added_to_what_was_signed(self, make: Any) -> None:
        given = with_header(make(CALLER, URL), "X-Amz-Security-Token", "other")

        assert "Security-Token must be signed" in refused(given)


class TestTime:
    @BOTH
    @pytest.mark.parametrize("later", [-60, 0, 59])
    def test_a_fresh_proof_is_taken(self, make: Any, later: float) -> None:
        assert proved(make(), later=later).ends > 0

    @pytest.mark.parametrize(("later", "ends"), [(299, 300)])
    def test_a_post_may_be_five_minutes_old(self, later: float, ends: float) -> None:
        given = parts()

        assert proved(given, later=later).ends == stamp(given) + ends

    @BOTH
    @pytest.mark.parametrize("later", [300, 3600, -61, -86_400])
    def test_a_stale_one_and_one_of_the_future_are_refused(self, make: Any, later: float) -> None:
        assert "expired or not yet" in refused(make(), InvalidSignatureException, later=later)

    def test_a_presigned_one_ends_when_it_says(self) -> None:
        given = query_parts(seconds=30)

        assert proved(given, later=29).ends == stamp(given) + 30
        refused(given, InvalidSignatureException, later=30)

    def test_nor_does_a_long_life_make_it_older_than_five_minutes(self) -> None:
        given = query_parts(seconds=900)

        assert proved(given).ends == stamp(given) + 300

    @pytest.mark.parametrize("seconds", [0, 901, 999])
    def test_a_presigned_one_for_longer_than_a_quarter_of_an_hour_is_refused(self, seconds: int) -> None:
        assert "X-Amz-Expires" in refused(query_parts(seconds=seconds), InvalidSignatureException)

    @pytest.mark.parametrize("text", ["20261341T000000Z", "00000101T000000Z", "yesterday", "20260101T000060Z"])
    def test_a_date_is_a_date(self, text: str) -> None:
        given = with_header(parts(), "X-Amz-Date", text)
        demand = proofs.demand(json.dumps(given).encode())

        with pytest.raises((InvalidParameterException, InvalidSignatureException), match=r"X-Amz-Date|expired"):
            proofs.proof(demand, TRUST, 1.8e9)


class TestWhateverComes:
    @given(
        st.dictionaries(
            st.sampled_from(["method", "url", "headers", "body", "mapping", "seconds"]),
            st.one_of(
                st.text(max_size=40),
                st.none(),
                st.integers(),
                st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
            ),
        )
    )
    def test_it_is_refused_by_name_and_never_fails(self, given: dict[str, Any]) -> None:
        with pytest.raises(AwsError):
            proofs.proof(proofs.demand(json.dumps(given).encode()), TRUST, 0)

    @given(st.text("abc.:/@#?%-stamzonw\\", max_size=60))
    def test_no_url_leads_anywhere_else(self, tail: str) -> None:
        given = proofs.demand(json.dumps({**parts(), "url": f"https://sts.amazonaws.com{tail}"}).encode())

        try:
            origin = proofs.proof(given, TRUST, 1.8e9).origin
        except AwsError:
            return
        assert origin == "https://sts.amazonaws.com"
