# correct
def f(x):
    """ """
    return {}[x]

def check(candidate):
    try:
        candidate("zz")
    except KeyError as e:
        assert str(e) == "'zz'" and e.args == ("zz",)
        return
    assert False

check(f)
