"""The options of scripts/deploy. Runs on the standard library alone."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

_ABOUT = "Deploy Latchkey to AWS: package, change set, stack, root operator. Safe to run again."
_MORE = """\
what it makes:
  latchkey-STAGE                      a CloudFormation stack: API, functions, table, KMS key, logs, alarms,
                                      and a private bucket for the files of user imports
  latchkey-artifacts-ACCOUNT-REGION   a private bucket with the packages
  the root operator, when the table has no operator yet; its secret is shown once

parameters for --set (those not given keep their value):
  BaseUrl  MailFrom  DomainName  CertificateArn  AlarmTopic  LogRetentionDays  MemorySize
  RequestsPerSecond  RequestBurst  KeyDays  UnconfirmedDays  AuditDays  Tracing  TriggerFunctions  BreachRangeUrl

environment:
  AWS_PROFILE and the other AWS variables say who deploys; AWS_ENDPOINT_URL deploys to a stand-in for AWS
  LATCHKEY_PYTHON    the Python to package with: 3.12 to 3.14, the version that Lambda will run

docs/deploying.md says more.
"""


def read(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line; ends the process with a sentence when they make no sense."""
    parser = argparse.ArgumentParser(
        prog="scripts/deploy", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", type=_stage, default="prod", help="which deployment of several (prod)")
    parser.add_argument("--region", help="the AWS region (that of the environment or the profile)")
    parser.add_argument("--set", type=_pair, action="append", default=[], metavar="NAME=VALUE", dest="parameters",
                        help="a parameter of the stack; may be repeated")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before changing anything")
    parser.add_argument("--x86-64", action="store_true", help="Intel processors; without it ARM, which costs less")
    parser.add_argument("--new-operator", action="store_true", help="make one more root operator: the secret was lost")
    return parser.parse_args(arguments)


def _stage(text: str) -> str:
    """Stack, role and log names are made from it, so it keeps to what all of them take."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", text) or text == "dev":
        raise argparse.ArgumentTypeError("a stage is lower-case letters, digits and hyphens, not dev (a laptop's)")
    return text


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.isalnum():
        raise argparse.ArgumentTypeError("a parameter is NAME=VALUE")
    return name, value
