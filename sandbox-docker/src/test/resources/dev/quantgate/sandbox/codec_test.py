"""Runs inside a sandbox as a program of its own; `run` returns how many things it tried."""


def run():
    import array, collections, dataclasses, datetime, enum, errno, json, pathlib, random, sys, types, uuid
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
        slice(1, None, 2), uuid.UUID(int=5), pathlib.PurePosixPath("a/b"), pathlib.Path("c"),
        collections.OrderedDict([(2, 1), (1, 2)]), collections.Counter("aab"),
        collections.defaultdict(list, {1: [2]}), collections.ChainMap({1: 2}, {3: 4}),
        types.MappingProxyType({1: 2}), types.SimpleNamespace(a=1, b=[2]),
        list(range(1000)), [0.5] * 100, [True, False] * 50, ["a\ud800é", ""] * 50,
        tuple(range(100)), frozenset(range(20)), [2**70] * 100,
        {i: str(i) for i in range(100)}, {str(i): [i] for i in range(20)}, [[i, i] for i in range(50)],
        [1, "a"] * 20,
    ):
        told = back(value)
        assert type(told) is type(value) and told == value, value
        assert repr(told) == repr(value), value
        tried += 1

    assert back(set(map(str, range(100)))) == set(map(str, range(100)))
    assert back({1: 2}.keys()) == {1} and list(back({1: 2}.values())) == [2]
    assert back({1: 2}.items()) == {(1, 2)} and list(back({1: [2]}.items())) == [(1, [2])]
    ordered = collections.OrderedDict.fromkeys([3, 1])
    assert list(back(ordered.keys())) == [3, 1] and len(back(ordered.items())) == 2
    assert back(collections.UserDict(a=1).keys()) == {"a"}
    view = back(memoryview(array.array("i", [1, 2])))
    assert type(view) is memoryview and view.tolist() == [1, 2] and back(memoryview(b"x")) == b"x"
    assert list(back(iter([1, 2]))) == [1, 2] and list(back(x for x in "ab")) == ["a", "b"]
    deep = []
    for _ in range(900):
        deep = [deep]
    depth, inner = 0, back(deep)
    while inner:
        depth, inner = depth + 1, inner[0]
    assert depth == 900

    # A subclass is told as its base, whatever it overrides, and named as a loss unless it lies.
    def losses(value):
        found = []
        codec.encode(value, losses=found)
        return found

    class Equal(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    assert type(back(Equal(3))) is int and back(Equal(3)) != 4 and not losses(Equal(3))
    assert type(back(type("L", (list,), {"__iter__": None})([1]))) is list
    assert losses(type("L", (list,), {})()) == ["an object of class L"]
    assert not losses([1, {2: collections.Counter("a")}])

    # Named tuples, dataclasses and members of enums are told by value.
    told = back(collections.namedtuple("P", "x y")(1, 2))
    assert told == (1, 2) and told.x == 1 and repr(told) == "P(x=1, y=2)" and told._asdict()["y"] == 2

    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int
        y: object = None

    class Color(enum.Enum):
        RED = 1

    told = back(Point(1, [2]))
    assert told.x == 1 and told == back(Point(1, [2])) and told != back(Point(2)) and told != (1, [2])
    assert repr(told) == "run.<locals>.Point(x=1, y=[2])" and hash(back(Point(1))) == hash(back(Point(1)))
    assert back(Color.RED).value == 1 and back(Color.RED).name == "RED" and back(Color.RED) != 1
    assert back(Color.RED) == back(Color.RED) and losses(Color.RED) == ["an object of class Color"]
    known = {"Point": Point, "Color": Color}.get
    assert codec.decode(codec.encode(Point(1)), classes=known) == Point(1)
    assert codec.decode(codec.encode(Color.RED), classes=known) is Color.RED

    # Exceptions keep their class as far as both sides know it, their arguments and their message.
    for error in (
        ValueError("x" * 5000), KeyError("zz"), OSError(2, "no", "file"), StopIteration(3),
        UnicodeDecodeError("ascii", b"\xff", 0, 1, "bad"), SystemExit(4), ZeroDivisionError(),
        ExceptionGroup("g", [ValueError(1), KeyError(2)]) if sys.version_info > (3, 11) else ValueError(),
    ):
        told = back(error)
        assert type(told) is type(error) and str(told) == str(error), error
        assert repr(told) == repr(error) and told.args == error.args or "Group" in repr(error), error
        tried += 1
    missing = OSError(errno.ENOENT, "no", "file")
    assert back(missing).filename == "file" and type(back(missing)) is FileNotFoundError
    try:
        json.loads("{")
    except ValueError as error:
        assert type(back(error)) is json.JSONDecodeError and back(error).pos == error.pos

    class Own(LookupError):
        def __str__(self):
            return "own words"

    told = back(Own(1, 2))
    assert isinstance(told, LookupError) and str(told) == "own words" and type(told).__name__ == "Own"

    # What cannot be told is equal to nothing and keeps its truth value; as an argument it is refused.
    opaque = back(object())
    assert opaque and not (opaque == opaque) and opaque != opaque
    assert not back(type("Empty", (), {"__len__": lambda self: 0})())
    assert losses(object()) and not losses(type("All", (), {"__eq__": lambda self, other: True})())
    selfish = []
    selfish.append(selfish)
    for value in (object(), [lambda: 0], type("L", (list,), {})(), iter(int, 1), selfish):
        try:
            codec.encode(value, strict=True)
            raise AssertionError(value)
        except codec.CodecError:
            tried += 1
    assert back(selfish) != []

    # The short form carries what it claims to, or declines.
    for values in ((1, -(2**80), 0.1, float("inf"), "é\n", None, True), ([1, "a"], []), (-0.0,)):
        kind, (args, kwargs) = codec.open_message(codec.plain(codec.CALL, values))
        assert kind == codec.CALL and repr(args) == repr(values) and kwargs == {}, values
    for value in ("\ud83d\ude00", (1,), [[1]], [1] * 100, b"", Equal(1), 10**5000, {}):
        assert codec.plain(codec.VALUE, (value,)) is None, value
    for payload in (b"v", b"v[", b"v[1] ", b"v[1,2]", b"v{}", b"c1", b"v[" * 100000, b"v[\xff]", b'v["\xff"]'):
        try:
            codec.open_message(payload)
            raise AssertionError(payload)
        except codec.CodecError:
            tried += 1

    # Hostile bytes: every outcome but a value and a CodecError is a fault.
    def hostile(payload):
        try:
            codec.decode(payload)
            return 0
        except codec.CodecError:
            return 1

    for payload in (
        b"", b"\0", b"NN", b"Pl", b"Plq\xff\xff\xff\xff", b"Pxq\0\0\0\0", b"Plz\0\0\0\0",
        b"Pls\0\0\0\1\xff\0\0\0\0\0\0\0", b"h" + codec.encode([1]) + codec.encode([]), b"G" + codec.encode(0),
        b"K" + codec.encode("dict") + b"N" + codec.encode({}), b"e" + codec.encode([]) + codec.encode(()),
        b"H" + codec.encode("open") + codec.encode("x"), b"u" + codec.encode(b"x"),
        b"n" + codec.encode("P") + codec.encode(["a b"]) + codec.encode((1,)),
        b"n" + codec.encode("P") + codec.encode(["a"]) + codec.encode(()),
        b"n" + codec.encode("P") + codec.encode(["a;import os"]) + codec.encode((1,)),
        b"R\0\0\0\0", b"l\0\0\0\1R\0\0\0\0", b"W" + codec.encode(0), b"&" + codec.encode(0),
        b"J" + codec.encode(True) + codec.encode(b"") + codec.encode(0), b"J" + codec.encode(False) + codec.encode(b"") + codec.encode(-1),
        b"Y" + codec.encode("(") + codec.encode(0), b"Y" + codec.encode("a") + codec.encode(128),
        b"V" + codec.encode("E") + codec.encode("A") + codec.encode(1) + codec.encode(1) + codec.encode(1),
        b"V" + b"".join(map(codec.encode, ("E", int, 1, 1, "", {}))),
        b"V" + b"".join(map(codec.encode, ("E", "A", 1, 1, "", {"__class__": 1}))),
        b"z" + codec.encode({"__array_interface__": {}}), b"z" + codec.encode({1: 1}),
        b"A" + codec.encode("O8") + b"N" + codec.encode(b"x" * 8), b"w" + codec.encode(b"x") + codec.encode("Z"),
        b"O" + codec.encode("P") + codec.encode("=") + codec.encode([]) + codec.encode(["a"]) + codec.encode(()),
        b"O" + codec.encode("P") + codec.encode(".T") + codec.encode([]) + codec.encode(["__class__"]) + codec.encode((1,)),
        b"i\0", b"l\xff\xff\xff\xff", b"t\xff\xff\xff\xff", b"s\xff\xff\xff\xff",
        b"d\xff\xff\xff\xff", b"s\0\0\0\1\xff", b"l\0\0\0\1" * 100000, b"S\0\0\0\1l\0\0\0\0",
        b"d\0\0\0\1l\0\0\0\0N", b"q" + codec.encode(1) + codec.encode(0),
        b"r" + codec.encode(0) * 3, b"D" + codec.encode("x"), b"D" + codec.encode(1),
        b"a" + codec.encode("Z") + codec.encode([]), b"p" + codec.encode("date") + codec.encode("x") + codec.encode(0) + b"N",
        b"p" + codec.encode("eval") + codec.encode("1") + codec.encode(0) + b"N",
        b"p" + codec.encode("timezone") + codec.encode("") + codec.encode(0) + codec.encode((9, 0, 0, "X")), b"k" + codec.encode(1), b"o?", b"o",
        b"g" + codec.encode(1) + b"N", b"L" + codec.encode({}), b"Q" + codec.encode(-1) + codec.encode([]),
    ):
        assert hostile(payload), payload
        tried += 1
    for name in ("builtins:eval", "os:system", "builtins:int.real", "sys:modules", "int", ""):
        assert type(codec.decode(b"y" + codec.encode(name))).__name__ == "Opaque", name

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

    # A frame is read as it was written, in whatever pieces it comes, and never beyond its limit.
    sent = []
    codec.write_frame(lambda data: sent.append(bytes(data[:3])) or len(data[:3]), b"hello world")
    codec.write_frame(lambda data: sent.append(bytes(data)) or len(data), b"")
    codec.write_frame(lambda data: sent.append(bytes(data)) or len(data), b"again")
    stream = b"".join(sent)

    def frames(data, pieces):
        left = [data]

        def read(size):
            size = min(size, pieces)
            piece, left[0] = left[0][:size], left[0][size:]
            return piece

        return codec.Frames(read)

    for pieces in (1, 2, 5, 1 << 20):
        reader = frames(stream, pieces)
        assert [reader.next() for _ in range(3)] == [b"hello world", b"", b"again"]
        tried += 1
    for broken, error in (
        (stream[:-1], codec.EndOfStream),
        (b"\xff\xff\xff\xff", codec.CodecError),
        (b"", codec.EndOfStream),
        (b"\0\0", codec.EndOfStream),
    ):
        reader = frames(broken, 4)
        try:
            for _ in range(3):
                reader.next()
            raise AssertionError(broken)
        except error:
            tried += 1
    return tried
