"""Requests that a stranger might send: nearly right by the service model, then bent, then broken byte by byte.

Values of the running world stand as placeholders such as `<access>`, filled in by `world` when a request is sent, so
that what is generated depends on nothing but the model and the seed.
"""

# ruff: noqa: E501 - lists of words read better wide than long
from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from chalicelib.wire.model import Operation, Shape, shape
from tests.fuzz.words import BENT, HOSTILE, KNOWN, NAMED, PLAUSIBLE, USUAL

JSON = dict[str, Any]
MOST_OPTIONAL = 5


# --- nearly right ----------------------------------------------------------------------------------------------------


def inputs(operation: Operation, *, is_tame: bool = False) -> st.SearchStrategy[JSON]:
    """Inputs of an operation that its model mostly accepts; tame ones nearly always, to get far behind it."""
    return of_shape(operation.service, operation.input, is_tame=is_tame)


@cache
def of_shape(service: str, name: str, *, is_tame: bool) -> st.SearchStrategy[Any]:
    """Values of a shape; a shape may hold itself."""
    kind = shape(service, name)
    return st.deferred(lambda: MAKERS[kind.type](kind, is_tame))


def _structures(kind: Shape, is_tame: bool) -> st.SearchStrategy[JSON]:
    usual = [name for name in sorted(kind.members) if is_tame and name in USUAL]
    required = sorted(kind.required)
    optional = sorted(kind.members.keys() - kind.required - set(usual))
    most = 1 if usual else MOST_OPTIONAL
    chosen = st.lists(st.sampled_from(optional), max_size=most, unique=True) if optional else st.just([])
    parts = {name: of_shape(kind.service, member.shape, is_tame=is_tame) for name, member in kind.members.items()}

    @st.composite
    def made(draw: st.DrawFn) -> JSON:
        common = [name for name in usual if draw(MOSTLY)]
        return {name: draw(parts[name]) for name in dict.fromkeys([*required, *common, *draw(chosen)])}

    return made()


MOSTLY = st.sampled_from([True] * 7 + [False])


def _lists(kind: Shape, is_tame: bool) -> st.SearchStrategy[list[Any]]:
    least = kind.min or 0
    most = least + 3 if kind.max is None else max(least, min(kind.max, least + 3))
    return st.lists(of_shape(kind.service, kind.member, is_tame=is_tame), min_size=least, max_size=most)


def _maps(kind: Shape, is_tame: bool) -> st.SearchStrategy[JSON]:
    if kind.name in NAMED:
        named = NAMED[kind.name]
        values = {name: st.sampled_from(texts) for name, texts in named.values.items()}
        cases = [st.fixed_dictionaries({name: values[name] for name in case}) for case in named.cases]
        return st.one_of(*cases, st.fixed_dictionaries({}, optional=values))
    keys, values = (of_shape(kind.service, part, is_tame=is_tame) for part in (kind.key, kind.value))
    return st.dictionaries(keys, values, min_size=kind.min or 0, max_size=(kind.min or 0) + 3)


def _strings(kind: Shape, is_tame: bool) -> st.SearchStrategy[str]:
    known = KNOWN.get(kind.name, [])
    if kind.enum:
        return st.sampled_from(
            known or kind.enum if is_tame else [*kind.enum, *kind.enum, "NOTHING", kind.enum[0].lower()]
        )
    fitting = [text for text in PLAUSIBLE if _fits(kind, text)]
    tame = known or fitting
    return st.sampled_from(tame if tame and is_tame else [*tame * 3, *fitting, *HOSTILE])


def _fits(kind: Shape, text: str) -> bool:
    is_long_enough = (kind.min or 0) <= len(text) <= (1 << 20 if kind.max is None else kind.max)
    return is_long_enough and (kind.pattern is None or kind.is_match(text))


def _numbers(kind: Shape, is_tame: bool) -> st.SearchStrategy[int]:
    least, most = kind.min or 0, (1 << 31) - 1 if kind.max is None else kind.max
    inside = [value for value in (0, 1, 5, 30, 60, 3600) if least <= value <= most] + [least, most]
    return st.sampled_from(inside if is_tame else [*inside * 2, least - 1, min(most + 1, (1 << 31) - 1), -(1 << 31)])


MAKERS: dict[str, Callable[[Shape, bool], st.SearchStrategy[Any]]] = {
    "structure": _structures,
    "list": _lists,
    "map": _maps,
    "string": _strings,
    "boolean": lambda _kind, _is_tame: st.booleans(),
    "integer": _numbers,
    "long": _numbers,
    "timestamp": lambda _kind, _is_tame: st.sampled_from([0, 1.5, 1_800_000_000, -1, 253_402_300_799, 253_402_300_800]),
    "blob": lambda _kind, _is_tame: st.binary(max_size=20).map(lambda content: base64.b64encode(content).decode()),
}


# --- bent: one value at any depth is another -------------------------------------------------------------------------


