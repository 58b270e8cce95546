"""Modular exponentiation against Python's own, its limits, and what happens when libcrypto is missing or fails."""

import _hashlib
import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.rules import modexp, srp

ODD_MODULI = st.integers(min_value=1, max_value=2**600).map(lambda half: 2 * half + 1)
NUMBERS = st.integers(min_value=0, max_value=2**700)


@pytest.fixture
def library() -> modexp.Libcrypto:
    found = modexp.libcrypto(_hashlib.__file__)
    assert found is not None
    return found


class TestPower:
    @given(base=NUMBERS, exponent=NUMBERS, modulus=ODD_MODULI)
    def test_it_agrees_with_python(self, base: int, exponent: int, modulus: int) -> None:
        assert modexp.power(base, exponent, modulus) == pow(base, exponent, modulus)

    @given(exponent=st.integers(min_value=0, max_value=2**256))
    @settings(max_examples=20, deadline=None)
    def test_it_agrees_with_python_in_the_group_of_srp(self, exponent: int) -> None:
        assert modexp.power(srp.G, exponent, srp.N) == pow(srp.G, exponent, srp.N)

    @pytest.mark.parametrize(
        ("base", "exponent", "modulus"), [(0, 5, 7), (7, 5, 7), (5, 0, 7), (0, 0, 7), (1, 1, 3), (2, 1, 3)]
    )
    def test_it_is_right_at_the_edges(self, base: int, exponent: int, modulus: int) -> None:
        assert modexp.power(base, exponent, modulus) == pow(base, exponent, modulus)

    @pytest.mark.parametrize(
        ("base", "exponent", "modulus"), [(2, 2, 8), (2, 2, 1), (2, 2, -7), (2, -1, 7), (-2, 1, 7)]
    )
    def test_it_refuses_what_it_was_not_made_for(self, base: int, exponent: int, modulus: int) -> None:
        with pytest.raises(ValueError, match="odd modulus"):
            modexp.power(base, exponent, modulus)

    def test_threads_do_not_disturb_each_other(self) -> None:
        wrong = []

        def work(start: int) -> None:
            wrong.extend(n for n in range(start, start + 50) if modexp.power(3, n, srp.N) != pow(3, n, srp.N))

        threads = [threading.Thread(target=work, args=(50 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []


class TestLibcrypto:
    def test_the_library_is_in_use_where_the_interpreter_links_to_it(self, library: modexp.Libcrypto) -> None:
        assert library.power(3, 4, 7) == 4
        assert modexp.IMPLEMENTATION == "libcrypto"

    @pytest.mark.parametrize("path", [None, "", "/nowhere/libcrypto.so", math.__file__])
    def test_a_shared_object_without_the_functions_is_not_used(self, path: str | None) -> None:
        assert modexp.libcrypto(path) is None

    def test_a_library_that_miscalculates_is_found_out(self, library: modexp.Libcrypto) -> None:
        library.to_bytes = lambda number, octets, width: width  # leaves the result at zero

        assert not modexp.is_sound(library)

    @pytest.mark.parametrize("function", ["new_context", "new_number", "from_bytes"])
    def test_lack_of_memory_is_an_error_and_frees_what_was_there(
        self, library: modexp.Libcrypto, function: str
    ) -> None:
        alive = _counted(library)
        setattr(library, function, lambda *arguments: None)

        with pytest.raises(MemoryError, match="out of memory"):
            library.power(3, 4, 7)

        assert alive == set()

    def test_a_failed_exponentiation_is_an_error_and_frees_everything(self, library: modexp.Libcrypto) -> None:
        alive = _counted(library)
        library.raise_to = lambda *arguments: 0

        with pytest.raises(MemoryError, match="could not raise"):
            library.power(3, 4, 7)

        assert alive == set()

    def test_everything_is_freed_once_after_success(self, library: modexp.Libcrypto) -> None:
        alive = _counted(library)

        library.power(3, 4, 7)

        assert alive == set()


def _counted(library: modexp.Libcrypto) -> set[int]:
    """Watch C's allocations go by: the set of what is allocated at the moment. Freeing twice is a KeyError."""
    alive: set[int] = set()

    def made(function):
        def call(*arguments):
            pointer = function(*arguments)
            alive.add(pointer)
            return pointer

        return call

    def freed(function):
        def call(pointer):
            alive.remove(pointer)
            function(pointer)

        return call

    for name in ("new_context", "new_number", "from_bytes"):
        setattr(library, name, made(getattr(library, name)))
    for name in ("free_context", "wipe_number"):
        setattr(library, name, freed(getattr(library, name)))
    return alive
