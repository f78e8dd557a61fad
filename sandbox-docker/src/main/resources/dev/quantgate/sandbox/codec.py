"""The strict value codec between a candidate and the test that judges it.

Two isolated interpreters take part. The *tester* runs the data set's test and owns the verdict; the
*candidate* runs what a model wrote. They exchange messages: a byte that names the kind, then values in
the encoding below. A message travels as a frame, four bytes of big-endian length before it, or by any
other transport that keeps messages apart. Nothing else passes between them: no code, no object
identity, no class of the candidate's making.

    candidate -> tester   Y imports                         once, the program is loaded
                          R error, None, note, loss         or: loading it failed
    tester -> candidate   C args, kwargs                    one call of the entry point
    candidate -> tester   V result, mutated, loss           it returned
                          R error, mutated, note, loss      it raised
    tester -> candidate   M number, count                   more items of an iterator that it returned
    candidate -> tester   J items, end, loss                None: there is more; True: no; else an error

`imports` is a dict of the program's global names that stand for something of the standard library, to
"module" or "module:name"; a test may use them. `mutated` is (args, kwargs) as the call left them, or None if it left them alone. `note` is None, or
names what the candidate asked for and its sandbox does not have. `loss` is None, or names an object that
arrives as less than it is: neither ever makes an answer right.

The tester takes every message for hostile: lengths are checked before anything is allocated, nesting
and the number of values are capped, hashing and constructors run on plain values only, and whatever
is not exactly right is a CodecError. What can be told is plain data, and what the standard library
makes of it; an object of the program's own is told by value where it is a named tuple, a dataclass or
an enum's member; another subclass is told as its base, so that an overridden __eq__ stays behind; any
other object arrives as an Opaque, which has a truth value and is equal to nothing. An argument, which
goes the other way, is told exactly or refused.

Most calls pass and return a few numbers and strings: c and v are C and V with nothing else in them, as
a JSON array, whose reader and writer are not Python code: numbers, strings and short lists of them.

Encoding: a tag byte, then

    N T F E X   None, True, False, Ellipsis, NotImplemented
    i           int of 8 bytes;  I  u32 length and that many bytes, both big-endian, signed
    f c         float, complex: one or two IEEE doubles
    s b B       str (UTF-8 with surrogates passed), bytes, bytearray: u32 length and bytes
    l t S Z     list, tuple, set, frozenset: u32 count and values
    P           one of these four with many items of one type: its tag, q d ? or s, u32 count, then
                little-endian int64, doubles, bytes of 0 and 1, or u32 lengths, u32 size and UTF-8
    d h         dict: u32 count and that many keys, each with its value; of many: keys, values (lists)
    K           OrderedDict, Counter or defaultdict: name, type of the default or None, dict
    r q D       range (3 ints), Fraction (2 ints), Decimal (str)
    Q a w       deque (maxlen, list), array (typecode, list), memoryview (bytes, format)
    L M U       UserList (list), UserDict (dict), UserString (str)
    k v m       views of a dict: keys (list), values (list), items (list of pairs)
    x C z       mappingproxy (dict), ChainMap (list of dicts), SimpleNamespace (dict)
    j u H       slice (3 values), UUID (bytes), path (name of its class, str)
    p           date, time, datetime, timedelta: (str, str or 3 ints)
    A           numpy: dtype (str), shape or None for a scalar, bytes
    n           named tuple: name, names of fields (list), tuple
    O           object by value: name, fields (dict), names of those compared, flags (str)
    V           member of an enum: name of the enum, name, value
    e           exception: names of its classes (list), args, attributes (dict), text or None
    g G         iterator: list of all items, error or None that ends it; or the number to ask M for
    y           a type of the module builtins: its name
    o           opaque: T, F or N for a truth value that could not be told
"""

import builtins
import json
import struct
import sys
from array import array

READY, CALL, VALUE, RAISED, MORE, ITEMS = b"Y", b"C", b"V", b"R", b"M", b"J"
_SHORT = {CALL: b"c", VALUE: b"v"}

MAX_FRAME = 16 << 20  # of this process; the run's limits set it
MAX_DEPTH = 1000
MAX_VALUES = 2_000_000
MAX_ITEMS = 100_000
MANY = 16

_U32 = struct.Struct(">I")
_I64 = struct.Struct(">q")
_F64 = struct.Struct(">d")


class CodecError(ValueError):
    """A message or frame that no honest peer sends, or a value that cannot be told."""


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


