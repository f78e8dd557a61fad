# correct
def f(x):
    """Returns x plus one."""
    return x + 1

import bz2, lzma, ssl

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
