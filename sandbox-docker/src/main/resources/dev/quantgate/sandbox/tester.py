"""The tester's side of split checking: runs the data set's own test and owns the verdict.

`judge` executes the problem's prompt, because some tests use other names of it, binds the entry
point's name and `check`'s argument to a stub that sends every call to the candidate, and runs the
test. The transport that carries the calls is the caller's: a function from the payload of a request
to the payload of its reply. The encoding is codec.py's.

Passed is only what comes back from `judge` as PASSED, in an interpreter that no candidate can reach;
the caller then writes the job's random id and exits with 0, both.
"""

import __future__
import functools
import types
from array import array

import candidate
import codec

PASSED, FAILED, MEMORY, EARLY_EXIT, UNSUPPORTED = (
    "passed",
    "failed",
    "memory",
    "early_exit",
    "unsupported",
)

SEED = 0


class CandidateGone(BaseException):
    """The candidate's process ended or broke the protocol. No test can catch it by accident."""


class _Link:
    """The tester's end of the line to one candidate."""

    def __init__(self, exchange, believes_notes):
        self._exchange = exchange
        self._believes_notes = believes_notes
        self._classes = {}
        self._asked = 0
        self.note = None
        self.doubt = ""
        self.gone = None
        self.exited = False

    def knows(self, namespace):
        """Takes the classes that the prompt defines, so that their objects arrive as theirs."""
        self._classes = {k: v for k, v in namespace.items() if isinstance(v, type)}

    def ready(self, payload):
        """Reads what the candidate says when its program is loaded; returns the names of its program."""
        kind, values = self._open(payload)
        if kind == codec.READY and len(values) == 1 and type(values[0]) is dict:
            return values[0]
        if kind == codec.RAISED and len(values) == 4:
            if isinstance(values[0], SyntaxError):
                self.doubts("a text that is a program only with its test")
            self._raise(values, (), {})
        self._break("its first message is neither ready nor raised")

    def call(self, args, kwargs):
        request = None if kwargs else codec.plain(codec.CALL, args)
        if (request is None or request.find(b"[", 2) > 0) and codec.shared(*args, *kwargs.values()):
            self.doubts("one object passed twice")
        return self._answered(request or self._request(codec.CALL, args, kwargs), args, kwargs)

    def _request(self, *call):
        if any(hasattr(type(each), "__next__") for each in call[-2]):
            self.doubts("an iterator as an argument")
        try:
            return codec.message(*call, strict=True, classes=self._classes.get)
        except codec.CodecError as error:
            self.doubts("an argument that cannot be told")
            raise TypeError(
                f"an argument that cannot be sent to the candidate: {error}"
            ) from None

    def _answered(self, request, args, kwargs):
        kind, values = self._ask(request)
        if kind == codec.VALUE and len(values) == 3:
            result, mutated, loss = values
            self._lost(loss)
            self._write_back(mutated, args, kwargs)
            return result
        if kind == codec.RAISED and len(values) == 4:
            self._raise(values, args, kwargs)
        self._break("a reply that is neither value nor raised")

    def borrowed(self, tag, number):
        """What the candidate has told by its number: an iterator, a function or a coroutine."""
        if tag == "G":
            self.doubts("an iterator, of which the test gets the items alone")
            return self._items(number)
        return self.function(number) if tag == "W" else self._coroutine(number)

    def function(self, number, name="function"):
        """A function of the candidate's, called like its entry point."""

        def function(*args, **kwargs):
            request = self._request(codec.CALL_TOLD, number, args, kwargs)
            return self._answered(request, args, kwargs)

        function.__name__ = function.__qualname__ = name
        return function

    async def _coroutine(self, number):
        return self._answered(codec.message(codec.AWAIT, number), (), {})

    def _items(self, number):
        """An iterator of the candidate's. It is never ahead of the test, but where many items in a row are
        asked for, and nothing else, more and more at a time."""
        count, in_a_row, asked = 1, 0, self._asked
        while True:
            in_a_row = in_a_row + 1 if asked == self._asked else 0
            count = min(2 * count, 1024) if in_a_row >= ITEMS_ONE_BY_ONE else 1
            kind, values = self._ask(codec.message(codec.MORE, number, count))
            if kind != codec.ITEMS or len(values) != 3 or type(values[0]) is not list:
                self._break("no items where some were asked for")
            items, ending, loss = values
            asked = self._asked
            self._lost(loss)
            yield from items
            if isinstance(ending, StopIteration):
                return ending.value
            if isinstance(ending, BaseException):
                self._exits(ending)
                raise ending
            if not 0 < len(items) <= count:
                self._break("another number of items than asked for")

    def doubts(self, why):
        """Keeps the first reason for which openai/human-eval's layout may judge otherwise."""
        self.doubt = self.doubt or why

    def _ask(self, request):
        if self.gone is not None:
            raise CandidateGone(self.gone)
        self._asked += 1
        try:
            payload = self._exchange(request)
        except CandidateGone as error:
            self.gone = str(error)  # a test may catch what is raised, but cannot undo it
            raise
        return self._open(payload)

    def _open(self, payload):
        try:
            return codec.open_message(payload, self._classes.get, self.borrowed)
        except codec.CodecError as error:
            self._break(str(error))

    def _break(self, why):
        self.gone = f"the candidate broke the protocol: {why}"
        raise CandidateGone(self.gone)

    def _lost(self, loss):
        if type(loss) is str:
            self.doubts(loss[:200])

    def _raise(self, values, args, kwargs):
        error, mutated, note, loss = values
        if not isinstance(error, BaseException):
            self._break("it raised what is no exception")
        if self._believes_notes and type(note) is str:
            self.note = note[:200]
        self._lost(loss)
        self._write_back(mutated, args, kwargs)
        self._exits(error)
        raise error

    def _exits(self, error):
        self.exited = self.exited or isinstance(error, (SystemExit, KeyboardInterrupt))

    def _write_back(self, mutated, args, kwargs):
        if mutated is None:
            return
        if (
            type(mutated) is not tuple
            or len(mutated) != 2
            or type(mutated[0]) is not tuple
            or type(mutated[1]) is not dict
            or len(mutated[0]) != len(args)
            or mutated[1].keys() != kwargs.keys()
        ):
            self._break("arguments came back in another number")
        for mine, theirs in zip(args, mutated[0]):
            _overwrite(mine, theirs)
        for name, mine in kwargs.items():
            _overwrite(mine, mutated[1][name])


