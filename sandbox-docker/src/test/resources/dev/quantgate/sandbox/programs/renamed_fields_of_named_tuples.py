# correct
def f(x):
    """ """
    import collections, time
    return collections.namedtuple("P", ["def", "x"], rename=True)(x, 2), time.gmtime(0)

def check(candidate):
    point, epoch = candidate(1)
    assert point == (1, 2) and point.x == 2 and epoch.tm_year == 1970

check(f)