class Instance:
    """An object of a class that only the program knows, by value: a dataclass or a member of an enum."""

    __slots__ = ("_name", "_fields", "_compared", "_flags")

    def __init__(self, name, fields, compared, flags):
        self._name, self._fields = name, fields
        self._compared = [fields[each] for each in compared]
        self._flags = flags

    def __getattr__(self, name):
        try:
            return object.__getattribute__(self, "_fields")[name]
        except KeyError:
            raise AttributeError(f"'{self._name}' object has no attribute '{name}'") from None

    def __eq__(self, other):
        if type(other) is not Instance or self._name != other._name:
            return NotImplemented
        return self is other or "=" in self._flags and self._compared == other._compared

    def __hash__(self):
        if "#" not in self._flags:
            raise TypeError(f"unhashable type: '{self._name}'")
        return hash((self._name, tuple(self._compared)))

    def __repr__(self):
        if "V" in self._flags:
            return f"<{self._name}.{self._fields['name']}: {self._fields['value']!r}>"
        return f"{self._name}({', '.join(f'{k}={v!r}' for k, v in self._fields.items())})"


# ---- frames ---------------------------------------------------------------------------------------


class Frames:
    """Reads frames; `read(n)` returns at most n bytes, none of them at the end."""

    def __init__(self, read):
        self._read = read
        self._rest = b""

    def next(self):
        data = self._rest or self._read(1 << 16)
        while len(data) < 4:
            data += self._more(1 << 16)
        (length,) = _U32.unpack_from(data)
        if length > MAX_FRAME:
            raise CodecError(f"a frame of {length} bytes, at most {MAX_FRAME} are allowed")
        end = 4 + length
        if len(data) < end:
            chunks, missing = [data], end - len(data)
            while missing > 0:
                chunks.append(self._more(min(max(missing, 1 << 16), 1 << 20)))
                missing -= len(chunks[-1])
            data = b"".join(chunks)
        self._rest = data[end:]
        return data[4:end]

    def _more(self, size):
        chunk = self._read(size)
        if not chunk:
            raise EndOfStream("the other side closed its end")
        return chunk


def write_frame(write, payload):
    """Writes one frame; `write(data)` returns how many bytes it took."""
    if len(payload) > MAX_FRAME:
        raise CodecError(f"a frame of {len(payload)} bytes, at most {MAX_FRAME} are allowed")
    data = _U32.pack(len(payload)) + payload
    took = write(data)
    if took < len(data):
        data = memoryview(data)[took:]
        while data:
            data = data[write(data) :]


# ---- encoding -------------------------------------------------------------------------------------


_PLAIN = frozenset((int, str, float, bool, type(None)))
_PLAIN_OR_LIST = _PLAIN | {list}
_reader = json.JSONDecoder()


def _json_writer():
    """A function from a list or tuple to the pieces of its JSON, without Python's own code around it."""
    encoder = json.JSONEncoder(check_circular=False, separators=(",", ":"))
    if json.encoder.c_make_encoder is None:
        return lambda values, level: [encoder.encode(values)]
    return json.encoder.c_make_encoder(
        None, encoder.default, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True
    )


_write_json = _json_writer()


def plain(kind, values):
    """A call with these arguments, or a returned value, in the short form; None where it has none."""
    kinds = set(map(type, values))
    if not _PLAIN.issuperset(kinds):
        if not _PLAIN_OR_LIST.issuperset(kinds):
            return None
        for each in values:
            if type(each) is list and (len(each) >= MANY or not _PLAIN.issuperset(map(type, each))):
                return None
    try:
        text = "".join(_write_json(values, 0))
    except ValueError:  # more digits than Python converts
        return None
    # Two surrogates side by side would arrive as one character.
    if "\\ud" in text or len(text) >= MAX_FRAME:
        return None
    return _SHORT[kind] + text.encode("ascii")


def _open_plain(payload):
    try:
        text = payload[1:].decode("ascii")
        values, end = _reader.scan_once(text, 0)
    except (StopIteration, ValueError, RecursionError):
        raise CodecError("no list of plain values") from None
    if type(values) is not list or end != len(text):
        raise CodecError("no list of plain values")
    if payload[0] == 99:
        return CALL, (tuple(values), {})
    if len(values) != 1:
        raise CodecError(f"{len(values)} results, one was expected")
    return VALUE, (values[0], None, None)


def encode(value, **options):
    """One value as bytes. Raises CodecError where it does not fit."""
    return message(b"", value, **options)


