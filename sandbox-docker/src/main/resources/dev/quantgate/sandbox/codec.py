"""The strict value codec between a candidate and the test that judges it.

Two isolated interpreters take part. The *tester* runs the data set's test and owns the verdict; the
*candidate* runs what a model wrote. They exchange messages: a byte that names the kind, then values in
the encoding below. A message travels as a frame, four bytes of big-endian length before it, or by any
other transport that keeps messages apart. Nothing else passes between them: no code, no object
identity, no class of the candidate's making.

    candidate -> tester   Y names                           once, the program is loaded
                          R error, None, note, loss         or: loading it failed
    tester -> candidate   C args, kwargs                    one call of the entry point
    candidate -> tester   V result, mutated, loss           it returned
                          R error, mutated, note, loss      it raised
    tester -> candidate   F number, args, kwargs            one call of a function that it told, answered likewise
    tester -> candidate   A number                          waits for a coroutine that it returned, likewise
    tester -> candidate   M number, count                   up to so many items of an iterator that it returned
    candidate -> tester   J items, end, loss                None: there is more; else the error that ends it

`names` is a dict of the program's global names that stand for something of the standard library, to
"module" or "module:name", for a function of its own, to its number, or for a class, to None; a test may
use them, but for the classes. `mutated` is (args, kwargs) as the call left them, or None if it left them
alone. `note` is None, or names what the candidate asked for and its sandbox does not have. `loss` is
None, or names an object that arrives as less than it is: neither ever makes an answer right.

The tester takes every message for hostile: lengths are checked before anything is allocated, nesting
and the number of values are capped, hashing and constructors run on plain values only, and whatever
is not exactly right is a CodecError. What can be told is plain data, and what the standard library
makes of it; an object of the program's own is told by value: a named tuple, a dataclass, an enum's member,
or its attributes alone. No attribute can be called, for it would answer for what the object passes for.
Where the prompt defines its class, it arrives as one of that. Another subclass is told as its base, so
that an overridden __eq__ stays behind; a function can be called and is equal to nothing else; any other
object arrives as an Opaque, which has a truth value and is equal to nothing. An argument, which goes the
other way, is told exactly or refused.

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
    Q a w       deque (maxlen, list), array (typecode, list), memoryview (bytes, format, shape)
    L M U       UserList (list), UserDict (dict), UserString (str)
    k v m       views of a dict: keys (list), values (list), items (list of pairs)
    x C z       mappingproxy (dict), ChainMap (list of dicts), SimpleNamespace (dict)
    j u H       slice (3 values), UUID (bytes), path or address (name of its class, str)
    p           date, time, datetime, timedelta, timezone: kind, str or 3 ints, fold, zone
    J           text or bytes as a file: whether text, content, position
    Y           pattern: str or bytes, flags
    A           numpy: dtype (str), shape or None for a scalar, bytes
    n           named tuple: name, names of fields (list), tuple
    O           object by value: name, flags (str), names of fields compared (list), of all (list), tuple
    R           an object of this message again: its number, u32
    V           member of an enum: name of the enum, name, value, value as its other base or None, str,
                its other attributes (dict)
    e           exception: names of its classes (list), args, attributes (dict), text or None
    g G         iterator: list of all items, error or None that ends it; or the number to ask M for
    W &         function, coroutine: its number
    y           a type of the standard library: "module:name"
    o           opaque: T, F or N for a truth value that could not be told
"""

import builtins
import functools
import json
import keyword
import struct
import sys
import types
from array import array

READY, CALL, VALUE, RAISED, MORE, ITEMS = b"Y", b"C", b"V", b"R", b"M", b"J"
CALL_TOLD, AWAIT = b"F", b"A"
_SHORT = {CALL: b"c", VALUE: b"v"}

MAX_FRAME = 16 << 20  # of this process; the run's limits set it
MAX_DEPTH = 1000
MAX_VALUES = 2_000_000
MAX_ITEMS = 100_000
MANY = 16
FEW_DIGITS = 600  # fewer than any limit that a program can set

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

    __hash__ = object.__hash__

    def __repr__(self):
        return "<an object of the candidate>"


