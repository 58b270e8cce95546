"""A restore is all or nothing: refused before anything is written, or begun anew; and a file brings its pool alone."""

from __future__ import annotations

import math
import time

import pytest

from chalicelib import errors
from chalicelib.flows import export_files, pool_exports, pool_removal, pool_restores, restore_claims
from chalicelib.jobs import sweep
from chalicelib.jobs.turn import Turn
from chalicelib.table import connection, invariants, keys, leases, store, transfers, walks
from chalicelib.table.items import Client, Pool
from chalicelib.table.upkeep import DeletedPool, Lease
from tests import engines, moving
from tests.application import Fault


@pytest.fixture(scope="module")
def other(table_engine):
    """The engine of another stage."""
    with engines.running("dynoxide") as engine:
        yield engine


@pytest.fixture(scope="module")
def moved(application, other):
    """The lines of a pool with users, groups and a client, its id and the client's."""
    from tests.application import Cognito

    cognito = Cognito(*application)
    pool = cognito.pool(AliasAttributes=["email"])
    client = cognito.client(pool, GenerateSecret=False)
    cognito.call("CreateUserPoolDomain", UserPoolId=pool, Domain=f"moved-{pool[-8:].lower()}")
    cognito.call("CreateGroup", UserPoolId=pool, GroupName="poets")
    for number in range(25):
        name = cognito.user(pool, f"user-{number}", email=f"user-{number}@example.com", email_verified="true")
        cognito.call("AdminAddUserToGroup", UserPoolId=pool, GroupName="poets", Username=name)
    return list(pool_exports.lines(pool)), pool, client


@pytest.fixture
def cognito(moved, other):
    """A caller on the other stage, whose table has nothing of the pool before and after."""
    _, pool, _ = moved
    with moving.used(other) as caller:
        yield caller
        places = [keys.Key(row["pk"]["S"], row["sk"]["S"]) for row in moving.rows_of(pool).values()]
        store.remove_all([*places, keys.key("DeletedPool", pool=pool), Lease.at(job="sweep")])


def restored(lines) -> dict:
    return pool_restores.restore(iter(lines))


def mark_of(pool: str) -> DeletedPool | None:
    return store.get(DeletedPool, pool=pool)


def aged(pool: str, seconds: float) -> None:
    """Makes a mark older."""
    mark = mark_of(pool)
    mark.deleted_at -= seconds
    store.save(mark)


class Crash(BaseException):
    """The process ends here."""


def crashing(lines, after: int):
    """Lines until the process ends: nothing may be tidied up after that."""
    yield from lines[:after]
    raise Crash


@pytest.fixture
def killed(monkeypatch):
    """A restore that ends after some lines as by SIGKILL."""

    def kill(lines, after: int) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(restore_claims.Claim, "abandon", lambda claim: None)
            with pytest.raises(Crash):
                restored(crashing(lines, after))

    return kill


