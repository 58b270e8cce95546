"""Jobs that import users, through their operations: made, listed, started, stopped, and what is refused."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import settings
from chalicelib.flows import imports
from chalicelib.table import keys, store
from chalicelib.table.directory import ActiveImport, ImportJob, ImportLines, OpenChange
from chalicelib.table.items import Pool
from tests.application import Cognito, Fault
from tests.callers import refused
from tests.importing import ROLE, Import, csv, row

UNKNOWN = "us-east-1_Unknown00"
DAY = 86400


@pytest.fixture(scope="module")
def shared(application):
    """A pool for tests that leave no job at work in it."""
    return Cognito(*application).pool(AutoVerifiedAttributes=["email"])


@pytest.fixture
def pool(cognito):
    return cognito.pool(AutoVerifiedAttributes=["email"])


def stored(job):
    return store.get(ImportJob, pool=job.pool, id=job.id)


def in_state(job, state, **values):
    """The job as it would be later, written straight into the table."""
    item = stored(job)
    item.document |= {"Status": state, **values}
    store.save(item)


class TestGetCSVHeader:
    def test_begins_with_name_and_ends_with_mfa_and_username(self, cognito, shared):
        answer = cognito.call("GetCSVHeader", UserPoolId=shared)

        assert answer["UserPoolId"] == shared
        assert answer["CSVHeader"] == [
            "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
            "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
            "phone_number_verified", "address", "updated_at", "cognito:mfa_enabled", "cognito:username",
        ]  # fmt: skip

    def test_has_the_attributes_of_the_pools_own(self, cognito):
        schema = [{"Name": "tier", "AttributeDataType": "String"}]
        pool = cognito.pool(Schema=schema)

        header = cognito.call("GetCSVHeader", UserPoolId=pool)["CSVHeader"]

        assert header[-3:] == ["custom:tier", "cognito:mfa_enabled", "cognito:username"]

    def test_refuses_an_unknown_pool(self, cognito):
        with refused("ResourceNotFoundException"):
            cognito.call("GetCSVHeader", UserPoolId=UNKNOWN)


class TestCreateUserImportJob:
    def test_answers_a_job_with_a_place_for_its_file(self, cognito, shared):
        began = time.time()

        job = Import(cognito, shared, PasswordHashingAlgorithm="BCRYPT").made

        assert re.fullmatch("import-[0-9a-zA-Z]{10}", job.pop("JobId"))
        assert job.pop("PreSignedUrl").startswith("http://latchkey.test/_uploads?token=")
        assert began - 0.001 <= job.pop("CreationDate") <= time.time() + 0.001  # the wire has milliseconds
        assert job == {
            "JobName": "people",
            "UserPoolId": shared,
            "Status": "Created",
            "CloudWatchLogsRoleArn": ROLE,
            "ImportedUsers": 0,
            "SkippedUsers": 0,
            "FailedUsers": 0,
            "PasswordHashingAlgorithm": "BCRYPT",
        }

    def test_describe_answers_the_same_without_the_right_to_upload(self, cognito, shared):
        job = Import(cognito, shared)

        del job.made["PreSignedUrl"]
        assert job.now() == job.made

    def test_refuses_an_unknown_pool_and_one_that_vanishes_meanwhile(self, cognito, pool, monkeypatch):
        given = {"JobName": "people", "CloudWatchLogsRoleArn": ROLE}
        with refused("ResourceNotFoundException"):
            cognito.call("CreateUserImportJob", UserPoolId=UNKNOWN, **given)

        made = imports.new

        def vanishing(*arguments):
            store.remove_all([Pool.at(pool=pool)])
            return made(*arguments)

        monkeypatch.setattr(imports, "new", vanishing)
        with refused("ResourceNotFoundException"):
            cognito.call("CreateUserImportJob", UserPoolId=pool, **given)
        assert store.count(keys.listing("ImportJob", pool=pool), 10) == 0

    def test_says_so_where_there_is_no_place_for_files(self, cognito, shared, monkeypatch):
        cognito.call("DescribeUserPool", UserPoolId=shared)  # the key is open from now on
        monkeypatch.setattr(settings, "current", lambda: settings.Settings(account_id="0" * 12))

        with refused("OperationNotEnabledException"):
            Import(cognito, shared)

    def test_lets_the_oldest_that_has_ended_go_for_a_new_one(self, cognito, pool, monkeypatch):
        monkeypatch.setattr(imports, "_MOST_JOBS", 3)
        jobs = [Import(cognito, pool) for _ in range(3)]
        in_state(jobs[0], "InProgress")

        newest = Import(cognito, pool)

        assert [stored(job) is None for job in (*jobs, newest)] == [False, True, False, False]
        for job in (jobs[2], newest):
            in_state(job, "InProgress")
        with refused("LimitExceededException"):
            Import(cognito, pool)


class TestDescribeUserImportJob:
    def test_refuses_what_does_not_exist(self, cognito, shared, pool):
        job = Import(cognito, shared)

        for operation in ("DescribeUserImportJob", "StartUserImportJob", "StopUserImportJob"):
            with refused("ResourceNotFoundException"):
                cognito.call(operation, UserPoolId=shared, JobId="import-0000000000")
            with refused("ResourceNotFoundException"):
                cognito.call(operation, UserPoolId=pool, JobId=job.id)
            with refused("ResourceNotFoundException"):
                cognito.call(operation, UserPoolId=UNKNOWN, JobId=job.id)

    def test_shows_what_nobody_started_within_a_day_as_expired(self, cognito, shared):
        job = Import(cognito, shared)
        job.upload(csv(job.header(), [row("ada")]))
        in_state(job, "Created", CreationDate=time.time() - DAY - 60)

        assert job.now()["Status"] == "Expired"
        with refused("PreconditionNotMetException"):
            job.start()


class TestListUserImportJobs:
    def test_lists_the_newest_first_page_by_page(self, cognito, pool):
        jobs = [Import(cognito, pool).id for _ in range(5)]

        found, given = [], {}
        while True:
            page = cognito.call("ListUserImportJobs", UserPoolId=pool, MaxResults=2, **given)
            assert len(page["UserImportJobs"]) <= 2
            found += [job["JobId"] for job in page["UserImportJobs"]]
            if "PaginationToken" not in page:
                break
            given = {"PaginationToken": page["PaginationToken"]}

        assert found == jobs[::-1]

    def test_lists_nothing_of_other_pools(self, cognito, pool, shared):
        Import(cognito, shared)

        assert cognito.call("ListUserImportJobs", UserPoolId=pool, MaxResults=60) == {"UserImportJobs": []}

    def test_refuses_a_token_that_is_none_or_of_another_pool(self, cognito, pool, shared):
        for _ in range(2):
            Import(cognito, shared)
        foreign = cognito.call("ListUserImportJobs", UserPoolId=shared, MaxResults=1)["PaginationToken"]

        for token in ("nonsense", foreign):
            with refused("InvalidParameterException", "Invalid pagination token"):
                cognito.call("ListUserImportJobs", UserPoolId=pool, MaxResults=1, PaginationToken=token)

    def test_refuses_an_unknown_pool(self, cognito):
        with refused("ResourceNotFoundException"):
            cognito.call("ListUserImportJobs", UserPoolId=UNKNOWN, MaxResults=1)


class TestStartUserImportJob:
    def test_needs_a_file(self, cognito, shared):
        with refused("PreconditionNotMetException", "No file was uploaded for the job."):
            Import(cognito, shared).start()

    def test_sets_the_job_on_its_way_once(self, cognito, pool):
        job = Import(cognito, pool)
        job.upload(csv(job.header(), [row("ada")]))

        started = job.start()

        assert started["Status"] == "Pending"
        assert started["StartDate"] >= started["CreationDate"]
        assert job.now() == started
        with refused("PreconditionNotMetException", "The job cannot be started in the state Pending."):
            job.start()

    def test_takes_one_job_of_a_pool_at_a_time(self, cognito, pool):
        jobs = [Import(cognito, pool) for _ in range(2)]
        for job in jobs:
            job.upload(csv(job.header(), [row("ada")]))
        jobs[0].start()

        with refused("PreconditionNotMetException", "Another import job of the user pool is in progress."):
            jobs[1].start()
        assert jobs[1].now()["Status"] == "Created"

    def test_of_many_at_once_one_starts(self, cognito, pool):
        jobs = [Import(cognito, pool) for _ in range(6)]
        for job in jobs:
            job.upload(csv(job.header(), [row("ada")]))

        def started(job):
            try:
                return job.start()["Status"]
            except Fault as fault:
                return fault.code

        with ThreadPoolExecutor(6) as callers:
            told = list(callers.map(started, jobs))

        assert sorted(told) == ["Pending"] + ["PreconditionNotMetException"] * 5
        assert store.get(ActiveImport, pool=pool).job == jobs[told.index("Pending")].id

    def test_refuses_a_pool_that_is_being_changed(self, cognito, pool):
        job = Import(cognito, pool)
        job.upload(csv(job.header(), [row("ada")]))
        change = OpenChange.new({"pool": pool, "created": "1"}, pool_id=pool, change_id="change-1")
        store.save(change)

        with refused("PreconditionNotMetException", "A change of the user pool is in progress."):
            job.start()
        assert job.now()["Status"] == "Created"
        store.together(store.Remove(change))
        assert job.start()["Status"] == "Pending"

    def test_refuses_a_pool_that_vanishes_meanwhile(self, cognito, pool, monkeypatch):
        job = Import(cognito, pool)
        job.upload(csv(job.header(), [row("ada")]))
        begun = imports._beginning

        def vanishing(found):
            store.remove_all([Pool.at(pool=pool)])
            return begun(found)

        monkeypatch.setattr(imports, "_beginning", vanishing)
        with refused("ResourceNotFoundException"):
            job.start()
        assert store.get(ActiveImport, pool=pool) is None


class TestStopUserImportJob:
    @pytest.mark.parametrize("state", ["Pending", "InProgress"])
    def test_stops_what_is_on_its_way(self, cognito, shared, state):
        job = Import(cognito, shared)
        in_state(job, state)

        assert job.stop()["Status"] == "Stopping"

    @pytest.mark.parametrize("state", ["Created", "Stopping", "Stopped", "Failed", "Succeeded"])
    def test_refuses_anything_else(self, cognito, shared, state):
        job = Import(cognito, shared)
        in_state(job, state)

        with refused("PreconditionNotMetException"):
            job.stop()


class TestIdle:
    def test_holds_but_from_the_start_of_a_job_to_its_end(self, cognito, pool):
        job = Import(cognito, pool)
        job.upload(csv(job.header(), [row("ada")]))
        store.together(imports.idle(pool))

        job.start()

        with pytest.raises(store.Conflict, match=imports.ACTIVE):
            store.together(imports.idle(pool))
        imports.end(stored(job), ("Succeeded", "Done."), time.time())
        store.together(imports.idle(pool))


class TestListUserImportLines:
    @pytest.fixture
    def job(self, cognito, shared):
        """A job of 1,250 lines, written down in parts of 50."""
        job = Import(cognito, shared)
        for first in range(2, 1252, 50):
            lines = [[number, "FAILED", "Broken."] for number in range(first, first + 50)]
            parts = {"pool": shared, "job": job.id, "line": f"{first:09}"}
            store.save(ImportLines.new(parts, lines=lines, expires=time.time() + DAY))
        return job

    @pytest.mark.parametrize("size", [1, 7, 50, 499, 500, 1000])
    def test_pages_lead_through_all_lines_in_their_order(self, job, size):
        wanted = 60 if size == 1 else 1250
        found, given = [], {}
        while len(found) < wanted:
            page = job.lines(MaxResults=size, **given)
            assert len(page["Lines"]) <= size
            found += [line["LineNumber"] for line in page["Lines"]]
            if "NextToken" not in page:
                break
            given = {"NextToken": page["NextToken"]}

        assert found == list(range(2, 2 + wanted))

    def test_each_has_its_line_of_the_log(self, job):
        assert job.lines(MaxResults=1)["Lines"] == [
            {"LineNumber": 2, "Outcome": "FAILED", "Message": "[FAILED] Line Number 2 - Broken."}
        ]

    def test_a_job_that_has_not_begun_has_none(self, cognito, shared):
        assert Import(cognito, shared).lines() == {"Lines": []}

    @pytest.mark.parametrize("token", ["x", "1", "99999.", ".", "-1.", "0.nonsense", "0.é"])
    def test_refuses_a_token_that_is_none(self, job, token):
        answer = job.asked(NextToken=token)

        assert (answer.status, answer.code()) == (400, "InvalidParameterException")

    def test_refuses_a_token_of_another_job(self, cognito, shared, job):
        token = job.lines(MaxResults=500)["NextToken"]

        answer = Import(cognito, shared).asked(NextToken=token)

        assert token.startswith("0.")
        assert (answer.status, answer.code()) == (400, "InvalidParameterException")

    def test_refuses_what_does_not_exist(self, job):
        for given in ({"JobId": "import-0000000000"}, {"UserPoolId": UNKNOWN}):
            answer = job.asked(**given)
            assert (answer.status, answer.code()) == (400, "ResourceNotFoundException")
