"""What hypothesis may choose: settings of pools, traits of people, clients. Only what the service would take."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.machine.model import APP, FLOWS, METHODS, NEEDED, PoolSettings
from tests.machine.people import Traits

_EVERYTHING = frozenset(NEEDED.values())
_FIRST = ("EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")


@st.composite
def pools(draw: Any) -> PoolSettings:
    """Settings of a pool: codes as a first factor only where MFA is not required."""
    mode = draw(st.sampled_from(["OPTIONAL", "ON", "OPTIONAL", "ON", "OFF"]))
    some = st.one_of(st.sets(st.sampled_from(METHODS), min_size=1), st.just(set(METHODS)))
    methods = draw(some) if mode != "OFF" else set()
    first = set(draw(st.sampled_from([(), ("WEB_AUTHN",), ("EMAIL_OTP", "SMS_OTP"), _FIRST, _FIRST])))
    return PoolSettings(
        mode,
        frozenset(methods),
        frozenset(first & {"WEB_AUTHN"} if mode == "ON" else first),
        draw(st.sampled_from(["", "trusted", "trusted", "tracked"])),
        draw(st.booleans()),
    )


def traits() -> st.SearchStrategy[Traits]:
    """Somebody in any state, most often one who can sign in."""
    status = st.sampled_from(["CONFIRMED"] * 9 + ["FORCE_CHANGE_PASSWORD"] * 2 + ["UNCONFIRMED", "RESET_REQUIRED"])
    often = st.sampled_from([True, True, True, False])
    return st.builds(
        Traits,
        status=status,
        enabled=st.sampled_from([True] * 15 + [False]),
        has_password=often,
        has_email=often,
        has_phone=st.booleans(),
        has_app=st.booleans(),
        has_passkey=often,
        unlocks=st.booleans(),
        passkey_is_both=st.booleans(),
        has_device=st.booleans(),
        switched_on=st.one_of(st.just(frozenset({APP})), st.frozensets(st.sampled_from(METHODS))),
        preferred=st.sampled_from(("", *METHODS)),
    )


def client_flows() -> st.SearchStrategy[frozenset[str]]:
    """What a client allows: everything, or some of it."""
    return st.one_of(st.just(_EVERYTHING), st.frozensets(st.sampled_from(sorted(_EVERYTHING)), min_size=1))


FLOW = st.sampled_from(FLOWS)
