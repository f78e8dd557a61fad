# correct
def f(x):
    """Returns x plus one."""
    import functools
    @functools.lru_cache(None)
    def d(n):
        return 0 if n == 0 else 1 + d(n - 1)
    return x + d(300) - 299

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
