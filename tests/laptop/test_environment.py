"""The environment of the application on a laptop: what the shell says wins, and a client's shell does no harm."""

from pathlib import Path

import pytest

from chalicelib.laptop.environment import OperatorKeyMalformed, adapt, operator_key, port_of, variables
from chalicelib.laptop.folder import Folder

FOLDER = Folder(Path("/data"))


class TestVariables:
    def test_an_empty_shell_gets_everything_that_the_application_needs(self):
        assert variables(FOLDER, 8000, {}) == {
            "LATCHKEY_TABLE": "latchkey",
            "LATCHKEY_KEY_FILE": "/data/key",
            "LATCHKEY_OUTBOX": "/data/outbox.jsonl",
            "LATCHKEY_BASE_URL": "http://127.0.0.1:8000",
            "LATCHKEY_LOCAL": "1",
            "LATCHKEY_DATA": "/data",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }

    @pytest.mark.parametrize("name", ["LATCHKEY_TABLE", "LATCHKEY_KEY_FILE", "LATCHKEY_BASE_URL", "AWS_DEFAULT_REGION"])
    def test_what_the_shell_says_is_not_changed(self, name):
        assert name not in variables(FOLDER, 8000, {name: "mine"})

    def test_a_region_is_one_region_by_both_of_its_names(self):
        assert variables(FOLDER, 8000, {"AWS_DEFAULT_REGION": "eu-west-1"})["AWS_REGION"] == "eu-west-1"

    @pytest.mark.parametrize("shell", [{"AWS_ACCESS_KEY_ID": "AKID"}, {"AWS_PROFILE": "work"}])
    def test_credentials_of_the_shell_are_kept(self, shell):
        assert "AWS_SECRET_ACCESS_KEY" not in variables(FOLDER, 8000, shell)


class TestAdapt:
    def test_a_shell_made_a_client_of_this_latchkey_does_not_lend_the_application_its_operator(self):
        shell = {"AWS_SHARED_CREDENTIALS_FILE": "/data/credentials", "AWS_PROFILE": "latchkey"}

        adapt(shell, FOLDER, 8000)

        assert "AWS_SHARED_CREDENTIALS_FILE" not in shell
        assert "AWS_PROFILE" not in shell
        assert shell["AWS_ACCESS_KEY_ID"] == "local"

    def test_other_variables_of_aws_reach_the_application(self):
        shell = {
            "AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:1",
            "AWS_PROFILE": "work",
            "AWS_SHARED_CREDENTIALS_FILE": "/mine",
        }

        adapt(shell, FOLDER, 8000)

        assert shell["AWS_ENDPOINT_URL_LAMBDA"] == "http://127.0.0.1:1"
        assert (shell["AWS_PROFILE"], shell["AWS_SHARED_CREDENTIALS_FILE"]) == ("work", "/mine")


class TestOperatorKey:
    def test_the_secret_may_hold_a_colon(self):
        assert operator_key({"LATCHKEY_OPERATOR": "AKID:a:b"}) == ("AKID", "a:b")

    def test_nothing_asked_for_is_nothing_given(self):
        assert operator_key({}) is None

    @pytest.mark.parametrize("text", ["AKID", "AKID:", ":secret"])
    def test_half_a_key_is_refused_without_being_repeated(self, text):
        with pytest.raises(OperatorKeyMalformed, match=r"^LATCHKEY_OPERATOR must be ID:SECRET$"):
            operator_key({"LATCHKEY_OPERATOR": text})


class TestPortOf:
    @pytest.mark.parametrize(
        ("arguments", "port"),
        [
            (["local", "--port", "8101"], 8101),
            (["local", "--port=8102", "--stage", "dev"], 8102),
            (["local"], 8000),
            (["local", "--port"], 8000),
        ],
    )
    def test_the_port_is_the_one_that_chalice_local_serves(self, arguments, port):
        assert port_of(arguments) == port
