"""Writes are carried out once, or refused by name.

Owns the choice between a plain request and a transaction, named conflicts, and what a repeat means. When no answer
comes, the write may have been done. A transaction carries a client request token, so DynamoDB itself recognises its
repeat. A single write leaves a random mark on the item: if its repeat is refused and the item carries that mark, then
the refusal was its own success. Contents would not do: two takers of one `Once` write equal items, and both would
believe that they spent it.
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import Any

from chalicelib.table.connection import ConditionFailed, send
from chalicelib.table.keys import Key
from chalicelib.table.writes import MARK, Change, Check, Remove, Save, Write, expired_removal

Row = dict[str, Any]
Writes = tuple[Write, ...]


class Conflict(Exception):
    """A condition did not hold; nothing was written. `names` are those of the writes that failed, in order."""

    def __init__(self, *names: str) -> None:
        self.names = names
        super().__init__(", ".join(names))


def carried_out(writes: Writes) -> Row:
    """Do all the writes or none; of a lone change the row as it is then. Raises Conflict.

    When an expired item that DynamoDB still keeps was in the way of an upsert, that is deleted first: a counter would
    otherwise go on from the count of a window that is over.
    """
    try:
        return _sent(writes)
    except ConditionFailed as failure:
        over = _expired_upserts(writes, failure)
        if not over:
            raise _conflict(writes, failure) from failure
    for key in over:
        with suppress(ConditionFailed):  # somebody else was faster, which is as good
            send("DeleteItem", expired_removal(key))
    try:
        return _sent(writes)
    except ConditionFailed as failure:
        raise _conflict(writes, failure) from failure


def _conflict(writes: Writes, failure: ConditionFailed) -> Conflict:
    return Conflict(*(writes[place].name for place in failure.found))


def _expired_upserts(writes: Writes, failure: ConditionFailed) -> list[Key]:
    now = time.time()
    failed = [(writes[place], row) for place, row in failure.found.items()]
    return [
        write.key
        for write, row in failed
        if isinstance(write, Change) and write.upsert and float(row.get("expires", {}).get("N", "inf")) <= now
    ]


def _sent(writes: Writes) -> Row:
    return _single(writes[0]) if _is_plain(writes) else _transacted(writes)


def _is_plain(writes: Writes) -> bool:
    """Whether one plain request does: not for a lone check, nor for a conditional delete.

    A delete leaves no mark, so only a transaction's token tells its own repeat from another taker's delete.
    """
    alone = writes[0]
    if len(writes) > 1 or isinstance(alone, Check):
        return False
    return not (isinstance(alone, Remove) and alone.is_conditional)


def _single(write: Write) -> Row:
    request = write.request()
    if isinstance(write, Change):
        request["ReturnValues"] = "ALL_NEW"
    try:
        row: Row = send(f"{write.verb}Item", request).get("Attributes", {})
    except ConditionFailed as failure:
        row = failure.found[0]
        if not (failure.in_doubt and isinstance(write, Save | Change) and row.get(MARK) == {"S": write.mark}):
            raise
    return row


def _transacted(writes: Writes) -> Row:
    token = str(uuid.uuid4())  # the same for every try, so a repeat of what was done does nothing
    actions = [{write.verb: write.request()} for write in writes]
    return send("TransactWriteItems", {"TransactItems": actions, "ClientRequestToken": token})
