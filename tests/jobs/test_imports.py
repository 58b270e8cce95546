"""Imports of users from a file, from the upload to the log of its lines."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from chalicelib.flows import import_rows, import_runs, imports
from chalicelib.jobs import runner
from chalicelib.outside import files
from chalicelib.rules import csv_files
from chalicelib.table import connection, invariants, keys, store
from chalicelib.table.directory import ActiveImport, ImportJob, ImportLines
from chalicelib.table.items import Password, Pool, User
from tests.application import PASSWORD, Fault
from tests.callers import refused
from tests.importing import MFA, USERNAME, Import, csv, row
from tests.lines import logged

SUCCESS = "Import Job Completed Successfully."
TOO_MANY = "Too many users have failed or been skipped during the import."
DAY = 86400


@pytest.fixture
def make_pool(cognito):
    def make(**settings):
        return cognito.pool(**{"AutoVerifiedAttributes": ["email"], **settings})

    return make


@pytest.fixture
def pool(make_pool):
    return make_pool()


@pytest.fixture
def imported(cognito, run):
    """Imports rows into a pool; the job when it has ended, and the pool is found sound."""

    def import_rows(pool, *rows, more=(), **settings):
        job = Import(cognito, pool, **settings)
        job.bring(*rows, more=more)
        run("imports")
        assert invariants.broken(pool) == []
        return job

    return import_rows


@pytest.fixture
def from_file(cognito, run):
    """Imports a file as it is; the job when it has ended."""

    def import_file(pool, content):
        job = Import(cognito, pool)
        job.upload(content)
        job.start()
        run("imports")
        return job

    return import_file


def names_in(pool):
    found = store.listed(keys.listing("User", pool=pool)).items
    return sorted(user.username for user in found if isinstance(user, User))


def ended(job):
    told = job.now()
    return told["Status"], told.get("CompletionMessage")


class TestLines:
    def test_each_becomes_a_user_who_has_to_reset_the_password(self, imported, pool):
        job = imported(pool, row("ada", given_name="Ada, Countess", birthdate="12/10/1815"), row("bob"))

        assert job.ended() == ("Succeeded", 2, 0, 0)
        assert ended(job)[1] == SUCCESS
        assert (job.user("ada")["UserStatus"], job.user("ada")["Enabled"]) == ("RESET_REQUIRED", True)
        found = job.attributes("ada")
        assert (found["given_name"], found["birthdate"]) == ("Ada, Countess", "1815-12-10")
        assert (found["email"], found["email_verified"]) == ("ada@example.com", "true")
        assert job.log() == [f"[SUCCEEDED] Line Number {number} - The import succeeded." for number in (2, 3)]

    def test_users_are_found_and_named_as_all_others_are(self, cognito, imported, make_pool):
        pool = make_pool(UsernameConfiguration={"CaseSensitive": False}, AliasAttributes=["email"])
        imported(pool, row("Ada"))

        listed = cognito.call("ListUsers", UserPoolId=pool, Filter='email = "ada@example.com"')["Users"]

        assert [user["Username"] for user in listed] == ["ada"]
        assert cognito.call("AdminGetUser", UserPoolId=pool, Username="ADA@example.com")["Username"] == "ada"

    def test_nobody_is_written_to_and_nobody_counts_as_active(self, imported, pool, outbox):
        before = len(outbox.lines())

        imported(pool, row("ada"))

        assert len(outbox.lines()) == before
        (user,) = store.listed(keys.listing("User", pool=pool)).items
        assert user.active_month is None

    def test_who_was_imported_resets_the_password_and_signs_in(self, cognito, imported, make_pool, outbox):
        pool = make_pool()
        client = cognito.client(pool)
        imported(pool, row("ada"))

        with refused("PasswordResetRequiredException"):
            cognito.sign_in(client, "ada")
        cognito.call("ForgotPassword", ClientId=client, Username="ada")
        given = {"ConfirmationCode": outbox.code("ada"), "Password": PASSWORD}
        cognito.call("ConfirmForgotPassword", ClientId=client, Username="ada", **given)

        assert cognito.sign_in(client, "ada")["AccessToken"]

    def test_a_user_with_a_way_in_without_password_is_confirmed(self, imported, make_pool):
        policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        job = imported(make_pool(Policies=policy), row("ada"))

        assert job.user("ada")["UserStatus"] == "CONFIRMED"

    def test_an_address_is_the_name_where_users_sign_in_by_address(self, cognito, imported, make_pool):
        pool = make_pool(UsernameAttributes=["email"])
        job = imported(pool, {USERNAME: "ada@example.com", "email_verified": "true"}, row("bob@example.com", email=""))

        user = job.user("ada@example.com")
        assert user["Username"] == job.attributes("ada@example.com")["sub"]
        assert job.attributes("ada@example.com")["email"] == "ada@example.com"
        assert job.ended() == ("Succeeded", 2, 0, 0)

    def test_codes_by_sms_are_switched_on_where_the_line_says_so(self, cognito, imported, pool):
        cognito.call("SetUserPoolMfaConfig", UserPoolId=pool, **OPTIONAL_MFA)
        phone = {"phone_number": "+15550100", "phone_number_verified": "true"}

        job = imported(pool, row("ada", **phone, **{MFA: "true"}), row("bob", **{MFA: "false"}), row("eve"))

        assert job.user("ada")["UserMFASettingList"] == ["SMS_MFA"]
        assert "UserMFASettingList" not in job.user("bob")
        assert job.ended()[1] == 3

    def test_values_of_the_pools_own_attributes_come_along(self, imported, make_pool):
        schema = [{"Name": "points", "AttributeDataType": "Number"}]

        job = imported(make_pool(Schema=schema), row("ada", **{"custom:points": "12", "updated_at": "1700000000"}))

        assert job.attributes("ada")["custom:points"] == "12"

    def test_columns_may_have_any_order_and_lines_any_end(self, cognito, from_file, pool):
        header = cognito.call("GetCSVHeader", UserPoolId=pool)["CSVHeader"][::-1]

        job = from_file(pool, csv(header, [row("ada"), {}, row("bob")], "\r\n").replace(b"," * 20 + b"\r\n", b" \r\n"))

        assert job.ended() == ("Succeeded", 2, 0, 0)
        assert [line["LineNumber"] for line in job.lines()["Lines"]] == [2, 4]

    def test_the_last_may_end_without_a_line_break(self, from_file, cognito, pool):
        header = cognito.call("GetCSVHeader", UserPoolId=pool)["CSVHeader"]

        assert from_file(pool, csv(header, [row("ada"), row("bob")])[:-1]).ended()[1] == 2


OPTIONAL_MFA = {
    "MfaConfiguration": "OPTIONAL",
    "SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}},
}
NO_ADDRESS = (
    "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."
)
BROKEN = {
    "no verified address": ({"email_verified": "false"}, NO_ADDRESS),
    "no address": ({"email": ""}, "Email is required to verify/un-verify email"),
    "no username": ({USERNAME: ""}, "The User Record does not set cognito:username."),
    "a username with a space": ({USERNAME: "a b"}, "cognito:username must have at most 128 characters, "),
    "a malformed address": ({"email": "ada"}, "Invalid email address format."),
    "a malformed number": ({"phone_number": "0100"}, "Invalid phone number format."),
    "a malformed day": ({"birthdate": "1815-12-10"}, "birthdate must be a day in the form mm/dd/yyyy."),
    "a malformed time": (
        {"updated_at": "now"}, "Attributes did not conform to the schema: updated_at: Value must be an integer"
    ),
    "a flag that is none": (
        {"phone_number": "+15550100", "phone_number_verified": "yes"},
        "Attributes did not conform to the schema: phone_number_verified: Value must be true or false",
    ),
    "MFA in a pool without": ({MFA: "true"}, "cognito:mfa_enabled must be false, because MFA of the user pool is OFF."),
    "MFA that is neither": ({MFA: "maybe"}, "cognito:mfa_enabled must be true or false."),
    "a value that is too long": ({"name": "x" * 2049}, "name: The value is longer than 2048 characters."),
    "a line that is too long": ({"name": "x" * 16000}, "The row is longer than 16000 characters."),
    "a phone number that is verified and not there": (
        {"phone_number_verified": "true"}, "Phone number is required to verify/un-verify phone number"
    ),
}  # fmt: skip


class TestBrokenLines:
    def test_each_fails_with_its_own_sentence_and_the_others_are_imported(self, imported, pool):
        rows = [row(f"broken{place}", **values) for place, (values, _) in enumerate(BROKEN.values())]

        job = imported(pool, row("first"), *rows, row("last"))

        assert job.ended() == ("Succeeded", 2, 0, len(BROKEN))
        assert names_in(pool) == ["first", "last"]
        said = dict(zip(BROKEN, job.log()[1:-1], strict=True))
        for place, (case, (_, sentence)) in enumerate(BROKEN.items()):
            assert said[case].startswith(f"[FAILED] Line Number {place + 3} - {sentence}"), case

    def test_a_required_attribute_must_be_there(self, imported, make_pool):
        pool = make_pool(Schema=[{"Name": "given_name", "Required": True}])

        job = imported(pool, row("ada"), row("bob", given_name="Bob"))

        assert job.log()[0].endswith("Attributes did not conform to the schema: given_name: The attribute is required")

    def test_bounds_of_the_schema_hold(self, imported, make_pool):
        bounds = {"MinValue": "1", "MaxValue": "5"}
        schema = [{"Name": "points", "AttributeDataType": "Number", "NumberAttributeConstraints": bounds}]

        job = imported(make_pool(Schema=schema), row("ada", **{"custom:points": "6"}), row("bob"))

        assert "custom:points: Number must be no more than 5" in job.log()[0]

    def test_a_comma_too_many_is_told(self, cognito, from_file, pool):
        header = cognito.call("GetCSVHeader", UserPoolId=pool)["CSVHeader"]
        content = csv(header, [row("ada", name="Ada"), row("bob")]).replace(b"\nAda,", b"\nAda,Countess,")

        assert from_file(pool, content).log()[0] == (
            "[FAILED] Line Number 2 - The row has 22 values and the header 21; "
            "before a comma inside a value stands a backslash."
        )

    def test_what_is_not_utf_8_is_told(self, cognito, from_file, pool):
        header = cognito.call("GetCSVHeader", UserPoolId=pool)["CSVHeader"]
        content = csv(header, [row("ada", name="X"), row("bob")]).replace(b"X", b"\xe4")

        assert from_file(pool, content).log()[0] == "[FAILED] Line Number 2 - The row is not in UTF-8."

    def test_a_user_who_is_there_is_skipped_and_not_changed(self, cognito, imported, pool):
        cognito.user(pool, "ada", email="real@example.com", email_verified="true")

        job = imported(pool, row("ada"), row("bob"), row("bob", email="second@example.com"))

        assert job.ended() == ("Succeeded", 1, 2, 0)
        assert job.log()[::2] == [f"[SKIPPED] Line Number {number} - The user already exists." for number in (2, 4)]
        assert job.attributes("ada")["email"] == "real@example.com"
        assert job.attributes("bob")["email"] == "bob@example.com"

    def test_a_name_is_taken_without_regard_of_case_where_case_does_not_matter(self, imported, make_pool):
        job = imported(make_pool(UsernameConfiguration={"CaseSensitive": False}), row("ada"), row("ADA"))

        assert job.ended() == ("Succeeded", 1, 1, 0)

    def test_an_address_is_taken_where_it_is_the_name(self, imported, make_pool):
        pool = make_pool(UsernameAttributes=["email"])

        job = imported(pool, *[{USERNAME: "ada@example.com", "email_verified": "true"}] * 2)

        assert job.ended() == ("Succeeded", 1, 1, 0)

    def test_an_alias_that_somebody_else_has_proved_fails_the_line(self, cognito, imported, make_pool):
        pool = make_pool(AliasAttributes=["email", "preferred_username"])
        cognito.user(pool, "owner", email="eve@example.com", email_verified="true")

        job = imported(pool, row("eve"), row("bob", preferred_username="bobby"), row("tom", preferred_username="bobby"))

        assert job.ended() == ("Succeeded", 1, 0, 2)
        assert job.log()[0] == "[FAILED] Line Number 2 - An account with the given email already exists."
        assert job.log()[2] == "[FAILED] Line Number 4 - An account with the given preferred_username already exists."

    def test_nobody_passes_for_somebody_elses_address(self, imported, make_pool):
        pool = make_pool(AliasAttributes=["email", "preferred_username"])

        job = imported(pool, row("eve", preferred_username="ada@example.com"), row("bob"))

        assert "preferred_username cannot be of email format" in job.log()[0]

    @pytest.mark.parametrize(
        "rows", [[row("a", email="")], [row("taken")], [row("taken"), row("a", email="")]], ids=len
    )
    def test_when_all_fail_or_are_skipped_the_job_fails(self, cognito, imported, pool, rows):
        cognito.user(pool, "taken")

        assert ended(imported(pool, *rows)) == ("Failed", TOO_MANY)

    def test_lines_are_neither_logged_nor_kept(self, imported, pool):
        with logged() as log:
            job = imported(pool, row("ada", name="s3cr3t-name"), row("bob", name="s3cr3t-name", email="s3cr3t-mail"))

        assert "s3cr3t" not in log.text
        assert "s3cr3t" not in "".join(job.log())
        assert "s3cr3t" not in str(store.get(ImportJob, pool=pool, id=job.id).attribute_values)


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "The file is empty."),
            (b"\xef\xbb\xbf{header}\n", "The file begins with a byte order mark; save it as UTF-8 without one."),
            (b"name,email\n", "The header of the file lacks address, birthdate and 17 more."),
            (b"{header},sub\n", "The header of the file has unknown columns: sub."),
            (
                b"{header},password_hash\n",
                "The file has a column password_hash, but the job has no PasswordHashingAlgorithm.",
            ),
            (b"{header}\n", "The file has no users."),
            (b"{header}\n\n \r\n\n", "The file has no users."),
        ],
    )
    def test_that_are_none_fail_the_job(self, cognito, from_file, pool, content, message):
        header = ",".join(cognito.call("GetCSVHeader", UserPoolId=pool)["CSVHeader"]).encode()

        assert ended(from_file(pool, content.replace(b"{header}", header))) == ("Failed", message)
        store.together(imports.idle(pool))

    def test_without_hashes_fail_a_job_that_wants_them(self, imported, pool):
        job = imported(pool, row("ada"), PasswordHashingAlgorithm="BCRYPT")

        assert ended(job) == ("Failed", "The header of the file lacks password_hash.")

    def test_that_are_too_long_import_nobody(self, imported, pool, monkeypatch):
        monkeypatch.setattr(csv_files, "MOST_ROWS", 2)
        monkeypatch.setattr(import_runs, "PART", 1)

        assert ended(imported(pool, *map(row, "abc"))) == ("Failed", "The file has more than 2 users.")
        assert names_in(pool) == []

    @pytest.mark.parametrize("end", [b"", b"\n"], ids=["open", "whole"])
    def test_of_the_most_lines_are_imported_whatever_the_last_ends_with(self, cognito, run, pool, monkeypatch, end):
        monkeypatch.setattr(csv_files, "MOST_ROWS", 2)
        job = Import(cognito, pool)
        job.upload(csv(job.header(), map(row, "ab")).rstrip() + end)
        job.start()
        run("imports")

        assert job.ended() == ("Succeeded", 2, 0, 0)

    def test_that_are_too_large_import_nobody(self, imported, pool, monkeypatch):
        started = imports.start

        def start(job, now):
            started(job, now)
            monkeypatch.setattr(csv_files, "LARGEST", 10)

        monkeypatch.setattr("chalicelib.operations.imports.imports.start", start)

        assert ended(imported(pool, row("ada"))) == ("Failed", "The file is larger than 100 MB.")

    def test_are_deleted_when_the_job_has_ended(self, imported, pool):
        job = imported(pool, row("ada"))

        assert files.files().find(pool, job.id) is None

    def test_that_were_changed_after_the_start_fail_the_job(self, cognito, run, pool):
        job = Import(cognito, pool)
        job.bring(row("ada"))
        files.files().keep(pool, job.id, csv(job.header(), [row("eve")]))

        run("imports")

        assert ended(job) == ("Failed", "The file was changed or removed after the job was started.")
        assert names_in(pool) == []

    def test_that_nobody_needs_any_more_go_after_two_days(self, cognito, run, pool):
        job = Import(cognito, pool)
        job.upload(b"x")

        run("imports", later=2 * DAY + 60)

        assert files.files().find(pool, job.id) is None
        assert ended(job) == ("Created", None)


class Killed(BaseException):
    """The end of a process, as far as one can have it without losing one."""


@pytest.fixture
def killed(monkeypatch):
    """Lets the work die at every so many-th call of a step, before it or after it, as often as asked."""

    def die(owner, name, every, *, is_after):
        real, calls = getattr(owner, name), [0]

        def step(*arguments, **named):
            calls[0] += 1
            if calls[0] % every == 0 and not is_after:
                raise Killed
            result = real(*arguments, **named)
            if calls[0] % every == 0:
                raise Killed
            return result

        monkeypatch.setattr(owner, name, step)

    return die


def worked(seconds=0.0):
    """Runs until all is done, however often it is cut off or killed; how often that was."""
    for count in range(2000):
        store.remove_all([keys.key("Lease", job="imports")])
        try:
            if runner.run("imports", time.time(), seconds).is_done:
                return count
        except Killed:
            pass
    raise AssertionError("it comes to no end")


@pytest.fixture
def mixed(cognito, pool, monkeypatch):
    """A started job of 60 lines: 47 good, 7 broken, 6 of users who are there; written down five at a time."""
    monkeypatch.setattr(import_runs, "PART", 5)
    for place in range(3):
        cognito.user(pool, f"there{place}")
    rows = [row(f"user{place}") for place in range(47)]
    rows += [row(f"broken{place}", email_verified="") for place in range(7)]
    rows += [row(f"there{place}") for place in range(3)] + [row(f"user{place}") for place in range(3)]
    job = Import(cognito, pool)
    job.bring(*rows)
    return job


def assert_exact(job):
    """All was counted once, told once, and written once."""
    assert job.ended() == ("Succeeded", 47, 6, 7)
    assert len(names_in(job.pool)) == 50
    told = [re.match(r"\[(\w+)\] Line Number (\d+) - ", line).groups() for line in job.log()]
    assert [int(number) for _, number in told] == list(range(2, 62))
    assert [outcome for outcome, _ in told] == ["SUCCEEDED"] * 47 + ["FAILED"] * 7 + ["SKIPPED"] * 6
    assert invariants.broken(job.pool) == []
    assert store.get(ActiveImport, pool=job.pool) is None


class TestRestart:
    def test_a_run_that_has_no_time_goes_on_with_the_next(self, mixed):
        assert worked() >= 12

        assert_exact(mixed)

    def test_counts_are_seen_while_it_works(self, mixed):
        runner.run("imports", time.time(), 0.0)

        told = mixed.now()
        assert (told["Status"], told["ImportedUsers"], "CompletionDate" in told) == ("InProgress", 5, False)
        assert len(mixed.log()) == 5
        worked()

    @pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("every", [8, 13, 29])
    def test_a_run_that_is_killed_at_any_write_is_taken_up_again(self, mixed, killed, every, is_after):
        killed(store, "together", every, is_after=is_after)

        assert worked(30.0) > 0

        assert_exact(mixed)

    @pytest.mark.parametrize("step", ["written", "entry"])
    def test_a_run_that_is_killed_within_a_part_is_taken_up_again(self, mixed, killed, step):
        killed(import_rows, step, 8, is_after=True)

        assert worked(30.0) > 0

        assert_exact(mixed)

    def test_two_runs_at_once_count_nothing_twice(self, mixed):
        (active,) = [one for one in imports.active() if one.pool_id == mixed.pool]
        moment = import_runs.Moment(time.time(), lambda: False)

        with ThreadPoolExecutor(3) as runs:
            counted = list(runs.map(lambda _: import_runs.advance(active, moment), range(3)))

        assert sum(sum(one.values()) for one in counted) == 60
        assert_exact(mixed)

    def test_a_table_that_is_busy_is_tried_again_by_the_next_run(self, mixed, monkeypatch):
        real, calls = import_rows.written, [0]

        def busy(work, made):
            calls[0] += 1
            if calls[0] == 12:
                raise import_rows.errors.TooManyRequestsException
            return real(work, made)

        monkeypatch.setattr(import_rows, "written", busy)
        with pytest.raises(runner.JobFailed):
            runner.run("imports", time.time())
        assert mixed.now()["Status"] == "InProgress"
        worked(30.0)

        assert_exact(mixed)

    def test_trouble_with_one_line_fails_that_line_and_is_logged_without_it(self, mixed, monkeypatch):
        real = store.together

        def broken(*writes):
            if any(isinstance(one, store.Save) and getattr(one.item, "username", "") == "user7" for one in writes):
                raise ValueError("user7 is broken")
            return real(*writes)

        monkeypatch.setattr(store, "together", broken)
        with logged() as log:
            worked(30.0)

        assert mixed.ended() == ("Succeeded", 46, 6, 8)
        assert mixed.log()[7] == "[FAILED] Line Number 9 - An internal error occurred."
        assert f"{mixed.id}: line 9: ValueError" in log.text
        assert "user7" not in log.text

    def test_a_line_that_is_more_than_we_understand_keeps_no_other_waiting(self, mixed, monkeypatch):
        real = import_rows.import_rows.username

        def broken(settings, given):
            if given[USERNAME] == "user7":
                raise KeyError("user7")
            return real(settings, given)

        monkeypatch.setattr(import_rows.import_rows, "username", broken)
        with logged() as log:
            worked(30.0)

        assert mixed.ended() == ("Succeeded", 46, 6, 8)
        assert mixed.log()[7] == "[FAILED] Line Number 9 - An internal error occurred."
        assert "user7" not in log.text

    def test_a_table_that_lets_nobody_in_is_no_fault_of_the_lines(self, mixed, monkeypatch):
        real = store.together

        def forbidden(*writes):
            if any(isinstance(one, store.Save) and isinstance(one.item, User) for one in writes):
                told = {"Error": {"Code": "AccessDeniedException"}}
                raise connection.Refused(ClientError(told, "TransactWriteItems"))
            return real(*writes)

        with monkeypatch.context() as patched:
            patched.setattr(store, "together", forbidden)
            with pytest.raises(runner.JobFailed):
                runner.run("imports", time.time())
        assert mixed.ended() == ("InProgress", 0, 0, 0)
        worked(30.0)

        assert_exact(mixed)


class TestStop:
    def test_a_job_ends_even_where_its_file_cannot_be_reached_any_more(self, mixed, monkeypatch):
        def nowhere():
            raise files.Unavailable("There is no place for uploads.")

        mixed.stop()
        monkeypatch.setattr(files, "files", nowhere)
        worked(30.0)

        assert mixed.ended() == ("Stopped", 0, 0, 0)

    def test_a_job_that_was_not_begun_begins_no_more(self, mixed):
        mixed.stop()
        worked(30.0)

        assert ended(mixed) == ("Stopped", "The Import Job was stopped by the developer.")
        assert mixed.ended()[1:] == (0, 0, 0)
        store.together(imports.idle(mixed.pool))

    def test_a_job_at_work_ends_where_it_is(self, mixed, monkeypatch):
        real = import_rows.written

        def stopping(work, made):
            if made.number == 8:
                mixed.stop()
            return real(work, made)

        monkeypatch.setattr(import_rows, "written", stopping)
        worked(30.0)

        assert mixed.ended() == ("Stopped", 10, 0, 0)
        assert len(mixed.log()) == 10
        assert len(names_in(mixed.pool)) == 13

    def test_a_job_whose_last_line_was_reached_is_stopped_too(self, mixed, monkeypatch):
        real = import_runs._Run._ending

        def stopping(run):
            mixed.stop()
            return real(run)

        monkeypatch.setattr(import_runs._Run, "_ending", stopping)
        worked(30.0)

        assert mixed.ended() == ("Stopped", 47, 6, 7)


class TestSurroundings:
    def test_jobs_of_several_pools_are_done_one_after_the_other(self, cognito, run, make_pool):
        jobs = [Import(cognito, make_pool()) for _ in range(3)]
        for job in jobs:
            job.bring(row("ada"))

        run("imports")

        assert [job.ended()[0] for job in jobs] == ["Succeeded"] * 3

    def test_a_pool_takes_another_job_when_one_has_ended(self, imported, pool):
        assert imported(pool, row("ada")).ended() == ("Succeeded", 1, 0, 0)
        assert imported(pool, row("bob"), row("ada")).ended() == ("Succeeded", 1, 1, 0)

    def test_the_mark_of_a_job_that_has_ended_does_not_cost_the_next_one_its_own(self, cognito, imported, run, pool):
        old = imported(pool, row("ada"))
        following = Import(cognito, pool)
        following.bring(row("bob"))
        (mark,) = [one for one in imports.active() if one.pool_id == pool]
        mark.job = old.id

        import_runs.advance(mark, import_runs.Moment(time.time(), lambda: False))

        assert store.get(ActiveImport, pool=pool).job == following.id
        run("imports")
        assert following.ended() == ("Succeeded", 1, 0, 0)

    def test_a_pool_that_has_gone_needs_no_job(self, mixed, run):
        store.remove_all([Pool.at(pool=mixed.pool)])

        run("imports")

        assert [one for one in imports.active() if one.pool_id == mixed.pool] == []

    def test_a_pool_that_goes_while_a_job_works_gets_no_more_users(self, mixed, monkeypatch):
        real = import_rows.written

        def vanishing(work, made):
            store.remove_all([Pool.at(pool=mixed.pool)])
            return real(work, made)

        monkeypatch.setattr(import_rows, "written", vanishing)
        worked(30.0)
        worked(30.0)

        assert len(names_in(mixed.pool)) == 3 + 5
        assert [one for one in imports.active() if one.pool_id == mixed.pool] == []

    def test_what_a_pool_is_changed_to_holds_from_the_next_part_on(self, mixed, monkeypatch):
        real = import_rows.written

        def changed(work, made):
            pool = store.get(Pool, pool=mixed.pool)
            pool.document["AutoVerifiedAttributes"] = ["phone_number"]
            with suppress(store.Conflict):
                store.save(pool)
            return real(work, made)

        monkeypatch.setattr(import_rows, "written", changed)
        worked(30.0)

        assert mixed.ended() == ("Succeeded", 5, 0, 55)

    def test_lines_are_kept_for_90_days(self, imported, pool):
        job = imported(pool, row("ada"))

        (part,) = store.list(keys.key("ImportLines", pool=pool, job=job.id, line="").pk).items
        assert isinstance(part, ImportLines)
        assert 89.9 * DAY < part.expires - time.time() < 90.1 * DAY

    @pytest.mark.parametrize(
        "settings", [{}, {"AliasAttributes": ["email"]}, {"UsernameAttributes": ["email"]}], ids=str
    )
    def test_of_a_sign_up_and_a_line_with_one_name_one_wins(self, cognito, run, make_pool, settings):
        pool = make_pool(**settings)
        client = cognito.client(pool)
        names = [
            f"user{place}@example.com" if "UsernameAttributes" in settings else f"user{place}" for place in range(24)
        ]
        job = Import(cognito, pool)
        job.bring(
            *(
                {USERNAME: name, "email": f"{name.partition('@')[0]}@example.com", "email_verified": "true"}
                for name in names
            )
        )

        def signed_up(name):
            try:
                cognito.call("SignUp", ClientId=client, Username=name, Password=PASSWORD, UserAttributes=[
                    {"Name": "email", "Value": f"{name.partition('@')[0]}@example.com"}])  # fmt: skip
            except Fault as fault:
                return fault.code
            return "done"

        with ThreadPoolExecutor(3) as people:
            told = people.map(signed_up, names[::-1])
            run("imports")
            told = list(told)

        _, imported, skipped, failed = job.ended()
        assert (imported + told.count("done"), imported + skipped, failed) == (24, 24, 0)
        assert told.count("UsernameExistsException") == imported
        assert store.count(keys.listing("User", pool=pool), 100) == 24
        assert invariants.broken(pool) == []

    def test_a_password_is_written_with_its_user(self, imported, pool):
        """The rest of this is told in tests/flows/test_imported_passwords.py."""
        hashed = "$2b$04$abcdefghijklmnopqrstu.bW2K.9.6LIihvvOS5ITIU4yUe54M.q2"

        job = imported(
            pool, row("ada", password_hash=hashed), more=["password_hash"], PasswordHashingAlgorithm="BCRYPT"
        )

        sub = job.attributes("ada")["sub"]
        assert store.get(Password, pool=pool, sub=sub).hash == hashed


@pytest.mark.slow
class TestManyLines:
    def test_the_good_are_imported_and_each_bad_one_is_named(self, cognito, run, pool):
        count = 2_000
        bad = {place for place in range(count) if place % 33 == 5}
        rows = [row(f"user{place}", **({"email_verified": "false"} if place in bad else {})) for place in range(count)]
        job = Import(cognito, pool)
        job.bring(*rows)

        began = time.monotonic()
        run("imports")

        assert time.monotonic() - began < 120
        assert job.ended() == ("Succeeded", count - len(bad), 0, len(bad))
        failed = [line for line in job.log() if line.startswith("[FAILED]")]
        assert failed == [f"[FAILED] Line Number {place + 2} - {NO_ADDRESS}" for place in sorted(bad)]
        assert invariants.broken(pool) == []