class ToldType:
    """A type among the attributes of what the candidate told: equal to that type, and not to be called."""

    __slots__ = ("_type",)

    def __init__(self, kind):
        self._type = kind

    def __eq__(self, other):
        return self._type is (other._type if type(other) is ToldType else other)

    def __hash__(self):
        return hash(self._type)

    def __repr__(self):
        return repr(self._type)


class Instance:
    """An object of a class that only the program knows, or a member of such an enum, by its attributes.

    Members are equal by name; of other objects nobody knows what makes them equal."""

    __slots__ = ("_name", "_fields", "_flags")

    def __init__(self, name, fields, flags):
        self._name, self._fields, self._flags = name, fields, flags

    def __getattr__(self, name):
        fields = object.__getattribute__(self, "_fields")
        if name == "__dict__":
            return dict(fields)
        if name not in fields:
            raise AttributeError(f"'{self._name}' object has no attribute '{name}'")
        return fields[name]

    def __eq__(self, other):
        if type(other) is not Instance or self._name != other._name:
            return NotImplemented
        mine, theirs = self._fields.get("name"), other._fields.get("name")
        return self is other or "V" in self._flags and "V" in other._flags and mine == theirs

    def __hash__(self):
        return hash(self._name)

    def __bool__(self):
        if "N" in self._flags:
            raise TypeError("the truth value of the candidate's object could not be told")
        return "F" not in self._flags

    def __repr__(self):
        if "V" in self._flags:
            return f"<{self._name}.{self._fields['name']}: {self._fields['value']!r}>"
        return f"<{self._name} object>"

    def __str__(self):
        return f"{self._name}.{self._fields['name']}" if "V" in self._flags else repr(self)


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
    # Two surrogates side by side would arrive as one character, and the other side may convert fewer digits.
    if "\\ud" in text or len(text) >= MAX_FRAME or len(text) > FEW_DIGITS and _has_many_digits(values):
        return None
    return _SHORT[kind] + text.encode("ascii")


def _has_many_digits(values):
    return any(
        type(each) is int and each.bit_length() > FEW_DIGITS
        or type(each) is list and _has_many_digits(each)
        for each in values
    )


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


_MUTABLE = frozenset((list, dict, set, bytearray))


def shared(*values):
    """Whether one of these containers, or one that they hold, stands here twice: it would arrive as two. Looks
    one level deep, and there only where the first is a container."""
    seen = []
    for each in values:
        kind = type(each)
        if kind in _MUTABLE:
            seen.append(each)
        elif kind is not tuple:
            continue
        inner = each.values() if kind is dict else each
        if kind is not bytearray and inner and type(next(iter(inner))) in _MUTABLE:
            seen.extend(one for one in inner if type(one) in _MUTABLE)
    return len(seen) > len(set(map(id, seen)))


def encode(value, **options):
    """One value as bytes. Raises CodecError where it does not fit."""
    return message(b"", value, **options)


def message(kind, *values, strict=False, losses=None, lend=None, classes=None):
    """A kind and values as bytes. Raises CodecError where they do not fit.

    `strict` refuses what would arrive as something else; `losses`, a list, gets the names of what does,
    and the message ends with the first; `lend` keeps an iterator, function or coroutine that the other
    side asks for, and returns its number; `classes(name)` gives the class of that name that both sides
    have, or None."""
    encoder = _Encoder(bytearray(kind), MAX_FRAME, strict, losses, lend, classes)
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
    def __init__(self, out, limit, strict, losses, lend, classes):
        self.out = out
        self.limit = limit
        self.left = MAX_VALUES
        self.strict = strict
        self.losses = losses
        self.lend = lend
        self.classes = classes
        self.objects = {}
        self.newest = -1
        self.inside = 0
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

    def lost_unless_it_lies(self, value):
        """An object of a program's own class may be more than what is told of it, but for one that claims to be
        what it never saw. An argument arrives as one of the prompt's class, if the program keeps that."""
        if not self.strict and not _equal_to_everything(value):
            self.lost(f"an object of class {type(value).__name__}")

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


