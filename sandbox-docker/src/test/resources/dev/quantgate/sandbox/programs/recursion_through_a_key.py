# correct
def f(x):
    """Returns x plus one."""
    def d(n):
        return 0 if n == 0 else min([n], key=lambda v: d(v - 1)) * 0
    return x + 1 + d(150)

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
