"""Replicas of a pool in other regions: create, list, update, delete, as records.

This installation does not copy a pool to another region by itself; an owner can have DynamoDB copy the table (global
tables) and deploy a second stack on the copy. So a replica is recorded and shown as what it is: INACTIVE, it serves no
sign-in. Activating one is refused, because ACTIVE would tell clients to send users there. What Cognito demands of a
pool before (a key of several regions, the newer issuer) is not demanded.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call, arn, fresh_pool_of
from chalicelib.flows import client_documents
from chalicelib.operations.registry import operation
from chalicelib.rules import replicas
from chalicelib.table import store
from chalicelib.table.documents import Replica

Answer = dict[str, Any]


@operation
def create_user_pool_replica(call: Call) -> Answer:
    """Record a replica. It is told as CREATING here, and stands as INACTIVE when it is next looked at.

    A pool has one at most, so all lie under one key, and of two made at once one is refused. Raises
    LimitExceededException, InvalidParameterException and UserPoolTaggingException.
    """
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    document = replicas.secondary(arn(pool_id), call["RegionName"], call.get("UserPoolTags", {}))
    made = Replica.new({"pool": pool_id}, document=document)
    try:
        client_documents.write(pool_id, client_documents.ALL, store.Save(made, "replica"))
    except store.Conflict:
        raise errors.LimitExceededException("The user pool has a replica already.") from None
    return {"UserPoolReplica": document | {"Status": "CREATING"}}


@operation
def list_user_pool_replicas(call: Call) -> Answer:
    """The pool itself as PRIMARY, and its replica. Raises InvalidParameterException: no token is ever handed out."""
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    if "NextToken" in call:
        raise errors.InvalidParameterException("Invalid pagination token")
    found = store.get(Replica, pool=pool_id)
    return {"UserPoolReplicas": [replicas.primary(arn(pool_id)), *([found.document] if found else [])]}


@operation
def update_user_pool_replica(call: Call) -> Answer:
    """Leave a replica INACTIVE. Raises OperationNotEnabledException for ACTIVE, and ResourceNotFoundException."""
    found = _found(call)
    replicas.refuse_status(call["Status"])
    return {"UserPoolReplica": found.document}


@operation
def delete_user_pool_replica(call: Call) -> Answer:
    """Remove the record of a replica. Raises ResourceNotFoundException."""
    found = _found(call)
    try:
        store.together(store.Remove(found, "replica"))
    except store.Conflict:
        raise _missing(call) from None
    return {"UserPoolReplica": found.document | {"Status": "DELETING"}}


def _found(call: Call) -> Replica:
    pool_id = fresh_pool_of(call["UserPoolId"]).id
    if call["RegionName"] == replicas.region(arn(pool_id)):
        raise errors.InvalidParameterException("The primary user pool is no replica.")
    found = store.get(Replica, pool=pool_id)
    if found is None or found.document["RegionName"] != call["RegionName"]:
        raise _missing(call)
    return found


def _missing(call: Call) -> errors.ResourceNotFoundException:
    return errors.ResourceNotFoundException(f"The user pool has no replica in {call['RegionName']}.")
