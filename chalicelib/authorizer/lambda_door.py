"""The Lambda that API Gateways name as their authorizer: TOKEN, REQUEST and HTTP API payloads 1.0 and 2.0.

Owns which answer each kind of gateway takes for yes, 401 and 403. What cannot be decided (a malformed option, keys that
cannot be had) raises, so that the gateway answers 500 and nobody is let in. Leaves the decision to `decision`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib import settings
from chalicelib.authorizer import decision
from chalicelib.authorizer.options import Options, options
from chalicelib.outside import key_sets
from chalicelib.rules import bearer, gateway_answers, jwt
from chalicelib.rules.gateway_answers import Answer

_NOBODY = "anonymous"

_log = logging.getLogger("latchkey.authorizer")


class GatewayUnauthorized(Exception):
    """What a REST API answers with 401; it compares the message, letter by letter."""


def authorizer(event: Mapping[str, Any], context: object = None) -> Answer:
    """The answer to an event. Raises GatewayUnauthorized (401 of a REST API), ValueError and KeysUnavailable (500)."""
    chosen = options(event)
    try:
        claims = _decided(event, chosen)
    except bearer.Unauthorized as refusal:
        _log.info("401: %s", refusal)
        return _unauthorized(event, chosen)
    except bearer.Forbidden as refusal:
        _log.info("403: %s", refusal)
        return _forbidden(event, chosen)
    return _allowed(event, chosen, claims)


def _decided(event: Mapping[str, Any], chosen: Options) -> dict[str, Any]:
    now = time.time()
    credential = bearer.credential(event, chosen.source)
    claims = decision.claims(credential, chosen.required, _own_keys() if chosen.reads_table else _fetched_keys(), now)
    if chosen.checks_sessions:
        from chalicelib.authorizer import own_pools

        own_pools.check_session(claims)
    return claims


def _allowed(event: Mapping[str, Any], chosen: Options, claims: Mapping[str, Any]) -> Answer:
    context = gateway_answers.context(claims)
    if _is_simple(event, chosen):
        return gateway_answers.simple(context)
    return gateway_answers.policy(_arn(event), "Allow", claims["sub"], context)


def _forbidden(event: Mapping[str, Any], chosen: Options) -> Answer:
    if _is_simple(event, chosen):
        return gateway_answers.simple(None)
    return gateway_answers.policy(_arn(event), "Deny", _NOBODY, {})


def _unauthorized(event: Mapping[str, Any], chosen: Options) -> Answer:
    """401 where the gateway knows a way to it.

    An HTTP API has one only while no identity source is configured; with one, a bad token is answered like a denial.
    """
    if "version" not in event:
        raise GatewayUnauthorized("Unauthorized") from None
    return _forbidden(event, chosen) if event.get("identitySource") else {"errorMessage": "Unauthorized"}


def _is_simple(event: Mapping[str, Any], chosen: Options) -> bool:
    return event.get("version") == "2.0" and chosen.is_simple


def _arn(event: Mapping[str, Any]) -> str:
    return str(event.get("routeArn") or event.get("methodArn") or "")


@cache
def _own_keys() -> key_sets.KeySets:
    return key_sets.KeySets(_own, settings.current().cache_seconds)


@cache
def _fetched_keys() -> key_sets.KeySets:
    return key_sets.KeySets(key_sets.fetched)


def _own(issuer: str) -> jwt.KeySet:
    from chalicelib.authorizer import own_pools

    return own_pools.keys(issuer)


def forget() -> None:
    """Drop all keys that this process has kept."""
    _own_keys.cache_clear()
    _fetched_keys.cache_clear()
