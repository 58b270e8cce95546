"""Signatures: what botocore's own signers make is accepted, anything changed afterwards is not."""

import calendar
import dataclasses
import hashlib
import time
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.wire.canonical import query_pairs
from chalicelib.wire.sigv4 import Expected, SignedRequest, parsed, problem

KEY, SECRET, TOKEN = "AKIAEXAMPLE", "wJalr/XUtnFEMI+K7MDENG", "session-token/+="
TARGET = "AWSCognitoIdentityProviderService.ListUsers"
URL = "https://auth.example.com/"
BODY = b'{"UserPoolId":"eu-west-1_a"}'


def received(request):
    """The request as a server gets it."""
    url = urlsplit(request.url)
    headers = {"host": url.netloc} | {name.lower(): value for name, value in request.headers.items()}
    return SignedRequest(request.method, url.path, url.query, headers, request.body or b"")


def signed(signer=SigV4Auth, *, token=None, service="cognito-idp", region="eu-west-1", **more):
    given = {"method": "POST", "url": URL, "data": BODY, "headers": {"X-Amz-Target": TARGET}} | more
    request = AWSRequest(**given)
    signer(Credentials(KEY, SECRET, token), service, region).add_auth(request)
    return received(request)


def presigned(**more):
    # botocore moves the body of what it presigns into the query.
    return signed(SigV4QueryAuth, **(more | {"data": b""}))


def moment(request):
    stamp = dict(query_pairs(request.query)).get("X-Amz-Date") or parsed(request).timestamp
    return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))


def expected(request, **more):
    return Expected(
        **({"service": "cognito-idp", "secret": SECRET, "now": moment(request), "region": "eu-west-1"} | more)
    )


def verdict(request, **more):
    return problem(parsed(request), request, expected(request, **more))


def changed(request, **more):
    return dataclasses.replace(request, **more)


def with_header(request, name, value):
    return changed(request, headers=request.headers | {name: value})


def with_authorization(request, old, new):
    return with_header(request, "authorization", request.headers["authorization"].replace(old, new))


def assert_refused(request, text, **more):
    error = verdict(request, **more)
    assert error is not None
    assert (error.code, error.status) == ("InvalidSignatureException", 400)
    assert text in error.message


BOTH = pytest.mark.parametrize("make", [signed, presigned])


class TestGenuineSignatures:
    @BOTH
    def test_are_accepted(self, make):
        assert verdict(make()) is None

    @BOTH
    def test_with_a_session_token_are_accepted_and_give_the_token_out(self, make):
        request = make(token=TOKEN)

        assert verdict(request) is None
        assert parsed(request).security_token == TOKEN

    def test_with_the_date_header_of_http_are_accepted(self):
        request = signed(headers={"X-Amz-Target": TARGET, "Date": "x"})

        assert "x-amz-date" not in request.headers
        assert verdict(request) is None

    def test_with_a_true_content_hash_are_accepted(self):
        headers = {"X-Amz-Target": TARGET, "X-Amz-Content-SHA256": hashlib.sha256(BODY).hexdigest()}

        assert verdict(signed(headers=headers)) is None

    def test_of_any_region_are_accepted_when_none_is_asked_for(self):
        assert verdict(signed(region="ap-south-2"), region=None) is None

    def test_over_a_path_with_a_stage_prefix_are_accepted(self):
        request = changed(signed(url="https://api.example.com/api/"), path="/")

        assert_refused(request, "does not match")
        assert verdict(request, paths=("/x/", "/api/", "/y/")) is None

    def test_survive_the_header_that_cloudfront_adds(self):
        assert verdict(with_header(signed(), "x-amz-cf-id", "abc")) is None

    def test_say_who_signed(self):
        signature = parsed(signed())

        assert (signature.access_key, signature.region, signature.service) == (KEY, "eu-west-1", "cognito-idp")
        assert signature.scope == f"{signature.date}/eu-west-1/cognito-idp/aws4_request"
        assert signature.value not in repr(signature)

    def test_do_not_show_the_secret(self):
        assert SECRET not in repr(Expected("cognito-idp", SECRET, 0))

    @pytest.mark.parametrize("path", ["", "/", "/a/../b", "//a//b/", "/a/./b/", "/..", "/a%2Fb", "/eu-west-1%3Aid/ä b"])
    def test_over_any_path_are_accepted(self, path):
        assert verdict(signed(url="https://auth.example.com" + path)) is None

    @settings(max_examples=150, deadline=None)
    @given(
        make=st.sampled_from([signed, presigned]),
        method=st.sampled_from(["GET", "POST", "DELETE", "post"]),
        segments=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=4),
        pairs=st.lists(
            st.tuples(st.text("abAB ~*é+&=/", min_size=1, max_size=4), st.text("ab ~*é+&=/%", max_size=4)), max_size=4
        ),
        header=st.text("abc \t,;=é", max_size=12),
        body=st.binary(max_size=40),
        token=st.none() | st.text("aZ09/+=", min_size=1, max_size=20),
    )
    def test_of_botocore_in_any_shape_are_accepted(self, make, method, segments, pairs, header, body, token):
        path = "/" + "/".join(quote(segment, safe="") for segment in segments)
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in dict(pairs).items()
        )
        url = f"https://auth.example.com:8443{path}" + (f"?{query}" if query else "")

        request = make(
            method=method, url=url, data=body, headers={"X-Custom": header, "X-Amz-Target": TARGET}, token=token
        )

        assert verdict(request) is None


