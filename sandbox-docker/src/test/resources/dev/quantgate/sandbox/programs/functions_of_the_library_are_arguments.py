# correct
def f(function, *args):
    """ """
    return function(*args)

def check(candidate):
    import math, operator, collections
    assert candidate(len, [1, 2]) == 2 and candidate(operator.add, 1, 2) == 3
    assert candidate(math.sqrt, 9) == 3 and candidate(str.upper, "a") == "A"
    assert candidate(collections.Counter, "aab") == {"a": 2, "b": 1} and candidate(type, 1) is int

check(f)
