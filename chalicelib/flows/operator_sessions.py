"""Operator sessions: temporary credentials for IAM callers, who prove by AWS STS who they are and bring no key of ours.

Owns issuing them for a proof, once, and what their keys may do later. The secret travels in the session token, sealed;
the table keeps only who got it, so a session can be ended. What a sound proof is, is `rules.proofs`'; who may have
a session is a mapping, see `flows.operator_mappings`.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from chalicelib import errors
from chalicelib.flows import operators, vault
from chalicelib.outside import sts
from chalicelib.rules import identities, policies, proofs
from chalicelib.rules.identities import Identity
from chalicelib.rules.proofs import Demand, Proof
from chalicelib.table import keys, operator_sessions, store
from chalicelib.table.items import Once, OperatorMapping, OperatorSession

_PURPOSE = "operator session"
_PLACE = "operators"  # of spent proofs; no pool's id lacks an underscore
_LONGER = 300  # seconds that a spent proof is remembered beyond its end: the clocks of our processes may differ


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials; `ends` is in seconds since the epoch."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    ends: float


def begin(content: bytes, server: str, now: float) -> Credentials:
    """Credentials for the demand in a request's body, which must have been signed for `server`, our base URL.

    Raises InvalidParameterException, InvalidSignatureException, AccessDeniedException, TooManyRequestsException and
    ServiceUnavailableException.
    """
    demand = proofs.demand(content)
    proof = proofs.proof(demand, proofs.Trust(server, sts.local_origin()), now)
    # An installation that nobody has opened to IAM callers asks STS nothing, whatever strangers send.
    if not _enabled():
        raise errors.AccessDeniedException("No IAM caller may have a session here: there is no mapping.")
    identity = _identity(proof)
    return _issued(identity, _mapping(identity, demand), (demand, proof), now)


def _identity(proof: Proof) -> Identity:
    answer = sts.answer(proof)
    if answer.status == 200:
        return identities.identity(answer.content)
    if 400 <= answer.status < 500:
        code = identities.refusal_code(answer.content) or answer.status
        raise errors.AccessDeniedException(f"STS refused the signed request: {code}.")
    raise errors.ServiceUnavailableException("STS cannot answer now; repeat the request with a new proof.")


def _mapping(identity: Identity, demand: Demand) -> OperatorMapping:
    """The mapping that the demand names, else the only one that means the caller."""
    found = _fitting(identity, demand.mapping)
    if not found:
        operator_sessions.forget_mappings()  # it may have been made within the last minute
        found = _fitting(identity, demand.mapping)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(mapping.name for mapping in found)
        raise errors.AccessDeniedException(f"Several mappings mean {identity.arn}; name one of them: {names}.")
    raise errors.AccessDeniedException(f"User: {identity.arn} is not authorized to have an operator session.")


def _fitting(identity: Identity, name: str | None) -> list[OperatorMapping]:
    return [
        mapping
        for mapping in _enabled()
        if identities.matches(mapping.pattern, identity.principal) and name in (None, mapping.name)
    ]


def _enabled() -> list[OperatorMapping]:
    return [mapping for mapping in operator_sessions.mappings() if mapping.enabled]


def _issued(identity: Identity, mapping: OperatorMapping, asked: tuple[Demand, Proof], now: float) -> Credentials:
    """Make the session and spend the proof in one step.

    Attack: replay. Whoever reads a proof on its way could use it as well; of two uses, at once too, one succeeds.
    """
    demand, proof = asked
    key_id = operators.fresh_id(operators.TEMPORARY)
    secret, ends = secrets.token_urlsafe(30), now + demand.seconds
    token = vault.sealed_text(_PURPOSE, {"key": key_id, "secret": secret}, now, demand.seconds)
    session = OperatorSession.new(
        {"id": key_id, "created": keys.sortable(now)},
        arn=identity.arn,
        principal=identity.principal,
        mapping=mapping.name,
        created_at=now,
        ends_at=ends,
        expires=ends,
    )
    spent = Once.new({"pool": _PLACE, "id": proof.mark}, expires=proof.ends + _LONGER)
    try:
        store.together(store.Save(spent, "proof"), store.Save(session, "session"))
    except store.Conflict:
        raise errors.AccessDeniedException("The signed request has been used before; sign a new one.") from None
    return Credentials(key_id, secret, token, ends)


def is_temporary(key_id: str) -> bool:
    """Whether an access key id is one of a session."""
    return key_id.startswith(operators.TEMPORARY)


def secret_of(key_id: str, token: str, now: float) -> str:
    """The secret of a temporary key, from the session token that came with it.

    Raises ExpiredTokenException for a token of ours that is over, UnrecognizedClientException for one that is none of
    ours, is another key's, or whose session or mapping has been ended. The table is read only for a genuine token.
    """
    try:
        held = vault.opened_text(_PURPOSE, token, now)
    except vault.Expired:
        raise errors.ExpiredTokenException from None
    except vault.Unsealable:
        raise errors.UnrecognizedClientException from None
    # Attack: the token of one's own session beside the key of another's, or beside a static key.
    if not hmac.compare_digest(held["key"].encode(), key_id.encode()) or _grant(key_id) is None:
        raise errors.UnrecognizedClientException
    return str(held["secret"])


def is_allowed(key_id: str, action: str, resource: str) -> bool:
    """Whether a temporary key may do an action on a resource: what its mapping's policy says now."""
    mapping = _grant(key_id)
    return mapping is not None and policies.is_allowed(mapping.policy, action, resource)


def _grant(key_id: str) -> OperatorMapping | None:
    """The mapping of a session, both still enabled, and still meaning the caller."""
    session = operator_sessions.session(key_id)
    if session is None or not session.enabled:
        return None
    mapping = next((one for one in _enabled() if one.name == session.mapping), None)
    return mapping if mapping and identities.matches(mapping.pattern, session.principal) else None
