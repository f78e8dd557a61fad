# correct
def f(x):
    """ """
    import itertools; return (i * i for i in itertools.count(x))

def check(candidate):
    r = candidate(2)
    assert next(r) == 4 and next(r) == 9
    assert sum(1 for _ in zip(range(3000), r)) == 3000

check(f)
