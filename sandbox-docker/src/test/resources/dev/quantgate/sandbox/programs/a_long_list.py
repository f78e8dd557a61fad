# correct
def f(x):
    """ """
    return x[::-1]

def check(candidate):
    v = list(range(100000))
    assert candidate(v)[0] == 99999

check(f)
