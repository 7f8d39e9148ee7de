"""HTTP as the connectors of CRMs speak it; httpx is imported nowhere else.

    address.py    which addresses may be called: TLS, and loopback alone in the clear
    calls.py      what a connector asks and is answered, how it judges an answer, the error of a refused call
    pace.py       calls and credits in a span, waits that a vendor asks for, backoff
    tokens.py     one access token for many threads
    client.py     one client a host: tries, time, size, redirects, what may be repeated
    quiet.py      no log of httpx while a call of ours runs

A connector gives a `Client` a host, a way to put a token into a call (headers or body) and a judge of answers, so that
a vendor that answers HTTP 200 with a code of its own stands on it as well as one that uses the status.
"""