def _reached(tag, *parts):
    """The same where `parts` are what names reach."""
    put = _parts(tag, *parts)
    return lambda e, value, depth: _attributes(e, functools.partial(put, e), value, depth)


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
        if not (factory is None or isinstance(factory, type) and _source(factory)):
            if e.lend is None or e.inside or type(factory) not in _FUNCTIONS:
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


def _attributes(e, put, value, depth):
    """Tells what can be reached by names."""
    e.inside += 1
    put(value, depth)
    e.inside -= 1


def _named_tuple(e, value, depth):
    kind = type(value)
    if not e.strict and kind.__bases__ != (tuple,) and not _is_sequence_of_c(kind):
        e.lost(f"what class {kind.__name__} adds to a named tuple")
    e.out += b"n"
    e.put(kind.__name__, depth + 1)
    e.put(list(kind.__match_args__ if _is_sequence_of_c(kind) else kind._fields), depth + 1)
    _attributes(e, functools.partial(_tuple, e), value, depth + 1)


def _simple_namespace(e, value, depth):
    told = {name: each for name, each in value.__dict__.items() if not _is_reserved(name)}
    if len(told) < len(value.__dict__):
        e.lost("names of a namespace that Python keeps for itself")
    e.out += b"z"
    _attributes(e, e.put, told, depth + 1)


def _is_reserved(name):
    """Whether a name is no attribute's: by two underscores libraries ask what an object stands for."""
    return type(name) is not str or name[:2] == "__"


def _remembered(e, value):
    """Whether this message has told an object already, and now has only said so."""
    number, _ = e.objects.setdefault(id(value), (len(e.objects), value))
    if number == len(e.objects) - 1 and e.newest < number:
        e.newest = number
        return False
    e.out += b"R" + _U32.pack(number)
    return True


def _dataclass(e, value, depth):
    kind = type(value)
    e.lost_unless_it_lies(value)
    if _remembered(e, value):
        return
    fields = [f for f in kind.__dataclass_fields__.values() if f._field_type.name == "_FIELD"]
    params = kind.__dataclass_params__
    marks = (params.eq, params.order, params.frozen, kind.__hash__ is not None)
    flags = "".join(mark for mark, there in zip("=<!#", marks) if there)
    told = {f.name: getattr(value, f.name) for f in fields if hasattr(value, f.name)}
    compared = [f.name for f in fields if f.compare and f.name in told]
    _told_object(e, kind.__qualname__, flags, compared, told, depth)


def _object(e, value, depth):
    """An object of a program's own class: its attributes, which are data, and nothing of what it does."""
    kind = type(value)
    if e.strict and (e.classes is None or e.classes(kind.__name__) is not kind):
        _opaque(e, value, depth)
        return
    told = attributes(value)
    if not told:
        _opaque(e, value, depth)
        return
    e.lost_unless_it_lies(value)
    if not _remembered(e, value):
        _told_object(e, kind.__qualname__, "." + _truth(value).decode(), [], told, depth)


def _told_object(e, name, flags, compared, fields, depth):
    e.out += b"O"
    for each in (name, flags, compared, list(fields)):
        e.put(each, depth + 1)
    _attributes(e, functools.partial(e.many, b"t"), tuple(fields.values()), depth)


def attributes(value):
    """An object's own attributes, those with two underscores at the start left out."""
    told = {}
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if type(slots) is str else slots:
            if name[:2] != "__" and hasattr(value, name):
                told[name] = getattr(value, name)
    told.update(getattr(value, "__dict__", ()))
    return {name: each for name, each in told.items() if type(name) is str and name[:2] != "__"}


def _instance(e, value, depth):
    """What arrived from the other side goes back as it came."""
    if not _remembered(e, value):
        _told_object(e, value._name, value._flags, [], value._fields, depth)


def _member(e, value, depth):
    kind = type(value)
    e.lost_unless_it_lies(value)
    e.out += b"V"
    e.put(kind.__name__, depth + 1)
    e.put(value._name_, depth + 1)
    _attributes(e, e.put, value._value_, depth + 1)
    for base, put in _BASES:
        if isinstance(value, base):
            put(e, value, depth + 1)
            break
    else:
        e.put(None, depth + 1)
    e.put(str(value), depth + 1)
    _attributes(e, e.put, _more_of_a_member(e, kind, value), depth + 1)


