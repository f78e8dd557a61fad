# correct
def f(x):
    """Returns x plus one."""
    import functools
    @functools.lru_cache(None)
    def d(n):
        return d(n + 1)
    try:
        d(0)
    except RecursionError:
        return x + 1

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
