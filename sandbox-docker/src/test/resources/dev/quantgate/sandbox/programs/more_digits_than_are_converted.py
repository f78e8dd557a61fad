# correct
def f(x):
    """ """
    import sys; sys.set_int_max_str_digits(0); return 10**x, [10**x, 1], len(str(10**x))

def check(candidate):
    assert candidate(5000) == (10**5000, [10**5000, 1], 5001)

check(f)
