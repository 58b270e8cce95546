"""Modular exponentiation with secret exponents, the whole cost of SRP.

Owns the binding to libcrypto, which Python has loaded anyway for `hashlib`; its BN_mod_exp_mont_consttime needs an
eighth of the time of Python's `pow` and takes the same time for every exponent of a length. Where the interpreter
hides the symbols (linked statically, or Windows) Python's `pow` stands in: right, slower, and NOT constant in time,
so a patient observer could measure exponents there; `IMPLEMENTATION` tells which is at work. Leaves protocol and
groups to `srp`. Python's own integers carry the values in and out and are neither constant in time nor wiped.
"""

import ctypes
import hashlib  # noqa: F401 - loads libcrypto
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

_POINTER = ctypes.c_void_p
_Function = Callable[..., Any]


class Libcrypto:
    """The few big-number functions of a libcrypto, bound with their C types.

    Raises AttributeError when the library at `path` lacks one, OSError when there is no library.
    """

    def __init__(self, path: str) -> None:
        # PyDLL keeps the interpreter lock: giving it up for calls of 0.3 us would make every one of them wait for the
        # other threads. CDLL releases it: the exponentiation itself runs beside other requests.
        short, long = ctypes.PyDLL(path), ctypes.CDLL(path)
        self.new_context = _bound(short, "BN_CTX_new", _POINTER)
        self.free_context = _bound(short, "BN_CTX_free", None, _POINTER)
        self.new_number = _bound(short, "BN_new", _POINTER)
        self.from_bytes = _bound(short, "BN_bin2bn", _POINTER, ctypes.c_char_p, ctypes.c_int, _POINTER)
        self.to_bytes = _bound(short, "BN_bn2binpad", ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_int)
        self.wipe_number = _bound(short, "BN_clear_free", None, _POINTER)
        self.raise_to = _bound(long, "BN_mod_exp_mont_consttime", ctypes.c_int, *[_POINTER] * 6)

    def power(self, base: int, exponent: int, modulus: int) -> int:
        """base ** exponent % modulus, all in range; MemoryError when libcrypto refuses.

        Everything is allocated per call, so threads share nothing. A kept Montgomery context would save 10 us of 600.
        """
        with ExitStack() as owned:
            context = _kept(owned, self.new_context(), self.free_context)
            result = _kept(owned, self.new_number(), self.wipe_number)
            numbers = [self._number(owned, value) for value in (base, exponent, modulus)]
            if self.raise_to(result, *numbers, context, None) != 1:
                raise MemoryError("libcrypto could not raise to a power")
            return self._value(result, _width(modulus))

    def _number(self, owned: ExitStack, value: int) -> int:
        octets = value.to_bytes(_width(value), "big")
        return _kept(owned, self.from_bytes(octets, len(octets), None), self.wipe_number)

    def _value(self, number: int, width: int) -> int:
        octets = ctypes.create_string_buffer(width)
        self.to_bytes(number, octets, width)
        return int.from_bytes(octets.raw, "big")


def power(base: int, exponent: int, modulus: int) -> int:
    """base ** exponent % modulus, in a time that does not depend on the exponent's bits (but see the module).

    The modulus is odd and at least 3, base and exponent are not negative; ValueError otherwise.
    """
    if modulus < 3 or modulus % 2 == 0 or exponent < 0 or base < 0:
        raise ValueError("an odd modulus above 1 and numbers that are not negative are needed")
    # Reduced here, because not every library that calls itself libcrypto does it.
    return _raise(base % modulus, exponent, modulus)


def libcrypto(path: str | None) -> Libcrypto | None:
    """The libcrypto that the shared object at `path` is or links to; None when it cannot be used."""
    try:
        library = Libcrypto(path) if path else None
    except (OSError, AttributeError):
        return None
    return library if library and is_sound(library) else None


def is_sound(library: Libcrypto) -> bool:
    """Does the library calculate right? One try, lest a changed ABI make every password wrong in silence."""
    prime = 2**127 - 1
    return library.power(3, 2**89 - 1, prime) == pow(3, 2**89 - 1, prime)


def _bound(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> _Function:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function  # type: ignore[no-any-return]


def _kept(owned: ExitStack, pointer: int | None, free: _Function) -> int:
    if not pointer:
        raise MemoryError("libcrypto is out of memory")
    owned.callback(free, pointer)
    return pointer


def _width(value: int) -> int:
    return (value.bit_length() + 7) // 8


# The module behind hashlib, which has loaded the library; absent or without a file where it is part of the interpreter.
_LIBRARY: Final = libcrypto(getattr(sys.modules.get("_hashlib"), "__file__", None))
_raise: Final[Callable[[int, int, int], int]] = _LIBRARY.power if _LIBRARY else pow
IMPLEMENTATION: Final = "libcrypto" if _LIBRARY else "python"
