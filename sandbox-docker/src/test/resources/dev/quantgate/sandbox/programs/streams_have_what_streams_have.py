# correct
def f(x):
    """ """
    import io, sys
    assert isinstance(sys.stdout, io.TextIOBase) and not sys.stdout.line_buffering
    sys.stdout.tell()
    try:
        sys.stdout.write(b"x")
        return 1
    except TypeError:
        pass
    try:
        sys.stdin.fileno()
        return 2
    except io.UnsupportedOperation:
        return x

def check(candidate):
    assert candidate(0) == 0

check(f)
