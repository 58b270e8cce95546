"""The JWT authorizer for other APIs: a door of its own, which needs neither our wire nor our pages.

    decision.py      from a credential to claims, for whoever holds keys; stateless
    lambda_door.py   the deployed Lambda that other API Gateways name: events in, their answers out
    options.py       what an API requires, from the environment and its stage variables
    own_pools.py     keys and sessions of our own pools, from the table; imported when first needed
    chalice_apps.py  the authorizer of other Chalice applications: no table, no AWS

Leaves what makes a token good to `rules.bearer`, and what gateways understand to `rules.gateway_answers`.
"""