def _more_of_a_member(e, kind, value):
    """What a member has besides name and value, as that of an HTTP status a phrase; none where both sides have
    its class."""
    if e.strict and e.classes is not None and e.classes(kind.__name__) is kind:
        return {}
    return {name: each for name, each in attributes(value).items() if name[0] != "_"}


# Attributes of exceptions that are not among their args; of the last three, those that are there.
_EXCEPTION_ATTRIBUTES = ("name", "path")
_EXCEPTION_LINKS = ("__cause__", "__context__", "__notes__")


def _is_builtin(kind):
    return getattr(builtins, kind.__name__, None) is kind


def _exception(e, value, depth):
    kind = type(value)
    names, bases = [], []
    for each in kind.__mro__[:32]:
        if _is_builtin(each):
            if issubclass(each, BaseException) and not any(issubclass(other, each) for other in bases):
                names.append(f"builtins.{each.__qualname__}")
                bases.append(each)
            continue
        # A program without a __name__ makes classes that say they are of builtins.
        module = "__main__" if each.__module__ == "builtins" else each.__module__
        names.append(f"{module}.{each.__qualname__}")
    base = bases[0]
    if not e.strict and isinstance(value, AttributeError) and getattr(value, "obj", None) is not None:
        e.lost("the object that an AttributeError names")
    reduced = base.__reduce__(value)
    state = dict(reduced[2]) if len(reduced) > 2 and reduced[2] else {}
    for name in _EXCEPTION_ATTRIBUTES:
        if type(getattr(value, name, None)) is str:
            state[name] = getattr(value, name)
    overridden = kind is not base and kind.__str__ is not base.__str__
    text = str(value) if overridden else None
    state = {name: each for name, each in state.items() if type(name) is str and name[:2] != "__"}
    for name in _EXCEPTION_LINKS if depth < 20 else ():
        link = getattr(value, name, None)
        if link is not None and (name != "__context__" or link is not value.__cause__):
            state[name] = link
    e.out += b"e"
    e.put(names, depth + 1)
    _attributes(e, e.put, tuple(reduced[1]), depth + 1)
    _attributes(e, e.put, state, depth + 1)
    e.put(text, depth + 1)


# Modules whose classes are the same on both sides. Importing them has no effect of its own.
_SHARED_MODULES = frozenset(
    "builtins array bisect cmath collections collections.abc copy dataclasses datetime decimal enum fractions "
    "functools hashlib heapq io itertools json math operator pathlib queue random re statistics string "
    "struct time types typing uuid".split()
)


