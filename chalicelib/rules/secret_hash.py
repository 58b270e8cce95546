"""SECRET_HASH: how a client with a secret proves it on the calls that nobody signs.

Owns the calculation and the comparison. Leaves to the flows which secrets are active and which names may have been
hashed: the one sent, the stored one, the alias that the sign-in began with.
"""

import base64
import hmac
from collections.abc import Iterable
from itertools import product


def secret_hash(client_secret: str, username: str, client_id: str) -> str:
    """Base64 of HMAC-SHA256 over name and client id under the client's secret."""
    mac = hmac.digest(_octets(client_secret), _octets(username + client_id), "sha256")
    return base64.b64encode(mac).decode()


def is_match(given: str, secrets: Iterable[str], usernames: Iterable[str], client_id: str) -> bool:
    """Does `given` fit one of the active secrets and one of the names?

    Each pair is tried to the end, each in constant time: the clock tells neither a part of the hash nor which pair it
    was.
    """
    candidates = (secret_hash(secret, name, client_id) for secret, name in product(secrets, usernames))
    matches = [hmac.compare_digest(_octets(given), _octets(candidate)) for candidate in candidates]
    return any(matches)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
