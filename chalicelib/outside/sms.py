"""One text message to one telephone: Amazon SNS in AWS, the outbox on a laptop.

Owns how a message leaves and the refusal of numbers that are none (E.164). Leaves its words to `flows.messages`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib import settings
from chalicelib.outside import aws, outbox
from chalicelib.outside.outbox import NOBODY, DeliveryFailed, Origin

_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")


@dataclass(frozen=True, slots=True)
class Sms:
    """`to` is a number in E.164 form. `region` is that of the SNS to use; empty: our own."""

    to: str
    text: str
    region: str = ""
    origin: Origin = NOBODY


def send(message: Sms) -> None:
    """Hands the message over; raises DeliveryFailed."""
    if not _NUMBER.fullmatch(message.to):
        raise DeliveryFailed("The telephone number is not in E.164 form.")
    if settings.current().is_local:
        outbox.append("SMS", {"to": message.to, "subject": "", "body": message.text}, message.origin)
    else:
        _publish(message)


def _publish(message: Sms) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    transactional = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
    try:
        client = aws.client("sns", message.region or settings.current().region)
        client.publish(PhoneNumber=message.to, Message=message.text, MessageAttributes=transactional)
    except ClientError as error:
        raise DeliveryFailed(f"SNS refused the message: {error.response['Error']['Code']}.") from None
    except BotoCoreError as error:
        raise DeliveryFailed(f"SNS was not reached: {type(error).__name__}.") from None