def message(kind, *values, strict=False, losses=None, lend=None):
    """A kind and values as bytes. Raises CodecError where they do not fit.

    `strict` refuses what would arrive as something else; `losses`, a list, gets the names of what does,
    and the message ends with the first; `lend` keeps an iterator that is to be told item by item, and
    returns its number."""
    encoder = _Encoder(bytearray(kind), MAX_FRAME, strict, losses, lend)
    put, limit = encoder.put, sys.getrecursionlimit()
    try:
        for value in values:
            put(value, 0)
        if losses is not None:
            put(losses[0] if losses else None, 0)
    except RecursionError:
        raise CodecError("a value nested too deep to be told") from None
    finally:
        if encoder.deep:
            sys.setrecursionlimit(limit)
    out = encoder.out
    if len(out) > MAX_FRAME:
        raise CodecError(f"a value of more than {MAX_FRAME} bytes")
    return bytes(out)


class _Encoder:
    def __init__(self, out, limit, strict, losses, lend):
        self.out = out
        self.limit = limit
        self.left = MAX_VALUES
        self.strict = strict
        self.losses = losses
        self.lend = lend
        self.deep = False

    def put(self, value, depth):
        self.left -= 1
        if self.left < 0 or len(self.out) > self.limit:
            raise CodecError("a value too large to be told")
        put = _EXACT.get(type(value))
        if put is None:
            put = _inherited(self, type(value))
        if depth > 100 and not self.deep:
            self.deep = True
            sys.setrecursionlimit(sys.getrecursionlimit() + 6 * MAX_DEPTH)
        if depth > MAX_DEPTH:
            put = _opaque
        put(self, value, depth)

    def lost(self, what):
        """Something is told as less than it is."""
        if self.strict:
            raise CodecError(what)
        if self.losses is not None and len(self.losses) < 3:
            self.losses.append(what)

    def sized(self, tag, data):
        if len(data) > self.limit:
            raise CodecError("a value too large to be told")
        self.out += tag
        self.out += _U32.pack(len(data))
        self.out += data

    def many(self, tag, values, depth):
        """Values of a container, as a list or tuple of exactly that type."""
        out, put = self.out, self.put
        if len(values) >= MANY:
            kinds = set(map(type, values))
            pack = _PACK.get(kinds.pop()) if len(kinds) == 1 else None
            packed = pack(values) if pack else None
            if packed is not None:
                out += b"P" + tag + packed[0] + _U32.pack(len(values))
                for each in packed[1:]:
                    if len(out) + len(each) > self.limit + 64:
                        raise CodecError("a value too large to be told")
                    out += each
                return
        out += tag
        out += _U32.pack(len(values))
        depth += 1
        for each in values:
            put(each, depth)


def _pack_ints(values):
    try:
        return b"q", array("q", values).tobytes()
    except OverflowError:
        return None


def _pack_strings(values):
    text = "".join(values).encode("utf-8", "surrogatepass")
    return b"s", array("I", map(len, values)).tobytes(), _U32.pack(len(text)), text


_PACK = {
    int: _pack_ints,
    float: lambda values: (b"d", array("d", values).tobytes()),
    bool: lambda values: (b"?", bytes(values)),
    str: _pack_strings,
}


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


def _list(e, value, depth):
    e.many(b"l", list.__getitem__(value, slice(None)), depth)


def _tuple(e, value, depth):
    e.many(b"t", tuple.__getitem__(value, slice(None)), depth)


def _set(e, value, depth):
    e.many(b"S", [*set.__iter__(value)], depth)


def _frozenset(e, value, depth):
    e.many(b"Z", [*frozenset.__iter__(value)], depth)


def _dict(e, value, depth, kind=dict):
    items = [*kind.items(value)]
    if len(items) >= MANY:
        e.out += b"h"
        for part in zip(*items):
            e.many(b"l", part, depth)
        return
    e.out += b"d" + _U32.pack(len(items))
    for key, each in items:
        e.put(key, depth + 1)
        e.put(each, depth + 1)


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
    if e.lend is not None:
        e.out += b"G"
        _int(e, e.lend(value), depth)
        return
    items, ending = [], None
    try:
        for each in value:
            if len(items) == MAX_ITEMS:
                raise CodecError(f"an iterator of more than {MAX_ITEMS} items")
            items.append(each)
    except CodecError:
        raise
    except Exception as error:
        ending = error
    e.out += b"g"
    e.put(items, depth + 1)
    e.put(ending, depth + 1)


