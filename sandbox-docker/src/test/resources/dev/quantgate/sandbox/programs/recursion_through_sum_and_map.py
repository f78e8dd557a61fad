# correct
def f(x):
    """Returns x plus one."""
    def d(n):
        return 1 if n == 0 else sum(map(d, [n - 1]))
    return x + d(250)

def check(candidate):
    assert candidate(1) == 2
    assert candidate(-1) == 0

check(f)
