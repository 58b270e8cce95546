"""The template of a deployment: the table, the key, who may do what, and the functions, of one mind with the code."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.outside.aws import TIMEOUT
from chalicelib.outside.files import KEPT_SECONDS
from chalicelib.settings import Settings
from chalicelib.table import tables
from tests.contract.packaged import ROOT, Json, all_statements, of_type, statements

GATEWAY_SECONDS = 29


class TestTable:
    def test_is_what_the_code_makes_where_there_is_no_template(self, properties: dict[str, Json]) -> None:
        definition = tables.definition()
        del definition["TableName"]  # CloudFormation names it, so that a second one can stand beside it

        assert {name: properties["Table"][name] for name in definition} == definition
        assert properties["Table"]["TimeToLiveSpecification"] == tables.expiry()

    def test_can_be_read_again_as_it_was_and_followed(self, properties: dict[str, Json]) -> None:
        assert properties["Table"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["Table"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}

    def test_is_encrypted_with_our_key(self, properties: dict[str, Json]) -> None:
        expected = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}

        assert properties["Table"]["SSESpecification"] == expected

    def test_outlives_slips(self, template: Json, properties: dict[str, Json]) -> None:
        assert properties["Table"]["DeletionProtectionEnabled"] is True
        for name in ("Table", "Key", *of_type(template, "AWS::Logs::LogGroup")):
            assert template["Resources"][name]["DeletionPolicy"] == "Retain"
            assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


class TestKey:
    def test_is_renewed_each_year(self, properties: dict[str, Json]) -> None:
        assert properties["Key"]["EnableKeyRotation"] is True

    def test_is_the_accounts_alone(self, properties: dict[str, Json]) -> None:
        [statement] = properties["Key"]["KeyPolicy"]["Statement"]

        assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}

    def test_has_a_name(self, properties: dict[str, Json]) -> None:
        assert properties["KeyAlias"]["TargetKeyId"] == {"Ref": "Key"}


class TestImportBucket:
    def test_is_open_to_nobody(self, properties: dict[str, Json]) -> None:
        bucket = properties["ImportBucket"]

        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}

    def test_is_encrypted_and_reached_by_tls_alone(self, properties: dict[str, Json]) -> None:
        [rule] = properties["ImportBucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        [statement] = properties["ImportBucketPolicy"]["PolicyDocument"]["Statement"]

        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert properties["ImportBucketPolicy"]["Bucket"] == {"Ref": "ImportBucket"}
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statement["Resource"] == [{"Fn::GetAtt": ["ImportBucket", "Arn"]}, {"Fn::Sub": "${ImportBucket.Arn}/*"}]

    def test_keeps_nothing(self, properties: dict[str, Json]) -> None:
        [rule] = properties["ImportBucket"]["LifecycleConfiguration"]["Rules"]

        assert (rule["Status"], rule["ExpirationInDays"] * 86400) == ("Enabled", KEPT_SECONDS)
        assert "VersioningConfiguration" not in properties["ImportBucket"]

    def test_is_named_to_those_who_use_it(self, template: Json) -> None:
        told = {
            name for name, one in of_type(template, "AWS::Serverless::Function").items()
            if one["Environment"]["Variables"].get("LATCHKEY_IMPORT_BUCKET") == {"Ref": "ImportBucket"}
        }  # fmt: skip

        assert told == {"APIHandler", "Imports"}


class TestRights:
    def test_every_function_has_a_role_of_its_own(self, template: Json) -> None:
        functions = of_type(template, "AWS::Serverless::Function").values()
        roles = [json.dumps(function["Role"]) for function in functions]

        assert len(set(roles)) == len(roles)

    def test_nothing_is_allowed_by_a_wildcard(self, template: Json) -> None:
        for role, statement in statements(template):
            actions = statement["Action"]
            assert not [one for one in actions if "*" in one and not one.startswith("kms:")], (role, actions)
            assert statement.get("Resource", []) != ["*"], (role, statement)

    def test_the_table_is_used_by_what_the_code_sends(self, template: Json) -> None:
        sent = {f"dynamodb:{name}" for name in sent_by_the_code()}
        # A transaction is allowed by the rights of its parts.
        sent = sent - {"dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"} | {
            f"dynamodb:{name}" for name in ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
        }
        administration = {"dynamodb:CreateTable", "dynamodb:DescribeTable", "dynamodb:UpdateTimeToLive"}
        allowed = {
            action for role, statement in statements(template) if role == "ApiHandlerRole"
            for action in statement["Action"] if action.startswith("dynamodb:")
        }  # fmt: skip

        assert allowed == sent - administration - {"dynamodb:Scan"}

    def test_the_authorizer_only_reads(self, template: Json) -> None:
        actions = {
            one for role, statement in statements(template) if role == "AuthorizerRole" for one in statement["Action"]
        }

        assert {one for one in actions if one.startswith("dynamodb:")} == {
            "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query",
        }  # fmt: skip
        assert not [one for one in actions if "Encrypt" in one or "Generate" in one]

    def test_the_key_opens_only_for_this_table(self, template: Json) -> None:
        grants = [one for _, one in statements(template) if any(action.startswith("kms:") for action in one["Action"])]

        for grant in grants:
            [condition] = grant["Condition"]["StringEquals"].items()
            assert condition in (
                ("kms:EncryptionContext:latchkey:table", {"Ref": "Table"}),
                ("kms:ViaService", {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}),
            )

    def test_text_messages_go_to_telephones_and_not_to_topics(self, template: Json) -> None:
        [publish] = [one for _, one in statements(template) if "sns:Publish" in one["Action"]]

        assert "Resource" not in publish
        assert publish["NotResource"] == [{"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}]

    def test_uploads_are_signed_by_the_api_and_read_by_the_imports_alone(self, template: Json) -> None:
        """The API is what strangers reach, and the files hold hashes of passwords."""
        allowed = {
            (role, tuple(one["Action"]), json.dumps(one["Resource"])) for role, one in statements(template)
            if any(action.startswith("s3:") for action in one["Action"])
        }  # fmt: skip
        files = json.dumps([{"Fn::Sub": "${ImportBucket.Arn}/imports/*"}])
        bucket = json.dumps([{"Fn::GetAtt": ["ImportBucket", "Arn"]}])

        assert allowed == {
            ("ApiHandlerRole", ("s3:PutObject",), files),
            ("ApiHandlerRole", ("s3:ListBucket",), bucket),
            ("ImportsRole", ("s3:DeleteObject", "s3:GetObject"), files),
            ("ImportsRole", ("s3:ListBucket",), bucket),
        }

    def test_a_log_is_written_by_its_functions_alone(self, template: Json) -> None:
        written = {
            role: statement["Resource"] for role, statement in statements(template)
            if statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
        }  # fmt: skip

        for function in of_type(template, "AWS::Serverless::Function").values():
            role, log = function["Role"]["Fn::GetAtt"][0], function["LoggingConfig"]["LogGroup"]["Ref"]
            assert written[role] == [{"Fn::GetAtt": [log, "Arn"]}]

    def test_traces_are_sent_only_when_they_are_wanted(self, template: Json) -> None:
        chosen = [(role, one) for role, one in conditional(template) if one[1]["Sid"] == "Traces"]

        assert {role for role, _ in chosen} == set(of_type(template, "AWS::IAM::Role"))
        for _, (condition, statement, otherwise) in chosen:
            assert template["Conditions"][condition] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
            assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
            assert statement["Resource"] == ["*"]  # these two know no resource
            assert otherwise == {"Ref": "AWS::NoValue"}

    def test_no_function_is_called_unless_it_is_named(self, template: Json) -> None:
        """Attack: whoever may configure a pool makes us call any function of the account, our own jobs among them."""
        calls = [one for one in conditional(template) if "lambda:InvokeFunction" in one[1][1]["Action"]]

        [(role, [condition, statement, otherwise])] = calls
        assert role == "ApiHandlerRole"
        assert statement["Resource"] == {"Fn::Split": [",", {"Ref": "TriggerFunctions"}]}
        assert otherwise == {"Ref": "AWS::NoValue"}
        assert template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "TriggerFunctions"}, ""]}]}
        assert template["Parameters"]["TriggerFunctions"]["Default"] == ""
        assert not [one for _, one in statements(template) if "lambda:InvokeFunction" in one["Action"]]

    def test_what_depends_on_a_parameter_is_known(self, template: Json) -> None:
        assert {one[1]["Sid"] for _, one in conditional(template)} == {"FunctionsOfPools", "Traces"}

    @pytest.mark.parametrize(
        ("text", "is_good"),
        [
            ("", True),
            ("arn:aws:lambda:eu-west-1:123456789012:function:define", True),
            ("arn:aws:lambda:eu-west-1:123456789012:function:define:*,arn:aws-cn:lambda:*:*:function:auth-*", True),
            ("*", False),
            ("arn:aws:s3:::bucket", False),
            ("arn:aws:lambda:a:b:function:c,*", False),
            ("arn:aws:lambda:a:b:function:c, arn:aws:lambda:a:b:function:d", False),
        ],
        ids=["none", "one", "patterns", "anything", "bucket", "and-anything", "blank"],
    )
    def test_functions_are_named_by_arns(self, template: Json, text: str, is_good: bool) -> None:
        pattern = template["Parameters"]["TriggerFunctions"]["AllowedPattern"]

        assert bool(re.fullmatch(pattern, text)) == is_good


class TestFunctions:
    def test_each_has_a_log_that_ends(self, template: Json, properties: dict[str, Json]) -> None:
        for function in of_type(template, "AWS::Serverless::Function").values():
            log = function["LoggingConfig"]["LogGroup"]["Ref"]
            assert properties[log]["RetentionInDays"] == {"Ref": "LogRetentionDays"}

    def test_the_environment_names_what_settings_read(self, template: Json) -> None:
        read = set(re.findall(r"LATCHKEY_[A-Z0-9_]+", (ROOT / "chalicelib" / "settings.py").read_text("utf-8")))

        for function in of_type(template, "AWS::Serverless::Function").values():
            assert set(function["Environment"]["Variables"]) <= read

    def test_the_environment_holds_no_secret(self, template: Json) -> None:
        """Whoever may look at a function reads it."""
        for function in of_type(template, "AWS::Serverless::Function").values():
            for name, value in function["Environment"]["Variables"].items():
                assert not re.search("SECRET|PASSWORD|TOKEN|SMTP|KEY_FILE|OPERATOR|OUTBOX|LOCAL", name)
                assert isinstance(value, dict) or name == "LATCHKEY_METRICS"

    @pytest.mark.parametrize(
        ("parameter", "variable", "function", "default"),
        [
            ("KeyDays", "LATCHKEY_KEY_DAYS", "Keys", Settings().key_days),
            ("UnconfirmedDays", "LATCHKEY_UNCONFIRMED_DAYS", "Unconfirmed", Settings().unconfirmed_days),
            ("AuditDays", "LATCHKEY_AUDIT_DAYS", "APIHandler", Settings().audit_days),
        ],
    )
    def test_days_come_from_parameters_with_the_defaults_of_the_code(
        self, template: Json, parameter: str, variable: str, function: str, default: float
    ) -> None:
        given = template["Resources"][function]["Properties"]["Environment"]["Variables"]

        assert given[variable] == {"Ref": parameter}
        assert template["Parameters"][parameter]["Default"] == default
        assert template["Parameters"][parameter]["MinValue"] == 0

    def test_leaked_passwords_are_asked_for_where_the_owner_says_and_only_encrypted(self, template: Json) -> None:
        given = template["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
        parameter = template["Parameters"]["BreachRangeUrl"]

        assert given["LATCHKEY_BREACH_RANGE_URL"] == {"Ref": "BreachRangeUrl"}
        assert parameter["Default"] == Settings().breach_range_url
        assert re.fullmatch(parameter["AllowedPattern"], "https://api.pwnedpasswords.com/range")
        assert not re.fullmatch(parameter["AllowedPattern"], "http://ranges.example/range")

    def test_all_are_traced_when_one_parameter_says_so_and_none_unasked(self, template: Json) -> None:
        traced = template["Parameters"]["Tracing"]

        for function in of_type(template, "AWS::Serverless::Function").values():
            assert function["Tracing"] == {"Ref": "Tracing"}
        assert (traced["Default"], traced["AllowedValues"]) == ("PassThrough", ["PassThrough", "Active"])

    def test_the_api_counts(self, properties: dict[str, Json]) -> None:
        assert properties["APIHandler"]["Environment"]["Variables"]["LATCHKEY_METRICS"] == "1"

    def test_the_api_has_time_and_memory_for_passwords(self, template: Json, properties: dict[str, Json]) -> None:
        memory = template["Parameters"]["MemorySize"]

        assert properties["APIHandler"]["Timeout"] == GATEWAY_SECONDS > 2 * TIMEOUT
        assert memory["MinValue"] * 1024 > 8 * Settings().argon2_memory_kib
        assert memory["Default"] >= memory["MinValue"] >= 1024

    def test_no_parameter_holds_a_secret(self, template: Json) -> None:
        assert not [name for name in template["Parameters"] if re.search("Secret|Password|Token", name)]


def conditional(template: Json) -> list[tuple[str, list[Json]]]:
    """What is allowed where a parameter says so: the role, and condition, statement and alternative."""
    return [(role, one["Fn::If"]) for role, one in all_statements(template) if "Fn::If" in one]


def sent_by_the_code() -> set[str]:
    """The DynamoDB operations that the table's code sends."""
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "chalicelib" / "table").rglob("*.py"))
    verbs = "Get|Put|Update|Delete|BatchGet|BatchWrite|TransactWrite|TransactGet|ConditionCheck"
    others = "Query|Scan|CreateTable|DescribeTable|UpdateTimeToLive"
    return set(re.findall(rf'"((?:{verbs})Items?|{others})"', text))
