"""What runs by a clock and not for a request: keys, sweep, unconfirmed, usage.

`runner` knows them by name and runs one under its lease; `turn` is what a run is given and what it leaves. Jobs are
bounded in time and go on where the last run stopped; each may be cut off at any point, and run twice at once.
"""