class TestRefusal:
    def test_of_a_pool_that_is_there_already(self, cognito, moved):
        lines, pool, _ = moved
        restored(lines)
        before = moving.rows_of(pool)

        with pytest.raises(pool_restores.Refused, match=f"has a pool {pool} already"):
            restored(lines)

        assert moving.rows_of(pool) == before
        assert mark_of(pool) is None

    def test_of_a_client_id_that_another_pool_has(self, cognito, moved):
        lines, pool, client = moved
        taken = Client.new({"client": client, "pool": "x", "created": "0" * 15}, pool_id="x", document={})
        store.save(taken)

        with pytest.raises(pool_restores.Refused, match=f"{client} of the pool belongs to another"):
            restored(lines)

        assert mark_of(pool) is None
        store.remove_all([taken])

    def test_of_a_domain_that_another_pool_has(self, cognito, moved):
        lines, pool, _ = moved
        mine = cognito.pool()
        cognito.call("CreateUserPoolDomain", UserPoolId=mine, Domain=f"moved-{pool[-8:].lower()}")

        with pytest.raises(pool_restores.Refused, match="belongs to another pool"):
            restored(lines)

        assert moving.rows_of(pool) == {}
        cognito.call("DeleteUserPoolDomain", UserPoolId=mine, Domain=f"moved-{pool[-8:].lower()}")

    def test_of_a_wrong_passphrase_before_anything_is_written(self, cognito, moved):
        lines, pool, _ = moved
        file = b"".join(export_files.packed(lines, moving.PASSPHRASE))

        with pytest.raises(export_files.WrongPassphrase):
            moving.restored(file, "other words")

        assert moving.rows_of(pool) == {}
        assert mark_of(pool) is None

    def test_of_a_second_restore_at_the_same_time(self, cognito, moved):
        lines, pool, _ = moved
        first = restore_claims.Claim(pool)

        with pytest.raises(pool_restores.Refused, match=r"restored by somebody else.* try again in \d+ seconds"):
            restored(lines)

        first.beat()
        store.together(first.given_back())

    def test_of_a_pool_that_another_restore_finishes_just_before_the_claim(self, cognito, moved):
        """A mark beside a pool would have the pool removed: by this restore, and by the sweep."""
        lines, pool, client = moved
        restored(lines)

        with pytest.raises(pool_restores.Refused, match="has the pool already"):
            restore_claims.Claim(pool)

        assert mark_of(pool) is None
        assert cognito.sign_in(client, "user-3")

    def test_of_a_pool_that_was_deleted_just_now(self, cognito, moved):
        lines, pool, _ = moved
        restored(lines)
        cognito.call("DeleteUserPoolDomain", UserPoolId=pool, Domain=f"moved-{pool[-8:].lower()}")
        cognito.call("DeleteUserPool", UserPoolId=pool)

        with pytest.raises(pool_restores.Refused, match=r"has just been deleted; try again in 1[12]. seconds"):
            restored(lines)

    def test_while_the_sweep_may_be_removing(self, cognito, moved):
        lines, pool, _ = moved
        store.together(pool_removal.mark(pool, time.time() - 4000))
        leases.take("sweep", time.time(), 60)

        with pytest.raises(pool_restores.Refused, match="sweep is at work"):
            restored(lines)

        store.remove_all([Lease.at(job="sweep")])
        assert restored(lines)


class TestAgain:
    def test_a_deleted_pool_comes_back_when_nobody_remembers_it(self, cognito, moved):
        lines, pool, client = moved
        restored(lines)
        cognito.call("DeleteUserPoolDomain", UserPoolId=pool, Domain=f"moved-{pool[-8:].lower()}")
        cognito.call("DeleteUserPool", UserPoolId=pool)
        aged(pool, 130)

        restored(lines)

        assert cognito.sign_in(client, "user-3")
        assert mark_of(pool) is None
        assert invariants.broken(pool) == []


