"""Identities: only STS's own answer names somebody, and a pattern means only those whom it spells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import AccessDeniedException
from chalicelib.rules.identities import identity, matches, pattern_problem, refusal_code

ACCOUNT = "111122223333"
IAM, STS = f"arn:aws:iam::{ACCOUNT}:", f"arn:aws:sts::{ACCOUNT}:"


def answer(arn: str, account: str = ACCOUNT) -> str:
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <GetCallerIdentityResult>\n'
        f"    <Arn>{arn}</Arn>\n    <UserId>AIDAEXAMPLE</UserId>\n    <Account>{account}</Account>\n"
        "  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    <RequestId>01234567-89ab</RequestId>\n"
        "  </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
    )


def refused(text: str) -> None:
    with pytest.raises(AccessDeniedException, match="STS did not name"):
        identity(text.encode())


class TestIdentity:
    @pytest.mark.parametrize(
        ("arn", "principal"),
        [
            (f"{IAM}user/ann", f"{IAM}user/ann"),
            (f"{IAM}user/team/a/ann", f"{IAM}user/team/a/ann"),
            (f"{IAM}root", f"{IAM}root"),
            (f"{STS}federated-user/bob", f"{STS}federated-user/bob"),
            (f"{STS}assumed-role/Admin/i-0123", f"{IAM}role/Admin"),
            (f"{STS}assumed-role/Admin/ann@example.com", f"{IAM}role/Admin"),
            (f"arn:aws-us-gov:sts::{ACCOUNT}:assumed-role/Admin/x.y", f"arn:aws-us-gov:iam::{ACCOUNT}:role/Admin"),
            (f"arn:aws-cn:iam::{ACCOUNT}:user/ann", f"arn:aws-cn:iam::{ACCOUNT}:user/ann"),
        ],
    )
    def test_of_a_session_is_its_role_and_of_others_themselves(self, arn: str, principal: str) -> None:
        found = identity(answer(arn).encode())

        assert (found.arn, found.principal) == (arn, principal)

    @pytest.mark.parametrize(
        "arn",
        [
            f"{STS}assumed-role/Admin/../x",
            f"{STS}assumed-role/Admin/..",
            f"{STS}assumed-role/../Admin",
            f"{STS}assumed-role/./Admin",
            f"{STS}assumed-role/Admin",
            f"{STS}assumed-role/Admin/",
            f"{STS}assumed-role//x",
            f"{STS}assumed-role/path/Admin/x",
            f"{STS}assumed-role/Admin/x/",
            f"{STS}assumed-role/Adm in/x",
            f"{IAM}assumed-role/Admin/x",
            f"{IAM}role/Admin",
            f"{STS}user/ann",
            f"{IAM}user/",
            f"{IAM}user/../root",
            f"{IAM}user//ann",
            f"{IAM}user/*",
            f"{IAM}root/x",
            f"{IAM}rootx",
            f"{IAM}federated-user/x",
            f" {IAM}user/ann",
            f"{IAM}user/ann ",
            f"{IAM}user/ann\n",
            f"{IAM}user/ann\nx",
            f"{IAM}user/\u00e4nn",
            f"x{IAM}user/ann",
            "arn:aws:iam::11112222333:user/ann",
            f"arn:aws:iam::{ACCOUNT}0:user/ann",
            "arn:aws:iam:::user/a",
            f"arn:evil:iam::{ACCOUNT}:user/ann",
            f"arn:aws:iam:us-east-1:{ACCOUNT}:user/ann",
            f"{IAM}user/ann:{IAM}root",
            "",
            f"{IAM}user/{'x/' * 33}ann",
            f"{IAM}user/{'x' * 129}",
        ],
    )
    def test_is_no_arn_that_is_not_understood_to_its_last_letter(self, arn: str) -> None:
        refused(answer(arn))

    def test_is_of_the_account_that_sts_names_beside_it(self) -> None:
        refused(answer(f"{IAM}user/ann", "999999999999"))
        refused(answer(f"{STS}assumed-role/Admin/x", "999999999999"))

    def test_may_stand_in_any_order_and_after_the_line_of_xml(self) -> None:
        text = answer(f"{IAM}user/ann").replace(f"    <Account>{ACCOUNT}</Account>\n", "")
        text = text.replace("    <Arn>", f"    <Account>{ACCOUNT}</Account><Arn>")

        assert identity(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()).arn == f"{IAM}user/ann"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<Arn>", "<!-- <Arn> --><Arn>"),
            ("<Arn>", "<Arn><![CDATA["),
            ("<Arn>", "<Arn x='y'>"),
            ("user/ann", "user/&a;"),
            ("<GetCallerIdentityResponse", "<!DOCTYPE x [<!ENTITY a 'b'>]><GetCallerIdentityResponse"),
            ("https://sts.amazonaws.com/doc", "https://evil.example/doc"),
            ("<UserId>AIDAEXAMPLE</UserId>", ""),
            ("<UserId>AIDAEXAMPLE</UserId>", f"<Arn>{IAM}root</Arn>"),
            ("<UserId>AIDAEXAMPLE</UserId>", "<UserId></UserId>"),
            ("</GetCallerIdentityResult>", f"<Arn>{IAM}root</Arn></GetCallerIdentityResult>"),
            ("<UserId>AIDAEXAMPLE</UserId>", "<UserId>AIDAEXAMPLE</Account>"),
            ("</GetCallerIdentityResponse>", ""),
            ("GetCallerIdentityRes", "AssumeRoleRes"),
            ("  <ResponseMetadata>", "x<ResponseMetadata>"),
            ("    <Arn>", " " * 100_000 + "<Arn>"),
            ("<RequestId>01234567-89ab</RequestId>", "<Arn>x</Arn>"),
        ],
    )
    def test_is_in_no_answer_of_any_other_form(self, old: str, new: str) -> None:
        text = answer(f"{IAM}user/ann")
        assert old in text

        refused(text.replace(old, new))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{}",
            f'{{"GetCallerIdentityResponse": {{"Arn": "{IAM}user/ann"}}}}',
            "<html></html>",
            "x" * 16_000,
        ],
    )
    def test_is_not_in_json_or_in_nothing(self, text: str) -> None:
        refused(text)

    @given(st.binary(max_size=200))
    def test_is_not_in_noise(self, noise: bytes) -> None:
        with pytest.raises(AccessDeniedException):
            identity(noise)


class TestRefusalCode:
    def test_is_that_of_sts(self) -> None:
        text = b"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>"

        assert refusal_code(text) == "ExpiredToken"

    @pytest.mark.parametrize(
        "text", [b"", b"<Code></Code>", b"<Code>a b</Code>", b"<Code>" + b"x" * 65 + b"</Code>", b"\xff"]
    )
    def test_is_empty_for_anything_else(self, text: bytes) -> None:
        assert refusal_code(text) == ""


class TestPatterns:
    @pytest.mark.parametrize(
        "pattern",
        [
            f"{IAM}role/Admin",
            f"{IAM}role/ci-*",
            f"{IAM}role/*",
            f"{IAM}user/team/*",
            f"{IAM}user/*/ann",
            f"{IAM}root",
            f"{STS}federated-user/*",
        ],
    )
    def test_name_an_account_and_somebody_in_it(self, pattern: str) -> None:
        assert pattern_problem(pattern) is None

    @pytest.mark.parametrize(
        "pattern",
        [
            "*",
            "",
            "arn:aws:iam::*:role/Admin",
            "arn:aws:iam::11112222*:role/Admin",
            f"arn:*:iam::{ACCOUNT}:role/Admin",
            f"{IAM}*",
            f"{IAM}*/Admin",
            f"{IAM}role",
            f"{IAM}role/",
            f"{IAM}role/path/Admin",
            f"{STS}assumed-role/Admin/*",
            f"{IAM}role/[a-z]",
            f"{IAM}role/a?c",
            f"{IAM}role/..",
            f"{IAM}user/../root",
            f"{IAM}role/Admin\n",
            f"{IAM}roo*",
            f" {IAM}role/Admin",
            f"{IAM}user/{'*' * 129}",
        ],
    )
    def test_anything_else_is_told_what_a_pattern_is(self, pattern: str) -> None:
        assert "12 digits" in (pattern_problem(pattern) or "")

    @pytest.mark.parametrize(
        ("pattern", "principal"),
        [
            (f"{IAM}role/Admin", f"{IAM}role/Admin"),
            (f"{IAM}role/ci-*", f"{IAM}role/ci-"),
            (f"{IAM}role/*", f"{IAM}role/x"),
            (f"{IAM}role/a*c*e", f"{IAM}role/abcde"),
            (f"{IAM}user/*/ann", f"{IAM}user/team/ann"),
            (f"{IAM}root", f"{IAM}root"),
        ],
    )
    def test_mean_whom_they_spell(self, pattern: str, principal: str) -> None:
        assert matches(pattern, principal)

    @pytest.mark.parametrize(
        ("pattern", "principal"),
        [
            (f"{IAM}role/Admin", f"{IAM}role/Administrator"),
            (f"{IAM}role/Admin", f"{IAM}role/admin"),
            (f"{IAM}role/Admin", f"{IAM}role/xAdmin"),
            (f"{IAM}role/*", f"{IAM}user/x"),
            (f"{IAM}user/*", f"{IAM}user/a/b"),
            (f"{IAM}user/a/*", f"{IAM}user/a"),
            (f"{IAM}role/*-ci", f"{IAM}role/x-ci-y"),
            (f"{IAM}user/*", f"{IAM}root"),
            (f"{IAM}role/Admin", "arn:aws:iam::999999999999:role/Admin"),
            (f"{IAM}role/a.c", f"{IAM}role/abc"),
            (f"{IAM}role/Admin", f"arn:aws-cn:iam::{ACCOUNT}:role/Admin"),
            ("*", f"{IAM}role/Admin"),
            ("arn:aws:iam::*:role/Admin", f"{IAM}role/Admin"),
            (f"{IAM}role/[A]dmin", f"{IAM}role/Admin"),
        ],
    )
    def test_and_nobody_else(self, pattern: str, principal: str) -> None:
        assert not matches(pattern, principal)

    def test_many_stars_take_no_time(self) -> None:
        assert not matches(f"{IAM}role/{'*a' * 60}", f"{IAM}role/{'a' * 127}b")
