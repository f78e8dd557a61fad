# correct
def f(x):
    """Returns x plus one."""
    return x + 1

def plain(g):
    return g

@plain
# once more
@plain

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