class TestInterruption:
    @pytest.mark.parametrize("after", [1, 2, 3, 5, 12, -2, -1])
    def test_anywhere_leaves_nothing_that_is_served_and_a_repeat_is_whole(self, cognito, moved, killed, after):
        lines, pool, client = moved
        killed(lines, after if after > 0 else len(lines) + after)

        with pytest.raises(Fault, match="ResourceNotFoundException"):
            cognito.call("DescribeUserPool", UserPoolId=pool)
        with pytest.raises(Fault):
            cognito.sign_in(client, "user-3")
        assert invariants.broken(pool) == []

        aged(pool, restore_claims.SILENCE)
        counts = restored(lines)

        assert counts["users"] == 25
        assert cognito.sign_in(client, "user-3")
        assert mark_of(pool) is None
        assert invariants.broken(pool) == []

    def test_is_swept_away_if_nobody_repeats_it(self, cognito, moved, killed):
        lines, pool, _ = moved
        killed(lines, len(lines) - 1)
        assert len(moving.rows_of(pool)) > 100

        sweep.work(Turn("sweep", time.time() + 4000, time.monotonic() + 60))

        assert moving.rows_of(pool) == {}
        assert mark_of(pool) is None

    def test_by_an_error_lets_the_next_one_begin_at_once(self, cognito, moved):
        lines, pool, client = moved
        with pytest.raises(pool_restores.Interrupted, match="ends before it is complete"):
            restored(lines[:8])

        restored(lines)

        assert cognito.sign_in(client, "user-3")
        assert invariants.broken(pool) == []

    def test_by_a_crash_makes_the_next_one_wait(self, cognito, moved, killed):
        lines, _, _ = moved
        killed(lines, 8)

        with pytest.raises(pool_restores.Refused, match="or was until now"):
            restored(lines)

    def test_is_not_assumed_while_writes_may_still_wait_for_a_busy_table(self):
        """Else a write of the first restore comes into the pool of the second."""
        one = walks._PATIENCE + connection._TIME_FOR_ALL
        rounds = math.ceil((transfers._MOST_WAITING + 1) / transfers._HANDS)

        assert rounds * one < restore_claims.SILENCE < restore_claims._LATEST

    def test_of_a_sleep_so_long_that_the_sweep_may_have_begun(self, cognito, moved):
        lines, pool, _ = moved

        def slept():
            for number, line in enumerate(lines):
                if number == 10:
                    claims[0]._mark.deleted_at -= 700
                yield line

        claims: list[restore_claims.Claim] = []
        taken = restore_claims.Claim._taken
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(
                restore_claims.Claim, "_taken", lambda claim, mark: claims.append(claim) or taken(claim, mark)
            )
            with pytest.raises(pool_restores.Interrupted, match="stood still"):
                restored(slept())

        assert store.get(Pool, pool=pool) is None

    def test_the_mark_stays_young_while_a_restore_is_at_work(self, cognito, moved, monkeypatch):
        lines, pool, _ = moved
        monkeypatch.setattr(restore_claims, "BEAT", 0.0)
        seen: list[float] = []

        def watched():
            for line in lines:
                found = mark_of(pool)
                seen.extend([found.deleted_at] if found else [])
                yield line

        restored(watched())

        assert len(set(seen)) > 5
        assert seen == sorted(seen)


