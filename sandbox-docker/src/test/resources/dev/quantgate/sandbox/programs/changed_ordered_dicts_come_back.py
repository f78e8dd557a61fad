# correct
def f(d):
    """ """
    d.move_to_end(1)
    d[5] = 6

import collections
def check(candidate):
    d = collections.OrderedDict([(1, 2), (3, 4)])
    candidate(d)
    assert list(d) == [3, 1, 5]

check(f)