@st.composite
def bent(draw: st.DrawFn, given: st.SearchStrategy[JSON]) -> JSON:
    """A nearly right input with up to three values, members or names changed for others."""
    value: JSON = json.loads(json.dumps(draw(given)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        if not places:
            return {"Nothing": copy.deepcopy(draw(st.sampled_from(BENT)))}
        _bend(draw, *draw(st.sampled_from(places)))
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key or index) inside a value."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        held = waiting.pop()
        pairs = held.items() if isinstance(held, dict) else enumerate(held)
        for key, inner in pairs:
            found.append((held, key))
            if isinstance(inner, (dict, list)):
                waiting.append(inner)
    return found


def _bend(draw: st.DrawFn, held: Any, key: Any) -> None:
    if isinstance(held, list) or draw(st.integers(0, 5)):
        held[key] = copy.deepcopy(draw(st.sampled_from(BENT)))
    elif draw(st.booleans()):
        del held[key]
    else:
        held[draw(st.sampled_from([key.lower(), key.upper(), key + "\x00", "", " " + key, "__proto__"]))] = held.pop(
            key
        )


# --- broken: what is hardly JSON any more ----------------------------------------------------------------------------

GARBAGE = [
    b"", b" ", b"null", b"[]", b"{", b"}", b"0", b'"x"', b"true", b"{}{}", b"{}\x00", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}",
    b"'{}'", b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": 01}', b'{"a": .5}',
    b'{"a": 1,}', b"{} // x", b'{"a": "\x01"}', b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"a": "\xed\xa0\x80"}',
    b'{"\\ud800": 1}', b'{"a": "\xc0\xaf"}', b'{"a": "\xf5\x80\x80\x80"}', b'{"a": "\\x41"}', b'{"a": ' + b"9" * 5000 + b"}",
    b"[" * 100_000, b'{"a":' * 5_000, b'{"a":' * 63 + b"1" + b"}" * 63, b'{"a":' * 65 + b"1" + b"}" * 65, b"[" * 900 + b"]" * 900,
    '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32"), b'{"a": 1}' * 1000, b"<xml/>", b"a=1&b=2", b"--x\r\n\r\n--x--",
    b'{"UserPoolId": "a", "UserPoolId": "b", "UserPoolId": null}', b'{"a": "' + b"x" * 300_000 + b'"}',
]  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, given: st.SearchStrategy[JSON]) -> bytes:
    """A body with a wound: cut short, a byte changed, something put in between, or garbage from the beginning."""
    if draw(st.booleans()):
        return draw(st.sampled_from(GARBAGE))
    whole = json.dumps(draw(given), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    place = draw(st.integers(0, len(whole)))
    wound = draw(
        st.sampled_from([b"", b"\x00", b"\xff", b'"', b"\\", b"\\ud800", b"NaN", b"}", b"[", b"\xed\xa0\x80", b"1e999"])
    )
    rest = draw(st.integers(0, 4))
    return whole[:place] + wound + (b"" if rest == 4 else whole[place + rest :])


def bodies(operation: Operation) -> st.SearchStrategy[JSON | bytes]:
    """Everything that may stand in the body of a call: JSON values to be filled in, or bytes as they are."""
    near = inputs(operation)
    return st.one_of(near, bent(near), broken(near))


@st.composite
def rich(draw: st.DrawFn, operation: Operation) -> JSON | bytes:
    """Mostly inputs that the model accepts, with hostile values where only the operation itself can see them."""
    tame = inputs(operation, is_tame=True).map(matched)
    # Drawn by hand: `one_of` counts equal alternatives once.
    chosen = draw(st.sampled_from([tame] * 7 + [bent(tame), inputs(operation), bodies(operation)]))
    return draw(chosen)


def matched(value: JSON) -> JSON:
    """The input with those members made to agree that seldom do by chance: flow and parameters, pool and client."""
    names = set(value.get("AuthParameters") or value.get("ChallengeResponses") or ())
    for name, (flow, admin_flow) in FLOWS.items():
        if name in names and "AuthFlow" in value:
            value = value | {"AuthFlow": admin_flow if "UserPoolId" in value else flow}
    for name, challenge in CHALLENGES.items():
        if name in names and "ChallengeName" in value:
            value = value | {"ChallengeName": challenge}
    if "UserPoolId" in value and value.get("ClientId") in POOL_OF:
        value = value | {"UserPoolId": POOL_OF[value["ClientId"]]}
    return value


FLOWS = {
    "PASSWORD": ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH"),
    "SRP_A": ("USER_SRP_AUTH", "USER_SRP_AUTH"),
    "REFRESH_TOKEN": ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"),
}
CHALLENGES = {"NEW_PASSWORD": "NEW_PASSWORD_REQUIRED", "PASSWORD_CLAIM_SECRET_BLOCK": "PASSWORD_VERIFIER"}
POOL_OF = {
    "<client>": "<pool>",
    "<alias_client>": "<alias_pool>",
    "<mail_client>": "<mail_pool>",
    "<secret_client>": "<pool>",
}
