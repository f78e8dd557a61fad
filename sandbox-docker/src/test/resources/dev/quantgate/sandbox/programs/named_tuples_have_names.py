# correct
def f(x):
    """ """
    from collections import namedtuple; return namedtuple("P", "a b")(x, x)

def check(candidate):
    r = candidate(3)
    assert r == (3, 3) and r.a == 3 and r._fields == ("a", "b")

check(f)
