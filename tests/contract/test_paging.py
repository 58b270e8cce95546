"""Lists, page by page: complete, in order, without repetition, and closed to cursors that were not made for them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.flows import paging
from tests.application import Cognito, Fault


@dataclass(frozen=True)
class Listing:
    """How one list operation names its parts."""

    operation: str
    items: str
    identity: str
    limit: str
    cursor: str
    given: dict[str, Any] = field(default_factory=dict)

    def page(self, cognito: Cognito, limit: int, cursor: str | None = None) -> tuple[list[str], str | None]:
        """What a page holds, and the cursor to the next one."""
        more = {self.cursor: cursor} if cursor is not None else {}
        answer = cognito.call(self.operation, **self.given, **{self.limit: limit}, **more)
        return [item[self.identity] for item in answer[self.items]], answer.get(self.cursor)

    def pages(self, cognito: Cognito, limit: int) -> Iterator[list[str]]:
        """All pages from the first to the last."""
        cursor: str | None = None
        while True:
            found, cursor = self.page(cognito, limit, cursor)
            yield found
            if cursor is None:
                return


def pools() -> Listing:
    return Listing("ListUserPools", "UserPools", "Id", "MaxResults", "NextToken")


def clients(pool: str) -> Listing:
    return Listing(
        "ListUserPoolClients", "UserPoolClients", "ClientId", "MaxResults", "NextToken", {"UserPoolId": pool}
    )


def users(pool: str) -> Listing:
    return Listing("ListUsers", "Users", "Username", "Limit", "PaginationToken", {"UserPoolId": pool})


def found_users(pool: str) -> Listing:
    given = {"UserPoolId": pool, "Filter": 'username ^= "user-"'}
    return Listing("ListUsers", "Users", "Username", "Limit", "PaginationToken", given)


@pytest.fixture
def pool(cognito: Cognito) -> str:
    return cognito.pool()


@pytest.fixture(params=["pools", "clients", "users", "found users"])
def full(request: pytest.FixtureRequest, cognito: Cognito, pool: str) -> tuple[Listing, list[str]]:
    """A list and what it must hold, in the order in which it was made."""
    if request.param == "pools":
        return pools(), [pool, cognito.pool(), cognito.pool()]
    if request.param == "clients":
        return clients(pool), [cognito.client(pool) for _ in range(5)]
    listing = users(pool) if request.param == "users" else found_users(pool)
    return listing, [cognito.user(pool, f"user-{number}") for number in range(5)]


def made_of(*place: Any) -> str:
    """A cursor of our own making."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


class TestWalking:
    @pytest.mark.parametrize("limit", [1, 2, 60])
    def test_every_page_but_the_last_is_full_and_everything_comes_once_in_order(
        self, cognito: Cognito, full: tuple[Listing, list[str]], limit: int
    ) -> None:
        listing, made = full

        pages = list(listing.pages(cognito, limit))

        walked = [one for page in pages for one in page]
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert 0 < len(pages[-1]) <= limit
        assert len(set(walked)) == len(walked)
        assert [one for one in walked if one in made] == made

    def test_a_list_longer_than_the_largest_page_takes_two(self, cognito: Cognito, pool: str) -> None:
        made = [made_quickly(cognito, pool, f"user-{number:02}") for number in range(62)]

        pages = list(users(pool).pages(cognito, 60))

        assert [len(page) for page in pages] == [60, 2]
        assert pages[0] + pages[1] == made

    def test_an_empty_list_is_one_empty_page(self, cognito: Cognito, pool: str) -> None:
        assert list(users(pool).pages(cognito, 1)) == [[]]
        assert list(clients(pool).pages(cognito, 1)) == [[]]

    def test_a_full_last_page_leads_nowhere(self, cognito: Cognito, pool: str) -> None:
        made = [cognito.user(pool, name) for name in ("ada", "bob")]

        assert users(pool).page(cognito, 2) == (made, None)

    @pytest.mark.parametrize("limit", [61, -1, 0])
    def test_a_page_has_at_most_sixty_items_and_at_least_one(self, cognito: Cognito, limit: int) -> None:
        with pytest.raises(Fault, match="InvalidParameterException"):
            pools().page(cognito, limit)