def _source(value):
    """Where both sides find a class, or a function made of C, as "module:name"; nothing where they do not."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    owner = getattr(value, "__objclass__", None)  # of a method that is no object's
    if owner is not None:
        module = owner.__module__
    if type(module) is not str or type(name) is not str:
        return None
    module = {"_io": "io", "_operator": "operator", "_functools": "functools"}.get(module, module)
    return f"{module}:{name}" if _found(module, name) is value else None


def _found(module, name):
    """A class or function of a module that both sides have; None where it is no such thing."""
    if module not in _SHARED_MODULES:
        return None
    found = sys.modules.get(module)
    for each in name.split(".", 2):
        found = getattr(found, each, None)
    return found


def _type(e, value, depth):
    source = _source(value)
    if source is None:
        _opaque(e, value, depth)
        return
    if e.inside and not e.strict:
        e.lost("a type among attributes")
    e.out += b"y"
    _str(e, source, depth)


def no_number(value):
    """For a message that is only to be compared: lends nothing."""
    return -1


def _function(e, value, depth):
    """A function: an argument only where both sides have it, a result by its number. One among an object's
    attributes stays behind: a method decides what the object passes for."""
    source = _source(value) if e.strict or e.lend is no_number else None
    if source is not None:
        e.out += b"y"
        _str(e, source, depth)
    elif e.lend is None or e.strict or e.inside:
        _opaque(e, value, depth)
    else:
        e.out += b"W"
        _int(e, e.lend(value), depth)


def _coroutine(e, value, depth):
    if e.lend is None or e.strict or e.inside:
        _opaque(e, value, depth)
        return
    e.out += b"&"
    _int(e, e.lend(value), depth)


def _opaque(e, value, depth):
    if not _equal_to_everything(value):
        e.lost(f"an object of class {type(value).__name__}")
    e.out += b"o" + _truth(value)


def _truth(value):
    try:
        return b"T" if value else b"F"
    except Exception:
        return b"N"


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
    (Instance, _instance),
    (ToldType, lambda e, value, depth: _type(e, value._type, depth)),
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
    slice: _reached(b"j", lambda v: v.start, lambda v: v.stop, lambda v: v.step),
    type(type.__dict__): _parts(b"x", dict),
    memoryview: _parts(b"w", lambda v: v.tobytes(), lambda v: v.format, lambda v: v.shape),
    **dict(_KINDS),
    **dict(_BASES),
}

_FUNCTIONS = frozenset(
    (
        types.FunctionType,
        types.MethodType,
        types.BuiltinFunctionType,
        types.MethodDescriptorType,
        types.WrapperDescriptorType,
        types.MethodWrapperType,
        type(functools.lru_cache(len)),
        functools.partial,
    )
)
_EXACT.update(dict.fromkeys(_FUNCTIONS, _function))


def _moment(name, zone=lambda v: None):
    """A moment without its zone, and that: seconds to the east and its name."""
    return _parts(
        b"p",
        lambda v: name,
        lambda v: (v.replace(tzinfo=None) if name != "date" else v).isoformat(),
        lambda v: getattr(v, "fold", 0),
        zone,
    )


def _zone(value):
    offset = value.utcoffset()
    return None if offset is None else (offset.days, offset.seconds, offset.microseconds, value.tzname())


def _zone_itself(value):
    offset = value.utcoffset(None)
    return offset.days, offset.seconds, offset.microseconds, value.tzname(None)


def _file(text):
    return _parts(b"J", lambda v: text, lambda v: v.getvalue(), lambda v: v.tell())


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
    ("types", "SimpleNamespace"): _simple_namespace,
    ("uuid", "UUID"): _parts(b"u", lambda v: v.bytes),
    ("datetime", "datetime"): _moment("datetime", _zone),
    ("datetime", "date"): _moment("date"),
    ("datetime", "time"): _moment("time", _zone),
    ("datetime", "timedelta"): _parts(
        b"p",
        lambda v: "timedelta",
        lambda v: (v.days, v.seconds, v.microseconds),
        lambda v: 0,
        lambda v: None,
    ),
    ("datetime", "timezone"): _parts(
        b"p", lambda v: "timezone", lambda v: "", lambda v: 0, _zone_itself
    ),
    ("_io", "StringIO"): _file(True),
    ("_io", "BytesIO"): _file(False),
    ("re", "Pattern"): _parts(b"Y", lambda v: v.pattern, lambda v: v.flags),
    ("enum", "Enum"): _member,
    ("numpy", "generic"): _numpy,
    ("numpy", "ndarray"): _numpy,
}
_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")
_ADDRESSES = (
    "IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface"
)
_as_text = _parts(b"H", lambda v: type(v).__name__, str)
for _path in _PATHS:
    for _module in ("pathlib", "pathlib._local", "pathlib._abc"):
        _BY_NAME[_module, _path] = _as_text
for _address in _ADDRESSES:
    _BY_NAME["ipaddress", _address] = _as_text


def _inherited(e, kind):
    for base in kind.__mro__:
        # A class made by type() in a namespace without a name has no module.
        put = _BY_NAME.get((getattr(base, "__module__", None), base.__qualname__))
        if put is not None:
            return put
    if issubclass(kind, tuple) and (_is_named_tuple(kind) or _is_sequence_of_c(kind)):
        return _named_tuple
    if type(getattr(kind, "__dataclass_fields__", None)) is dict:
        return _dataclass
    for base, put in _BASES:
        if issubclass(kind, base):
            return _as_base(put, base)
    for base, put in _KINDS:
        if issubclass(kind, base):
            return put
    if kind.__name__ == "coroutine" and kind.__module__ == "builtins":
        return _coroutine
    if hasattr(kind, "__next__"):
        return _iterator
    return _object if kind.__flags__ & _MADE_BY_A_CLASS_STATEMENT else _opaque


_MADE_BY_A_CLASS_STATEMENT = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def _is_sequence_of_c(kind):
    """Whether a class is one of C's own named tuples, all of whose items have names."""
    names = kind.__dict__.get("__match_args__")
    count = kind.__dict__.get("n_sequence_fields")
    return type(names) is tuple and type(count) is int and len(names) == count


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


