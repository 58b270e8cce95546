"""Terms of use and privacy policies through their operations, against a table engine."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.rules import terms
from chalicelib.table import store
from chalicelib.table.documents import Terms
from chalicelib.table.items import Client, Pool
from tests.application import Cognito, Fault

LINKS = {"cognito:default": "https://example.com/terms", "cognito:french": "https://example.com/fr"}
UNKNOWN = "11111111-1111-4111-8111-111111111111"
NOBODY = "unknownunknownunknownunkn1"


@pytest.fixture(scope="module")
def pool_id(application):
    """A pool for all tests: making one costs two RSA keys."""
    return Cognito(*application).pool()


@pytest.fixture
def client_id(cognito, pool_id):
    return cognito.client(pool_id)


def asked(pool_id, client_id, **members):
    given = {"TermsName": "terms-of-use", "TermsSource": "LINK", "Enforcement": "NONE", "Links": LINKS}
    return {"UserPoolId": pool_id, "ClientId": client_id, **given, **members}


def refusal(cognito, operation, **given):
    with pytest.raises(Fault) as refused:
        cognito.call(operation, **given)
    return refused.value.code


class TestCreateTerms:
    def test_answers_what_describe_answers(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]

        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made["TermsId"])
        assert made["CreationDate"] == made["LastModifiedDate"]
        assert made.items() >= asked(pool_id, client_id).items()
        assert cognito.call("DescribeTerms", UserPoolId=pool_id, TermsId=made["TermsId"])["Terms"] == made

    def test_refuses_a_second_of_one_name_and_client(self, cognito, pool_id, client_id):
        cognito.call("CreateTerms", **asked(pool_id, client_id))

        assert refusal(cognito, "CreateTerms", **asked(pool_id, client_id)) == "TermsExistsException"
        assert cognito.call("CreateTerms", **asked(pool_id, client_id, TermsName="privacy-policy"))
        assert cognito.call("CreateTerms", **asked(pool_id, cognito.client(pool_id)))

    def test_lets_one_of_many_at_once_win(self, cognito, pool_id, client_id):
        def create(_):
            try:
                return cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]["TermsId"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(create, range(4)))

        made = [answer for answer in answers if answer != "TermsExistsException"]
        assert len(made) == 1
        assert cognito.call("DescribeTerms", UserPoolId=pool_id, TermsId=made[0])["Terms"]["ClientId"] == client_id

    @pytest.mark.parametrize(
        "links",
        [
            None,
            {"cognito:french": "https://example.com"},
            {"cognito:default": "http://example.com"},
            {"cognito:default": "javascript:alert(1)"},
            {"cognito:default": "https://example.com@evil.example"},
            {"cognito:default": "https://example.com", "cognito:klingon": "https://example.com"},
        ],
        ids=str,
    )
    def test_refuses_links_that_lead_nowhere_safe(self, cognito, pool_id, client_id, links):
        given = asked(pool_id, client_id, Links=links)

        assert refusal(cognito, "CreateTerms", **given) == "InvalidParameterException"

    def test_refuses_an_unknown_pool_or_client(self, cognito, pool_id, client_id):
        assert refusal(cognito, "CreateTerms", **asked("us-east-1_Unknown00", client_id)) == "ResourceNotFoundException"
        assert refusal(cognito, "CreateTerms", **asked(pool_id, NOBODY)) == "ResourceNotFoundException"

    @pytest.mark.parametrize("gone", ["pool", "client"])
    def test_writes_nothing_when_pool_or_client_vanish_meanwhile(self, cognito, monkeypatch, gone):
        pool_id = cognito.pool()
        client_id = cognito.client(pool_id)
        made = terms.created
        places = {"pool": Pool.at(pool=pool_id), "client": Client.at(client=client_id)}

        def vanishing(*given):
            store.remove_all([places[gone]])
            return made(*given)

        monkeypatch.setattr(terms, "created", vanishing)

        assert refusal(cognito, "CreateTerms", **asked(pool_id, client_id)) == "ResourceNotFoundException"
        assert store.get(Terms, pool=pool_id, client=client_id, name="terms-of-use") is None

    def test_refuses_more_than_a_pool_can_have(self, cognito, monkeypatch):
        monkeypatch.setattr(terms, "MOST_PER_POOL", 1)
        pool_id = cognito.pool()
        client_id = cognito.client(pool_id)
        cognito.call("CreateTerms", **asked(pool_id, client_id))

        more = asked(pool_id, client_id, TermsName="privacy-policy")

        assert refusal(cognito, "CreateTerms", **more) == "LimitExceededException"
        assert refusal(cognito, "CreateTerms", **asked(pool_id, client_id)) == "TermsExistsException"


class TestDescribeTerms:
    def test_takes_an_id_in_capitals(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]

        assert cognito.call("DescribeTerms", UserPoolId=pool_id, TermsId=made["TermsId"].upper())["Terms"] == made

    @pytest.mark.parametrize("operation", ["DescribeTerms", "UpdateTerms", "DeleteTerms"])
    def test_and_its_like_do_not_know_the_terms_of_another_pool(self, cognito, pool_id, client_id, operation):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]

        assert (
            refusal(cognito, operation, UserPoolId=cognito.pool(), TermsId=made["TermsId"])
            == "ResourceNotFoundException"
        )
        assert refusal(cognito, operation, UserPoolId=pool_id, TermsId=UNKNOWN) == "ResourceNotFoundException"


class TestDescribeTermsByClient:
    def test_finds_them_by_name(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]
        names = {"UserPoolId": pool_id, "ClientId": client_id}

        assert cognito.call("DescribeTermsByClient", TermsName="terms-of-use", **names)["Terms"] == made
        assert (
            refusal(cognito, "DescribeTermsByClient", TermsName="privacy-policy", **names)
            == "ResourceNotFoundException"
        )

    def test_refuses_an_unknown_client(self, cognito, pool_id):
        given = {"UserPoolId": pool_id, "ClientId": NOBODY, "TermsName": "terms-of-use"}

        assert refusal(cognito, "DescribeTermsByClient", **given) == "ResourceNotFoundException"


class TestListTerms:
    def test_walks_in_pages_without_links(self, cognito):
        pool_id = cognito.pool()
        made = [cognito.call("CreateTerms", **asked(pool_id, cognito.client(pool_id)))["Terms"] for _ in range(3)]

        first = cognito.call("ListTerms", UserPoolId=pool_id, MaxResults=2)
        second = cognito.call("ListTerms", UserPoolId=pool_id, MaxResults=2, NextToken=first["NextToken"])

        found = first["Terms"] + second["Terms"]
        assert "NextToken" not in second
        assert {one["TermsId"] for one in found} == {one["TermsId"] for one in made}
        assert set(found[0]) == {"TermsId", "TermsName", "Enforcement", "CreationDate", "LastModifiedDate"}

    @pytest.mark.parametrize("token", ["", "nonsense"])
    def test_refuses_a_token_that_is_none(self, cognito, pool_id, token):
        assert refusal(cognito, "ListTerms", UserPoolId=pool_id, NextToken=token) == "InvalidParameterException"


class TestUpdateTerms:
    def test_keeps_what_is_left_out(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]
        names = {"UserPoolId": pool_id, "TermsId": made["TermsId"]}
        links = {"cognito:default": "https://example.com/new"}

        changed = cognito.call("UpdateTerms", Links=links, **names)["Terms"]

        assert changed == made | {"Links": links, "LastModifiedDate": changed["LastModifiedDate"]}
        assert changed["LastModifiedDate"] > made["LastModifiedDate"]
        assert cognito.call("DescribeTerms", **names)["Terms"] == changed

    def test_renames_and_frees_the_name(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]

        renamed = cognito.call(
            "UpdateTerms", UserPoolId=pool_id, TermsId=made["TermsId"], TermsName="privacy-policy"
        )["Terms"]  # fmt: skip

        assert (renamed["TermsId"], renamed["TermsName"]) == (made["TermsId"], "privacy-policy")
        assert cognito.call("CreateTerms", **asked(pool_id, client_id))

    def test_refuses_a_name_that_is_taken(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]
        cognito.call("CreateTerms", **asked(pool_id, client_id, TermsName="privacy-policy"))
        given = {"UserPoolId": pool_id, "TermsId": made["TermsId"], "TermsName": "privacy-policy"}

        assert refusal(cognito, "UpdateTerms", **given) == "TermsExistsException"

    def test_refuses_what_somebody_changed_meanwhile(self, cognito, pool_id, client_id, monkeypatch):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]
        decided = terms.updated

        def overtaken(*given):
            item = store.get(Terms, pool=pool_id, client=client_id, name="terms-of-use")
            store.save(item)
            return decided(*given)

        monkeypatch.setattr(terms, "updated", overtaken)
        given = {"UserPoolId": pool_id, "TermsId": made["TermsId"]}

        assert refusal(cognito, "UpdateTerms", Links=LINKS, **given) == "ConcurrentModificationException"


class TestDeleteTerms:
    def test_removes_them(self, cognito, pool_id, client_id):
        made = cognito.call("CreateTerms", **asked(pool_id, client_id))["Terms"]
        names = {"UserPoolId": pool_id, "TermsId": made["TermsId"]}

        assert cognito.call("DeleteTerms", **names) == {}

        assert refusal(cognito, "DescribeTerms", **names) == "ResourceNotFoundException"
        assert cognito.call("CreateTerms", **asked(pool_id, client_id))