class TestTampering:
    @BOTH
    @pytest.mark.parametrize(
        "change",
        [
            {"method": "GET"},
            {"path": "/other"},
            {"body": BODY + b" "},
            {"body": b"{}"},
        ],
    )
    def test_with_method_path_or_body_is_refused(self, make, change):
        assert_refused(changed(make(), **change), "does not match the signature you provided")

    @BOTH
    @pytest.mark.parametrize("name", ["host", "x-amz-target"])
    def test_with_a_signed_header_is_refused(self, make, name):
        assert_refused(with_header(make(), name, "other"), "does not match")

    @BOTH
    def test_with_the_query_is_refused(self, make):
        request = make(url=URL + "?a=1")

        assert_refused(changed(request, query=request.query.replace("a=1", "a=2")), "does not match")
        assert_refused(changed(request, query=request.query + "&b=1"), "does not match")

    def test_with_the_query_under_the_name_of_the_signature_is_refused(self):
        assert_refused(changed(signed(), query="X-Amz-Signature=1"), "does not match")

    @BOTH
    def test_with_the_secret_is_refused(self, make):
        assert_refused(make(), "does not match", secret=SECRET + "x")

    def test_with_any_digit_of_the_signature_is_refused(self):
        request = signed()
        value = parsed(request).value
        other = ("0" if value[0] != "0" else "1") + value[1:]

        assert_refused(with_authorization(request, value, other), "does not match")

    def test_with_the_key_id_leaves_the_secret_to_decide(self):
        request = with_authorization(signed(), KEY, "AKIAOTHER")

        assert parsed(request).access_key == "AKIAOTHER"

    def test_by_adding_a_target_that_was_not_signed_is_refused(self):
        """Attack: one signed request turned into another operation."""
        request = signed(headers={})

        assert_refused(with_header(request, "x-amz-target", TARGET), "'x-amz-target' must be a 'SignedHeader'")

    def test_by_adding_a_session_token_is_refused(self):
        assert_refused(with_header(signed(), "x-amz-security-token", TOKEN), "'x-amz-security-token' must be")

    def test_by_taking_a_signed_header_away_is_refused(self):
        request = signed()
        headers = {name: value for name, value in request.headers.items() if name != "x-amz-target"}

        assert_refused(changed(request, headers=headers), "The signed header 'x-amz-target' is not in the request.")

    def test_by_leaving_the_host_unsigned_is_refused(self):
        request = signed()

        assert_refused(with_authorization(request, "SignedHeaders=host;", "SignedHeaders="), "'Host' must be")

    @pytest.mark.parametrize("claimed", ["UNSIGNED-PAYLOAD", hashlib.sha256(b"other").hexdigest(), "é", "\ud800", ""])
    def test_with_the_content_hash_is_refused(self, claimed):
        request = with_header(
            signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}), "x-amz-content-sha256", claimed
        )

        assert_refused(request, "'x-amz-content-sha256' does not match")

    def test_with_the_date_is_refused(self):
        request = signed()
        other = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment(request) + 1))

        assert_refused(with_header(request, "x-amz-date", other), "")

    def test_with_the_life_of_a_presigned_url_is_refused(self):
        request = presigned()

        assert_refused(changed(request, query=request.query.replace("Expires=3600", "Expires=7200")), "does not match")


