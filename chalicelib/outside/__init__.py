"""The rest of the world, each with a local twin that really works.

    secrets.py   the key that wraps our data keys: AWS KMS, or a key file; and the sealed box made of a data key
    mail.py      one e-mail: SMTP, Amazon SES, or the outbox of a laptop
    sms.py       one text message: Amazon SNS, or the outbox of a laptop
    outbox.py    the laptop's outbox, a file with one JSON object a line
    aws.py       clients of AWS services, made when first needed and kept

The only place for sockets and the AWS SDK beside the table. Decides nothing: what to send or to seal comes from flows.
"""
