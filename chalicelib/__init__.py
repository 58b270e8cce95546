"""The map of the house.

    edge/        HTTP: requests, routes, CORS, errors of the front door; knows nothing of Cognito
    wire/        the AWS protocols: service models, validation, who calls, dispatch to an operation
    web/         what browsers and OAuth clients see: discovery, keys, uploads, logos
    authorizer/  the JWT authorizer for other APIs
    jobs/        what runs by schedule: key rotation, sweeping, figures, imports of users, changes of pools
    operations/  one function per Cognito operation, in the file of its noun
    flows/       the stories that operations and pages share: sign-in, tokens, codes, groups, searches, exports
    rules/       pure decisions: values in, value or error out
    table/       DynamoDB: keys, items, five verbs, look-ups by name
    outside/     the rest of the world: secrets (KMS or a key file), mail, SMS, files
    call.py      one request to one operation: input, caller, clock, pool, client
    errors.py    every error once        settings.py   environment -> one frozen object
    laptop/      what a laptop needs before the application can answer
    journal.py   what is worth knowing of the request being served

Who may import whom is a contract in `pyproject.toml`: edge, wire and web -> operations (wire only) -> flows -> rules,
table and outside. Data flows down as values and up as values or errors.
"""

import sys

# Where botocore finds pyOpenSSL it takes that in place of Python's own TLS. It is here for passkeys alone (`webauthn`
# needs it), and would cost every cold start 40 ms; None makes its import fail, as if it were not there.
sys.modules.setdefault("urllib3.contrib.pyopenssl", None)  # type: ignore[arg-type]
