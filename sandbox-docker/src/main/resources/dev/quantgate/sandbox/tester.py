"""The tester's side of split checking: runs the data set's own test and owns the verdict.

`judge` executes the problem's prompt, because some tests use other names of it, binds the entry
point's name and `check`'s argument to a stub that sends every call to the candidate, and runs the
test. The transport that carries the calls is the caller's: a function from the payload of a request
to the payload of its reply. The encoding is codec.py's.

Passed is only what comes back from `judge` as PASSED, in an interpreter that no candidate can reach;
the caller then writes the job's random id and exits with 0, both.
"""

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
        self.note = None
        self.doubt = ""
        self.gone = None
        self.exited = False

    def knows(self, namespace):
        """Takes the classes that the prompt defines, so that their objects arrive as theirs."""
        self._classes = {k: v for k, v in namespace.items() if isinstance(v, type)}

    def ready(self, payload):
        """Reads what the candidate says when its program is loaded; returns its imports."""
        kind, values = self._open(payload)
        if kind == codec.READY and len(values) == 1 and type(values[0]) is dict:
            return values[0]
        if kind == codec.RAISED and len(values) == 4:
            if isinstance(values[0], SyntaxError):
                self.doubts("a text that is a program only with its test")
            self._raise(values, (), {})
        self._break("its first message is neither ready nor raised")

    def call(self, args, kwargs):
        if self.gone is not None:
            raise CandidateGone(self.gone)
        request = None if kwargs else codec.plain(codec.CALL, args)
        if request is None:
            try:
                request = codec.message(codec.CALL, args, kwargs, strict=True)
            except codec.CodecError as error:
                self.doubts("an argument that cannot be told")
                raise TypeError(
                    f"an argument that cannot be sent to the candidate: {error}"
                ) from None
        kind, values = self._ask(request)
        if kind == codec.VALUE and len(values) == 3:
            result, mutated, loss = values
            self._lost(loss)
            self._write_back(mutated, args, kwargs)
            return result
        if kind == codec.RAISED and len(values) == 4:
            self._raise(values, args, kwargs)
        self._break("a reply that is neither value nor raised")

    def items(self, number):
        """An iterator of the candidate's, asked for more and more at a time."""
        count = 1
        while True:
            if self.gone is not None:
                raise CandidateGone(self.gone)
            kind, values = self._ask(codec.message(codec.MORE, number, count))
            if kind != codec.ITEMS or len(values) != 3 or type(values[0]) is not list:
                self._break("no items where some were asked for")
            items, ending, loss = values
            self._lost(loss)
            yield from items
            if ending is True:
                return
            if isinstance(ending, BaseException):
                self._exits(ending)
                raise ending
            if len(items) != count:
                self._break("another number of items than asked for")
            count = min(2 * count, 1024)

    def doubts(self, why):
        """Keeps the first reason for which openai/human-eval's layout may judge otherwise."""
        self.doubt = self.doubt or why

    def _ask(self, request):
        try:
            payload = self._exchange(request)
        except CandidateGone as error:
            self.gone = str(error)  # a test may catch what is raised, but cannot undo it
            raise
        return self._open(payload)

    def _open(self, payload):
        try:
            return codec.open_message(payload, self._classes.get, self.items)
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
    elif "__dataclass_fields__" in dir(kind):
        for name in kind.__dataclass_fields__:
            object.__setattr__(mine, name, _kept(getattr(mine, name), getattr(theirs, name)))


def _kept(mine, theirs):
    """The tester's own container with the candidate's content, where they are of one kind."""
    if type(mine) is type(theirs) and not isinstance(mine, _ATOMS):
        _overwrite(mine, theirs)
        return mine if not isinstance(mine, (tuple, frozenset)) else theirs
    return theirs


_ATOMS = (int, str, float, bool, bytes, type(None))


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
    namespace = {}
    try:
        imports = link.ready(first)
        _define(prelude + prompt, namespace)
        link.knows(namespace)
        stub = _stub(link, entry_point)
        namespace[entry_point] = stub
        code = compile(test, "<string>", "exec")
        _import(imports, code, namespace)
        random.seed(seed)
        exec(code, namespace)
        namespace[entry_point] = stub
        namespace["check"](stub)
        if link.gone is not None:
            raise CandidateGone(link.gone)
    except BaseException as error:
        return (*_not_passed(error, link), link.doubt, failed_line(error, 1, test.count("\n") + 1))
    return PASSED, "", link.doubt, 0


def _stub(link, entry_point):
    def stub(*args, **kwargs):
        return link.call(args, kwargs)

    stub.__name__ = stub.__qualname__ = entry_point
    return stub


def _define(source, namespace):
    """Executes a prompt, which may end where a function's body would begin."""
    try:
        code = compile(source, "<prompt>", "exec")
    except SyntaxError:
        code = compile(source + "\n    pass\n", "<prompt>", "exec")
    exec(code, namespace)


def _import(imports, code, namespace):
    """Gives a test the modules and their members that it names but does not import: in openai/human-eval's
    layout it finds those of the program, or fails."""
    import builtins

    for name in _names(code) - namespace.keys() - vars(builtins).keys():
        source = imports.get(name)
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
