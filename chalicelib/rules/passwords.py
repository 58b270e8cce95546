"""What a password has to contain, and temporary passwords that do.

Owns the pool's PasswordPolicy as the service reads it: the order of the rules, ASCII classes, the exact symbols.
Leaves hashing to `hashes`, history and expiry to the flows, and the words before the reason ("Password did not
conform with policy: ") to the errors.
"""

import secrets
import string
from collections.abc import Mapping
from typing import Any, Final

SYMBOLS: Final = frozenset("^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-")
LONGEST: Final = 256
DEFAULT_MINIMUM: Final = 8

# Letters and digits that are mistaken for each other when read from a letter are left out, and symbols that mean
# something to HTML, JSON, a shell or a mail program's link detection.
_READABLE: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!@#%*+-_="
_SHORTEST_GENERATED = 12

_CLASSES: Final = (
    ("RequireUppercase", "uppercase", frozenset(string.ascii_uppercase)),
    ("RequireLowercase", "lowercase", frozenset(string.ascii_lowercase)),
    ("RequireNumbers", "numeric", frozenset(string.digits)),
    ("RequireSymbols", "symbol", SYMBOLS),
)


def problem(password: str, policy: Mapping[str, Any]) -> str | None:
    """The first rule of a PasswordPolicyType that the password breaks, as the end of the service's sentence, or None.

    Order: length, uppercase, lowercase, numeric, symbol. A Require… that is left out is false, MinimumLength 8.
    """
    if len(password) < policy.get("MinimumLength", DEFAULT_MINIMUM):
        return "Password not long enough"
    if len(password) > LONGEST:
        return "Password too long"
    for member, name, characters in _CLASSES:
        if policy.get(member, False) and not _contains(password, characters):
            return f"Password must have {name} characters"
    return None


def generated(policy: Mapping[str, Any]) -> str:
    """A temporary password of 12 characters, or as many as the policy asks for, that meets any policy of that length.

    Drawn again as a whole until all four classes are there: each such password is equally likely, which picking one
    of each class first would not give. 12 characters are more than 70 bits.
    """
    length = max(policy.get("MinimumLength", DEFAULT_MINIMUM), _SHORTEST_GENERATED)
    while True:
        password = "".join(secrets.choice(_READABLE) for _ in range(length))
        if all(_contains(password, characters) for _, _, characters in _CLASSES):
            return password


def _contains(password: str, characters: frozenset[str]) -> bool:
    if characters is SYMBOLS and " " in password[1:-1]:
        return True
    return not characters.isdisjoint(password)
