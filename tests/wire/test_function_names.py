"""Names of functions in a pool's settings: ARNs everywhere, functions of Python on a laptop alone."""

from __future__ import annotations

import pytest

from chalicelib import settings
from chalicelib.errors import InvalidParameterException
from chalicelib.wire import model
from chalicelib.wire.validate import validated

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
PYTHON = "python:owner.functions:pre_sign_up"
VERSIONED = ["PreTokenGenerationConfig", "CustomSMSSender", "CustomEmailSender", "InboundFederation"]
PLAIN = ["PreSignUp", "DefineAuthChallenge", "UserMigration", "CustomMessage"]


@pytest.fixture
def in_aws(monkeypatch):
    monkeypatch.delenv("LATCHKEY_LOCAL", raising=False)
    settings.current.cache_clear()
    yield
    monkeypatch.undo()
    settings.current.cache_clear()


def taken(config, operation="CreateUserPool"):
    named = {"PoolName": "p"} if operation == "CreateUserPool" else {"UserPoolId": "us-east-1_abc"}
    return validated(model.operation("cognito-idp", operation), {**named, "LambdaConfig": config})["LambdaConfig"]


def refused(config):
    with pytest.raises(InvalidParameterException) as refusal:
        taken(config)
    return refusal.value.message


def versioned(name):
    return {"LambdaVersion": "V1_0", "LambdaArn": name}


class TestOnALaptop:
    @pytest.mark.parametrize("trigger", PLAIN)
    @pytest.mark.parametrize("name", [ARN, PYTHON, "python:a:f"], ids=["arn", "python", "short"])
    @pytest.mark.parametrize("operation", ["CreateUserPool", "UpdateUserPool"])
    def test_both_kinds_name_a_function(self, trigger, name, operation):
        assert taken({trigger: name}, operation) == {trigger: name}

    @pytest.mark.parametrize("trigger", VERSIONED)
    def test_both_kinds_stand_beside_a_version(self, trigger):
        for name in (ARN, PYTHON):
            assert taken({trigger: versioned(name)}) == {trigger: versioned(name)}

    @pytest.mark.parametrize(
        "name",
        ["python:", "python:f", "python:a.b", "python::f", "python:a:", "python:.a:f", "python:a..b:f", "python:a b:f",
         "python:a:f()", "python:a:f:g", "python:a:b.c", "python:1a:f", "python:a:f\n", "Python:a:f", "python:é:f",
         "python:a-b:f", "python:../a:f", "python:a:" + "f" * 2048],
        ids=lambda name: name[:20],
    )  # fmt: skip
    def test_any_other_text_is_refused(self, name):
        assert "at 'lambdaConfig.preSignUp' failed to satisfy constraint" in refused({"PreSignUp": name})

    def test_a_key_is_no_function(self):
        assert "lambdaConfig.kMSKeyID" in refused({"KMSKeyID": PYTHON})


class TestInAws:
    @pytest.mark.parametrize("trigger", PLAIN)
    def test_a_function_of_python_is_refused_by_the_models_pattern(self, in_aws, trigger):
        assert "Member must satisfy regular expression pattern" in refused({trigger: PYTHON})

    @pytest.mark.parametrize("trigger", VERSIONED)
    def test_beside_a_version_too(self, in_aws, trigger):
        assert "lambdaArn' failed to satisfy constraint" in refused({trigger: versioned(PYTHON)})

    def test_an_arn_is_taken(self, in_aws):
        assert taken({"PreSignUp": ARN}) == {"PreSignUp": ARN}
