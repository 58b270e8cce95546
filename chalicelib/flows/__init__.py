"""The stories that operations and pages share, so that the two doors cannot drift apart.

    vault.py      seals, opens, and makes keyed digests, under the stage's data key
    messages.py   one notice to one person, in the words of the pool
    codes.py      codes that are sent: made, counted, checked
    sign_in.py    the one machine of challenges
    tokens.py     the only minter

A flow reads what it needs, lets `rules` decide, and makes one conditional write or one transaction.
"""
