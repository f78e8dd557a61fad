"""The candidate's side of split checking: runs what a model wrote and answers calls of it.

Nothing here is trusted by anyone. Whatever the program does to this interpreter, only plain values
leave it, and the tester (tester.py) judges them by itself.
"""

import io
import sys
import time

import codec

# Modules that a program may have imported for its test, too.
tester_imports = frozenset(
    "bisect cmath collections copy dataclasses datetime decimal enum fractions functools hashlib heapq "
    "itertools json math numpy operator pathlib random re statistics string time types typing uuid".split()
)


class _DiscardedBytes(io.BufferedIOBase):
    """What lies below a discarded stream."""

    name = "<discarded>"

    def write(self, data):
        return memoryview(data).nbytes

    def writable(self):
        return True

    def read(self, *args):
        raise OSError("there is no input")

    read1 = readline = readlines = __next__ = read


class _Discard(io.TextIOBase):
    """What a program sees as its standard streams: written text vanishes, reading is an error.

    openai/human-eval swaps the streams in the same way; this one keeps nothing, so that a chatty
    program costs no memory, and has a `buffer`, as real streams have.
    """

    encoding = "utf-8"
    errors = "strict"
    newlines = None
    line_buffering = write_through = False
    name = "<discarded>"
    mode = "w"

    def __init__(self):
        self.buffer = _DiscardedBytes()

    # A program may print a hundred thousand times: this is one call of C, and refuses what is no str.
    write = staticmethod(str.__len__)

    def writable(self):
        return True

    def seek(self, *args):
        return 0

    tell = truncate = seek

    def reconfigure(self, **options):
        pass

    def read(self, *args):
        raise OSError("there is no input")

    readline = readlines = __next__ = read


def swallow_streams():
    """Replaces the standard streams, as openai/human-eval does around every program."""
    sys.stdin = sys.stdout = sys.stderr = _Discard()


def no_note(error):
    """The note of a sandbox that has everything: none."""
    return None


# How long a batch of an iterator's items may take; what takes longer is worth a message of its own.
BATCH_SECONDS = 0.001


