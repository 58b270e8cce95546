"""Operator credentials: temporary ones for IAM callers, who prove by AWS STS who they are and bring no key of ours.

Owns issuing them for a proof, once. What is a sound proof is `rules.proofs`', who is meant by STS's answer and by a
pattern is `rules.identities`', who may come in is told by `flows.operator_mappings`, and what the keys may do later is
`flows.operator_sessions`'.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from chalicelib import errors, journal
from chalicelib.flows import operator_sessions, operators
from chalicelib.outside import sts
from chalicelib.rules import identities, proofs
from chalicelib.rules.identities import Identity
from chalicelib.rules.proofs import Demand, Proof
from chalicelib.table import keys, store
from chalicelib.table import operator_sessions as sessions
from chalicelib.table.access_keys import OperatorMapping, OperatorSession
from chalicelib.table.items import Once

_PLACE = "operators"  # of spent proofs; no pool's id lacks an underscore
_LONGER = 300  # seconds that a spent proof is remembered beyond its end: the clocks of our processes may differ


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials; `ends` is in seconds since the epoch."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    ends: float


def issued(content: bytes, server: str, now: float) -> Credentials:
    """Credentials for the demand in a request's body, which must have been signed for `server`, our base URL.

    Raises InvalidParameterException, InvalidSignatureException, AccessDeniedException, TooManyRequestsException and
    ServiceUnavailableException.
    """
    demand = proofs.demand(content)
    proof = proofs.proof(demand, proofs.Trust(server, sts.local_origin()), now)
    # An installation that nobody has opened to IAM callers asks STS nothing, whatever strangers send.
    if not operator_sessions.enabled_mappings():
        raise errors.AccessDeniedException("No IAM caller may have a session here: there is no mapping.")
    identity = _identity(proof)
    return _made(identity, _mapping(identity, demand), (demand, proof), now)


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
        sessions.forget_mappings()  # it may have been made within the last minute
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
        for mapping in operator_sessions.enabled_mappings()
        if identities.matches(mapping.pattern, identity.principal) and name in (None, mapping.name)
    ]


def _made(identity: Identity, mapping: OperatorMapping, asked: tuple[Demand, Proof], now: float) -> Credentials:
    """Make the session and spend the proof in one step.

    Attack: replay. Whoever reads a proof on its way could use it as well; of two uses, at once too, one succeeds.
    """
    demand, proof = asked
    key_id = operators.fresh_id(operators.TEMPORARY)
    secret, ends = secrets.token_urlsafe(30), now + demand.seconds
    token = operator_sessions.sealed(key_id, secret, now, demand.seconds)
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
        journal.note(reason="proof spent")
        raise errors.AccessDeniedException("The signed request has been used before; sign a new one.") from None
    # The table forgets the session when it is over; who the key was must be known after an incident too.
    journal.note(caller="operator", operator=key_id, principal=identity.arn)
    return Credentials(key_id, secret, token, ends)
