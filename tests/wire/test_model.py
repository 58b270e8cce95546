"""The service models: what the file holds, and what its patterns accept and cost."""

import itertools
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire import model, quirks, validate

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "refresh-model"
SHAPES = [model.shape(service, name) for service in model.services() for name in model.service(service)["shapes"]]
PATTERNS = [shape for shape in SHAPES if shape.pattern]


class TestTheFile:
    def test_is_what_the_installed_botocore_gives(self):
        done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)

        assert done.returncode == 0, done.stdout + done.stderr

    def test_holds_all_181_operations_of_three_services_and_ours(self):
        counts = {service: len(model.operations(service)) for service in model.services()}
        ours = json.loads((ROOT / "sdk" / "latchkey" / "2026-11-21" / "service-2.json").read_text("utf-8"))

        assert counts.pop("latchkey") == len(ours["operations"]) > 0
        assert counts == {"cognito-identity": 23, "cognito-idp": 141, "cognito-sync": 17}

    def test_has_one_line_per_operation_and_shape(self):
        lines = model.MODEL.read_text("utf-8").splitlines()

        assert sum(line.startswith('"ListUsers":{"errors"') for line in lines) == 1
        assert not any("documentation" in line for line in lines)

    def test_names_only_types_that_can_be_checked(self):
        assert {shape.type for shape in SHAPES} <= set(validate._MAKERS)

    def test_names_no_shape_that_is_missing(self):
        for shape in SHAPES:
            parts = (shape.member, shape.key, shape.value, *(member.shape for member in shape.members.values()))
            for part in filter(None, parts):
                assert model.shape(shape.service, part)

    def test_holds_no_shape_that_holds_itself(self):
        def walk(shape, above):
            assert shape.name not in above
            parts = (shape.member, shape.key, shape.value, *(member.shape for member in shape.members.values()))
            for part in filter(None, parts):
                walk(model.shape(shape.service, part), (*above, shape.name))

        for service in model.services():
            for operation in model.operations(service):
                walk(model.shape(service, operation.input), ())


class TestTheScript:
    def test_explains_itself(self):
        done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True)

        assert done.returncode == 0
        assert "--check" in done.stdout

    def test_says_clearly_that_botocore_is_missing(self):
        done = subprocess.run([sys.executable, "-S", "-E", SCRIPT, "--check"], capture_output=True, text=True)

        assert done.returncode == 1
        assert "botocore is missing" in done.stderr

    def test_finds_a_stale_file_and_names_the_new_operation(self, tmp_path):
        text = model.MODEL.read_text("utf-8")
        wire = tmp_path / "chalicelib" / "wire"
        wire.mkdir(parents=True)
        (tmp_path / "scripts").mkdir()
        copy = tmp_path / "scripts" / "refresh-model"
        copy.write_bytes(SCRIPT.read_bytes())
        shutil.copytree(SCRIPT.parent.parent / "sdk", tmp_path / "sdk")
        (wire / "model.json").write_text(re.sub(r'\n"ListUsers":\{"errors".*', "", text, count=1), "utf-8")

        checked = subprocess.run([sys.executable, copy, "--check"], capture_output=True, text=True)
        written = subprocess.run([sys.executable, copy], capture_output=True, text=True)

        assert (checked.returncode, written.returncode) == (1, 0)
        assert "new: cognito-idp.ListUsers\n" in checked.stdout
        assert (wire / "model.json").read_text("utf-8") == text


class TestOperations:
    def test_are_found_by_the_target_header(self):
        found = model.by_target("AWSCognitoIdentityProviderService.InitiateAuth")

        assert found is not None
        assert (found.service, found.name, found.python_name) == ("cognito-idp", "InitiateAuth", "initiate_auth")
        assert (found.method, found.path, found.status, found.is_rest) == ("POST", "/", 200, False)
        assert model.by_target("AWSCognitoIdentityService.GetId").service == "cognito-identity"

    @pytest.mark.parametrize(
        "target", ["", "x", "X.GetId", "AWSCognitoIdentityService.", "AWSCognitoIdentityService.SignUp"]
    )
    def test_that_are_unknown_are_none(self, target):
        assert model.by_target(target) is None

    def test_that_need_no_signature_are_34_and_4_and_two_quirks(self):
        unsigned = {
            service: [op.name for op in model.operations(service) if op.is_unsigned] for service in model.services()
        }

        assert {service: len(names) for service, names in unsigned.items()} == {
            "cognito-identity": 4,
            "cognito-idp": 36,
            "cognito-sync": 0,
            "latchkey": 2,
        }
        assert {"GetClientToken", "GetDerivedToken", "SignUp", "RespondToAuthChallenge"} <= set(unsigned["cognito-idp"])

    def test_of_sync_are_told_apart_by_method_and_path(self):
        rest = model.rest_operations()

        assert len({(op.method, op.path) for op in rest}) == len(rest) == 17
        assert {op.service for op in rest} == {"cognito-sync"}

    def test_keep_the_place_of_a_member_outside_the_body(self):
        member = model.shape("cognito-sync", "ListRecordsRequest").members["LastSyncCount"]

        assert (member.shape, member.location, member.location_name) == ("Long", "querystring", "lastSyncCount")

    def test_keep_their_pages(self):
        assert model.operation("cognito-idp", "ListUsers").pages["result_key"] == "Users"

    def test_have_python_names_that_are_one_to_one(self):
        for service in model.services():
            names = [op.python_name for op in model.operations(service)]
            assert len(set(names)) == len(names)


