"""The strict value codec between a candidate and the test that judges it.

Two isolated interpreters take part. The *tester* runs the data set's test and owns the verdict; the
*candidate* runs what a model wrote. They exchange payloads, each one value in the encoding below; a
payload travels as a frame, four bytes of big-endian length and then the payload, or by any other
transport that keeps payloads apart. Nothing else passes between them: no code, no object identity,
no class of the candidate's making.

    candidate -> tester   (READY, note)                             once, the program is loaded
                          (RAISED, classes, message, None, note)    or: loading it failed
    tester -> candidate   (args, kwargs)                            one call of the entry point
    candidate -> tester   (VALUE, result, mutated, note)            it returned
                          (RAISED, classes, message, mutated, note) it raised

`classes` names the exception's class and its bases, the nearest first. `mutated` is (args, kwargs) as
the call left them, or None if it left them alone. `note` is None, or names what the candidate asked
for and its sandbox does not have; it never makes an answer right.

The tester takes every payload for hostile: lengths are checked before anything is allocated, nesting
and the number of values are capped, hashing and constructors run on plain values only, and whatever
is not exactly right is a CodecError. What can be told is plain data; a subclass is told as its base,
so that an overridden __eq__ stays behind; an iterator is told as its first items; any other object
arrives as an Opaque, which has a truth value and is equal to nothing.

Encoding: a tag byte, then

    N T F E X   None, True, False, Ellipsis, NotImplemented
    i           int of 8 bytes;  I  u32 length and that many bytes, both big-endian, signed
    f c         float, complex: one or two IEEE doubles
    s b B       str (UTF-8 with surrogates passed), bytes, bytearray: u32 length and bytes
    l t S Z     list, tuple, set, frozenset: u32 count and values
    d           dict: u32 count and that many keys, each with its value
    r q D       range (3 ints), Fraction (2 ints), Decimal (str)
    Q a         deque (maxlen, list), array (typecode, list)
    L M U       UserList (list), UserDict (dict), UserString (str)
    k v m       views of a dict: keys (list), values (list), items (dict)
    g           iterator (list of its first items, str or None: the error that ends it)
    p           date, time, datetime, timedelta: (str, str or 3 ints)
    y           a type of the module builtins: its name
    o           opaque: T, F or N for a truth value that could not be told
"""

import struct
import sys

READY, VALUE, RAISED = "ready", "value", "raised"

MAX_FRAME = 16 << 20  # of this process; the run's limits set it
MAX_DEPTH = 200
MAX_VALUES = 2_000_000
MAX_ITEMS = 10_000

_U32 = struct.Struct(">I")
_I64 = struct.Struct(">q")
_F64 = struct.Struct(">d")


class CodecError(ValueError):
    """A payload or frame that no honest peer sends, or a value too large to be told."""


class EndOfStream(EOFError):
    """The peer is gone."""


class Opaque:
    """An object that cannot be told: equal to nothing, not even to itself."""

    __slots__ = ("_truth",)
    __hash__ = None

    def __init__(self, truth):
        self._truth = truth

    def __bool__(self):
        if self._truth is None:
            raise TypeError("the truth value of the candidate's object could not be told")
        return self._truth

    def __eq__(self, other):
        return False

    def __ne__(self, other):
        return True

    def __repr__(self):
        return "<an object of the candidate>"


# ---- frames ---------------------------------------------------------------------------------------


def read_frame(read):
    """Reads one frame; `read(n)` returns at most n bytes, none of them at the end."""
    (length,) = _U32.unpack(_read_fully(read, 4))
    if length > MAX_FRAME:
        raise CodecError(f"a frame of {length} bytes, at most {MAX_FRAME} are allowed")
    return _read_fully(read, length)


def write_frame(write, payload):
    """Writes one frame; `write(data)` returns how many bytes it took."""
    if len(payload) > MAX_FRAME:
        raise CodecError(f"a frame of {len(payload)} bytes, at most {MAX_FRAME} are allowed")
    data = memoryview(_U32.pack(len(payload)) + payload)
    while data:
        data = data[write(data) :]


