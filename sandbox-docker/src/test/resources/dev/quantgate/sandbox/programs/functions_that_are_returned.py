# correct
def f(x):
    """ """
    import collections, functools, operator
    count = 0
    def more(y=1):
        nonlocal count
        count += y
        return x + count
    table = collections.defaultdict(lambda: [x])
    table["a"] = 1
    return more, functools.partial(operator.add, x), [len], table

def check(candidate):
    more, add, (size,), table = candidate(3)
    assert more() == 4 and more(y=2) == 6 and add(4) == 7 and size("abc") == 3
    assert table["a"] == 1 and table["new"] == [3]

check(f)