def open_message(payload, classes=None, borrow=None, functions=False):
    """Kind and values of a message. Raises CodecError for whatever is not exactly one.

    `classes(name)` gives the class of that name that this side has, or None; `borrow(tag, number)` what
    asks the other side for an iterator's items or calls its function; `functions` takes those of the
    standard library by their names, and not its classes alone."""
    if payload[:1] in (b"c", b"v"):
        return _open_plain(payload)
    options = {"classes": classes, "borrow": borrow, "functions": functions}
    return bytes(payload[:1]), _decode(payload, 1, options)


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
    def __init__(self, data, at, classes=None, borrow=None, functions=False):
        self.data = data
        self.at = at
        self.left = MAX_VALUES
        self.classes = classes
        self.borrow = borrow
        self.functions = functions
        self.objects = []
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

    def attribute(self, value):
        """The same, but for what can be called, where `functions` are not wanted."""
        if self.functions:
            return value
        if isinstance(value, type):
            return ToldType(value)
        return Opaque(True) if type(value) in _FUNCTIONS else value

    def known(self, name):
        """The class of that name, inside a function or not, that this side has."""
        found = self.classes(name.rpartition(".")[2]) if self.classes is not None else None
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
    if name not in _SPECIAL_DICTS or not (factory is None or callable(factory)):
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


def _take_borrowed(tag):
    def take(d, depth):
        number = d.exactly(int, depth)
        if d.borrow is None:
            raise CodecError("an iterator or a function where none can be asked")
        return d.borrow(tag, number)

    return take


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
    content, form, shape = d.exactly(bytes, depth), d.exactly(str, depth), d.exactly(tuple, depth)
    return memoryview(content) if form == "B" and len(shape) == 1 else memoryview(content).cast(form, shape)


def _take_file(d, depth):
    import io

    text, content, position = d.take(depth), d.take(depth), d.exactly(int, depth)
    made = io.StringIO(content, newline="") if text is True else io.BytesIO(content)
    made.seek(min(position, len(content)))
    return made


def _take_pattern(d, depth):
    import re

    pattern, flags = d.take(depth), d.exactly(int, depth)
    if type(pattern) not in (str, bytes) or flags & re.DEBUG:
        raise CodecError("no pattern")
    return re.compile(pattern, flags)


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

    told = d.exactly(dict, depth)
    if any(map(_is_reserved, told)):
        raise CodecError("a namespace with a name that is no attribute's")
    return SimpleNamespace(**{name: d.attribute(each) for name, each in told.items()})


def _take_uuid(d, depth):
    from uuid import UUID

    return UUID(bytes=d.exactly(bytes, depth))


def _take_path(d, depth):
    import pathlib

    name, text = d.exactly(str, depth), d.exactly(str, depth)
    if name in _ADDRESSES:
        import ipaddress

        return getattr(ipaddress, name)(text)
    if name not in _PATHS:
        raise CodecError("unknown kind of path")
    return getattr(pathlib, name)(text)