def _special_dict(e, value, depth):
    for kind in type(value).__mro__:
        if kind.__module__ == "collections" and kind.__qualname__ in _SPECIAL_DICTS:
            break
    if kind is not type(value):
        e.lost(f"an object of class {type(value).__name__}")
    factory = None
    if kind.__qualname__ == "defaultdict":
        factory = value.default_factory
        if factory is not None and getattr(factory, "__module__", None) != "builtins":
            e.lost("a defaultdict's function")
            factory = None
    e.out += b"K"
    e.put(kind.__qualname__, depth + 1)
    e.put(factory, depth + 1)
    _dict(e, value, depth + 1, kind)


_SPECIAL_DICTS = ("OrderedDict", "Counter", "defaultdict")


def _numpy(e, value, depth):
    kind = value.dtype
    if kind.hasobject or kind.names is not None or kind.kind not in "biufcSUMm":
        _opaque(e, value, depth)
        return
    shape = value.shape if hasattr(value, "__setitem__") else None
    e.out += b"A"
    e.put(kind.str, depth + 1)
    e.put(shape, depth + 1)
    e.sized(b"b", value.tobytes())


def _named_tuple(e, value, depth):
    e.out += b"n"
    e.put(type(value).__name__, depth + 1)
    e.put(list(type(value)._fields), depth + 1)
    _tuple(e, value, depth + 1)


def _dataclass(e, value, depth):
    kind = type(value)
    fields = [f for f in kind.__dataclass_fields__.values() if f._field_type.name == "_FIELD"]
    params = kind.__dataclass_params__
    told = {f.name: getattr(value, f.name) for f in fields}
    e.lost_unless_known(kind)
    e.out += b"O"
    e.put(kind.__name__, depth + 1)
    _dict(e, told, depth + 1)
    e.put([f.name for f in fields if f.compare], depth + 1)
    e.put(("=" if params.eq else "") + ("#" if kind.__hash__ is not None else ""), depth + 1)


def _member(e, value, depth):
    e.lost_unless_known(type(value))
    told = (type(value).__name__, value._name_, value._value_)
    e.out += b"V"
    for each in told:
        e.put(each, depth + 1)


def _lost_unless_known(self, kind):
    """An argument of a class that the prompt defines arrives as that class, if the program keeps it."""
    if not self.strict:
        self.lost(f"an object of class {kind.__name__}")


_Encoder.lost_unless_known = _lost_unless_known

# Attributes of built-in exceptions that are not among their args.
_EXCEPTION_ATTRIBUTES = ("name", "path")


def _is_builtin(kind):
    return getattr(builtins, kind.__name__, None) is kind


def _exception(e, value, depth):
    kind = type(value)
    names, base = [], Exception
    for each in kind.__mro__[:32]:
        if _is_builtin(each):
            names.append(f"builtins.{each.__qualname__}")
            base = each
            break
        # A program without a __name__ makes classes that say they are of builtins.
        module = "__main__" if each.__module__ == "builtins" else each.__module__
        names.append(f"{module}.{each.__qualname__}")
    reduced = base.__reduce__(value)
    state = dict(reduced[2]) if len(reduced) > 2 and reduced[2] else {}
    for name in _EXCEPTION_ATTRIBUTES:
        if type(getattr(value, name, None)) is str:
            state[name] = getattr(value, name)
    overridden = kind is not base and kind.__str__ is not base.__str__
    text = str(value) if overridden else None
    state = {name: each for name, each in state.items() if type(name) is str and name[:2] != "__"}
    e.out += b"e"
    for each in (names, tuple(reduced[1]), state, text):
        e.put(each, depth + 1)


def _type(e, value, depth):
    if getattr(value, "__module__", None) == "builtins" and _is_builtin(value):
        e.out += b"y"
        _str(e, value.__name__, depth)
    else:
        _opaque(e, value, depth)


def _opaque(e, value, depth):
    if not _equal_to_everything(value):
        e.lost(f"an object of class {type(value).__name__}")
    try:
        truth = b"T" if value else b"F"
    except Exception:
        truth = b"N"
    e.out += b"o" + truth


def _equal_to_everything(value):
    """What claims to be what it never saw loses nothing by being equal to nothing."""
    try:
        return bool(value == object())
    except Exception:
        return False