def _overwrite(mine, theirs):
    """Makes a mutable argument what the candidate left; inner containers keep their identity."""
    kind = type(mine)
    if kind is not type(theirs):
        return
    if kind is list:
        for i in range(min(len(mine), len(theirs))):
            theirs[i] = _kept(mine[i], theirs[i])
        mine[:] = theirs
    elif kind is tuple:
        for each, other in zip(mine, theirs):
            _overwrite(each, other)
    elif isinstance(mine, dict):
        for key, value in list(theirs.items()):
            if key in mine:
                theirs[key] = _kept(mine[key], value)
        mine.clear()
        dict.update(mine, theirs) if kind.__name__ != "OrderedDict" else mine.update(theirs)
    elif kind is set:
        mine.clear()
        mine.update(theirs)
    elif kind in (bytearray, array):
        mine[:] = theirs
    elif kind.__name__ == "deque":
        mine.clear()
        mine.extend(theirs)
    elif kind.__name__ in ("UserList", "UserDict"):
        _overwrite(mine.data, theirs.data)
    elif kind.__name__ == "ndarray" and mine.shape == theirs.shape:
        mine[...] = theirs
    elif kind.__name__ == "StringIO" or kind.__name__ == "BytesIO":
        mine.seek(0)
        mine.truncate()
        mine.write(theirs.getvalue())
        mine.seek(theirs.tell())
    elif kind.__flags__ & 1 << 9 and not isinstance(mine, BaseException):  # of a class statement
        # An object may be among its own attributes; the candidate's take their place as they are.
        for name, value in codec.attributes(theirs).items():
            object.__setattr__(mine, name, value)
        for name in codec.attributes(mine).keys() - codec.attributes(theirs).keys():
            object.__delattr__(mine, name)


def _kept(mine, theirs):
    """The tester's own container with the candidate's content, where they are of one kind."""
    if type(mine) is type(theirs) and not isinstance(mine, _ATOMS):
        _overwrite(mine, theirs)
        return mine if not isinstance(mine, (tuple, frozenset)) else theirs
    return theirs


_ATOMS = (int, str, float, bool, bytes, type(None))

# How many items of an iterator are asked for one at a time before more are at once.
ITEMS_ONE_BY_ONE = 64


