# wrong
def f(x):
    """ """
    return x \

def check(candidate):
    assert candidate(1) == 1

check(f)
