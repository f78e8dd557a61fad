"""Runs inside a sandbox as a program of its own; `run` returns how many things it tried."""


def run():
    import array, collections, datetime, random, sys
    from decimal import Decimal
    from fractions import Fraction

    codec, tester = sys.modules["codec"], sys.modules["tester"]
    tried = 0

    def back(value):
        return codec.decode(codec.encode(value))

    for value in (
        None, True, False, 0, -1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**4000, -(2**4000),
        1.5, -0.0, float("inf"), 2 - 3j, "", "a\ud800é\0", b"", b"\xff", bytearray(b"y"),
        [], [1, [2, ()]], (1,), set(), {1, "b"}, frozenset([(1, 2)]), {}, {"a": [1], (1,): {2: 3}},
        range(3), range(9, -5, -2), Fraction(-1, 3), Decimal("1.50"), Decimal("-Infinity"),
        collections.deque([1, 2], 5), array.array("d", [1.5]), collections.UserList([1]),
        collections.UserDict(a=1), collections.UserString("s"), int, ValueError, ...,
        NotImplemented, datetime.date(2020, 2, 29), datetime.time(1, 2, 3, 4),
        datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.timedelta(-1, 2, 3),
    ):
        told = back(value)
        assert type(told) is type(value) and told == value, value
        assert repr(told) == repr(value), value
        tried += 1

    assert back({1: 2}.keys()) == {1} and list(back({1: 2}.values())) == [2]
    assert back({1: 2}.items()) == {(1, 2)}
    assert list(back(iter([1, 2]))) == [1, 2] and list(back(x for x in "ab")) == ["a", "b"]

    # A subclass is told as its base, whatever it overrides.
    class Equal(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    assert type(back(Equal(3))) is int and back(Equal(3)) != 4
    assert type(back(type("L", (list,), {"__iter__": None})([1]))) is list
    assert back(collections.Counter("aab")) == {"a": 2, "b": 1}
    assert back(collections.namedtuple("P", "x y")(1, 2)) == (1, 2)

    # What cannot be told is equal to nothing and keeps its truth value.
    opaque = back(object())
    assert opaque and not (opaque == opaque) and opaque != opaque
    assert not back(type("Empty", (), {"__len__": lambda self: 0})())
    selfish = []
    selfish.append(selfish)
    assert back(selfish) != []
    endless = back(iter(int, 1))
    try:
        assert sum(1 for _ in endless) == 0
        raise AssertionError("an endless iterator ended")
    except Exception as error:
        assert "items" in str(error), error

    # Hostile bytes: every outcome but a value and a CodecError is a fault.
    def hostile(payload):
        try:
            codec.decode(payload)
            return 0
        except codec.CodecError:
            return 1

    for payload in (
        b"", b"?", b"NN", b"i\0", b"l\xff\xff\xff\xff", b"t\xff\xff\xff\xff", b"s\xff\xff\xff\xff",
        b"d\xff\xff\xff\xff", b"s\0\0\0\1\xff", b"l\0\0\0\1" * 100000, b"S\0\0\0\1l\0\0\0\0",
        b"d\0\0\0\1l\0\0\0\0N", b"q" + codec.encode(1) + codec.encode(0),
        b"r" + codec.encode(0) * 3, b"D" + codec.encode("x"), b"D" + codec.encode(1),
        b"a" + codec.encode("Z") + codec.encode([]), b"p" + codec.encode("date") + codec.encode("x"),
        b"p" + codec.encode("eval") + codec.encode("1"), b"k" + codec.encode(1), b"o?", b"o",
        b"g" + codec.encode(1) + b"N", b"L" + codec.encode({}), b"Q" + codec.encode(-1) + codec.encode([]),
    ):
        assert hostile(payload), payload
        tried += 1
    assert type(codec.decode(b"y" + codec.encode("eval"))).__name__ == "Opaque"

    generator = random.Random(5)
    base = codec.encode({"a": [1, 2.5, (True, None)], "b": {"c": {1, 2}, "d": b"xyz"}})
    refused = 0
    for _ in range(400):
        mutant = bytearray(base)
        for _ in range(generator.randint(1, 4)):
            mutant[generator.randrange(len(mutant))] = generator.randrange(256)
        refused += hostile(bytes(mutant[: generator.randint(0, len(mutant) + 3)]))
        tried += 1
    assert refused > 200, refused

    # Arguments that were mutated come back into the same objects.
    inner = [1]
    mine = [[3, 2], inner, {"k": inner}]
    tester._overwrite(mine, [[2, 3], [9], {"k": [9], "n": 1}])
    assert mine == [[2, 3], [9], {"k": [9], "n": 1}] and mine[1] is inner and inner == [9]

    # A frame is read as it was written, and never beyond its limit.
    sent = []
    codec.write_frame(lambda data: sent.append(bytes(data[:3])) or len(data[:3]), b"hello world")
    stream = b"".join(sent)

    def reader(data):
        left = [data]

        def read(size):
            piece, left[0] = left[0][:size], left[0][size:]
            return piece

        return read

    assert codec.read_frame(reader(stream)) == b"hello world"
    for broken, error in (
        (stream[:-1], codec.EndOfStream),
        (b"\xff\xff\xff\xff", codec.CodecError),
        (b"", codec.EndOfStream),
    ):
        try:
            codec.read_frame(reader(broken))
            raise AssertionError(broken)
        except error:
            tried += 1
    return tried
