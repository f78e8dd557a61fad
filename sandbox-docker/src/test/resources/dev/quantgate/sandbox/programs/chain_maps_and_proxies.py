# correct
def f(x):
    """ """
    import types, collections; return collections.ChainMap({1: x}), types.MappingProxyType({1: x})

def check(candidate):
    c, p = candidate(5)
    assert c[1] == 5 and p == {1: 5} and dict(p) == {1: 5}

check(f)
