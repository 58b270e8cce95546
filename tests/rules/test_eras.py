"""Eras of names: how they begin, change places and end, and that no number is used twice."""

from chalicelib.rules import eras

PLAIN = {"Name": "pool"}
FOLDING = {"UsernameConfiguration": {"CaseSensitive": False}}


class TestOf:
    def test_a_pool_that_was_never_changed_has_one(self):
        assert eras.of(PLAIN, None) == [eras.Era(PLAIN, 0)]
        assert eras.of(PLAIN, {"searchable": ["x"]}) == [eras.Era(PLAIN, 0)]

    def test_the_present_one_comes_first(self):
        ours = eras.begun(None, FOLDING)

        assert eras.of(PLAIN, ours) == [eras.Era(PLAIN, 0), eras.Era(FOLDING, 1, is_found=False)]


class TestKinds:
    def test_carry_the_number_from_the_second_era_on(self):
        assert eras.Era(PLAIN).kind("email") == "email"
        assert eras.Era(PLAIN, 3).kind("email") == "email~3"

    def test_are_told_without_it(self):
        assert [eras.plain(kind) for kind in ("email", "email~3", "preferred_username~12")] == [
            "email",
            "email",
            "preferred_username",
        ]


class TestCourse:
    def test_names_are_found_in_both_once_they_are_offered(self):
        ours = eras.opened(eras.begun(None, FOLDING))

        assert [era.is_found for era in eras.of(PLAIN, ours)] == [True, True]

    def test_both_change_places_with_what_they_stand_for(self):
        document, ours = eras.turned(PLAIN | {"AliasAttributes": ["email"]}, eras.opened(eras.begun(None, FOLDING)))

        present, before = eras.of(document, ours)
        assert document == {"Name": "pool", **FOLDING}
        assert (present.generation, before.generation) == (1, 0)
        assert before.settings == {"AliasAttributes": ["email"]}
        assert before.is_found

    def test_the_one_beside_ends_and_the_rest_of_what_is_ours_stays(self):
        ours = eras.ended(eras.begun({"searchable": ["x"]}, FOLDING))

        assert eras.of(PLAIN, ours) == [eras.Era(PLAIN, 0)]
        assert ours["searchable"] == ["x"]

    def test_a_number_is_never_used_again(self):
        once = eras.ended(eras.begun(None, FOLDING))
        document, applied = eras.turned(PLAIN, eras.begun(once, FOLDING))
        again = eras.begun(eras.ended(applied), {})

        assert [era.generation for era in eras.of(document, again)] == [2, 3]

    def test_only_a_pool_that_was_changed_keeps_usernames_of_before(self):
        assert not eras.Era(PLAIN).keeps_usernames
        assert eras.Era(PLAIN, 1).keeps_usernames