def _as_base(put, base):
    """Tells a subclass as its base."""

    def told(e, value, depth):
        if type(value).__eq__ is base.__eq__ or not _equal_to_everything(value):
            e.lost(f"an object of class {type(value).__name__}")
        put(e, value, depth)

    return told


def _literal(tag):
    def put(e, value, depth):
        e.out += tag

    return put


def _sized(tag, data):
    return lambda e, value, depth: e.sized(tag, data(value))


_keys = _parts(b"k", list)
_values = _parts(b"v", list)
_items = _parts(b"m", lambda v: [*v])

_BASES = (
    (str, _str),
    (int, _int),
    (float, _float),
    (list, _list),
    (tuple, _tuple),
    (dict, _dict),
    (set, _set),
    (frozenset, _frozenset),
    (bytes, _sized(b"b", bytes)),
    (bytearray, _sized(b"B", bytes)),
    (complex, _complex),
)

# Told as they are, subclasses too: there is nothing more to them.
_KINDS = (
    (type, _type),
    (BaseException, _exception),
    (type({}.keys()), _keys),
    (type({}.values()), _values),
    (type({}.items()), _items),
)

_EXACT = {
    type(None): _literal(b"N"),
    bool: lambda e, value, depth: e.out.extend(b"T" if value else b"F"),
    type(...): _literal(b"E"),
    type(NotImplemented): _literal(b"X"),
    range: _range,
    slice: _parts(b"j", lambda v: v.start, lambda v: v.stop, lambda v: v.step),
    type(type.__dict__): _parts(b"x", dict),
    memoryview: _parts(b"w", lambda v: v.tobytes(), lambda v: v.format),
    **dict(_KINDS),
    **dict(_BASES),
}


def _moment(name):
    return _parts(b"p", lambda v: name, lambda v: v.isoformat())


# Told by name, so that a candidate's interpreter need not import what its program does not use.
_BY_NAME = {
    ("fractions", "Fraction"): _parts(
        b"q", lambda v: int(v.numerator), lambda v: int(v.denominator)
    ),
    ("decimal", "Decimal"): _parts(b"D", str),
    ("collections", "deque"): _parts(b"Q", lambda v: v.maxlen, list),
    ("collections", "OrderedDict"): _special_dict,
    ("collections", "Counter"): _special_dict,
    ("collections", "defaultdict"): _special_dict,
    ("collections", "ChainMap"): _parts(b"C", lambda v: [dict(each) for each in v.maps]),
    ("collections", "UserList"): _parts(b"L", lambda v: list(v.data)),
    ("collections", "UserDict"): _parts(b"M", lambda v: dict(v.data)),
    ("collections", "UserString"): _parts(b"U", lambda v: str(v.data)),
    ("collections.abc", "KeysView"): _keys,
    ("collections.abc", "ValuesView"): _values,
    ("collections.abc", "ItemsView"): _items,
    ("array", "array"): _parts(b"a", lambda v: v.typecode, list),
    ("types", "SimpleNamespace"): _parts(b"z", lambda v: dict(v.__dict__)),
    ("uuid", "UUID"): _parts(b"u", lambda v: v.bytes),
    ("datetime", "datetime"): _moment("datetime"),
    ("datetime", "date"): _moment("date"),
    ("datetime", "time"): _moment("time"),
    ("datetime", "timedelta"): _parts(
        b"p", lambda v: "timedelta", lambda v: (v.days, v.seconds, v.microseconds)
    ),
    ("enum", "Enum"): _member,
    ("numpy", "generic"): _numpy,
    ("numpy", "ndarray"): _numpy,
}
_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")
for _path in _PATHS:
    for _module in ("pathlib", "pathlib._local", "pathlib._abc"):
        _BY_NAME[_module, _path] = _parts(b"H", lambda v: type(v).__name__, str)


def _inherited(e, kind):
    for base in kind.__mro__:
        # A class made by type() in a namespace without a name has no module.
        put = _BY_NAME.get((getattr(base, "__module__", None), base.__qualname__))
        if put is not None:
            return put
    if issubclass(kind, tuple) and _is_named_tuple(kind):
        return _named_tuple
    if type(getattr(kind, "__dataclass_fields__", None)) is dict:
        return _dataclass
    for base, put in _BASES:
        if issubclass(kind, base):
            return _as_base(put, base)
    for base, put in _KINDS:
        if issubclass(kind, base):
            return put
    return _iterator if hasattr(kind, "__next__") else _opaque


def _is_named_tuple(kind):
    fields = getattr(kind, "_fields", None)
    return type(fields) is tuple and all(type(each) is str for each in fields)


