# correct
def f(x):
    """ """
    n = 0
    while x:
        x, n = x[0], n + 1
    return n

def check(candidate):
    v = []
    for _ in range(300): v = [v]
    assert candidate(v) == 300

check(f)
