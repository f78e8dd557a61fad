# correct
def f(x):
    """Returns x plus one."""
    return x + 1

from multiprocessing import Pool

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
