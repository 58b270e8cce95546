"""HTTP and nothing else: requests and responses as values, a table of routes, the doors of the cloud and of a laptop.

    request.py   Request and Response, made from an API Gateway REST event
    router.py    method and path -> function; CORS; every refusal of the front door in the shape of its protocol
    gateway.py   the Chalice application as an edge: two catch-all routes, our router behind them
    framing.py   where an HTTP/1.1 message ends; used by local.py
    log.py       one JSON object a line
    local.py     what `chalice local` needs to serve like a gateway; absent from the cloud

Knows nothing of Cognito: what a path means is handed in as a list of `Route` values.
"""
