# correct
def f(x):
    """ """
    import uuid; return uuid.UUID(int=x), slice(x), memoryview(b"ab")

import uuid
def check(candidate):
    u, s, m = candidate(5)
    assert u == uuid.UUID(int=5) and s == slice(5) and m == b"ab"

check(f)
