# correct
def f(x):
    """ """
    from collections import OrderedDict; return OrderedDict.fromkeys(x).keys()

def check(candidate):
    assert sorted(candidate([3, 1, 3])) == [1, 3]
    assert len(candidate([1, 1])) == 1

check(f)