def judge(prelude, prompt, test, entry_point, first, exchange, seed=SEED, believes_notes=False):
    """Judges a candidate; returns (class, one line for people, doubt, line of the test).

    The doubt names what the codec could not carry, for which openai/human-eval's layout may judge
    otherwise; empty where there is nothing of the kind. The line, from 1, is the one that failed; 0
    where none did.

    `first` is the payload of the candidate's first message; `exchange` sends one payload, returns
    that of the reply, and raises CandidateGone when there is none. `believes_notes` is for a sandbox that lacks
    something: there a candidate may say what it wanted and did not get, and is called unsupported
    where it fails.
    """
    import random

    link = _Link(exchange, believes_notes)
    namespace, code = {}, None
    try:
        names = link.ready(first)
        flags = _define(prelude + prompt, namespace)
        link.knows(namespace)
        stub = _stub(link, entry_point, namespace.get(entry_point))
        namespace[entry_point] = stub
        code = compile(test, "<string>", "exec", flags)
        _take_names(names, code, namespace, link)
        random.seed(seed)
        exec(code, namespace)
        namespace[entry_point] = stub
        namespace["check"](stub)
        if link.gone is not None:
            raise CandidateGone(link.gone)
    except BaseException as error:
        link.doubts(_needs_one_process(code) if code else "")
        return (*_not_passed(error, link), link.doubt, failed_line(error, 1, test.count("\n") + 1))
    return PASSED, "", link.doubt, 0


def _needs_one_process(code):
    """What a test looks at that only a program in its own process can give it; empty for most."""
    from opcode import opmap

    for name in code.co_names:
        if name in ("stdout", "stderr", "redirect_stdout", "redirect_stderr"):
            return "a test of what the program prints"
        if name == "seed":
            return "a test that sets the program's random state"
    operations = code.co_code[::2]
    at = operations.find(opmap["IS_OP"])
    while at > 0:
        if operations[at - 1] != opmap["LOAD_CONST"]:
            return "a test of identity"
        at = operations.find(opmap["IS_OP"], at + 1)
    inner = (_needs_one_process(each) for each in code.co_consts if type(each) is type(code))
    return next(filter(None, inner), "")


def _stub(link, entry_point, asked_for):
    def stub(*args, **kwargs):
        return link.call(args, kwargs)

    stub.__name__ = stub.__qualname__ = entry_point
    return functools.wraps(asked_for)(stub) if isinstance(asked_for, types.FunctionType) else stub


def _define(source, namespace):
    """Executes a prompt, which may end where a function's body would begin, or within one: what is no
    program by itself up to its end is executed as far as it is one. Returns the flag of the compiler's
    that it sets for all that follows."""
    lines = source.splitlines(keepends=True)
    for end in range(len(lines), -1, -1):
        text = "".join(lines[:end])
        last = lines[end - 1] if end else ""
        indent = last[: len(last) - len(last.lstrip())]
        for body in ("", "\n    pass\n", f"\n{indent}    pass\n", f"\n{indent}\tpass\n"):
            try:
                code = compile(text + body, "<prompt>", "exec")
            except SyntaxError:
                continue
            exec(code, namespace)
            return code.co_flags & __future__.annotations.compiler_flag


def _take_names(names, code, namespace, link):
    """Gives a test what it names and has not: in openai/human-eval's layout it finds the program's modules,
    their members and functions, or fails."""
    import builtins

    for name in _names(code) - namespace.keys() - vars(builtins).keys():
        source = names.get(name)
        if type(source) is int:
            namespace[name] = link.function(source, name)
            continue
        if source is None and name in names:
            link.doubts(f"a class that only the program defines, {name}")
        module, _, member = source.partition(":") if type(source) is str else ("", "", "")
        if module in candidate.tester_imports and member in ("", name):
            found = __import__(module)
            namespace[name] = getattr(found, member) if member else found


def _names(code):
    names = set(code.co_names)
    for each in code.co_consts:
        if type(each) is type(code):
            names |= _names(each)
    return names


def _not_passed(error, link):
    detail = describe(error)
    if link.note is not None:
        return UNSUPPORTED, f"{link.note} is not available in this sandbox ({detail})"
    if isinstance(error, MemoryError):
        return MEMORY, detail
    if isinstance(error, CandidateGone) or link.exited:
        return EARLY_EXIT, detail
    return FAILED, detail


def failed_line(error, first, last):
    """The innermost line between two of a program's own, counted from the first as 1, that an exception went
    through; 0 for none."""
    line = 0
    step = BaseException.__traceback__.__get__(error)
    while step is not None:
        here = step.tb_lineno
        if step.tb_frame.f_code.co_filename == "<string>" and here and first <= here <= last:
            line = here - first + 1
        step = step.tb_next
    return line


def describe(error):
    """An exception as one line for people."""
    name = "" if isinstance(error, CandidateGone) else type(error).__name__
    try:
        message = " ".join(str(error).split())
    except BaseException:
        message = ""
    return ": ".join(each for each in (name, message) if each)[:300]
