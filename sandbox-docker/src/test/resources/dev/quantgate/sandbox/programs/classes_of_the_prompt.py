# correct
import dataclasses, enum

@dataclasses.dataclass
class Point:
    x: int

class Color(enum.Enum):
    RED = 1

def f(p):
    """ """
    p.x += 1
    return Point(p.x * 2), Color.RED

def check(candidate):
    p = Point(1)
    assert candidate(p) == (Point(4), Color.RED)
    assert p == Point(2)

check(f)
