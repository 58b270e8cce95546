"""Hashes of other systems: what is taken, what is too dear, and that the right password alone matches."""

from __future__ import annotations

import base64
import hashlib
import time

import argon2
import bcrypt
import pytest

from chalicelib.rules import foreign_hashes, hashes
from chalicelib.rules.foreign_hashes import problem

WORD = "Correct-Horse-9"
OCTETS = WORD.encode()
SALT = bytes(range(16))
ALGORITHMS = ["BCRYPT", "SCRYPT", "ARGON2ID", "PBKDF2_SHA256"]


def bcrypt_hash(password: bytes = OCTETS, prefix: str = "2b") -> str:
    made = bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()
    return f"${prefix}{made[3:]}"


def scrypt_hash(n: int = 16, r: int = 8, p: int = 1) -> str:
    made = hashlib.scrypt(OCTETS, salt=SALT, n=n, r=r, p=p, maxmem=1 << 27, dklen=32)
    return f"{n}${r}${p}${SALT.hex()}${made.hex()}"


def argon2_hash(memory: int = 64, passes: int = 1, lanes: int = 1) -> str:
    return argon2.PasswordHasher(passes, memory, lanes).hash(WORD)


def pbkdf2_hash(iterations: int = 1000, plus: str = ".", pad: str = "") -> str:
    value = hashlib.pbkdf2_hmac("sha256", OCTETS, b"\xfb\xff" * 8, iterations)
    salt, text = (base64.b64encode(part).decode().rstrip("=").replace("+", plus) for part in (b"\xfb\xff" * 8, value))
    return f"$pbkdf2-sha256${iterations}${salt}{pad and '=='}${text}{pad}"


GOOD = {
    "bcrypt 2a": ("BCRYPT", bcrypt_hash(prefix="2a")),
    "bcrypt 2b": ("BCRYPT", bcrypt_hash()),
    "bcrypt 2x": ("BCRYPT", bcrypt_hash(prefix="2x")),
    "bcrypt 2y": ("BCRYPT", bcrypt_hash(prefix="2y")),
    "scrypt": ("SCRYPT", scrypt_hash()),
    "scrypt in capitals": ("SCRYPT", scrypt_hash().upper()),
    "argon2id": ("ARGON2ID", argon2_hash()),
    "pbkdf2 of passlib": ("PBKDF2_SHA256", pbkdf2_hash()),
    "pbkdf2 of others": ("PBKDF2_SHA256", pbkdf2_hash(plus="+")),
    "pbkdf2 padded": ("PBKDF2_SHA256", pbkdf2_hash(plus="+", pad="=")),
}
BAD = {
    "BCRYPT": [
        "", WORD, bcrypt_hash()[:-1], bcrypt_hash() + "x", bcrypt_hash().replace("$2b$", "$2$"),
        "$2b$04$" + "a" * 21 + "A" + "b" * 31, bcrypt_hash() + "\n", " " + bcrypt_hash(),
    ],
    "SCRYPT": [
        "", "16$8$1$00$00", scrypt_hash()[:-1], scrypt_hash().replace("16$", "x$", 1), "$16$8$1" + scrypt_hash()[6:],
        "٣2$8$1" + scrypt_hash()[6:], "16$8$1$" + "00" * 65 + "$" + "00" * 32,
    ],
    "ARGON2ID": [
        "", argon2_hash().replace("argon2id", "argon2i"), argon2_hash().replace("v=19", "v=16"),
        argon2_hash().rpartition("$")[0] + "$AAAA", argon2_hash()[:-20] + "!" * 20,
        argon2_hash().rpartition("$")[0] + "$" + "A" * 42 + "B", argon2_hash().replace("m=64", "m=064"),
        argon2_hash().replace("t=1", "t=01"), argon2_hash().replace("p=1", "p=01"),
    ],
    "PBKDF2_SHA256": [
        "", pbkdf2_hash().replace("sha256", "sha1"), pbkdf2_hash().rpartition("$")[0] + "$AAAA",
        "$pbkdf2-sha256$1000$AAAAA$" + "A" * 43, pbkdf2_hash(1000).replace("$1000$", "$-1$"),
    ],
}  # fmt: skip
DEAR = {
    "bcrypt of cost 13": ("BCRYPT", "$2b$13$" + bcrypt_hash()[7:]),
    "bcrypt of cost 31": ("BCRYPT", "$2b$31$" + bcrypt_hash()[7:]),
    "bcrypt of cost 3": ("BCRYPT", "$2b$03$" + bcrypt_hash()[7:]),
    "scrypt of 128 MB": ("SCRYPT", "131072" + scrypt_hash()[2:]),
    "scrypt of blocks of 9": ("SCRYPT", scrypt_hash(16, 9)),
    "scrypt of two lanes": ("SCRYPT", scrypt_hash(16, 8, 2)),
    "scrypt of no power of two": ("SCRYPT", "24" + scrypt_hash()[2:]),
    "scrypt of one": ("SCRYPT", "1" + scrypt_hash()[2:]),
    "scrypt of more than small blocks take": ("SCRYPT", "65536$1" + scrypt_hash()[4:]),
    "scrypt of no blocks": ("SCRYPT", scrypt_hash().replace("$8$", "$0$")),
    "argon2 of much memory": ("ARGON2ID", argon2_hash(19457)),
    "argon2 of three passes": ("ARGON2ID", argon2_hash(64, 3)),
    "argon2 of two lanes": ("ARGON2ID", argon2_hash(64, 1, 2)),
    "argon2 of no memory": ("ARGON2ID", argon2_hash().replace("m=64", "m=4")),
    "pbkdf2 of 600,001 passes": ("PBKDF2_SHA256", pbkdf2_hash().replace("$1000$", "$600001$")),
    "pbkdf2 of none": ("PBKDF2_SHA256", pbkdf2_hash().replace("$1000$", "$0$")),
}