class TestErrorStatus:
    @pytest.mark.parametrize(
        ("service", "code", "status"),
        [
            ("cognito-idp", "NotAuthorizedException", 400),
            ("cognito-idp", "InternalErrorException", 500),
            ("cognito-idp", "InternalServerException", 500),
            ("cognito-idp", "ExpiredTokenException", 400),
            ("cognito-sync", "NotAuthorizedException", 403),
            ("cognito-sync", "ResourceConflictException", 409),
            ("cognito-idp", "NoSuchException", None),
            ("cognito-idp", "UserType", None),
        ],
    )
    def test_is_that_of_the_service(self, service, code, status):
        assert model.error_status(service, code) == status


class TestQuirks:
    def test_name_operations_and_shapes_that_exist(self):
        for service, name in (*quirks.EXTRA_VALUES, *quirks.PATTERNS, *quirks.UNENFORCED):
            assert model.shape(service, name)
        for service, name in quirks.UNSIGNED_TOO:
            assert model.operation(service, name)

    def test_are_still_differences(self):
        for (service, name), values in quirks.EXTRA_VALUES.items():
            assert not set(values) & set(model.service(service)["shapes"][name]["enum"])
        for service, name in quirks.UNSIGNED_TOO:
            assert "unsigned" not in model.service(service)["operations"][name]

    def test_take_the_pattern_from_what_is_not_enforced(self):
        assert model.shape("cognito-idp", "CompletionMessageType").pattern is None


def straight(pattern):
    """The model's own pattern for Python: only the classes spelled out, nothing made linear."""
    classes = re.sub(r"(?:\\p\{\w\})+", lambda m: "\\p{" + "".join(sorted(re.findall(r"\{(\w)", m[0]))) + "}", pattern)
    return model._compiled(classes, 0x10FFFF)


class TestPatterns:
    @pytest.mark.parametrize("shape", PATTERNS, ids=lambda shape: f"{shape.service}.{shape.name}")
    def test_compile_in_both_forms(self, shape):
        assert shape._ascii_regex
        assert shape._full_regex

    @pytest.mark.parametrize("shape", PATTERNS, ids=lambda shape: f"{shape.service}.{shape.name}")
    def test_answer_hostile_texts_at_once(self, shape):
        size = min(shape.max or 200_000, 200_000)
        units = [
            "a",
            "a ",
            "@",
            "a@",
            "{####}",
            "{##",
            "##}",
            "{##a##}",
            "#",
            "arn:",
            ":",
            "a:",
            "-",
            "_",
            "a_",
            ".",
            "0",
            "\u00e9",
        ]

        for unit, ending in itertools.product(units, ["", "\x00", "\n", "!", " ", "\u2028"]):
            text = (unit * (size // len(unit) + 1))[: size - 1] + ending
            started = time.process_time()
            shape.is_match(text)
            assert time.process_time() - started < 0.5, (unit, ending)

    @pytest.mark.parametrize(
        "name",
        [
            "EmailAddressType",
            "EmailVerificationMessageType",
            "EmailVerificationMessageByLinkType",
            "EmailMfaMessageType",
        ],
    )
    def test_made_linear_accept_what_the_model_accepts(self, name):
        shape = model.shape("cognito-idp", name)
        reference = straight(shape.pattern)
        pieces = ["@", "a", "{##", "##}", "{####}", " ", "\x00", "\u00e9", "*", "\n"]

        for count in range(5):
            for parts in itertools.product(pieces, repeat=count):
                text = "".join(parts)
                assert shape.is_match(text) == bool(reference.fullmatch(text)), text

    def test_of_passwords_accept_what_the_service_prints(self):
        shape = model.shape("cognito-idp", "PasswordType")
        dot = "[^\n\r\x85\u2028\u2029]"
        reference = re.compile(rf"[\S]+{dot}*[\S]+", re.ASCII)

        for count in range(7):
            for parts in itertools.product("a \n\u2028", repeat=count):
                text = "".join(parts)
                assert shape.is_match(text) == bool(reference.fullmatch(text)), text

    @given(st.text(alphabet=st.characters(max_codepoint=127), max_size=12))
    def test_mean_the_same_in_the_short_form_for_ascii(self, text):
        for name in ("UsernameType", "AttributeNameType", "ProviderNameTypeV2", "EmailAddressType"):
            shape = model.shape("cognito-idp", name)
            assert bool(shape._ascii_regex.fullmatch(text)) == bool(shape._full_regex.fullmatch(text))

    @pytest.mark.parametrize(
        ("name", "text", "is_match"),
        [
            ("UsernameType", "J\u00fcrgen", True),
            ("UsernameType", "\u65e5\u672c\u8a9e\U0001f600", True),
            ("UsernameType", "two words", False),
            ("UsernameType", "no\u00a0break", False),
            ("UsernameType", "\u200b", False),
            ("ClientNameType", "J\u00fcrgen", False),
            ("AWSAccountIdType", "\u0661", False),
            ("SmsVerificationMessageType", "a{####}\u2028", False),
            ("SmsInviteMessageType", "line\nline", True),
            ("SESConfigurationSet", "a-b", True),
            ("SESConfigurationSet", "a-b\n", False),
            ("SESConfigurationSet", "a.b", False),
            ("S3BucketType", "bucket.", False),
            ("TokenModelType", "a-_=.", True),
        ],
    )
    def test_read_letters_as_java_does(self, name, text, is_match):
        assert model.shape("cognito-idp", name).is_match(text) is is_match
