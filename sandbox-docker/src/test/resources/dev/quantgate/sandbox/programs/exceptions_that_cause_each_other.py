# correct
def f(x):
    """ """
    error = ValueError(0)
    for i in range(1, 40):
        try:
            raise ValueError(i) from error
        except ValueError as e:
            error = e
    if x:
        error.__cause__ = error.__context__ = error
    raise error

def check(candidate):
    for x in 0, 1:
        try:
            candidate(x)
            assert False
        except ValueError as error:
            assert error.args == (39,)

check(f)
