"""Lists of the store: pages, cursors, order, and what they leave out; the same on every engine."""

from __future__ import annotations

import base64
import json
import time

import pytest

from chalicelib.table import connection, keys, store
from chalicelib.table.items import Item, Session, User
from chalicelib.table.store import BadCursor, Save
from tests.table import samples

pytestmark = pytest.mark.usefixtures("engine")

PAST, FUTURE = 1000.0, time.time() + 3600


def partition(pool: str) -> str:
    return keys.key("User", pool=pool, sub="sub").pk


def sessions(pool: str, *names: str) -> None:
    store.together(*(Save(samples.session(pool, name, FUTURE)) for name in names))


def users(pool: str, number: int) -> str:
    store.together(*(Save(samples.user(pool, f"sub{n}", created=float(n))) for n in range(number)))
    return keys.listing("User", pool=pool)


def ids(page: store.Page) -> list[str]:
    return [item.id if isinstance(item, Session) else str(item.attribute_values["sub"]) for item in page.items]


class TestList:
    def test_gives_all_of_a_partition_in_order_of_the_sort_key(self, pool: str) -> None:
        store.together(Save(samples.user(pool)), Save(samples.password(pool)))
        sessions(pool, "b", "a")

        page = store.list(partition(pool))

        assert [item.sk for item in page.items] == [".", ".PASSWORD", "SESSION#a", "SESSION#b"]
        assert page.cursor is None

    def test_keeps_to_the_prefix(self, pool: str) -> None:
        store.together(Save(samples.user(pool)), Save(samples.password(pool)))
        sessions(pool, "a")

        assert [item.sk for item in store.list(partition(pool), keys.SIGN_IN_PARTS).items] == [".", ".PASSWORD"]

    def test_of_what_is_not_there_is_empty(self, pool: str) -> None:
        assert store.list(partition(pool), limit=5) == store.Page([], None)

    def test_three_by_two_are_two_and_a_cursor_and_then_one_and_none(self, pool: str) -> None:
        sessions(pool, "a", "b", "c")

        first = store.list(partition(pool), "SESSION#", limit=2)
        second = store.list(partition(pool), "SESSION#", limit=2, cursor=first.cursor)

        assert (ids(first), first.cursor is None) == (["a", "b"], False)
        assert (ids(second), second.cursor) == (["c"], None)

    def test_two_by_two_are_two_without_a_cursor_in_one_trip(self, pool: str) -> None:
        sessions(pool, "a", "b")

        with store.counted() as trips:
            page = store.list(partition(pool), "SESSION#", limit=2)

        assert (ids(page), page.cursor) == (["a", "b"], None)
        assert trips.calls == ["Query"]

    def test_skips_what_is_over_and_still_fills_its_pages(self, pool: str) -> None:
        for number in range(12):
            over = number % 3 != 0
            store.save(samples.session(pool, f"{number:02}", PAST if over else FUTURE))

        found, cursor = [], None
        while True:
            page = store.list(partition(pool), "SESSION#", limit=2, cursor=cursor)
            found.append(ids(page))
            cursor = page.cursor
            if cursor is None:
                break

        assert found == [["00", "03"], ["06", "09"]]

    def test_gives_a_short_page_rather_than_read_on_and_on_past_what_is_over(self, pool: str) -> None:
        store.together(*(Save(samples.session(pool, f"{n:02}", PAST)) for n in range(50)))
        sessions(pool, "99")

        with store.counted() as trips:
            first = store.list(partition(pool), "SESSION#", limit=1)
        second = store.list(partition(pool), "SESSION#", limit=1, cursor=first.cursor)

        assert (ids(first), len(trips.calls)) == ([], 20)
        assert (ids(second), second.cursor) == (["99"], None)

    def test_skips_rows_that_only_a_newer_version_knows(self, pool: str) -> None:
        sessions(pool, "a")
        for kind in ({"_t": {"S": "Unicorn"}}, {}):
            row = {"pk": {"S": partition(pool)}, "sk": {"S": f"SESSION#{len(kind)}"}, **kind}
            connection.send("PutItem", {"TableName": Item.Meta.table_name, "Item": row})

        assert ids(store.list(partition(pool))) == ["a"]

    def test_goes_on_past_what_one_reply_can_hold(self, pool: str) -> None:
        for number in range(6):
            user = samples.session(pool, str(number), FUTURE)
            user.device_key = "x" * 300_000
            store.save(user)

        with store.counted() as trips:
            page = store.list(partition(pool))

        assert ids(page) == ["0", "1", "2", "3", "4", "5"]
        assert len(trips.calls) > 1


