# correct
def f(x, y):
    """ """
    return [x, y]

def check(candidate):
    for i in range(2000):
        assert candidate(i, "a") == [i, "a"]

check(f)