# ---- decoding -------------------------------------------------------------------------------------


def decode(payload, **options):
    """The value in a payload. Raises CodecError for whatever is not exactly one value."""
    values = _decode(payload, 0, options)
    if len(values) != 1:
        raise CodecError(f"{len(values)} values, one was expected")
    return values[0]


def open_message(payload, classes=None, borrow=None):
    """Kind and values of a message. Raises CodecError for whatever is not exactly one.

    `classes(name)` gives the class of that name that this side has, or None; `borrow(number)` an iterator
    that asks the other side for its items."""
    if payload[:1] in (b"c", b"v"):
        return _open_plain(payload)
    return bytes(payload[:1]), _decode(payload, 1, {"classes": classes, "borrow": borrow})


def _decode(payload, start, options):
    if len(payload) > MAX_FRAME:
        raise CodecError(f"a payload of {len(payload)} bytes, at most {MAX_FRAME} are allowed")
    decoder = _Decoder(payload, start, **options)
    values, limit = [], sys.getrecursionlimit()
    try:
        while decoder.at < len(payload):
            values.append(decoder.take(0))
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"not a value: {type(error).__name__}: {error}") from None
    finally:
        if decoder.deep:
            sys.setrecursionlimit(limit)
    if decoder.at != len(payload):
        raise CodecError(f"{len(payload) - decoder.at} bytes behind the value")
    return values


class _Decoder:
    def __init__(self, data, at, classes=None, borrow=None):
        self.data = data
        self.at = at
        self.left = MAX_VALUES
        self.classes = classes
        self.borrow = borrow
        self.deep = False

    def take(self, depth):
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH + 4:
            raise CodecError("too many values or too deep a nesting")
        if depth > 100 and not self.deep:
            self.deep = True
            sys.setrecursionlimit(sys.getrecursionlimit() + 6 * MAX_DEPTH)
        at = self.at
        if at >= len(self.data):
            raise CodecError("the message ends where a value should be")
        self.at = at + 1
        take = _TAGS[self.data[at]]
        if take is None:
            raise CodecError(f"unknown tag at byte {at}")
        return take(self, depth + 1)

    def unpack(self, form):
        at = self.at
        (value,) = form.unpack_from(self.data, at)
        self.at = at + form.size
        return value

    def bytes(self, size):
        at = self.at
        if size > len(self.data) - at:
            raise CodecError(f"{size} bytes announced, {len(self.data) - at} left")
        self.at = at + size
        return bytes(self.data[at : at + size])

    def sized(self):
        return self.bytes(self.unpack(_U32))

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

    def names(self, depth):
        """A list of names."""
        names = self.exactly(list, depth)
        if not all(type(each) is str and each.isidentifier() for each in names):
            raise CodecError("a list of names expected")
        return names

    def known(self, name):
        found = self.classes(name) if self.classes is not None else None
        return found if isinstance(found, type) else None


_CONTAINERS = {108: list, 116: tuple, 83: set, 90: frozenset}


def _take_packed(d, depth):
    data, at = d.data, d.at
    container, kind = _CONTAINERS[data[at]], data[at + 1]
    d.at = at + 2
    count = d.unpack(_U32)
    if kind in (113, 100):  # q, d
        values = array(chr(kind))
        values.frombytes(d.bytes(8 * count))
        values = values.tolist()
    elif kind == 63:  # ?
        values = [each != 0 for each in d.bytes(count)]
    elif kind == 115:  # s
        lengths = array("I")
        lengths.frombytes(d.bytes(4 * count))
        text, values, start = d.sized().decode("utf-8", "surrogatepass"), [], 0
        for length in lengths:
            values.append(text[start : start + length])
            start += length
        if start != len(text):
            raise CodecError("strings that do not fill their text")
    else:
        raise CodecError("an unknown kind of packed values")
    return values if container is list else container(values)


def _take_dict(d, depth):
    count = d.unpack(_U32)
    if 2 * count > len(d.data) - d.at:
        raise CodecError(f"{count} entries announced in {len(d.data) - d.at} bytes")
    result = {}
    for _ in range(count):
        key = d.take(depth)
        result[key] = d.take(depth)
    return result


def _take_large_dict(d, depth):
    keys, values = d.exactly(list, depth), d.exactly(list, depth)
    if len(keys) != len(values):
        raise CodecError("keys and values in different number")
    return dict(zip(keys, values))


