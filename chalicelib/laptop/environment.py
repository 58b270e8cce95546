"""The environment that the application reads on a laptop, made from the shell's and the data folder.

What the shell says wins wherever it speaks of the same thing. Leaves to `settings.py` what the variables mean.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from chalicelib.laptop.folder import PROFILE, Folder

HOST = "127.0.0.1"
DEFAULT_PORT = 8000


class OperatorKeyMalformed(ValueError):
    """`LATCHKEY_OPERATOR` is not a key; its text is not repeated, for it may hold half a secret."""


def adapt(environment: MutableMapping[str, str], folder: Folder, port: int) -> None:
    """Make an environment that of the application on `port`: `unwanted` out, `variables` in."""
    for name in unwanted(folder, environment):
        del environment[name]
    environment.update(variables(folder, port, environment))


def variables(folder: Folder, port: int, shell: Mapping[str, str]) -> dict[str, str]:
    """The variables to add to `shell` for an application on `port` (the table's endpoint is not among them)."""
    region = shell.get("AWS_REGION") or shell.get("AWS_DEFAULT_REGION") or "us-east-1"
    proposed = {
        "LATCHKEY_TABLE": "latchkey",
        "LATCHKEY_KEY_FILE": str(folder.key),
        "LATCHKEY_OUTBOX": str(folder.outbox),
        "LATCHKEY_BASE_URL": f"http://{HOST}:{port}",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    chosen = {name: value for name, value in proposed.items() if not shell.get(name)}
    return {**chosen, **_credentials(shell), "LATCHKEY_LOCAL": "1", "LATCHKEY_DATA": str(folder.path)}


def operator_key(shell: Mapping[str, str]) -> tuple[str, str] | None:
    """Key id and secret that `LATCHKEY_OPERATOR=ID:SECRET` asks for, if it does; or OperatorKeyMalformed."""
    asked = shell.get("LATCHKEY_OPERATOR", "")
    if not asked:
        return None
    key_id, separator, secret = asked.partition(":")
    if not (separator and key_id and secret):
        raise OperatorKeyMalformed("LATCHKEY_OPERATOR must be ID:SECRET")
    return key_id, secret


def port_of(arguments: Sequence[str]) -> int:
    """The port in the arguments of `chalice local`, its default otherwise."""
    for position, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--port":
            text = value or next(iter(arguments[position + 1 :]), "")
            return int(text) if text.isdigit() else DEFAULT_PORT
    return DEFAULT_PORT


def unwanted(folder: Folder, shell: Mapping[str, str]) -> tuple[str, ...]:
    """The variables to take away: those by which a shell was made a client of this very Latchkey.

    The application must not go about as its own operator, and after --fresh that profile does not exist yet.
    """
    if shell.get("AWS_SHARED_CREDENTIALS_FILE") != str(folder.credentials):
        return ()
    return ("AWS_SHARED_CREDENTIALS_FILE", *(["AWS_PROFILE"] if shell.get("AWS_PROFILE") == PROFILE else []))


def _credentials(shell: Mapping[str, str]) -> dict[str, str]:
    """Something to sign with: without credentials an SDK refuses to speak even to an engine that checks none."""
    if shell.get("AWS_ACCESS_KEY_ID") or shell.get("AWS_PROFILE"):
        return {}
    return {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
