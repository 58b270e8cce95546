"""The environment, read once into one frozen object.

Owns the names of all environment variables of the application and their defaults. Nothing else reads `os.environ`, but
the laptop set-up, which prepares it before the first read, and the AWS SDK, which reads its own variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between a laptop and a stage in AWS. Times are seconds, sizes as named."""

    table: str = "latchkey"
    region: str = "us-east-1"
    account_id: str = "000000000000"
    base_url: str = ""
    """Scheme, host and path prefix of our own address; empty: the gateway's own domain and stage."""

    is_local: bool = False
    key_file: str = ""
    kms_key: str = ""
    outbox: str = ""
    mail_from: str = "no-reply@localhost"
    smtp_url: str = ""
    cache_seconds: float = 60.0
    argon2_memory_kib: int = 19456
    argon2_iterations: int = 2
    argon2_parallelism: int = 1
    audit_days: int = 400
    """How long audit lines are kept; 0: for ever."""
    metrics: bool = False
    """Whether log lines are CloudWatch metrics too (embedded metric format)."""
    key_days: float = 90.0
    """Days that a signing key signs before another takes over; 0: for ever."""

    key_lead_hours: float = 24.0
    """Hours that a signing key is published before it signs; never less than all memories of key sets last."""

    unconfirmed_days: float = 0.0
    """Days after which an account that was never confirmed is removed; 0: never."""

    import_bucket: str = ""
    """The S3 bucket for files of user imports; empty: they come to us, and into a folder."""

    uploads: str = ""
    """That folder, where there is no bucket; empty: `uploads` beside the key file."""

    breach_range_url: str = ""
    """Where leaked passwords are asked for by range; empty: nowhere."""

    trusted_proxies: tuple[str, ...] = ()
    authorizer: Mapping[str, str] = field(default_factory=dict)
    """The options of the JWT authorizer, `LATCHKEY_AUTHORIZER_SCOPES` as `scopes`; `authorizer.options` reads them."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """The settings that an environment gives; a malformed number raises ValueError with the variable's name."""
        default = cls()
        return cls(
            table=environment.get("LATCHKEY_TABLE", default.table),
            region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or default.region,
            account_id=environment.get("LATCHKEY_ACCOUNT_ID", default.account_id),
            base_url=environment.get("LATCHKEY_BASE_URL", default.base_url).rstrip("/"),
            is_local=environment.get("LATCHKEY_LOCAL", "") == "1",
            key_file=environment.get("LATCHKEY_KEY_FILE", default.key_file),
            kms_key=environment.get("LATCHKEY_KMS_KEY", default.kms_key),
            outbox=environment.get("LATCHKEY_OUTBOX", default.outbox),
            mail_from=environment.get("LATCHKEY_MAIL_FROM", default.mail_from),
            smtp_url=environment.get("LATCHKEY_SMTP_URL", default.smtp_url),
            cache_seconds=_number(environment, "LATCHKEY_CACHE_SECONDS", default.cache_seconds),
            argon2_memory_kib=int(_number(environment, "LATCHKEY_ARGON2_MEMORY_KIB", default.argon2_memory_kib)),
            argon2_iterations=int(_number(environment, "LATCHKEY_ARGON2_ITERATIONS", default.argon2_iterations)),
            argon2_parallelism=int(_number(environment, "LATCHKEY_ARGON2_PARALLELISM", default.argon2_parallelism)),
            audit_days=int(_number(environment, "LATCHKEY_AUDIT_DAYS", default.audit_days)),
            metrics=environment.get("LATCHKEY_METRICS", "") == "1",
            key_days=_number(environment, "LATCHKEY_KEY_DAYS", default.key_days),
            key_lead_hours=_number(environment, "LATCHKEY_KEY_LEAD_HOURS", default.key_lead_hours),
            unconfirmed_days=_number(environment, "LATCHKEY_UNCONFIRMED_DAYS", default.unconfirmed_days),
            import_bucket=environment.get("LATCHKEY_IMPORT_BUCKET", default.import_bucket),
            uploads=environment.get("LATCHKEY_UPLOADS", default.uploads),
            breach_range_url=environment.get("LATCHKEY_BREACH_RANGE_URL", default.breach_range_url),
            trusted_proxies=tuple(filter(None, environment.get("LATCHKEY_TRUSTED_PROXIES", "").split(","))),
            authorizer=_options(environment, "LATCHKEY_AUTHORIZER_"),
        )


def _options(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name[len(prefix) :].lower(): text for name, text in environment.items() if name.startswith(prefix)}


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if text is None:
        return default
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {text!r}") from None


@cache
def current() -> Settings:
    """The settings of this process, read at first use."""
    return Settings.of(os.environ)
