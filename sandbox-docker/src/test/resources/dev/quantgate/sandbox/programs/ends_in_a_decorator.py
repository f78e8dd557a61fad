# correct
import functools
def f(x):
    """Returns x plus one."""
    return x + 1


@functools.lru_cache(None)

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
