# correct
def f(x):
    """ """
    raise ValueError("y" * x)

def check(candidate):
    try:
        candidate(5000)
    except ValueError as e:
        assert len(str(e)) == 5000
        return
    assert False

check(f)
