# correct
def f(x):
    """ """
    class Item:
        __slots__ = ("value", "next")
        def __init__(self, value, next):
            self.value, self.next = value, next
    import dataclasses
    @dataclasses.dataclass(order=True)
    class Point:
        x: int
        y: list
    return Item(x, Item(2, None)), [Point(2, []), Point(1, [3])], {Item(0, 0): 1}

def check(candidate):
    import dataclasses
    item, points, keyed = candidate(1)
    assert item.value == 1 and item.next.value == 2 and item.next.next is None
    assert sorted(points)[0].x == 1 and dataclasses.asdict(points[1]) == {"x": 1, "y": [3]}
    assert vars(points[0]) == {"x": 2, "y": []} and len(keyed) == 1

check(f)