class TestScope:
    @pytest.mark.parametrize(
        ("old", "new", "text"),
        [
            ("/cognito-idp/", "/s3/", "Credential should be scoped to correct service: 'cognito-idp'."),
            ("/eu-west-1/", "/eu-west-2/", "Credential should be scoped to a valid region."),
            ("/aws4_request", "/aws4", "valid terminator: 'aws4_request'"),
        ],
    )
    def test_must_be_the_expected_one(self, old, new, text):
        assert_refused(with_authorization(signed(), old, new), text)

    def test_must_have_the_date_of_the_request(self):
        request = signed()
        date = parsed(request).date

        assert_refused(
            with_authorization(request, f"/{date}/", "/20200101/"), "Date in Credential scope does not match"
        )


class TestTime:
    @pytest.mark.parametrize("drift", [-300, 0, 300])
    def test_within_five_minutes_is_accepted(self, drift):
        request = signed()

        assert verdict(request, now=moment(request) + drift) is None

    def test_after_five_minutes_is_refused_in_the_words_of_aws(self):
        request = with_header(signed(), "x-amz-date", "20260131T120000Z")

        assert_refused(
            request,
            "Signature expired: 20260131T120000Z is now earlier than 20260131T120001Z (20260131T120501Z - 5 min.)",
            now=calendar.timegm((2026, 1, 31, 12, 5, 1)),
        )

    def test_from_the_future_is_refused_in_the_words_of_aws(self):
        request = with_header(signed(), "x-amz-date", "20260131T120501Z")

        assert_refused(
            request,
            "Signature not yet current: 20260131T120501Z is still later than 20260131T120500Z "
            "(20260131T120000Z + 5 min.)",
            now=calendar.timegm((2026, 1, 31, 12, 0, 0)),
        )

    def test_of_a_presigned_url_lasts_as_long_as_it_says(self):
        request = presigned()

        assert verdict(request, now=moment(request) + 3600) is None
        assert_refused(request, "3600 sec.", now=moment(request) + 3601)
        assert_refused(request, "Signature not yet current", now=moment(request) - 301)


