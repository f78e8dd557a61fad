# correct
def f(x):
    """ """
    yield x; raise KeyError(x)

def check(candidate):
    r = candidate(2)
    assert next(r) == 2
    try:
        next(r)
    except KeyError as e:
        assert e.args == (2,)
        return
    assert False

check(f)
