# correct
def f(x):
    """ """
    import enum
    class Level(enum.IntEnum):
        LOW = 1
        HIGH = 2
    class Color(str, enum.Enum):
        RED = "red"
    class Mode(enum.IntFlag):
        R = 1
        W = 2
    return Level(x), Color.RED, {Level.HIGH: "h"}, Mode.R | Mode.W

def check(candidate):
    level, color, names, mode = candidate(1)
    assert level == 1 and level + 1 == 2 and level.name == "LOW" and sorted([level, 0]) == [0, 1]
    assert color == "red" and color.upper() == "RED" and color.value == "red"
    assert names == {2: "h"} and mode == 3 and mode & 2

check(f)