class TestAFileThatLies:
    @pytest.mark.parametrize(
        "row",
        [
            {"pk": "K#LKIAEVIL", "sk": ".", "_t": "OperatorKey"},
            {"pk": "Z#2", "sk": ".", "_t": "DataKey"},
            {"pk": "M#operators", "sk": "MAPPING#evil", "_t": "OperatorMapping"},
            {"pk": "U#us-east-1_Victim#x", "sk": ".PASSWORD", "_t": "Password", "hash": "x"},
            {"pk": "P#us-east-1_Victim", "sk": "GROUP#admins", "_t": "Group", "id": "x"},
            {"pk": "N#{pool}#username#ghost", "sk": ".", "_t": "Guard", "sub": "x"},
            {"pk": "S#{pool}#email", "sk": "ghost", "_t": "SearchEntry", "sub": "x"},
            {"pk": "C#foreign", "sk": ".", "_t": "Client", "pool_id": "{pool}", "document": "{}"},
            {"pk": "D#foreign.example.com", "sk": ".", "_t": "Domain", "pool_id": "{pool}", "document": "{}"},
            {"pk": "P#{pool}", "sk": "GROUP#evil", "_t": "Group", "id": "x", "gsi1pk": "LIST#operators", "gsi1sk": "0"},
            {"pk": "P#{pool}", "sk": ".", "_t": "Pool", "document": "{}"},
            {"pk": "P#{pool}", "sk": "OMEN#1", "_t": "Omen"},
            {"pk": "U#{pool}#x", "sk": ".", "_t": "Group"},
            {"pk": "G#{pool}", "sk": ".", "_t": "DeletedPool", "pool_id": "{pool}"},
        ],
        ids=lambda row: f"{row['_t']} {row['pk'].replace('{pool}', 'its own')}",
    )
    def test_about_what_belongs_to_the_pool_brings_nothing(self, cognito, moved, row):
        lines, pool, _ = moved
        evil = {name: {"S": text.replace("{pool}", pool)} for name, text in row.items()} | {"_v": {"N": "1"}}
        before = [one for part in pool_restores.walks.scanned() for one in part]

        with pytest.raises(pool_restores.Foreign):
            restored([lines[0], {"rows": [evil]}, *lines[1:]])

        after = [one for part in pool_restores.walks.scanned() for one in part if pool not in one["pk"]["S"]]
        assert store.get(Pool, pool=pool) is None
        assert [one for one in after if one not in before] == []

    def test_about_whose_parts_these_are(self, cognito, moved):
        lines, _, _ = moved
        user = next(line for line in lines if "user" in line)

        for lie in ({**user, "user": "somebody"}, {**user, "rows": user["rows"][1:]}, {**user, "rows": []}):
            with pytest.raises(pool_restores.Foreign, match="without the user"):
                restored([lines[0], lie])

    def test_about_how_much_it_holds(self, cognito, moved):
        lines, pool, _ = moved

        with pytest.raises(pool_restores.Interrupted, match="does not hold what it says"):
            restored([*lines[:5], *lines[6:]])

        assert store.get(Pool, pool=pool) is None

    def test_about_its_end(self, cognito, moved):
        lines, pool, _ = moved
        file = b"".join(export_files.packed(lines, moving.PASSPHRASE))

        with pytest.raises(pool_restores.Interrupted, match="does not hold what it says"):
            restored([*lines, {"rows": []}])
        with pytest.raises(export_files.Damaged):
            moving.restored(file + b"x")

        assert store.get(Pool, pool=pool) is None

    def test_about_names_that_two_users_have(self, cognito, moved):
        lines, pool, _ = moved
        one, other = [line for line in lines if "user" in line][:2]
        names = {"guards": one["rows"][0]["guards"]}
        lie = {**other, "rows": [other["rows"][0] | names, *other["rows"][1:]]}

        with pytest.raises(pool_restores.Interrupted, match=f"already at N#{pool}#username#user-0"):
            restored([lie if line is other else line for line in lines])

        assert store.get(Pool, pool=pool) is None

    @pytest.mark.parametrize("name", ["us-east-1_Victim#username", "", "x" * 56, "a/us-east-1_Victim"],
                             ids=["divided", "empty", "long", "a path"])  # fmt: skip
    def test_about_an_id_that_is_none(self, cognito, moved, name):
        lines, _, _ = moved
        row = lines[0]["pool"]
        place = {"pk": {"S": f"P#{name}"}, "gsi1sk": {"S": f"{row['gsi1sk']['S'].partition('#')[0]}#{name}"}}

        with pytest.raises(pool_restores.Foreign, match="does not begin with a pool"):
            restored([lines[0] | {"pool": row | place}, *lines[1:]])

    def test_with_a_document_so_deep_that_it_cannot_be_read(self, cognito, moved):
        lines, _, _ = moved
        deep = lines[0]["pool"] | {"document": {"S": "[" * 200_000}}

        with pytest.raises(pool_restores.Foreign):
            restored([lines[0] | {"pool": deep}, *lines[1:]])

    @pytest.mark.parametrize("first", [{}, {"rows": []}, {"pool": {}, "clients": []}], ids=["none", "rows", "empty"])
    def test_about_being_an_export(self, cognito, first):
        with pytest.raises(pool_restores.Foreign):
            restored([first] if first else [])

    def test_and_a_table_that_is_not_there(self, moved):
        lines, _, _ = moved
        with engines.running("dynoxide") as empty, engines.pointed_at(empty), pytest.raises(errors.AwsError):
            restored(lines)