class Candidate:
    """A loaded program; `answer` turns a call into the message that answers it.

    `note` names what a program asked for and its sandbox lacks, where that explains an error."""

    def __init__(self, note=no_note):
        self._note = note
        self._namespace = {}
        self._function = None
        self._lent = []

    def load(self, source, entry_point, follows="", seed=0):
        """Executes prelude + prompt + completion in a clean namespace; returns the first message.

        `follows` is the head of the function or class that the test begins with, if it does, after an
        empty line where the test has one: a program that ends in a decorator decorates that, and one that
        ends in a backslash goes on there, in openai/human-eval's layout."""
        import random

        random.seed(seed)
        try:
            self._execute(source, entry_point, follows)
            if entry_point not in self._namespace:
                raise NameError(f"name '{entry_point}' is not defined")
            # As a test gets it: what the program does to its name afterwards changes nothing.
            self._function = self._namespace[entry_point]
            if "check" in self._namespace:
                self._namespace["check"] = _check_of_the_test
        except BaseException as error:
            return self._raised(error, None)
        return codec.message(codec.READY, self._names())

    def _names(self):
        """What the program has imported, by its own names, its functions and its classes."""
        told = {}
        for name, value in list(self._namespace.items()):
            try:
                if type(value) is type(sys) and value.__name__ in tester_imports:
                    told[name] = value.__name__
                elif getattr(sys.modules.get(value.__module__), name, None) is value:
                    told[name] = f"{value.__module__}:{name}"
                elif type(value) is type(_ending_in_decorators):
                    told[name] = self._lend(value)
                elif isinstance(value, type):
                    told[name] = None
            except Exception:
                continue  # a number, a string, an object of the program's own
        return told

    def _execute(self, source, entry_point, follows):
        try:
            # The line ends are those that openai/human-eval's layout puts behind a completion.
            code = compile(source + "\n\n", "<string>", "exec")
            if source.endswith("\\") and follows[:1] not in ("", "\n"):
                compile(f"{source}\n{follows}\n    pass\n", "<string>", "exec")  # goes on in the test
        except SyntaxError:
            tree = _ending_in_decorators(source, follows)
            if tree is None:
                raise
            self._execute_decorated(tree, entry_point)
            return
        exec(code, self._namespace)

    def _execute_decorated(self, tree, entry_point):
        """Runs a program whose last decorators are meant for the test's own first definition. That one
        stays with the tester; here stands a function that only says that it was reached."""
        decorated, reached = tree.body[-1], []
        self._namespace["__reached__"] = lambda: reached.append(True)
        exec(compile(tree, "<string>", "exec"), self._namespace)
        if decorated.name == "check":
            self._namespace["check"](self._namespace.get(entry_point))
            if not reached:
                raise TypeError("the program's last decorator keeps the test from being called")
        del self._namespace["__reached__"]

    def answer(self, request):
        """Carries out one call, or tells more items of an iterator."""
        try:
            function = self._function
            kind, values = codec.open_message(request, self._namespace.get, functions=True)
            if kind == codec.MORE:
                return self._more(*values)
            if kind == codec.CALL_TOLD:
                number, *values = values
                function = self._lent[number]
            elif kind == codec.AWAIT:
                values, function = (values, {}), self._wait_for
            args, kwargs = values
        except BaseException as error:
            return self._raised(error, None)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            return self._raised(error, self._mutated(request, args, kwargs))
        mutated = self._mutated(request, args, kwargs)
        losses = ["one object in two places"] if codec.shared(result, *args, *kwargs.values()) else []
        if mutated is None and not losses:
            short = codec.plain(codec.VALUE, (result,))
            if short is not None:
                return short
        try:
            return codec.message(codec.VALUE, result, mutated, losses=losses, lend=self._lend)
        except codec.CodecError as error:
            return codec.message(codec.VALUE, object(), None, losses=[str(error)])
        except BaseException as error:
            return self._raised(error, None)

    def _lend(self, thing):
        self._lent.append(thing)
        return len(self._lent) - 1

    def _wait_for(self, number):
        import asyncio

        return asyncio.run(self._lent[number])

    def _more(self, number, count):
        """Some items of an iterator; few where they take time or are iterators, too, so that it is never far
        ahead of whoever asks."""
        items, ending, lent, late = [], None, len(self._lent), time.perf_counter() + BATCH_SECONDS
        try:
            while len(items) < count and (not items or time.perf_counter() < late):
                items.append(next(self._lent[number]))
        except BaseException as error:
            ending = error
        return codec.message(codec.ITEMS, items, ending, losses=[], lend=self._lend)

    def _mutated(self, request, args, kwargs):
        if request[:1] != codec.CALL:
            if request.find(b"[", 2) < 0 or codec.plain(codec.CALL, args) == request:
                return None
            return args, kwargs
        try:
            now = codec.message(codec.CALL, args, kwargs, lend=codec.no_number)
            return (args, kwargs) if now != request else None
        except Exception:
            return None

    def _raised(self, error, mutated):
        note = self._note(error)
        try:
            return codec.message(codec.RAISED, error, mutated, note, losses=[], lend=self._lend)
        except BaseException:
            pass
        base = next(each for each in type(error).__mro__ if each.__module__ == "builtins")
        try:
            plain = base(str(error)[:1000])
        except BaseException:
            plain = Exception(type(error).__name__)
        return codec.message(codec.RAISED, plain, None, note, losses=["an exception"])


def _check_of_the_test(*args, **kwargs):
    raise TypeError("the test's check has taken the place of the program's")


def _ending_in_decorators(source, follows):
    """The tree of a program that ends in decorators, with a stand-in for what they decorate; else None."""
    if not follows:
        return None
    import ast

    try:
        tree = ast.parse(f"{source}\n{follows}\n    pass\n", "<string>")
    except SyntaxError:
        return None
    last = tree.body[-1]
    if not getattr(last, "decorator_list", None):
        return None
    if isinstance(last, ast.FunctionDef):
        last.body = ast.parse("__reached__()").body
    return tree


def serve(source, entry_point, follows, read, write, note=no_note):
    """Loads a program and answers calls over a pair of streams until the other side closes."""
    swallow_streams()
    candidate = Candidate(note)
    codec.write_frame(write, candidate.load(source, entry_point, follows))
    next_request, answer, write_frame = codec.Frames(read).next, candidate.answer, codec.write_frame
    while True:
        try:
            request = next_request()
        except codec.EndOfStream:
            return
        write_frame(write, answer(request))
