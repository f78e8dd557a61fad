# correct
def f(x):
    """ """
    shared = iter(range(100))
    def take():
        for each in shared:
            yield each
    def few():
        yield 6
        yield 28
        while x:
            pass
    def total():
        yield 1
        return x
    import itertools
    return take(), take(), few(), total(), itertools.groupby("aab")

def check(candidate):
    a, b, few, total, groups = candidate(1)
    assert [next(a), next(b), next(a), next(b)] == [0, 1, 2, 3]
    assert next(few) == 6 and next(few) == 28
    assert next(total) == 1
    try:
        next(total)
        assert False
    except StopIteration as end:
        assert end.value == 1
    assert [(key, list(group)) for key, group in groups] == [("a", ["a", "a"]), ("b", ["b"])]

check(f)
