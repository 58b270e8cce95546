"""Rules: what is allowed, what follows, what is proved.

A rule is a pure function: values in, a value or an error out. It reads no clock, network, table, environment or
request; the time is an argument. Fresh randomness is the one exception, because a key, salt or password that its
caller has to bring along is one that somebody will bring along twice. Rules raise small errors of their own
(`BadToken`, `Refused`) and leave it to the flows to say which answer of the API that is.

Text is turned into bytes as UTF-8 everywhere; a lone surrogate, which JSON can carry, keeps its own bytes instead of
raising, so that a malformed password is just a wrong one.
"""
