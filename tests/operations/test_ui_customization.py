"""Style sheet and logo of the classic pages, through their operations and the page that serves the logo."""

import base64
import re
import uuid

import pytest

from chalicelib.flows import client_documents
from chalicelib.table import store
from tests.application import HOST, Cognito, Fault, respond

CSS = ".logo-customizable {\n  max-width: 60%;\n}\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))
NOBODY = "unknownunknownunknownunkn1"


@pytest.fixture(scope="module")
def pool_id(application):
    """A pool with a domain, for tests that ask for their own client."""
    caller = Cognito(*application)
    made = caller.pool()
    caller.call("CreateUserPoolDomain", UserPoolId=made, Domain=f"ui-{uuid.uuid4().hex[:12]}")
    return made


@pytest.fixture
def client_id(cognito, pool_id):
    yield cognito.client(pool_id)
    cognito.call("SetUICustomization", UserPoolId=pool_id)


def image(content):
    return base64.b64encode(content).decode()


def set_one(cognito, pool_id, **members):
    return cognito.call("SetUICustomization", UserPoolId=pool_id, **members)["UICustomization"]


def got(cognito, pool_id, **members):
    return cognito.call("GetUICustomization", UserPoolId=pool_id, **members)["UICustomization"]


def refusal(cognito, operation, **given):
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code, refused.value.message


def loaded(path):
    return respond("GET", path, {"Host": HOST, "Accept": "image/avif,image/png,*/*;q=0.8"})


class TestSetUICustomization:
    def test_answers_what_get_answers(self, cognito, pool_id, client_id):
        made = set_one(cognito, pool_id, ClientId=client_id, CSS=CSS, ImageFile=image(PNG))

        assert re.fullmatch("[0-9]{14}", made["CSSVersion"])
        assert made["CSS"] == CSS
        assert made["ClientId"] == client_id
        assert made["CreationDate"] == made["LastModifiedDate"]
        assert made["ImageUrl"] == f"http://{HOST}/{pool_id}/ui/{client_id}/logo?v={made['CSSVersion']}"
        assert got(cognito, pool_id, ClientId=client_id) == made

    def test_replaces_style_sheet_and_logo_together(self, cognito, pool_id, client_id):
        first = set_one(cognito, pool_id, ClientId=client_id, CSS=CSS, ImageFile=image(PNG))

        second = set_one(cognito, pool_id, ClientId=client_id, CSS=CSS + CSS)

        assert second["CSS"] == CSS + CSS
        assert "ImageUrl" not in second
        assert second["CreationDate"] == first["CreationDate"]
        assert second["LastModifiedDate"] > first["LastModifiedDate"]

    def test_without_either_clears(self, cognito, pool_id, client_id):
        set_one(cognito, pool_id, ClientId=client_id, CSS=CSS)

        cleared = set_one(cognito, pool_id, ClientId=client_id, CSS="")

        assert cleared == {"UserPoolId": pool_id, "ClientId": client_id}
        assert got(cognito, pool_id, ClientId=client_id) == {}

    def test_needs_a_domain(self, cognito):
        given = {"UserPoolId": cognito.pool(), "CSS": CSS}

        assert refusal(cognito, "SetUICustomization", **given) == (
            "InvalidParameterException",
            "There has to be an existing domain associated with this user pool",
        )

    @pytest.mark.parametrize(
        "css",
        [
            "body { color: red; }",
            ".logo-customizable { background: url(https://evil.example/x); }",
            "@import 'https://evil.example/x';",
            ".logo-customizable { color: red; } </style><script>alert(1)</script>",
        ],
        ids=["other class", "load", "import", "markup"],
    )
    def test_refuses_css_that_does_more_than_dress(self, cognito, pool_id, css):
        assert refusal(cognito, "SetUICustomization", UserPoolId=pool_id, CSS=css)[0] == "InvalidParameterException"

    @pytest.mark.parametrize("content", [b"<svg/>", b"GIF89a", b"RIFF0000WEBP"])
    def test_refuses_what_is_neither_png_nor_jpeg(self, cognito, pool_id, content):
        given = {"UserPoolId": pool_id, "ImageFile": image(content)}

        assert refusal(cognito, "SetUICustomization", **given)[0] == "InvalidParameterException"

    def test_keeps_the_largest_of_both(self, cognito, pool_id, client_id):
        rule = ".logo-customizable{}"
        css = rule + "\n" * (131_072 - len(rule))
        logo = PNG + bytes(131_072 - len(PNG))

        set_one(cognito, pool_id, ClientId=client_id, CSS=css, ImageFile=image(logo))

        assert got(cognito, pool_id, ClientId=client_id)["CSS"] == css

    def test_refuses_an_unknown_pool_or_client(self, cognito, pool_id):
        for operation in ("SetUICustomization", "GetUICustomization"):
            for names in ({"UserPoolId": "us-east-1_Unknown00"}, {"UserPoolId": pool_id, "ClientId": NOBODY}):
                assert refusal(cognito, operation, **names)[0] == "ResourceNotFoundException"


class TestGetUICustomization:
    def test_falls_back_to_that_of_all(self, cognito, pool_id, client_id):
        assert got(cognito, pool_id, ClientId=client_id) == {}
        assert got(cognito, pool_id) == {}

        of_all = set_one(cognito, pool_id, CSS=CSS)

        assert of_all["ClientId"] == "ALL"
        assert got(cognito, pool_id, ClientId=client_id) == of_all == got(cognito, pool_id, ClientId="ALL")

    def test_prefers_that_of_the_client(self, cognito, pool_id, client_id):
        set_one(cognito, pool_id, CSS=CSS)
        own = set_one(cognito, pool_id, ClientId=client_id, CSS=CSS + CSS)

        assert got(cognito, pool_id, ClientId=client_id) == own

    def test_has_nothing_of_a_client_that_is_gone(self, cognito, pool_id, client_id):
        set_one(cognito, pool_id, ClientId=client_id, CSS=CSS)

        store.together(*client_documents.removal(pool_id, client_id))

        assert got(cognito, pool_id, ClientId=client_id) == {}


class TestLogo:
    @pytest.mark.parametrize(("content", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
    def test_is_served_where_the_answer_says(self, cognito, pool_id, client_id, content, media_type):
        made = set_one(cognito, pool_id, ClientId=client_id, ImageFile=image(content))

        answer = loaded(made["ImageUrl"].removeprefix(f"http://{HOST}"))

        headers = {name.lower(): value for name, value in answer["headers"].items()}
        assert answer["statusCode"] == 200
        assert base64.b64decode(answer["body"]) == content
        assert headers["content-type"] == media_type
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "public, max-age=300"
        assert "default-src 'none'" in headers["content-security-policy"]

    def test_is_not_there_where_none_was_set(self, cognito, pool_id, client_id):
        set_one(cognito, pool_id, ClientId=client_id, CSS=CSS)

        for client in (client_id, "ALL", NOBODY, "x" * 3000, "%23", "a%2Fb"):
            assert loaded(f"/{pool_id}/ui/{client}/logo")["statusCode"] == 404
        assert loaded(f"/us-east-1_Unknown00/ui/{client_id}/logo")["statusCode"] == 404
