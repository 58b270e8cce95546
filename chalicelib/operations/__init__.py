"""The operations of the API: one function each, with boto3's method name, in the file of its noun.

An operation is `f(call) -> dict | None`, marked `@operation` (see `registry`). Its input has been checked against the
model before, its answer is written by the wire; both are dicts in AWS's own spelling, times are seconds as floats.
"""
