# correct
def f(x):
    """ """
    import sys; sys.set_int_max_str_digits(0); return 10**x

def check(candidate):
    assert candidate(5000) == 10**5000

check(f)
