"""The command line of scripts/operator: operator keys, and the IAM callers that get temporary ones."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import destination

_ABOUT = "Administer who may make signed calls: operator keys, and IAM callers without keys of ours."
_MORE = """\
policies:
  A policy is a file with an IAM policy document, - for standard input, the document itself, or "everything".
  {"Statement": [{"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}]}

IAM callers:
  scripts/operator map ci "arn:aws:iam::111122223333:role/ci-*" --policy ci.json
  lets every session of these roles get temporary credentials by scripts/operator-credentials. A role is written
  without its path. * stands for any characters of one name. An ID of disable and enable may be a mapping's name.

A change is seen by a running application within LATCHKEY_CACHE_SECONDS (a minute). docs/operators.md says more.
"""

Done = Callable[[argparse.Namespace], Iterable[str]]


class Refused(Exception):
    """The command cannot be carried out; the message says why."""


def main() -> int:
    """Carry out one command; the exit status."""
    options = _options()
    try:
        options.policy = _policy(options.policy) if "policy" in options else None
        with destination.reached(options):
            for line in _carried_out(options):
                print(line)
    except (Refused, destination.Unreachable) as error:
        print(f"scripts/operator: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/operator", description=_ABOUT, epilog=_MORE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    destination.add_options(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (about, arguments, _) in _COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        for argument, settings in arguments.items():
            command.add_argument(argument, **settings)
    return parser.parse_args()


def _carried_out(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib import errors
    from chalicelib.outside.secrets import KeyUnavailable
    from chalicelib.table import store

    try:
        yield from _COMMANDS[options.command][2](options)
    except store.Conflict:
        raise Refused("that name or id is taken, or it was changed by somebody else at once") from None
    except (ValueError, KeyUnavailable, errors.AwsError) as error:
        raise Refused(str(error)) from error


def _policy(text: str) -> dict[str, Any]:
    """A policy document from a file, standard input or the argument itself; its form is checked by the flows."""
    if text == "everything":
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    try:
        content = text if text.startswith("{") else sys.stdin.read() if text == "-" else Path(text).read_text()
        policy = json.loads(content)
    except OSError as error:
        raise Refused(f"{text}: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"the policy is not JSON: {error}") from error
    if not isinstance(policy, dict):
        raise Refused("the policy must be a JSON object")
    return policy


# --- commands -------------------------------------------------------------------------------------------------------


def _create(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_keys

    yield from _profile(*operator_keys.create(options.policy, options.name))


def _rotate(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_keys

    yield from _profile(*operator_keys.rotate(options.id, keep=options.keep))
    yield (
        f"# {options.id} still works until: scripts/operator disable {options.id}"
        if options.keep
        else (f"# {options.id} is disabled")
    )


def _profile(key_id: str, secret: str) -> Iterable[str]:
    """The key as a profile of an AWS credentials file; the secret cannot be shown again."""
    yield from ("[latchkey]", f"aws_access_key_id = {key_id}", f"aws_secret_access_key = {secret}")


def _limit(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_keys

    operator_keys.limit(options.id, options.policy)
    yield f"{options.id} has its new policy"


def _switch(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_keys

    operator_keys.set_enabled(options.id, enabled=options.command == "enable")
    yield f"{options.id} is {options.command}d"


def _map(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_mappings

    made = operator_mappings.create(options.name, options.pattern, options.policy)
    yield f"{made.name}: {made.pattern}"


def _unmap(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_mappings

    operator_mappings.remove(options.name)
    yield f"{options.name} is gone, and with it the sessions that it gave"


def _list(options: argparse.Namespace) -> Iterable[str]:
    from chalicelib.flows import operator_keys

    known = operator_keys.listed()
    if options.json:
        yield json.dumps(known, indent=2)
        return
    for kind, entries in known.items():
        yield f"{kind}:" if entries else f"{kind}: none"
        for entry in entries:
            state = "" if entry["enabled"] else "  DISABLED"
            made = time.strftime("%Y-%m-%d %H:%M", time.gmtime(entry["created_at"]))
            yield f"  {entry['id']:24} {made}  {entry['about']}{state}"


_ID = {"id": {"metavar": "ID", "help": "an access key id, or the name of a mapping"}}
_NAME = {"name": {"metavar": "NAME", "help": "the name of the mapping"}}
_POLICY = {"--policy": {"required": True, "metavar": "POLICY", "help": "what it may do; see scripts/operator --help"}}

_COMMANDS: dict[str, tuple[str, dict[str, dict[str, Any]], Done]] = {
    "create": (
        "make a key; its secret is shown this once",
        {"--name": {"help": "what it is for, for people"}, **_POLICY},
        _create,
    ),
    "list": (
        "keys, mappings and running sessions",
        {"--json": {"action": "store_true", "help": "with policies, for programs"}},
        _list,
    ),
    "limit": ("put a key or a mapping under another policy", {**_ID, **_POLICY}, _limit),
    "rotate": (
        "make a key with the name and policy of another one, and disable that",
        {"id": {"metavar": "ID"}, "--keep": {"action": "store_true", "help": "leave the old key enabled for now"}},
        _rotate,
    ),
    "disable": ("refuse a key, a session, or a mapping with all its sessions", _ID, _switch),
    "enable": ("take it again", _ID, _switch),
    "map": (
        "let IAM callers get temporary credentials",
        {**_NAME, "pattern": {"metavar": "ARN", "help": "whom: an ARN, * for parts of a name"}, **_POLICY},
        _map,
    ),
    "unmap": ("delete a mapping, which ends its sessions", _NAME, _unmap),
}

if __name__ == "__main__":
    sys.exit(main())
