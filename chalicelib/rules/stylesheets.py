"""The style sheet of the classic pages: which classes it may dress, and with what.

Owns the check of CSS that an owner brings: rules over the `-customizable` classes alone, plain values. The text is kept
as it came, so it is taken only if a browser cannot read it otherwise than we do: strings and comments are recognised
in the order of CSS Syntax Level 3, and what makes that hard (escapes, markup, at-rules) is refused.
"""

from __future__ import annotations

import json
import re
from typing import Final

from chalicelib.errors import InvalidParameterException

MOST_BYTES: Final = 270_000
"""As stored, where a line break takes two bytes; together with an image of 131,072 bytes it fits into one item."""

CLASSES: Final = frozenset(
    f"{name}-customizable"
    for name in (
        *("background", "banner", "errorMessage", "idpButton", "idpDescription", "inputField", "label", "legalText"),
        *("logo", "passwordCheck-notValid", "passwordCheck-valid", "redirect", "socialButton", "submitButton"),
        "textDescription",
    )
)
"""The classes of the service's documentation."""

_STATES: Final = frozenset({"hover", "focus", "active"})
_UNREADABLE = re.compile(r"[<\\\x00-\x08\x0b\x0e-\x1f\x7f]")
_COMMENT_OR_STRING = re.compile(r"/\*.*?\*/|\"[^\"\n\r\f]*\"|'[^'\n\r\f]*'", re.DOTALL)
_PROPERTY = re.compile(r"-?[a-z][a-z-]*", re.IGNORECASE)
_VALUE = re.compile(r"(?:[\w\s#.%,()!+*/-]|\"[\w ,.-]*\"|'[\w ,.-]*')++")
_BETWEEN_WORDS = re.compile(r"[^\w-]+")
_PROGRAMS: Final = frozenset({"behavior", "-moz-binding"})  # old browsers run what these name
_FUNCTIONS: Final = frozenset({
    "rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "linear-gradient", "radial-gradient",
    "rotate", "scale", "translate", "blur",
})  # fmt: skip


def refuse_bad(css: str) -> None:
    """Raise InvalidParameterException for a style sheet with anything but plain rules over the known classes.

    Attacks: markup that ends the style element it is put into (`</style>`), and rules that load from elsewhere
    (`url()`, `@import`), which tell a stranger what the user sees and types, a character at a time.
    """
    if len(json.dumps(css)) > MOST_BYTES:
        raise InvalidParameterException("The CSS is too large to be stored.")
    if found := _UNREADABLE.search(css):
        raise InvalidParameterException(f"The CSS must not contain the character {found.group()!r}.")
    plain = _COMMENT_OR_STRING.sub(lambda part: " " if part.group().startswith("/*") else part.group(), css)
    if "@" in plain:
        raise InvalidParameterException("The CSS must not contain at-rules such as @import or @media.")
    *rules, rest = plain.split("}")
    if rest.strip():
        raise InvalidParameterException("The CSS is not well formed: a rule does not end.")
    for rule in rules:
        _refuse_rule(rule)


def _refuse_rule(rule: str) -> None:
    selectors, brace, declarations = rule.partition("{")
    if not brace:
        raise InvalidParameterException("The CSS is not well formed: a rule has no selector.")
    for selector in selectors.split(","):
        _refuse_selector(selector.strip())
    for declaration in declarations.split(";"):
        if declaration.strip():
            _refuse_declaration(declaration)


def _refuse_selector(selector: str) -> None:
    name, colon, state = selector.removeprefix(".").partition(":")
    is_known = selector.startswith(".") and name in CLASSES and (not colon or state in _STATES)
    if not is_known:
        raise InvalidParameterException(f"The CSS class {selector[:64]} cannot be customized.")


def _refuse_declaration(declaration: str) -> None:
    name, _, value = declaration.partition(":")
    name = name.strip()
    if not _PROPERTY.fullmatch(name) or name.lower() in _PROGRAMS:
        raise InvalidParameterException(f"The CSS property {name[:64]} cannot be set.")
    if not _VALUE.fullmatch(value) or "/*" in value or "*/" in value:
        raise InvalidParameterException(f"The value of the CSS property {name[:64]} is not valid.")
    for before in value.split("(")[:-1]:
        function = _BETWEEN_WORDS.split(before.rstrip())[-1].lower()
        if function and function not in _FUNCTIONS:
            raise InvalidParameterException(f"The CSS function {function[:64]}() cannot be used.")