def _read_fully(read, length):
    chunks = []
    while length:
        chunk = read(min(length, 1 << 16))
        if not chunk:
            raise EndOfStream("the other side closed its end")
        chunks.append(chunk)
        length -= len(chunk)
    return b"".join(chunks)


# ---- encoding -------------------------------------------------------------------------------------


def encode(value):
    """One value as bytes. Raises CodecError where it does not fit."""
    out = bytearray()
    _Encoder(out, MAX_FRAME).put(value, 0)
    if len(out) > MAX_FRAME:
        raise CodecError(f"a value of more than {MAX_FRAME} bytes")
    return bytes(out)


class _Encoder:
    def __init__(self, out, limit):
        self.out = out
        self.limit = limit
        self.left = MAX_VALUES

    def put(self, value, depth):
        self.left -= 1
        if self.left < 0 or len(self.out) > self.limit:
            raise CodecError("a value too large to be told")
        kind = type(value)
        put = _EXACT.get(kind)
        if put is None:
            put = _inherited(kind)
        if depth > MAX_DEPTH:
            put = _opaque
        put(self, value, depth)

    def sized(self, tag, data):
        if len(data) > self.limit:
            raise CodecError("a value too large to be told")
        self.out += tag
        self.out += _U32.pack(len(data))
        self.out += data

    def many(self, tag, values, depth):
        out, put = self.out, self.put
        out += tag
        at = len(out)
        out += b"\0\0\0\0"
        count = 0
        for each in values:
            put(each, depth + 1)
            count += 1
        _U32.pack_into(out, at, count)


