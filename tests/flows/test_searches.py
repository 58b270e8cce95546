"""Searches page by page, while users come and go and change; and what they cost."""

import threading

import pytest

from chalicelib.flows import searches
from chalicelib.table import store
from tests import crowd
from tests.application import Cognito, Fault
from tests.callers import attribute
from tests.crowd import Search

FAMILY = 'family_name = "Many"'


@pytest.fixture
def search(cognito: Cognito):
    return Search(cognito, cognito.pool())


def family(search: Search, size: int) -> list[str]:
    return [crowd.make(search.pool, f"one-{place:03}", family_name="Many").username for place in range(size)]


class TestPaging:
    @pytest.mark.parametrize("limit", [60, 7, 1])
    def test_those_who_stay_come_once_while_others_come_go_and_change(self, search, limit):
        made, seen = family(search, 200), []
        moving = iter(made[::10])

        for number, page in enumerate(search.pages(FAMILY, limit)):
            seen += page
            assert len(page) <= limit
            if number % max(1, 20 // limit) == 0:
                crowd.make(search.pool, f"new-{number}", family_name="Many")
                self.delete(search, next(moving, None))
                self.rename(search, next(moving, None))

        staying = {name for place, name in enumerate(made) if place % 10}
        assert len(set(seen)) == len(seen)
        assert staying <= set(seen)
        assert list(moving) == [] or limit == 60
        assert crowd.entries(search.pool) == crowd.due_entries(search.pool)

    def delete(self, search, name):
        if name:
            search.cognito.call("AdminDeleteUser", UserPoolId=search.pool, Username=name)

    def rename(self, search, name):
        if name:
            other = [attribute("family_name", "Else")]
            search.cognito.call(
                "AdminUpdateUserAttributes", UserPoolId=search.pool, Username=name, UserAttributes=other
            )

    def test_every_page_but_the_last_is_full(self, search):
        family(search, 10)

        assert [len(page) for page in search.pages(FAMILY, 3)] == [3, 3, 3, 1]
        assert [len(page) for page in search.pages(FAMILY, 5)] == [5, 5]
        assert [len(page) for page in search.pages('status = "Enabled"', 5)] == [5, 5]
        assert [len(page) for page in search.pages('cognito:user_status ^= ""', 5)] == [5, 5]
        assert [len(page) for page in search.pages('family_name = "Nobody"', 5)] == [0]

    def test_a_page_may_be_asked_for_twice(self, search):
        family(search, 4)
        token = search.answer(FAMILY, Limit=2)["PaginationToken"]

        first, second = (search.names(FAMILY, Limit=2, PaginationToken=token) for _ in range(2))

        assert first == second

    def test_a_page_behind_which_all_is_gone_is_empty(self, search):
        names = family(search, 2)
        answer = search.answer(FAMILY, Limit=1)
        for name in names:
            search.cognito.call("AdminDeleteUser", UserPoolId=search.pool, Username=name)

        assert search.answer(FAMILY, Limit=1, PaginationToken=answer["PaginationToken"]) == {"Users": []}


class TestCost:
    """In items read, which is what DynamoDB takes money and time for."""

    @pytest.mark.parametrize(
        "text", ['custom:plan = "gold"', 'email = "gold-1@example.com"', 'username ^= "gold"', 'name ^= "gold"']
    )
    def test_three_of_many_are_found_by_reading_no_more_than_them(self, cognito, monkeypatch, text):
        search = Search(cognito, cognito.pool(Schema=[{"Name": "plan", "AttributeDataType": "String"}]))
        crowd.make_searchable(search.pool, "custom:plan")
        for place in range(3):
            given = {"name": "gold", "email": f"gold-{place}@example.com", "custom:plan": "gold"}
            crowd.make(search.pool, f"gold-{place}", **given)
        search.names(text)

        for turn in range(2):
            with crowd.reading(monkeypatch) as read, store.counted() as trips:
                found = search.names(text)
            assert read.entries == read.users == len(found) <= 3
            assert trips.calls == ["Query", "BatchGetItem"]
            for place in range(60):
                given = {"name": "lead", "email": f"lead-{place}@example.com", "custom:plan": "lead"}
                crowd.make(search.pool, f"lead-{turn}-{place}", **given)

    @pytest.mark.parametrize("limit", [1, 60])
    def test_a_page_of_many_reads_two_entries_more_than_users(self, search, monkeypatch, limit):
        family(search, 70)

        with crowd.reading(monkeypatch) as read:
            assert len(search.names(FAMILY, Limit=limit)) == limit

        assert (read.entries, read.users) == (limit + 2, limit)

    @pytest.mark.parametrize("limit", [1, 60])
    def test_where_hardly_anybody_meets_the_condition_pages_are_short_and_lead_to_the_end(
        self, search, monkeypatch, limit
    ):
        for place in range(300):
            crowd.make(search.pool, f"one-{place}", name="MANY")
        wanted = crowd.make(search.pool, "wanted", name="many").username

        seen = []
        with crowd.reading(monkeypatch) as read:
            for page in search.pages('name = "many"', limit):
                seen.append(page)
                assert read.entries <= searches.MOST_ENTRIES * len(seen)
                assert read.users <= searches.MOST_USERS * len(seen)

        assert [name for page in seen for name in page] == [wanted]
        assert len(seen) == 2 or limit == 1

    def test_the_pool_may_grow_and_a_page_costs_the_same(self, search, monkeypatch):
        family(search, 70)
        search.names(FAMILY)
        before = self.cost(search, monkeypatch)
        for place in range(200):
            crowd.make(search.pool, f"more-{place}", family_name="More")

        assert self.cost(search, monkeypatch) == before

    def cost(self, search, monkeypatch):
        with crowd.reading(monkeypatch) as read, store.counted() as trips:
            for text in (FAMILY, 'status = "Disabled"', 'cognito:user_status = "CONFIRMED"', 'username = "one-001"'):
                search.names(text)
        return read, trips.calls


class TestRaces:
    def test_many_changes_of_one_user_leave_the_entries_of_its_last_state(self, search):
        name = search.cognito.user(search.pool, email="first@example.com")
        threads = [threading.Thread(target=self.change, args=(search, name, number)) for number in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(crowd.everybody(search.pool)) == 1
        assert crowd.entries(search.pool) == crowd.due_entries(search.pool)

    def change(self, search, name, number):
        for turn in range(4):
            values = [attribute("name", f"name-{number}-{turn}"), attribute("email", f"{number}@example.com")]
            gone = [attribute("given_name", "" if turn % 2 else f"given-{number}")]
            self.done(search, "AdminUpdateUserAttributes", name, UserAttributes=values + gone)
            self.done(search, "AdminDisableUser" if (turn + number) % 2 else "AdminEnableUser", name)
            self.done(search, "AdminSetUserPassword", name, Password="Other-Horse-10", Permanent=bool(turn % 2))

    def done(self, search, operation, name, **given):
        try:
            search.cognito.call(operation, UserPoolId=search.pool, Username=name, **given)
        except Fault as fault:
            assert fault.code == "TooManyRequestsException"

    def test_a_user_who_is_changed_and_deleted_at_once_leaves_nothing(self, search):
        for number in range(5):
            name = search.cognito.user(search.pool, f"gone-{number}")
            threads = [
                threading.Thread(target=self.gone, args=(search, operation, name, given))
                for operation, given in (
                    ("AdminUpdateUserAttributes", {"UserAttributes": [attribute("name", "late")]}),
                    ("AdminDisableUser", {}),
                    ("AdminDeleteUser", {}),
                )
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert crowd.entries(search.pool) == crowd.due_entries(search.pool) == set()

    def gone(self, search, operation, name, given):
        try:
            search.cognito.call(operation, UserPoolId=search.pool, Username=name, **given)
        except Fault as fault:
            assert fault.code == "UserNotFoundException"