class TestParsed:
    @pytest.mark.parametrize(
        "headers", [{}, {"authorization": ""}, {"authorization": "Bearer x"}, {"authorization": "Basic e"}]
    )
    def test_is_none_without_a_signature(self, headers):
        assert parsed(SignedRequest("POST", "/", "a=b", headers, b"")) is None

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            ("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
            ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            ("Credential=", "Credentials="),
            ("Credential=AKIAEXAMPLE/", "Credential="),
            ("Credential=AKIAEXAMPLE/", "Credential=AKIAEXAMPLE/x/"),
            ("Credential=AKIAEXAMPLE/", "Credential=/"),
            ("Credential=AKIAEXAMPLE/", "Credential=AKIA EXAMPLE/"),
            ("Credential=AKIAEXAMPLE/", "Credential=\u00e9/"),
            ("Credential=AKIAEXAMPLE/", f"Credential={'x' * 200}/"),
            ("Credential=AKIAEXAMPLE/", f"Credential={'x' * 5000}/"),
            ("SignedHeaders=host;", "SignedHeaders=Host;"),
            ("SignedHeaders=host;", "SignedHeaders=x;host;"),
            ("SignedHeaders=host;", "SignedHeaders=host;host;"),
            ("SignedHeaders=host;", f"SignedHeaders={';'.join(f'a{n:03}' for n in range(70))};host;"),
            ("Signature=", "Signature=0"),
            ("Signature=", "Signature=0123,Signature="),
            ("Signature=", "Signature=G"),
            (", Signature=", ", x, Signature="),
        ],
        ids=lambda text: text[:40],
    )
    def test_refuses_a_header_that_cannot_be_read(self, old, new):
        with pytest.raises(errors.IncompleteSignatureException):
            parsed(with_authorization(signed(), old, new))

    def test_names_all_that_is_missing(self):
        with pytest.raises(errors.IncompleteSignatureException) as caught:
            parsed(SignedRequest("POST", "/", "", {"authorization": "AWS4-HMAC-SHA256 x=y"}, b""))

        assert caught.value.message == (
            "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' "
            "parameter. Authorization header requires 'Signature' parameter. Authorization header requires existence "
            "of either a 'X-Amz-Date' or a 'Date' header."
        )

    @pytest.mark.parametrize(
        "stamp",
        [
            "now",
            "2026-01-31T12:00:00Z",
            "20261331T120000Z",
            "20260131T120000Z ",
            "\u0662" * 8 + "T120000Z",
            "Mon, x",
            "Mon, 99 Foo 2026 99:99:99 GMT",
            ",",
        ],
    )
    def test_refuses_a_date_that_cannot_be_read(self, stamp):
        with pytest.raises(errors.IncompleteSignatureException, match="basic format"):
            parsed(with_header(signed(), "x-amz-date", stamp))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("X-Amz-Expires=3600", "X-Amz-Expires=0"),
            ("X-Amz-Expires=3600", "X-Amz-Expires=604801"),
            ("X-Amz-Expires=3600", "X-Amz-Expires=-1"),
            ("X-Amz-Expires=3600", "X-Amz-Expires=" + "9" * 5000),
            ("X-Amz-Expires=3600", "x=y"),
            ("X-Amz-Date=", "X-Date="),
            ("X-Amz-Signature=", "x="),
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA1"),
            ("X-Amz-Date=", "X-Amz-Expires=1&X-Amz-Date="),
            ("X-Amz-Date=", "a=" + "b" * 20_000 + "&X-Amz-Date="),
        ],
        ids=lambda text: text[:40],
    )
    def test_refuses_a_query_that_cannot_be_read(self, old, new):
        request = presigned()
        assert old in request.query

        with pytest.raises(errors.IncompleteSignatureException):
            parsed(changed(request, query=request.query.replace(old, new)))

    @settings(max_examples=200, deadline=None)
    @given(
        authorization=st.text(max_size=40).map(lambda text: "AWS4-HMAC-SHA256 " + text) | st.text(max_size=20),
        query=st.text(st.characters(), max_size=40),
        path=st.text(st.characters(), max_size=20),
        header=st.text(st.characters(), max_size=20),
    )
    def test_and_problem_never_fail_in_another_way(self, authorization, query, path, header):
        """Half surrogates, bytes that are no UTF-8 and stray percent signs included."""
        headers = {"authorization": authorization, "x-amz-date": header}
        request = changed(with_header(signed(), "x-amz-target", header), path=path, query=query)

        try:
            parsed(SignedRequest("POST", path, query + "&X-Amz-Algorithm=" + header, headers, b""))
            parsed(SignedRequest("POST", path, query + "&X-Amz-Algorithm=" + header, {}, b""))
        except errors.IncompleteSignatureException:
            pass
        assert problem(parsed(request), request, expected(signed())) is not None


class TestKnownVector:
    def test_of_the_signing_key(self):
        """The example of the IAM user guide: 30 August 2015, us-east-1, iam."""
        secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        authorization = (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        )
        headers = {
            "host": "iam.amazonaws.com",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-amz-date": "20150830T123600Z",
            "authorization": authorization,
        }
        request = SignedRequest("GET", "/", "Action=ListUsers&Version=2010-05-08", headers, b"")

        found = problem(parsed(request), request, Expected("iam", secret, calendar.timegm((2015, 8, 30, 12, 36, 0))))

        assert found is None
