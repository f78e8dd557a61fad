# correct
def f(x):
    """Returns x plus one."""
    global f
    f = None
    return x + 1

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
