# correct
def f(x):
    """ """
    from collections import Counter; return Counter(x)

def check(candidate):
    r = candidate("aab")
    assert r["z"] == 0 and r.most_common(1) == [("a", 2)]

check(f)
