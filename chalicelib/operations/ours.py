"""What Cognito has no operation for. Modelled like the rest, in `sdk/latchkey`, so the SDKs can call it."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import audit
from chalicelib.operations.registry import operation
from chalicelib.table.records import AuditLine

SERVICE = "latchkey"
_PAGE = 100


@operation(service=SERVICE)
def list_audit_lines(call: Call) -> dict[str, Any]:
    """List what was changed on one day, in one pool or outside of all pools."""
    pool_id, day = call.get("UserPoolId", audit.NO_POOL), call.get("Day", audit.day_of(call.now))
    page = audit.page(pool_id, day, call.get("MaxResults", _PAGE), call.get("NextToken"))
    lines = [_shown(item) for item in page.items if isinstance(item, AuditLine)]
    return {"AuditLines": lines} | ({"NextToken": page.cursor} if page.cursor else {})


def _shown(item: AuditLine) -> dict[str, Any]:
    shown = {
        "Time": item.happened_at,
        "Operation": item.operation,
        "Operator": item.operator,
        "Principal": item.principal,
        "UserPoolId": item.pool_id,
        "ClientId": item.client_id,
        "Sub": item.sub,
        "Members": item.members,
        "SourceIp": item.source_ip,
        "RequestId": item.request_id,
        "Outcome": item.outcome,
        "Reason": item.reason,
    }
    return {name: value for name, value in shown.items() if value is not None}
