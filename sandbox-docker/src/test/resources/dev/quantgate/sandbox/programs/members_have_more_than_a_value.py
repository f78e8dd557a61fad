# correct
def f(x):
    """ """
    import enum
    import http
    class Planet(enum.Enum):
        EARTH = (5.97, 6.37)
        def __init__(self, mass, radius):
            self.mass = mass
            self.radius = radius
    class Level(enum.IntEnum):
        def __new__(cls, value, label):
            made = int.__new__(cls, value)
            made._value_ = value
            made.label = label
            return made
        LOW = 1, "low"
    return http.HTTPStatus(x), Planet.EARTH, [Level.LOW], slice(1, x), ValueError(int, "no")

def check(candidate):
    status, planet, levels, part, error = candidate(404)
    assert status == 404 and status.name == "NOT_FOUND" and status.phrase == "Not Found"
    assert planet.mass == 5.97 and planet.radius == 6.37 and planet.value == (5.97, 6.37)
    assert levels == [1] and levels[0].label == "low" and levels[0].name == "LOW"
    assert part == slice(1, 404) and part.stop == 404
    assert error.args == (int, "no") and error.args[0] == int

check(f)