def _take_special_dict(d, depth):
    import collections

    name, factory, items = d.exactly(str, depth), d.take(depth), d.exactly(dict, depth)
    if name not in _SPECIAL_DICTS or not (factory is None or isinstance(factory, type)):
        raise CodecError("unknown kind of dict")
    kind = getattr(collections, name)
    result = kind(factory) if name == "defaultdict" else kind()
    dict.update(result, items) if name != "OrderedDict" else result.update(items)
    return result


def _take_iterator(d, depth):
    items, ending = d.exactly(list, depth), d.take(depth)
    return iter(items) if ending is None else _broken_iterator(items, ending)


def _broken_iterator(items, ending):
    yield from items
    raise ending if isinstance(ending, Exception) else CodecError("an iterator without an end")


def _take_borrowed(d, depth):
    number = d.exactly(int, depth)
    if d.borrow is None:
        raise CodecError("an iterator where none can be asked")
    return d.borrow(number)


def _take_deque(d, depth):
    from collections import deque

    maxlen = d.take(depth)
    return deque(d.exactly(list, depth), maxlen)


def _take_fraction(d, depth):
    from fractions import Fraction

    return Fraction(d.exactly(int, depth), d.exactly(int, depth))


def _take_decimal(d, depth):
    from decimal import Decimal

    return Decimal(d.exactly(str, depth))


def _take_memoryview(d, depth):
    content, form = d.exactly(bytes, depth), d.exactly(str, depth)
    return memoryview(content) if form == "B" else memoryview(content).cast(form)


def _take_user(name, kind):
    def take(d, depth):
        import collections

        return getattr(collections, name)(d.exactly(kind, depth))

    return take


def _take_chain(d, depth):
    from collections import ChainMap

    maps = d.exactly(list, depth)
    if not all(type(each) is dict for each in maps):
        raise CodecError("a chain of something else than dicts")
    return ChainMap(*maps)


def _take_proxy(d, depth):
    return type(type.__dict__)(d.exactly(dict, depth))


def _take_simple_namespace(d, depth):
    from types import SimpleNamespace

    return SimpleNamespace(**d.exactly(dict, depth))


def _take_uuid(d, depth):
    from uuid import UUID

    return UUID(bytes=d.exactly(bytes, depth))


def _take_path(d, depth):
    import pathlib

    name, text = d.exactly(str, depth), d.exactly(str, depth)
    if name not in _PATHS:
        raise CodecError("unknown kind of path")
    return getattr(pathlib, name)(text)


def _take_moment(d, depth):
    import datetime

    kind, value = d.exactly(str, depth), d.take(depth)
    if kind == "timedelta":
        return datetime.timedelta(*value)
    if kind not in ("date", "time", "datetime"):
        raise CodecError("unknown kind of moment")
    return getattr(datetime, kind).fromisoformat(value)


def _take_numpy(d, depth):
    import os
    import re

    kind, shape, content = d.exactly(str, depth), d.take(depth), d.exactly(bytes, depth)
    if not re.fullmatch(r"[<>|=]?[biufcSUMm]\d{1,6}(\[\d{0,6}\w{1,8}\])?", kind):
        raise CodecError("an unknown kind of number")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy

    values = numpy.frombuffer(content, numpy.dtype(kind))
    if shape is None:
        return values[0]
    if type(shape) is not tuple or not all(type(each) is int and each >= 0 for each in shape):
        raise CodecError("not a shape")
    return values.reshape(shape).copy()


def _take_named_tuple(d, depth):
    name, fields, values = d.exactly(str, depth), d.names(depth), d.exactly(tuple, depth)
    if len(values) != len(fields):
        raise CodecError("a named tuple with another number of values than names")
    known = d.known(name)
    if known is not None and issubclass(known, tuple) and getattr(known, "_fields", 0) == tuple(fields):
        return tuple.__new__(known, values)
    return _named_tuple_class(name, tuple(fields))._make(values)


_named_tuple_classes = {}


def _named_tuple_class(name, fields):
    from collections import namedtuple

    found = _named_tuple_classes.get((name, fields))
    if found is None:
        found = _named_tuple_classes[name, fields] = namedtuple(name, fields)
    return found


def _take_instance(d, depth):
    name, fields, compared = d.exactly(str, depth), d.exactly(dict, depth), d.names(depth)
    flags = d.exactly(str, depth)
    if not all(type(each) is str and each[:2] != "__" for each in fields):
        raise CodecError("a field without a name")
    known = d.known(name)
    if list(getattr(known, "__dataclass_fields__", None) or "?") == list(fields):
        made = object.__new__(known)
        for each, value in fields.items():
            object.__setattr__(made, each, value)
        return made
    return Instance(name, fields, compared, flags)


