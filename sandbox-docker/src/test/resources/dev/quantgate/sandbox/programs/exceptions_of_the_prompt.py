# correct
class Bad(ValueError):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code

def f(x):
    """ """
    class Worse(Bad):
        pass
    class Both(KeyError, AttributeError):
        pass
    if x == 0:
        raise Bad(7)
    if x == 1:
        raise Worse(8)
    if x == 2:
        raise Both("b")
    try:
        1 / 0
    except ZeroDivisionError as error:
        error.__notes__ = ["a note"]
        raise TypeError("caused") from error

def check(candidate):
    for x, code in (0, 7), (1, 8):
        try:
            candidate(x)
            assert False
        except Bad as error:
            assert error.code == code and str(error) == f"code {code}"
    for kind in KeyError, AttributeError:
        try:
            candidate(2)
            assert False
        except kind:
            pass
    try:
        candidate(3)
        assert False
    except TypeError as error:
        assert type(error.__cause__) is ZeroDivisionError and error.__cause__.__notes__ == ["a note"]

check(f)