def _take_moment(d, depth):
    import datetime

    kind, value = d.exactly(str, depth), d.take(depth)
    fold, zone = d.exactly(int, depth), d.take(depth)
    if kind == "timedelta":
        return datetime.timedelta(*value)
    if zone is not None:
        *offset, name = zone
        offset = datetime.timedelta(*offset)
        zone = datetime.timezone.utc if (offset, name) == (datetime.timedelta(), "UTC") else (
            datetime.timezone(offset) if name is None else datetime.timezone(offset, name)
        )
    if kind == "timezone" and zone is not None:
        return zone
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind not in ("time", "datetime"):
        raise CodecError("unknown kind of moment")
    return getattr(datetime, kind).fromisoformat(value).replace(fold=fold, tzinfo=zone)


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
    values = tuple(map(d.attribute, values))
    known = d.known(name)
    if known is not None and issubclass(known, tuple) and getattr(known, "_fields", 0) == tuple(fields):
        return tuple.__new__(known, values)
    return _named_tuple_class(name, tuple(fields))._make(values)


_named_tuple_classes = {}


def _named_tuple_class(name, fields):
    from collections import namedtuple

    found = _named_tuple_classes.get((name, fields))
    if found is None:
        # Where it renamed a field for its maker, it renames that again.
        found = namedtuple(name if _is_name(name) else "_", fields, rename=True)
        _named_tuple_classes[name, fields] = found
    return found


def _is_name(text):
    return text.isidentifier() and not keyword.iskeyword(text)


def _take_instance(d, depth):
    name, flags, compared = d.exactly(str, depth), d.exactly(str, depth), d.exactly(list, depth)
    names = d.exactly(list, depth)
    if not all(type(each) is str and each[:2] != "__" for each in names):
        raise CodecError("a field without a name")
    made = _blank(d.known(name), name, flags, tuple(compared), tuple(names))
    d.objects.append(made)
    fields = dict(zip(names, map(d.attribute, d.exactly(tuple, depth)), strict=True))
    if type(made) is Instance:
        made._fields.update(fields)
        return made
    try:
        for each, value in fields.items():
            object.__setattr__(made, each, value)
    except AttributeError:
        raise CodecError(f"an object of class {name} with an attribute that it cannot have") from None
    return made


def _blank(known, name, flags, compared, names):
    """An object of a class that this side has, of a dataclass that is like the other side's, or of none."""
    is_plain = flags[:1] == "."
    kind = known
    if known is None or is_plain == hasattr(known, "__dataclass_fields__"):
        kind = None
    elif not is_plain and not set(names).issubset(known.__dataclass_fields__):
        kind = None
    if kind is None and not is_plain:
        kind = _dataclass_like(name, flags, compared, names)
    try:
        return object.__new__(kind)
    except TypeError:
        return Instance(name, {}, flags)


_dataclasses = {}


def _dataclass_like(name, flags, compared, names):
    """A dataclass with these fields; None where there can be none."""
    import dataclasses

    found = _dataclasses.get((name, flags, compared, names))
    short = name.rpartition(".")[2]
    if found is None and all(map(_is_name, (short, *names))) and len(names) < 256:
        fields = [(each, object, dataclasses.field(compare=each in compared)) for each in names]
        frozen, eq = "!" in flags, "=" in flags
        found = dataclasses.make_dataclass(
            short,
            fields,
            eq=eq,
            order=eq and "<" in flags,
            frozen=frozen,
            unsafe_hash=eq and "#" in flags and not frozen,
        )
        found.__qualname__ = name
        _dataclasses[name, flags, compared, names] = found
    return found


def _take_again(d, depth):
    number = d.unpack(_U32)
    if number >= len(d.objects):
        raise CodecError("an object again that was not there")
    return d.objects[number]


def _take_member(d, depth):
    name, member, value = d.exactly(str, depth), d.take(depth), d.take(depth)
    base, text, more = d.take(depth), d.exactly(str, depth), d.exactly(dict, depth)
    if type(member) not in (str, type(None)) or any(map(_is_reserved, more)):
        raise CodecError("a member or an attribute of it without a name")
    known = d.known(name)
    members = getattr(known, "__members__", {})
    if type(member) is str and member in members and members[member]._value_ == value:
        return members[member]
    if members and type(value) is int and issubclass(known, sys.modules["enum"].Flag):
        return known(value)  # several flags
    value = d.attribute(value)
    more = {each: d.attribute(one) for each, one in more.items()}
    fields = {**more, "name": member, "value": value, "_name_": member, "_value_": value}
    if type(base) not in _MEMBER_BASES:
        return Instance(name, fields, "V")
    made = type(base).__new__(_member_class(type(base)), base)
    made.__dict__.update(fields, _told_=(name, member, value, base, text, more))
    return made


