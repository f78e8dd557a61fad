# correct
def f(x, *, y: int = 2):
    """ """
    return helper(x) + y

LIMIT = 3

def helper(x):
    return min(x, LIMIT)

def check(candidate):
    import inspect
    assert candidate(5) == 5 and helper(9) == 3
    assert candidate.__name__ == "f" and candidate.__doc__.strip() == ""
    assert list(inspect.signature(candidate).parameters) == ["x", "y"]

check(f)
