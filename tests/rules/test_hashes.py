"""argon2id hashes: round trip, form, the look-alike for nobody, and the bound on concurrent work."""

import threading

import argon2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.rules import hashes
from chalicelib.rules.hashes import CHEAPEST, OWASP, Profile


class TestHashed:
    @given(st.text(max_size=300))
    @example("\ud800")
    @example("x\0y")
    @settings(max_examples=50, deadline=None)
    def test_a_password_matches_its_hash_and_no_other_does(self, password: str) -> None:
        stored = hashes.hashed(password, CHEAPEST)

        assert hashes.is_match(stored, password)
        assert not hashes.is_match(stored, password + "x")

    def test_the_profile_and_the_kind_stand_in_the_text(self) -> None:
        found = argon2.extract_parameters(hashes.hashed("password", Profile(64, 3, 2)))

        assert (found.type, found.version) == (argon2.Type.ID, 19)
        assert (found.memory_cost, found.time_cost, found.parallelism) == (64, 3, 2)
        assert (found.salt_len, found.hash_len) == (16, 32)

    def test_two_hashes_of_one_password_differ(self) -> None:
        assert hashes.hashed("password", CHEAPEST) != hashes.hashed("password", CHEAPEST)

    def test_the_library_of_everybody_else_can_check_it(self) -> None:
        assert argon2.PasswordHasher().verify(hashes.hashed("password", OWASP), "password")

    def test_composed_and_decomposed_letters_are_two_passwords_as_they_are_for_srp(self) -> None:
        assert not hashes.is_match(hashes.hashed("\u00e9", CHEAPEST), "e\u0301")

    def test_a_lone_surrogate_is_not_taken_for_a_question_mark(self) -> None:
        assert not hashes.is_match(hashes.hashed("\ud800", CHEAPEST), "?")


class TestIsMatch:
    @pytest.mark.parametrize(
        "stored",
        [
            "",
            "junk",
            "$argon2id$v=19$m=8,t=1,p=1$",
            "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        ],
    )
    def test_a_damaged_hash_is_an_error_and_not_a_wrong_password(self, stored: str) -> None:
        with pytest.raises(hashes.BadHash):
            hashes.is_match(stored, "password")


class TestNeedsRehash:
    def test_a_hash_of_the_profile_stays(self) -> None:
        assert not hashes.needs_rehash(hashes.hashed("password", CHEAPEST), CHEAPEST)

    @pytest.mark.parametrize(
        "profile", [OWASP, Profile(9, 1, 1), Profile(8, 2, 1), Profile(16, 1, 2), Profile(8, 11, 1)]
    )
    def test_a_hash_of_another_profile_goes(self, profile: Profile) -> None:
        assert hashes.needs_rehash(hashes.hashed("password", CHEAPEST), profile)

    def test_another_kind_of_hash_goes(self) -> None:
        assert hashes.needs_rehash("$2b$12$" + "a" * 53, CHEAPEST)


class TestDummy:
    @pytest.mark.parametrize("profile", [CHEAPEST, OWASP, Profile(32, 2, 4)])
    def test_it_is_a_hash_of_the_profile_with_the_sizes_of_a_real_one(self, profile: Profile) -> None:
        real, dummy = hashes.hashed("password", profile), hashes.dummy(profile)

        assert argon2.extract_parameters(dummy) == argon2.extract_parameters(real)
        assert len(dummy) == len(real)
        assert not hashes.needs_rehash(dummy, profile)

    @pytest.mark.parametrize("password", ["", "password", "\0" * 32])
    def test_no_password_matches_it(self, password: str) -> None:
        assert hashes.is_match(hashes.dummy(CHEAPEST), password) is False

    def test_checking_it_takes_the_work_of_a_real_hash(self) -> None:
        profile = Profile(19456, 1, 1)
        real, dummy = hashes.hashed("password", profile), hashes.dummy(profile)

        costs, lengths = ({stored.rpartition("p=1$")[0] for stored in (real, dummy)}, {len(real), len(dummy)})

        assert (len(costs), len(lengths)) == (1, 1)


class TestBound:
    def test_no_more_than_one_hash_a_core_is_worked_on(self) -> None:
        for _ in range(hashes.CORES):
            hashes._TURNS.acquire()
        done = threading.Event()
        waiting = threading.Thread(target=lambda: (hashes.hashed("password", CHEAPEST), done.set()))
        waiting.start()

        early = done.wait(0.05)
        for _ in range(hashes.CORES):
            hashes._TURNS.release()
        late = done.wait(10)
        waiting.join()

        assert (early, late) == (False, True)

    def test_a_turn_is_given_back_after_an_error(self) -> None:
        for _ in range(hashes.CORES + 1):
            with pytest.raises(hashes.BadHash):
                hashes.is_match("junk", "password")

        assert hashes.is_match(hashes.hashed("password", CHEAPEST), "password")
