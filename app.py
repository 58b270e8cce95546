"""The doors: one Chalice application, two catch-all routes; no logic.

`chalice local`, Lambda and tests (`app(event, context)`) come in here; the wire and the web say what a path means.
"""

import os
import time
from typing import Any

if os.environ.get("AWS_CHALICE_CLI_MODE"):  # neither `chalice.local` nor the laptop's set-up is there in the cloud
    from chalicelib import laptop
    from chalicelib.edge import local

    local.patch()
    if laptop.is_wanted():
        laptop.prepare()

from chalicelib import settings
from chalicelib.edge import log
from chalicelib.edge.gateway import Gateway
from chalicelib.edge.request import Trust
from chalicelib.edge.router import AWS_JSON, Route, Router
from chalicelib.web import views
from chalicelib.wire import dispatch

log.write_lines()
if os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
    dispatch.warm()

app = Gateway(
    "latchkey",
    Router(
        [
            Route("POST", "/", dispatch.run, "aws-json", AWS_JSON),
            *(Route(method, template, handler) for method, template, handler in dispatch.sync_routes()),
            *views.routes(),
        ]
    ),
    Trust(settings.current().trusted_proxies, settings.current().base_url),
)


@app.schedule("rate(1 hour)", description="Latchkey: one signing key follows another, with overlap")
def keys(event: object) -> None:
    """Thin, as all of these: a job takes a lease, is bounded in time, and goes on where the last run stopped."""
    _run("keys")


@app.schedule("rate(1 hour)", description="Latchkey: what is over and what deleted pools left behind goes")
def sweep(event: object) -> None:
    """See `jobs.sweep`."""
    _run("sweep")


@app.schedule("rate(1 hour)", description="Latchkey: accounts that were never confirmed go, where that is wanted")
def unconfirmed(event: object) -> None:
    """See `jobs.unconfirmed`."""
    _run("unconfirmed")


@app.schedule("rate(1 hour)", description="Latchkey: the figures of the day before, once a day")
def usage(event: object) -> None:
    """See `jobs.usage`."""
    _run("usage")


@app.schedule("rate(1 minute)", description="Latchkey: user imports that were started go on")
def imports(event: object) -> None:
    """See `jobs.imports`; it works most of its minute, for somebody waits for it."""
    _run("imports", 45.0)


@app.schedule("rate(1 minute)", description="Latchkey: changes of pools that were asked for go on")
def changes(event: object) -> None:
    """See `jobs.changes`."""
    _run("changes", 45.0)


def _run(job: str, seconds: float = 20.0) -> None:
    """Imported late: requests do not wait for the jobs at a cold start."""
    from chalicelib.jobs import runner

    runner.run(job, time.time(), seconds)


@app.lambda_function(name="authorizer")
def authorizer(event: dict[str, Any], context: object) -> dict[str, Any]:
    """What other APIs name as their authorizer; imported late, for the requests of this one do not need it."""
    from chalicelib.authorizer import lambda_door

    return lambda_door.authorizer(event, context)


if os.environ.get("AWS_CHALICE_CLI_MODE") and laptop.is_wanted():  # no EventBridge rings on a laptop
    laptop.run_schedules(app)
