"""The domains of user pools: create, describe, update, delete.

A domain is written together with its pool, which tells its domains in its own document: so a name leads to one pool,
and a pool with a domain is not deleted. Certificates and DNS are the owner's: names of CloudFront are answered with the
host at which this service is reached, the target to which a custom domain has to lead.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from chalicelib import errors
from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import rounds
from chalicelib.operations.registry import operation
from chalicelib.rules import domains
from chalicelib.settings import current
from chalicelib.table import pools, store
from chalicelib.table.documents import Domain

Answer = dict[str, Any]


@operation
def create_user_pool_domain(call: Call) -> Answer:
    """Give a pool a prefix, or a full name with a certificate; one of each.

    Raises ResourceNotFoundException and InvalidParameterException, also for a name that a pool has already.
    """
    document = domains.created(call.given, _own_host(call), call.now)
    try:
        rounds.retried(lambda: _attach(document), "pool")
    except store.Conflict:
        raise errors.InvalidParameterException(domains.TAKEN) from None
    pools.forget_pool(call["UserPoolId"])
    return _answer(call, document)


@operation
def describe_user_pool_domain(call: Call) -> Answer:
    """A domain's settings and pool; nothing of an unknown one. Raises InvalidParameterException (malformed name)."""
    domains.refuse_malformed(call["Domain"])
    found = store.get(Domain, host=call["Domain"])
    if found is None:
        return {"DomainDescription": {}}
    computed = {"AWSAccountId": current().account_id, "CloudFrontDistribution": _own_host(call), "Status": "ACTIVE"}
    return {"DomainDescription": found.document | computed}


@operation
def update_user_pool_domain(call: Call) -> Answer:
    """Change certificate, version of the pages or routing of a domain; what is left out stays.

    Raises ResourceNotFoundException, InvalidParameterException and ConcurrentModificationException.
    """
    domains.refuse_malformed(call["Domain"])
    pool = fresh_pool_of(call["UserPoolId"])
    found = store.get(Domain, host=call["Domain"])
    if found is None or found.pool_id != pool.id:
        raise errors.InvalidParameterException(domains.UNKNOWN)
    found.document = domains.updated(found.document, call.given, call.now)
    try:
        # Attack: the domain is given back and another pool takes it meanwhile. Versions begin anew with each owner, so
        # this write would take it from there; but the pool told its domains, and has not changed since.
        store.together(store.Save(found, "domain"), store.Check(pool, "pool"))
    except store.Conflict:
        raise errors.ConcurrentModificationException from None
    return _answer(call, found.document)


@operation
def delete_user_pool_domain(call: Call) -> Answer:
    """Take a domain from its pool. Raises ResourceNotFoundException and InvalidParameterException."""
    domains.refuse_malformed(call["Domain"])
    rounds.retried(lambda: _detach(call["UserPoolId"], call["Domain"]))
    pools.forget_pool(call["UserPoolId"])
    return {}


def _attach(document: Answer) -> None:
    name, pool = document["Domain"], fresh_pool_of(document["UserPoolId"])
    pool.document = domains.attached(pool.document, name)
    domain = Domain.new({"host": name}, pool_id=pool.id, document=document, is_custom=domains.is_custom(name))
    store.together(store.Save(domain, "domain"), store.Save(pool, "pool"))


def _detach(pool_id: str, name: str) -> None:
    """The pool's own word, unchanged since it was read, says that the domain is its; so that needs no look."""
    pool = fresh_pool_of(pool_id)
    pool.document = domains.detached(pool.document, name)
    store.together(store.Remove(Domain.at(host=name), "domain"), store.Save(pool, "pool"))


def _answer(call: Call, document: Answer) -> Answer:
    answer = {member: document[member] for member in ("ManagedLoginVersion", "Routing") if member in document}
    return answer | ({"CloudFrontDomain": _own_host(call)} if domains.is_custom(document["Domain"]) else {})


def _own_host(call: Call) -> str:
    return urlsplit(call.origin.base_url).hostname or ""
