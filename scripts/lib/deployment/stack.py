"""CloudFormation: a change is proposed as a change set, shown, and carried out or discarded.

Owns the states of a stack and what a person is told of its failures. Leaves to `deployer` when to do what.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from deployment.account import Account
from deployment.refusal import Refused

_STEP = 2.0  # seconds
_PATIENCE = 3600.0  # seconds
_NOTHING = ("didn't contain changes", "No updates are to be performed")
_REVIEW = "REVIEW_IN_PROGRESS"
_DEAD = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one resource: "Add", "Modify" or "Remove", and whether a new one takes its place."""

    action: str
    name: str
    kind: str
    is_replaced: bool

    def __str__(self) -> str:
        return f"{self.action:7} {self.name} ({self.kind}){' ANEW, THE OLD ONE GOES' if self.is_replaced else ''}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change set that has been made, and what it would do; no changes: there is none any more."""

    arn: str
    changes: tuple[Change, ...]


class Stack:
    """One stack by its name. Every method may raise botocore's ClientError for what the caller may not do."""

    def __init__(self, account: Account, name: str, step: float = _STEP) -> None:
        self.name = name
        self._api = account.client("cloudformation")
        self._step = step

    def status(self) -> str:
        """Its state, empty when there is no such stack; raises Refused for one in which nothing can be done."""
        status = str(self._described().get("StackStatus", ""))
        if status in _DEAD:
            raise Refused(
                f"The stack {self.name} is {status}: its first deployment failed. Look at its events, delete it"
                f" (aws cloudformation delete-stack --stack-name {self.name}) and deploy again."
            )
        if status == "UPDATE_ROLLBACK_FAILED":
            raise Refused(f"The stack {self.name} is {status}; aws cloudformation continue-update-rollback is due.")
        if status.endswith("_IN_PROGRESS") and status != _REVIEW:
            raise Refused(f"The stack {self.name} is {status}: somebody else deploys it. Wait, then deploy again.")
        return status

    def proposed(self, template: str, parameters: Mapping[str, str], stage: str) -> Proposal:
        """What would change if the stack had this template and these parameters; the others keep their values."""
        status = self.status()
        made = self._api.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{int(time.time() * 1000)}",
            ChangeSetType="CREATE" if status in ("", _REVIEW) else "UPDATE",
            TemplateBody=template,
            Parameters=self._parameters(template, parameters),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": "latchkey:stage", "Value": stage}],
        )
        arn = made["Id"]
        state = self._awaited(lambda: self._api.describe_change_set(ChangeSetName=arn), "Status")
        reason = str(state.get("StatusReason", ""))
        if state["Status"] == "FAILED":
            self.discard(Proposal(arn, ()))
            if any(words in reason for words in _NOTHING):
                return Proposal(arn, ())
            raise Refused(f"CloudFormation refuses the change: {reason}")
        return Proposal(arn, self._changes(arn))

    def discard(self, proposal: Proposal) -> None:
        """Delete a change set, and with it the empty stack that the first one of a stack brings along."""
        self._api.delete_change_set(ChangeSetName=proposal.arn)
        if self._described().get("StackStatus") == _REVIEW:
            self._api.delete_stack(StackName=self.name)

    def carried_out(self, proposal: Proposal) -> None:
        """Carry out a change set and wait for its end; raises Refused with what failed when it was taken back."""
        began = time.time()
        self._api.execute_change_set(ChangeSetName=proposal.arn)
        time.sleep(self._step)
        ended = self._awaited(self._described, "StackStatus")
        if ended["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            failures = "\n".join(self._failures(began)) or "  no event says why"
            raise Refused(f"The stack {self.name} is {ended['StackStatus']}; all changes were taken back:\n{failures}")

    def protect(self) -> None:
        """Refuse to be deleted by a slip: its API's address is part of every issuer, and does not come back."""
        self._api.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)

    def outputs(self) -> dict[str, str]:
        """The outputs by name."""
        return {one["OutputKey"]: one["OutputValue"] for one in self._described().get("Outputs", ())}

    def _described(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._api.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise
        return {} if found["StackStatus"] == "DELETE_COMPLETE" else found

    def _parameters(self, template: str, given: Mapping[str, str]) -> list[dict[str, Any]]:
        told = self._api.get_template_summary(TemplateBody=template)
        known = {one["ParameterKey"] for one in told.get("Parameters", ())}
        if set(given) - known:
            strange, names = ", ".join(sorted(set(given) - known)), ", ".join(sorted(known))
            raise Refused(f"The stack has no parameter {strange}; it has {names}.")
        kept = {one["ParameterKey"] for one in self._described().get("Parameters", ())} & known - set(given)
        return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()] + [
            {"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)
        ]

    def _awaited(self, look: Callable[[], dict[str, Any]], member: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while True:
            state = look()
            if not str(state.get(member, "")).endswith(("_IN_PROGRESS", "_PENDING")):
                return state
            if time.monotonic() > deadline:
                raise Refused(f"The stack {self.name} is still {state[member]} after an hour; look at its events.")
            time.sleep(self._step)

    def _changes(self, arn: str) -> tuple[Change, ...]:
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            page = self._api.describe_change_set(ChangeSetName=arn, **more)
            found += [one["ResourceChange"] for one in page["Changes"] if "ResourceChange" in one]
            if not page.get("NextToken"):
                break
            more = {"NextToken": page["NextToken"]}
        return tuple(
            Change(one["Action"], one["LogicalResourceId"], one["ResourceType"], one.get("Replacement") == "True")
            for one in found
        )

    def _failures(self, since: float) -> list[str]:
        """What failed since a moment, oldest first; what was only cancelled with it is left out."""
        events = self._api.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [
            f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
            and event["Timestamp"].timestamp() >= since - 60
            and "cancelled" not in event.get("ResourceStatusReason", "")
        ]
        return failed[::-1]