class TestChangesOnTheWay:
    def test_what_stays_is_seen_once_while_others_come_and_go(self, cognito: Cognito, pool: str) -> None:
        listing = users(pool)
        made = [cognito.user(pool, f"user-{number}") for number in range(6)]
        first, cursor = listing.page(cognito, 2)

        for gone in (made[0], made[1], made[3]):  # seen, the place of the cursor itself, and not yet seen
            cognito.call("AdminDeleteUser", UserPoolId=pool, Username=gone)
        late = cognito.user(pool, "late")
        rest: list[str] = []
        while cursor is not None:
            found, cursor = listing.page(cognito, 2, cursor)
            rest += found

        assert first == made[:2]
        assert rest == [made[2], made[4], made[5], late]

    def test_a_cursor_leads_to_an_empty_page_when_all_behind_it_is_gone(self, cognito: Cognito, pool: str) -> None:
        made = [cognito.user(pool, name) for name in ("ada", "bob")]
        _, cursor = users(pool).page(cognito, 1)
        cognito.call("AdminDeleteUser", UserPoolId=pool, Username=made[1])

        assert users(pool).page(cognito, 1, cursor) == ([], None)

    def test_a_cursor_may_be_used_twice(self, cognito: Cognito, pool: str) -> None:
        for name in ("ada", "bob", "cleo"):
            cognito.user(pool, name)
        _, cursor = users(pool).page(cognito, 1)

        assert users(pool).page(cognito, 1, cursor)[0] == users(pool).page(cognito, 1, cursor)[0] == ["bob"]

    def test_a_cursor_of_a_deleted_pool_finds_no_pool(self, cognito: Cognito, pool: str) -> None:
        for name in ("ada", "bob"):
            cognito.user(pool, name)
        _, cursor = users(pool).page(cognito, 1)
        cognito.call("DeleteUserPool", UserPoolId=pool)

        with pytest.raises(Fault, match="ResourceNotFoundException"):
            users(pool).page(cognito, 1, cursor)


class TestForeignCursors:
    def test_of_another_pool_are_refused(self, cognito: Cognito, pool: str) -> None:
        other = cognito.pool()
        for name in ("ada", "bob"):
            cognito.user(other, name)
            cognito.client(other)
        for listing, own in ((users(other), users(pool)), (clients(other), clients(pool))):
            _, cursor = listing.page(cognito, 1)

            with pytest.raises(Fault, match="InvalidParameterException"):
                own.page(cognito, 1, cursor)

    def test_of_another_list_are_refused(self, cognito: Cognito, pool: str) -> None:
        for name in ("ada", "bob"):
            cognito.user(pool, name)
        _, cursor = users(pool).page(cognito, 1)

        for other in (clients(pool), pools()):
            with pytest.raises(Fault, match="InvalidParameterException"):
                other.page(cognito, 1, cursor)

    @pytest.mark.parametrize(
        "cursor",
        [
            "x", "!!!!", "null", "a" * 9000, "\u00fc", "\U0001f511", "../..", "eyJ4IjoxfQ", made_of(),
            made_of("P#x", "y"), made_of(1, 2, 3, 4), made_of(["a"], {}, None, True), made_of("P#x#USERS", "", "", ""),
            base64.b64encode(b"\xff\xfe\x00").decode(), base64.b64encode(b"[" * 3000).decode(), "W10=",
            "=" * 8, "a\u200bb",
        ],
    )  # fmt: skip
    def test_that_nobody_gave_out_are_refused(
        self, cognito: Cognito, full: tuple[Listing, list[str]], cursor: str
    ) -> None:
        listing, _ = full

        with pytest.raises(Fault, match="InvalidParameterException"):
            listing.page(cognito, 1, cursor)

    @pytest.mark.parametrize(
        "place",
        [("", "x", "y"), ("0", "x" * 2049, "y"), ("0", "x", "y" * 1025), ("\ud800", "x", "y"), ("x" * 1025, "x", "y")],
    )
    def test_that_point_to_no_possible_place_are_refused(
        self, cognito: Cognito, pool: str, place: tuple[str, str, str]
    ) -> None:
        with pytest.raises(Fault, match="InvalidParameterException"):
            users(pool).page(cognito, 1, made_of(f"P#{pool}#USERS", *place))

    def test_that_point_between_two_items_show_no_more_than_the_list(self, cognito: Cognito, pool: str) -> None:
        victim = cognito.pool()
        cognito.client(victim)
        made = [cognito.client(pool) for _ in range(2)]

        forged = made_of(f"P#{pool}#CLIENTS", "0", f"C#{victim}#x", ".")

        assert clients(pool).page(cognito, 60, forged) == (made, None)

    def test_of_users_cannot_be_made_by_hand(self, cognito: Cognito, pool: str) -> None:
        cognito.user(pool, "ada")

        with pytest.raises(Fault, match="Invalid pagination token"):
            users(pool).page(cognito, 60, made_of(f"P#{pool}#USERS", "0", f"U#{pool}#x", "."))


class TestTime:
    def test_a_cursor_of_users_is_good_for_an_hour(
        self, cognito: Cognito, pool: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = [cognito.user(pool, name) for name in ("ada", "bob")]
        _, cursor = users(pool).page(cognito, 1)
        given = paging.page_for_an_hour

        def at(seconds: float) -> None:
            monkeypatch.setattr(
                paging, "page_for_an_hour", lambda listing, limit, text, now: given(listing, limit, text, now + seconds)
            )

        at(3590)
        opened, _ = users(pool).page(cognito, 1, cursor)
        assert opened == made[1:]
        at(3601)
        with pytest.raises(Fault, match="Invalid pagination token"):
            users(pool).page(cognito, 1, cursor)


def made_quickly(cognito: Cognito, pool: str, username: str) -> str:
    made = cognito.call("AdminCreateUser", UserPoolId=pool, Username=username, MessageAction="SUPPRESS")
    return str(made["User"]["Username"])