def _int(e, value, depth):
    bits = int.bit_length(value)
    if bits < 64:
        e.out += b"i" + _I64.pack(value)
    else:
        e.sized(b"I", int.to_bytes(value, bits // 8 + 1, "big", signed=True))


def _float(e, value, depth):
    e.out += b"f" + _F64.pack(value)


def _complex(e, value, depth):
    e.out += b"c" + _F64.pack(value.real) + _F64.pack(value.imag)


def _str(e, value, depth):
    e.sized(b"s", str.encode(value, "utf-8", "surrogatepass"))


def _dict(e, value, depth, tag=b"d"):
    out, put = e.out, e.put
    items = dict.items(value)
    out += tag + _U32.pack(len(items))
    count = 0
    for key, each in items:
        put(key, depth + 1)
        put(each, depth + 1)
        count += 1
    if count != len(items):
        raise CodecError("a dict that changes while it is told")


def _range(e, value, depth):
    e.out += b"r"
    for each in (value.start, value.stop, value.step):
        _int(e, each, depth)


def _parts(tag, *parts):
    """Tells an object as a tag and the values that `parts` take out of it."""

    def put(e, value, depth):
        told = [part(value) for part in parts]
        e.out += tag
        for each in told:
            e.put(each, depth + 1)

    return put


def _iterator(e, value, depth):
    items, ending = [], None
    try:
        for each in value:
            if len(items) == MAX_ITEMS:
                ending = "more than %d items" % MAX_ITEMS
                break
            items.append(each)
    except Exception as error:
        ending = type(error).__name__
    e.out += b"g"
    e.put(items, depth + 1)
    e.put(ending, depth + 1)


def _type(e, value, depth):
    if getattr(value, "__module__", None) == "builtins":
        e.out += b"y"
        _str(e, value.__name__, depth)
    else:
        _opaque(e, value, depth)


def _opaque(e, value, depth):
    try:
        truth = b"T" if value else b"F"
    except Exception:
        truth = b"N"
    e.out += b"o" + truth


def _numpy_scalar(e, value, depth):
    e.put(value.item(), depth + 1)


def _literal(tag):
    def put(e, value, depth):
        e.out += tag

    return put


def _sized(tag, data):
    return lambda e, value, depth: e.sized(tag, data(value))


def _many(tag, values):
    return lambda e, value, depth: e.many(tag, values(value), depth)


_BASES = (
    (str, _str),
    (int, _int),
    (float, _float),
    (list, _many(b"l", list.__iter__)),
    (tuple, _many(b"t", tuple.__iter__)),
    (dict, _dict),
    (set, _many(b"S", set.__iter__)),
    (frozenset, _many(b"Z", frozenset.__iter__)),
    (bytes, _sized(b"b", bytes)),
    (bytearray, _sized(b"B", bytes)),
    (complex, _complex),
    (type, _type),
)

_EXACT = {
    type(None): _literal(b"N"),
    bool: lambda e, value, depth: e.out.extend(b"T" if value else b"F"),
    type(...): _literal(b"E"),
    type(NotImplemented): _literal(b"X"),
    range: _range,
    type({}.keys()): _parts(b"k", list),
    type({}.values()): _parts(b"v", list),
    type({}.items()): _parts(b"m", dict),
    **dict(_BASES),
}

# Told by name, so that a candidate's interpreter need not import what its program does not use.
_BY_NAME = {
    ("fractions", "Fraction"): _parts(
        b"q", lambda v: int(v.numerator), lambda v: int(v.denominator)
    ),
    ("decimal", "Decimal"): _parts(b"D", str),
    ("collections", "deque"): _parts(b"Q", lambda v: v.maxlen, list),
    ("array", "array"): _parts(b"a", lambda v: v.typecode, list),
    ("collections", "UserList"): _parts(b"L", lambda v: list(v.data)),
    ("collections", "UserDict"): _parts(b"M", lambda v: dict(v.data)),
    ("collections", "UserString"): _parts(b"U", lambda v: str(v.data)),
    ("datetime", "datetime"): _parts(b"p", lambda v: "datetime", lambda v: v.isoformat()),
    ("datetime", "date"): _parts(b"p", lambda v: "date", lambda v: v.isoformat()),
    ("datetime", "time"): _parts(b"p", lambda v: "time", lambda v: v.isoformat()),
    ("datetime", "timedelta"): _parts(
        b"p", lambda v: "timedelta", lambda v: (v.days, v.seconds, v.microseconds)
    ),
    ("numpy", "generic"): _numpy_scalar,
}


def _inherited(kind):
    for base in kind.__mro__:
        # A class made by type() in a namespace without a name has no module.
        put = _BY_NAME.get((getattr(base, "__module__", None), base.__qualname__))
        if put is not None:
            return put
    for base, put in _BASES:
        if issubclass(kind, base):
            return put
    return _iterator if hasattr(kind, "__next__") else _opaque


# ---- decoding -------------------------------------------------------------------------------------


def decode(payload):
    """The value in a payload. Raises CodecError for whatever is not exactly one value."""
    if len(payload) > MAX_FRAME:
        raise CodecError(f"a payload of {len(payload)} bytes, at most {MAX_FRAME} are allowed")
    decoder = _Decoder(payload)
    try:
        value = decoder.take(0)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"not a value: {type(error).__name__}: {error}") from None
    if decoder.at != len(payload):
        raise CodecError(f"{len(payload) - decoder.at} bytes behind the value")
    return value


class _Decoder:
    def __init__(self, data):
        self.data = data
        self.at = 0
        self.left = MAX_VALUES

    def take(self, depth):
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH + 4:
            raise CodecError("too many values or too deep a nesting")
        at = self.at
        self.at = at + 1
        take = _TAGS.get(self.data[at : at + 1])
        if take is None:
            raise CodecError(f"unknown tag at byte {at}")
        return take(self, depth + 1)

    def unpack(self, form):
        at = self.at
        (value,) = form.unpack_from(self.data, at)
        self.at = at + form.size
        return value

    def sized(self):
        size = self.unpack(_U32)
        at = self.at
        if size > len(self.data) - at:
            raise CodecError(f"{size} bytes announced, {len(self.data) - at} left")
        self.at = at + size
        return bytes(self.data[at : at + size])

    def many(self, depth):
        count = self.unpack(_U32)
        if count > len(self.data) - self.at:
            raise CodecError(f"{count} values announced in {len(self.data) - self.at} bytes")
        take = self.take
        return [take(depth) for _ in range(count)]

    def exactly(self, kind, depth):
        value = self.take(depth)
        if type(value) is not kind:
            raise CodecError(f"{kind.__name__} expected, {type(value).__name__} found")
        return value


def _take_dict(d, depth):
    count = d.unpack(_U32)
    if 2 * count > len(d.data) - d.at:
        raise CodecError(f"{count} entries announced in {len(d.data) - d.at} bytes")
    result = {}
    for _ in range(count):
        key = d.take(depth)
        result[key] = d.take(depth)
    return result


def _take_iterator(d, depth):
    items, ending = d.exactly(list, depth), d.take(depth)
    if ending is None:
        return iter(items)
    return _broken_iterator(items, str(ending))


def _broken_iterator(items, ending):
    yield from items
    raise raised_class([ending])(ending)


def _take_deque(d, depth):
    from collections import deque

    maxlen = d.take(depth)
    return deque(d.exactly(list, depth), maxlen)


def _take_array(d, depth):
    from array import array

    return array(d.exactly(str, depth), d.exactly(list, depth))


def _take_fraction(d, depth):
    from fractions import Fraction

    return Fraction(d.exactly(int, depth), d.exactly(int, depth))


def _take_decimal(d, depth):
    from decimal import Decimal

    return Decimal(d.exactly(str, depth))


def _take_user(name, kind):
    def take(d, depth):
        import collections

        return getattr(collections, name)(d.exactly(kind, depth))

    return take


def _take_moment(d, depth):
    import datetime

    kind, value = d.exactly(str, depth), d.take(depth)
    if kind == "timedelta":
        return datetime.timedelta(*value)
    if kind not in ("date", "time", "datetime"):
        raise CodecError("unknown kind of moment")
    return getattr(datetime, kind).fromisoformat(value)


def _take_type(d, depth):
    import builtins

    found = getattr(builtins, d.exactly(str, depth), None)
    return found if isinstance(found, type) else Opaque(True)


_TRUTH = {b"T": True, b"F": False, b"N": None}


def _take_opaque(d, depth):
    at = d.at
    d.at = at + 1
    return Opaque(_TRUTH[bytes(d.data[at : at + 1])])


_TAGS = {
    b"N": lambda d, depth: None,
    b"T": lambda d, depth: True,
    b"F": lambda d, depth: False,
    b"E": lambda d, depth: ...,
    b"X": lambda d, depth: NotImplemented,
    b"i": lambda d, depth: d.unpack(_I64),
    b"I": lambda d, depth: int.from_bytes(d.sized(), "big", signed=True),
    b"f": lambda d, depth: d.unpack(_F64),
    b"c": lambda d, depth: complex(d.unpack(_F64), d.unpack(_F64)),
    b"s": lambda d, depth: d.sized().decode("utf-8", "surrogatepass"),
    b"b": lambda d, depth: d.sized(),
    b"B": lambda d, depth: bytearray(d.sized()),
    b"l": lambda d, depth: d.many(depth),
    b"t": lambda d, depth: tuple(d.many(depth)),
    b"S": lambda d, depth: set(d.many(depth)),
    b"Z": lambda d, depth: frozenset(d.many(depth)),
    b"d": _take_dict,
    b"r": lambda d, depth: range(
        d.exactly(int, depth), d.exactly(int, depth), d.exactly(int, depth)
    ),
    b"q": _take_fraction,
    b"D": _take_decimal,
    b"Q": _take_deque,
    b"a": _take_array,
    b"L": _take_user("UserList", list),
    b"M": _take_user("UserDict", dict),
    b"U": _take_user("UserString", str),
    b"k": lambda d, depth: dict.fromkeys(d.exactly(list, depth)).keys(),
    b"v": lambda d, depth: dict(enumerate(d.exactly(list, depth))).values(),
    b"m": lambda d, depth: d.exactly(dict, depth).items(),
    b"g": _take_iterator,
    b"p": _take_moment,
    b"y": _take_type,
    b"o": _take_opaque,
}


# ---- exceptions -----------------------------------------------------------------------------------


def raised_class(classes):
    """The nearest exception class of Python itself among names that a candidate sent."""
    import builtins

    for name in classes:
        found = getattr(builtins, name, None) if type(name) is str else None
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return Exception
