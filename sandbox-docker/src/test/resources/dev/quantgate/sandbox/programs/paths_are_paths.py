# correct
def f(x):
    """ """
    import pathlib; return pathlib.PurePosixPath(x)

import pathlib
def check(candidate):
    assert candidate("a") == pathlib.PurePosixPath("a")

check(f)