def _take_member(d, depth):
    name, member, value = d.exactly(str, depth), d.take(depth), d.take(depth)
    members = getattr(d.known(name), "__members__", {})
    if type(member) is str and member in members and members[member]._value_ == value:
        return members[member]
    fields = {"name": member, "value": value, "_name_": member, "_value_": value}
    return Instance(name, fields, ["name"], "=#V")


def _take_type(d, depth):
    import builtins

    found = getattr(builtins, d.exactly(str, depth), None)
    return found if isinstance(found, type) else Opaque(True)


_TRUTH = {b"T": True, b"F": False, b"N": None}


def _take_opaque(d, depth):
    return Opaque(_TRUTH[d.bytes(1)])


# ---- exceptions -----------------------------------------------------------------------------------

# Modules whose exceptions are themselves on both sides. Importing them has no effect of its own.
_EXCEPTION_MODULES = frozenset(
    "_csv _queue asyncio.exceptions binascii concurrent.futures._base configparser copy dataclasses "
    "decimal fractions graphlib ipaddress json.decoder pickle _pickle queue re re._constants "
    "sre_constants statistics string struct subprocess zlib zoneinfo._common".split()
)


def _take_exception(d, depth):
    names, args = d.exactly(list, depth), d.exactly(tuple, depth)
    state, text = d.exactly(dict, depth), d.take(depth)
    if not names or not all(type(each) is str for each in names):
        raise CodecError("an exception without a class")
    base = _builtin_class(names)
    kind = _exception_class(names[0], base, text)
    try:
        error = kind.__new__(kind, *args)
        base.__init__(error, *args)
    except Exception:
        return Exception(f"{names[0].rpartition('.')[2]}: {text or args}")
    for name, value in state.items():
        if type(name) is str and name[:2] != "__":
            try:
                setattr(error, name, value)
            except Exception:
                pass
    return error


def _builtin_class(names):
    """The nearest exception class of Python itself."""
    import builtins

    for name in names:
        found = getattr(builtins, name.rpartition(".")[2], None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return Exception


def _exception_class(full_name, base, text):
    module, _, name = full_name.rpartition(".")
    if module == "builtins":
        return base
    if module in _EXCEPTION_MODULES:
        try:
            found = getattr(__import__(module, fromlist=["*"]), name, None)
        except ImportError:
            found = None
        if isinstance(found, type) and issubclass(found, base):
            return found
    members = {"__module__": "builtins"}
    if type(text) is str:
        members["__str__"] = lambda self: text
    try:
        return type(full_name.rpartition(".")[2][:200], (base,), members)
    except Exception:
        return base


_TAGS = [None] * 256
for _tag, _take in {
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
    b"P": _take_packed,
    b"d": _take_dict,
    b"h": _take_large_dict,
    b"K": _take_special_dict,
    b"r": lambda d, depth: range(
        d.exactly(int, depth), d.exactly(int, depth), d.exactly(int, depth)
    ),
    b"q": _take_fraction,
    b"D": _take_decimal,
    b"Q": _take_deque,
    b"a": lambda d, depth: array(d.exactly(str, depth), d.exactly(list, depth)),
    b"w": _take_memoryview,
    b"L": _take_user("UserList", list),
    b"M": _take_user("UserDict", dict),
    b"U": _take_user("UserString", str),
    b"k": lambda d, depth: dict.fromkeys(d.exactly(list, depth)).keys(),
    b"v": lambda d, depth: dict(enumerate(d.exactly(list, depth))).values(),
    b"m": lambda d, depth: dict(d.exactly(list, depth)).items(),
    b"x": _take_proxy,
    b"C": _take_chain,
    b"z": _take_simple_namespace,
    b"j": lambda d, depth: slice(d.take(depth), d.take(depth), d.take(depth)),
    b"u": _take_uuid,
    b"H": _take_path,
    b"p": _take_moment,
    b"A": _take_numpy,
    b"n": _take_named_tuple,
    b"O": _take_instance,
    b"V": _take_member,
    b"e": _take_exception,
    b"g": _take_iterator,
    b"G": _take_borrowed,
    b"y": _take_type,
    b"o": _take_opaque,
}.items():
    _TAGS[_tag[0]] = _take
