# correct
def f(x):
    """ """
    return x.decode("ascii")

def check(candidate):
    assert candidate(b"a") == "a"
    try:
        candidate(b"\xff")
    except ValueError as e:
        assert e.start == 0
        return
    assert False

check(f)