_MEMBER_BASES = frozenset((int, str, float, complex, bytes, tuple, frozenset))
_member_classes = {}


def _member_class(base):
    """A class for members of unknown enums that are numbers or texts, too."""
    found = _member_classes.get(base)
    if found is None:
        found = _member_classes[base] = type(
            "Member",
            (base,),
            {
                "__str__": lambda self: self._told_[4],
                "__repr__": lambda self: f"<{self._told_[0]}.{self.name}: {self.value!r}>",
                "__module__": __name__,
            },
        )
        _EXACT[found] = _parts(b"V", *(lambda v, i=i: v._told_[i] for i in range(6)))
    return found


def _take_type(d, depth):
    module, _, name = d.exactly(str, depth).partition(":")
    if module in _SHARED_MODULES:
        try:
            __import__(module)
        except ImportError:
            return Opaque(True)
    found = _found(module, name)
    is_function = d.functions and callable(found)
    return found if isinstance(found, type) or is_function else Opaque(True)


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
    args = tuple(map(d.attribute, args))
    state, text = d.exactly(dict, depth), d.take(depth)
    if not names or not all(type(each) is str for each in names):
        raise CodecError("an exception without a class")
    bases = _builtin_classes(names)
    kind = _exception_class(d, names, bases, text)
    try:
        error = kind.__new__(kind, *args)
        for base in reversed(bases):
            base.__init__(error, *args)
    except Exception:
        return Exception(f"{names[0].rpartition('.')[2]}: {text or args}")
    for name, value in state.items():
        if type(name) is str and (name[:2] != "__" or name in _EXCEPTION_LINKS):
            try:
                setattr(error, name, d.attribute(value))
            except Exception:
                pass
    return error


def _builtin_classes(names):
    """The nearest exception classes of Python itself."""
    found = []
    for name in names[:32]:
        module, _, name = name.rpartition(".")
        kind = getattr(builtins, name, None) if module == "builtins" else None
        if isinstance(kind, type) and issubclass(kind, BaseException):
            if not any(issubclass(each, kind) for each in found):
                found.append(kind)
    return found or [Exception]


def _exception_class(d, names, bases, text):
    module, _, name = names[0].rpartition(".")
    if module == "builtins":
        return bases[0]
    if module in _EXCEPTION_MODULES:
        try:
            found = getattr(__import__(module, fromlist=["*"]), name, None)
        except ImportError:
            found = None
        if isinstance(found, type) and issubclass(found, bases[0]):
            return found
    shared = _shared_exception(d, names)
    if shared is not None and names[0].rpartition(".")[2] == shared.__name__:
        return shared
    members = {"__module__": "builtins"}
    if type(text) is str:
        members["__str__"] = lambda self: text
    try:
        return type(name[:200], (shared,) if shared else tuple(bases), members)
    except Exception:
        return shared or bases[0]


def _shared_exception(d, names):
    """The nearest class that this side has: one of the prompt's, or of a module of the library."""
    for each in names[:32]:
        module, _, name = each.rpartition(".")
        if module == "builtins":
            continue
        found = d.known(name)
        if found is None and module in _EXCEPTION_MODULES:
            found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return None


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
    b"j": lambda d, depth: slice(*[d.attribute(d.take(depth)) for _ in range(3)]),
    b"u": _take_uuid,
    b"H": _take_path,
    b"p": _take_moment,
    b"A": _take_numpy,
    b"n": _take_named_tuple,
    b"O": _take_instance,
    b"V": _take_member,
    b"e": _take_exception,
    b"R": _take_again,
    b"J": _take_file,
    b"Y": _take_pattern,
    b"g": _take_iterator,
    b"G": _take_borrowed("G"),
    b"W": _take_borrowed("W"),
    b"&": _take_borrowed("&"),
    b"y": _take_type,
    b"o": _take_opaque,
}.items():
    _TAGS[_tag[0]] = _take