class TestProblem:
    @pytest.mark.parametrize("case", GOOD)
    def test_nothing_is_wrong_with_what_others_make(self, case: str) -> None:
        assert problem(*GOOD[case]) is None

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_every_form_is_one_algorithms_alone(self, algorithm: str) -> None:
        others = [text for of, text in GOOD.values() if of != algorithm]

        assert {problem(algorithm, text) for text in others} == {
            f"The password_hash is not of the form of {algorithm}."
        }

    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_what_is_malformed_is_refused_without_being_repeated(self, algorithm: str) -> None:
        said = {problem(algorithm, text) for text in BAD[algorithm]}

        assert said == {f"The password_hash is not of the form of {algorithm}."}

    @pytest.mark.parametrize("case", DEAR)
    def test_what_would_cost_too_much_is_refused(self, case: str) -> None:
        algorithm, text = DEAR[case]

        assert problem(algorithm, text) == f"The password_hash costs more to check than {algorithm} may."

    def test_a_text_of_any_length_is_judged_in_no_time(self) -> None:
        texts = ["$" * 16000, "1" * 16000, "$2b$" * 4000, GOOD["argon2id"][1] * 100, "$pbkdf2-sha256$1$" + "A" * 16000]

        began = time.process_time()
        assert not any(foreign_hashes.is_known(text) for text in texts)

        assert time.process_time() - began < 0.1


class TestLookAlike:
    @pytest.mark.parametrize("case", GOOD)
    def test_has_the_form_and_the_cost_of_the_other_and_no_known_password(self, case: str) -> None:
        algorithm, text = GOOD[case]

        made = foreign_hashes.look_alike(text)

        assert problem(algorithm, made) is None
        assert len(made) == len(text)
        assert made[:7] == text[:7]
        assert made != text
        assert not hashes.is_match(made, WORD)
        assert not hashes.is_match(made, "")

    def test_repeats_nothing_of_the_other(self) -> None:
        for _, text in GOOD.values():
            assert text[-16:] not in foreign_hashes.look_alike(text)


class TestIsMatch:
    @pytest.mark.parametrize("case", GOOD)
    def test_the_right_password_alone_matches(self, case: str) -> None:
        stored = GOOD[case][1]

        assert hashes.is_match(stored, WORD)
        assert not hashes.is_match(stored, WORD + "x")
        assert not hashes.is_match(stored, "")

    def test_bcrypt_reads_72_bytes_as_its_makers_did(self) -> None:
        stored = bcrypt_hash(b"x" * 72)

        assert hashes.is_match(stored, "x" * 100)
        assert not hashes.is_match(stored, "x" * 71)

    @pytest.mark.parametrize("case", ["bcrypt 2b", "scrypt", "pbkdf2 of passlib"])
    def test_a_password_of_any_characters_is_checked(self, case: str) -> None:
        assert not hashes.is_match(GOOD[case][1], "pass\0word \udc80 ü")

    def test_the_dearest_that_is_taken_takes_less_than_seconds(self) -> None:
        dearest = [
            "$2b$12$" + bcrypt_hash()[7:],
            scrypt_hash(65536, 8, 1),
            pbkdf2_hash().replace("$1000$", "$600000$"),
        ]

        for stored in dearest:
            began = time.process_time()
            hashes.is_match(stored, WORD)
            assert time.process_time() - began < 3

    @pytest.mark.parametrize("case", [case for case in DEAR if "argon2" not in case])
    def test_what_is_too_dear_is_not_computed_even_if_it_was_kept(self, case: str) -> None:
        with pytest.raises(hashes.BadHash):
            hashes.is_match(DEAR[case][1], WORD)

    def test_what_no_import_lets_pass_is_damage(self) -> None:
        with pytest.raises(hashes.BadHash):
            hashes.is_match("nothing", WORD)

    @pytest.mark.parametrize("case", GOOD)
    def test_all_are_to_be_replaced(self, case: str) -> None:
        assert hashes.needs_rehash(GOOD[case][1], hashes.OWASP)