class TestListed:
    def test_stands_in_order_of_creation_or_against_it(self, pool: str) -> None:
        listing = users(pool, 11)

        oldest, newest = store.listed(listing, 3), store.listed(listing, 3, newest_first=True)

        assert ids(oldest) == ["sub0", "sub1", "sub2"]
        assert ids(newest) == ["sub10", "sub9", "sub8"]

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_pages_give_everything_once(self, pool: str, newest_first: bool) -> None:
        listing = users(pool, 7)

        found, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            page = store.listed(listing, 2, cursor, newest_first=newest_first)
            found, cursor, pages = found + ids(page), page.cursor, pages + 1

        assert pages == 4
        assert found == sorted((f"sub{n}" for n in range(7)), reverse=newest_first)

    def test_three_by_two_are_two_and_a_cursor_and_then_one_and_none(self, pool: str) -> None:
        listing = users(pool, 3)

        first = store.listed(listing, 2)
        second = store.listed(listing, 2, first.cursor)

        assert (len(first.items), len(second.items), second.cursor) == (2, 1, None)

    def test_two_by_two_are_two_without_a_cursor(self, pool: str) -> None:
        assert store.listed(users(pool, 2), 2).cursor is None

    def test_without_a_limit_gives_all(self, pool: str) -> None:
        assert len(store.listed(users(pool, 70)).items) == 70

    def test_a_cursor_of_one_pool_opens_no_other_pool(self, pool: str) -> None:
        mine = users(pool, 3)
        other = users(f"other-{pool}", 3)

        with pytest.raises(BadCursor):
            store.listed(other, 2, store.listed(mine, 2).cursor)

    def test_a_forged_cursor_gives_nothing_but_the_list_asked_for(self, pool: str) -> None:
        mine = users(pool, 3)
        users(f"other-{pool}", 3)
        forged = [mine, "000000000000000#sub0", f"U#other-{pool}#sub0", "."]
        cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()

        page = store.listed(mine, 10, cursor)

        assert {item.pool_id for item in page.items if isinstance(item, User)} == {pool}

    @pytest.mark.parametrize("cursor", ["", "x", "not base64!", "bnVsbA", "W10"])
    def test_a_malformed_cursor_is_refused_before_any_trip(self, pool: str, cursor: str) -> None:
        with store.counted() as trips, pytest.raises(BadCursor):
            store.listed(keys.listing("User", pool=pool), 2, cursor)

        assert trips.calls == []


class TestCount:
    @pytest.mark.parametrize(("limit", "counted"), [(1, 1), (5, 5), (9, 7)])
    def test_counts_no_further_than_the_limit(self, pool: str, limit: int, counted: int) -> None:
        assert store.count(users(pool, 7), limit) == counted

    def test_goes_on_past_what_one_reply_can_hold(self, pool: str) -> None:
        for number in range(5):
            user = samples.user(pool, f"sub{number}")
            user.attributes = {"custom:essay": "x" * 300_000}
            store.save(user)

        with store.counted() as trips:
            counted = store.count(keys.listing("User", pool=pool), 9)

        assert counted == 5
        assert len(trips.calls) > 1

    def test_of_an_empty_list_is_zero(self, pool: str) -> None:
        assert store.count(keys.listing("User", pool=pool), 5) == 0
