"""The tester's side of split checking: runs the data set's own test and owns the verdict.

`judge` executes the problem's prompt, because some tests use other names of it, binds the entry
point's name and `check`'s argument to a stub that sends every call to the candidate, and runs the
test. The transport that carries the calls is the caller's: a function from the payload of a request
to the payload of its reply. The encoding is codec.py's.

Passed is only what comes back from `judge` as PASSED, in an interpreter that no candidate can reach;
the caller then writes the job's random id and exits with 0, both.
"""

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
        self.note = None
        self.gone = None
        self.exited = False

    def ready(self, payload):
        """Reads what the candidate says when its program is loaded."""
        reply = self._decode(payload)
        if len(reply) == 2 and reply[0] == codec.READY:
            self._noted(reply[1])
        elif len(reply) == 5 and reply[0] == codec.RAISED:
            self._raise(reply, (), {})
        else:
            self._break("its first message is neither ready nor raised")

    def call(self, args, kwargs):
        if self.gone is not None:
            raise CandidateGone(self.gone)
        try:
            request = codec.encode((args, kwargs))
        except codec.CodecError as error:
            raise TypeError(f"an argument that cannot be sent to the candidate: {error}") from None
        try:
            payload = self._exchange(request)
        except CandidateGone as error:
            self.gone = str(error)  # a test may catch what is raised, but cannot undo it
            raise
        reply = self._decode(payload)
        if len(reply) == 4 and reply[0] == codec.VALUE:
            self._noted(reply[3])
            self._write_back(reply[2], args, kwargs)
            return reply[1]
        if len(reply) == 5 and reply[0] == codec.RAISED:
            self._raise(reply, args, kwargs)
        self._break("a reply that is neither value nor raised")

    def _decode(self, payload):
        try:
            reply = codec.decode(payload)
        except codec.CodecError as error:
            self._break(str(error))
        if type(reply) is not tuple:
            self._break("a message that is no tuple")
        return reply

    def _break(self, why):
        self.gone = f"the candidate broke the protocol: {why}"
        raise CandidateGone(self.gone)

    def _noted(self, note):
        if self._believes_notes and type(note) is str and self.note is None:
            self.note = note[:200]

    def _raise(self, reply, args, kwargs):
        _, classes, message, mutated, note = reply
        if type(classes) is not list or type(message) is not str:
            self._break("an exception without a class or a message")
        self._noted(note)
        self._write_back(mutated, args, kwargs)
        kind = codec.raised_class(classes)
        self.exited = self.exited or issubclass(kind, (SystemExit, KeyboardInterrupt))
        try:
            error = kind(message)
        except Exception:  # a class that wants other arguments, as UnicodeDecodeError does
            error = Exception(f"{kind.__name__}: {message}")
        raise error

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
            if _is_container(mine[i]) and type(mine[i]) is type(theirs[i]):
                _overwrite(mine[i], theirs[i])
                theirs[i] = mine[i]
        mine[:] = theirs
    elif kind is tuple:
        for each, other in zip(mine, theirs):
            _overwrite(each, other)
    elif kind is dict:
        for key, value in theirs.items():
            if key in mine and _is_container(value) and type(mine[key]) is type(value):
                _overwrite(mine[key], value)
                theirs[key] = mine[key]
        mine.clear()
        mine.update(theirs)
    elif kind is set:
        mine.clear()
        mine.update(theirs)
    elif kind is bytearray:
        mine[:] = theirs
    elif kind.__name__ == "deque":
        mine.clear()
        mine.extend(theirs)


def _is_container(value):
    return type(value) in (list, dict, set, bytearray)


def judge(prelude, prompt, test, entry_point, first, exchange, seed=SEED, believes_notes=False):
    """Judges a candidate; returns (class, one line for people).

    `first` is the payload of the candidate's first message; `exchange` sends one payload, returns
    that of the reply, and raises CandidateGone when there is none. `believes_notes` is for a sandbox that lacks
    something: there a candidate may say what it wanted and did not get, and is called unsupported
    where it fails.
    """
    import random

    link = _Link(exchange, believes_notes)
    namespace = {}
    try:
        link.ready(first)
        _define(prelude + prompt, namespace)
        stub = _stub(link, entry_point)
        namespace[entry_point] = stub
        random.seed(seed)
        exec(test, namespace)
        namespace[entry_point] = stub
        namespace["check"](stub)
        if link.gone is not None:
            raise CandidateGone(link.gone)
    except BaseException as error:
        return _not_passed(error, link)
    return PASSED, ""


def _stub(link, entry_point):
    def candidate(*args, **kwargs):
        return link.call(args, kwargs)

    candidate.__name__ = candidate.__qualname__ = entry_point
    return candidate


def _define(source, namespace):
    """Executes a prompt, which may end where a function's body would begin."""
    try:
        code = compile(source, "<prompt>", "exec")
    except SyntaxError:
        code = compile(source + "\n    pass\n", "<prompt>", "exec")
    exec(code, namespace)


def _not_passed(error, link):
    detail = describe(error)
    if link.note is not None:
        return UNSUPPORTED, f"{link.note} is not available in this sandbox ({detail})"
    if isinstance(error, MemoryError):
        return MEMORY, detail
    if isinstance(error, CandidateGone) or link.exited:
        return EARLY_EXIT, detail
    return FAILED, detail


def describe(error):
    """An exception as one line for people."""
    name = "" if isinstance(error, CandidateGone) else type(error).__name__
    try:
        message = " ".join(str(error).split())
    except BaseException:
        message = ""
    return ": ".join(each for each in (name, message) if each)[:300]
