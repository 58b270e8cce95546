"""The story of a deployment, under the Python that Lambda will run.

Order matters: everything that can be refused is asked before anything is made, nothing is changed before it was shown,
and the operator comes last, when there is a table to keep it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from deployment import account, artifacts, bundle, first_operator, options, probe
from deployment.account import Account
from deployment.refusal import Refused
from deployment.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
_SERVICES = ("COGNITO_IDENTITY_PROVIDER", "COGNITO_IDENTITY", "COGNITO_SYNC")


def main() -> None:
    """Deploy as the options say; ends with 1 and a sentence when it cannot be done."""
    chosen = options.read()
    try:
        _deploy(chosen)
    except Refused as refused:
        sys.exit(f"scripts/deploy: {refused}")
    except ClientError as error:
        told = error.response.get("Error", {})
        sys.exit(f"scripts/deploy: AWS refuses {error.operation_name}: {told.get('Code')}: {told.get('Message')}")
    except BotoCoreError as error:
        sys.exit(f"scripts/deploy: AWS was not reached: {error}")
    except KeyboardInterrupt:
        sys.exit("scripts/deploy: ended; a change that CloudFormation has begun goes on there")


def _deploy(chosen: argparse.Namespace) -> None:
    if not (chosen.dry_run or chosen.yes or sys.stdin.isatty()):
        raise Refused("Nobody can be asked here; give --yes to deploy, or --dry-run to look.")
    home = account.found(chosen.region)
    stack = Stack(home, f"latchkey-{chosen.stage}")
    stack.status()
    _say(f"account {home.id}, region {home.region}, as {home.caller}")
    with tempfile.TemporaryDirectory(prefix="latchkey-deploy-") as folder:
        package = _packaged(chosen, Path(folder), home)
        if _changed(chosen, stack, package, home):
            _finish(chosen, stack, home)


def _packaged(chosen: argparse.Namespace, folder: Path, home: Account) -> bundle.Bundle:
    architecture = "x86_64" if chosen.x86_64 else "arm64"
    _say(f"packaging for Python {sys.version_info[0]}.{sys.version_info[1]} on {architecture}")
    made = bundle.made(ROOT, folder, chosen.stage, architecture)
    _say(f"package: {made.zipped / 1e6:.1f} MB zipped, {made.unzipped / 1e6:.1f} MB unzipped")
    warning = account.refuse_crowded(home, made)
    if warning:
        _say(f"note: {warning}")
    return made


def _changed(chosen: argparse.Namespace, stack: Stack, package: bundle.Bundle, home: Account) -> bool:
    """Whether the stack is now as it should be; False after a look or a No."""
    template = package.placed(artifacts.name(home), _key(chosen, package))
    proposal = stack.proposed(template, dict(chosen.parameters), chosen.stage)
    if not proposal.changes:
        _say(f"the stack {stack.name} is as it should be")
        return not chosen.dry_run
    _say(f"changes of the stack {stack.name}:")
    for change in proposal.changes:
        print(f"   {change}")
    if chosen.dry_run or not (chosen.yes or _is_wanted()):
        stack.discard(proposal)
        _say("nothing was changed")
        return False
    began = time.monotonic()
    artifacts.ensure(home)
    artifacts.put(home, _key(chosen, package), package.package)
    stack.carried_out(proposal)
    stack.protect()
    _say(f"deployed in {time.monotonic() - began:.0f} s")
    return True


def _key(chosen: argparse.Namespace, package: bundle.Bundle) -> str:
    return f"{chosen.stage}/{package.digest}.zip"


def _is_wanted() -> bool:
    return input("deploy? [y/N] ").strip().lower() in ("y", "yes")


def _finish(chosen: argparse.Namespace, stack: Stack, home: Account) -> None:
    outputs = stack.outputs()
    _say(f"the function answers, in {probe.answered(home, outputs['APIHandlerName']):.1f} s")
    operator = first_operator.ensure(outputs, anew=chosen.new_operator)
    url = outputs["BaseURL"]
    print(f"\nready {url}\n")
    print(f"  issuer of a pool   {url}/POOL_ID\n  table              {outputs['TableName']}")
    print(f"  log                {outputs['LogGroup']}")
    if "DomainTarget" in outputs:
        print(f"  DNS                a CNAME of the domain to {outputs['DomainTarget']}")
    print("\na shell for the AWS CLI and the SDKs:")
    print(f"  export AWS_REGION={home.region} AWS_DEFAULT_REGION={home.region}")
    for service in _SERVICES:
        print(f"  export AWS_ENDPOINT_URL_{service}={url}/")  # with the slash, which is part of the signed path
    if operator:
        print("\nthe root operator, shown this once; it may do everything:")
        print(f"  export AWS_ACCESS_KEY_ID={operator[0]} AWS_SECRET_ACCESS_KEY={operator[1]}")


def _say(text: str) -> None:
    print(f"-- {text}", flush=True)


if __name__ == "__main__":
    main()
