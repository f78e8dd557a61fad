"""The candidate's side of split checking: runs what a model wrote and answers calls of it.

Nothing here is trusted by anyone. Whatever the program does to this interpreter, only plain values
leave it, and the tester (tester.py) judges them by itself.
"""

import sys

import codec

# Modules that a program may have imported for its test, too.
tester_imports = frozenset(
    "bisect cmath collections copy dataclasses datetime decimal enum fractions functools hashlib heapq "
    "itertools json math numpy operator pathlib random re statistics string time types typing uuid".split()
)


class _Discard:
    """What a program sees as its standard streams: written text vanishes, reading is an error.

    openai/human-eval swaps the streams in the same way; this one keeps nothing, so that a chatty
    program costs no memory, and has a `buffer`, as real streams have.
    """

    encoding = "utf-8"
    errors = "strict"
    newlines = None
    closed = False
    name = "<discarded>"
    mode = "w"

    @property
    def buffer(self):
        return self

    def write(self, data):
        return len(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def close(self):
        pass

    def isatty(self):
        return False

    def readable(self):
        return False

    def writable(self):
        return True

    def seekable(self):
        return False

    def fileno(self):
        raise OSError("a discarded stream has no descriptor")

    def reconfigure(self, **options):
        pass

    def read(self, *args):
        raise OSError("there is no input")

    readline = readlines = __next__ = read

    def __iter__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


def swallow_streams():
    """Replaces the standard streams, as openai/human-eval does around every program."""
    sys.stdin = sys.stdout = sys.stderr = _Discard()


def no_note(error):
    """The note of a sandbox that has everything: none."""
    return None


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

        `follows` is the head of the function or class that the test begins with, if it does: a program
        that ends in a decorator decorates that, in openai/human-eval's layout."""
        import random

        random.seed(seed)
        try:
            self._execute(source, entry_point, follows)
            if entry_point not in self._namespace:
                raise NameError(f"name '{entry_point}' is not defined")
            # As a test gets it: what the program does to its name afterwards changes nothing.
            self._function = self._namespace[entry_point]
        except BaseException as error:
            return self._raised(error, None)
        return codec.message(codec.READY, self._imports())

    def _imports(self):
        """What the program has imported, by its own names."""
        told = {}
        for name, value in list(self._namespace.items()):
            try:
                if type(value) is type(sys) and value.__name__ in tester_imports:
                    told[name] = value.__name__
                elif getattr(sys.modules.get(value.__module__), name) is value:
                    told[name] = f"{value.__module__}:{name}"
            except Exception:
                continue  # a number, a string, an object of the program's own
        return told

    def _execute(self, source, entry_point, follows):
        try:
            # The line ends are those that openai/human-eval's layout puts behind a completion.
            code = compile(source + "\n\n", "<string>", "exec")
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
            kind, values = codec.open_message(request, self._namespace.get)
            if kind == codec.MORE:
                return self._more(*values)
            args, kwargs = values
        except BaseException as error:
            return self._raised(error, None)
        try:
            result = self._function(*args, **kwargs)
        except BaseException as error:
            return self._raised(error, self._mutated(request, args, kwargs))
        mutated = self._mutated(request, args, kwargs)
        if mutated is None:
            short = codec.plain(codec.VALUE, (result,))
            if short is not None:
                return short
        try:
            return codec.message(codec.VALUE, result, mutated, losses=[], lend=self._lend)
        except codec.CodecError as error:
            return codec.message(codec.VALUE, object(), None, losses=[str(error)])
        except BaseException as error:
            return self._raised(error, None)

    def _lend(self, iterator):
        self._lent.append(iterator)
        return len(self._lent) - 1

    def _more(self, number, count):
        items, ending = [], None
        try:
            for _ in range(count):
                items.append(next(self._lent[number]))
        except StopIteration:
            ending = True
        except BaseException as error:
            ending = error
        return codec.message(codec.ITEMS, items, ending, losses=[], lend=self._lend)

    def _mutated(self, request, args, kwargs):
        if request[:1] != codec.CALL:
            if request.find(b"[", 2) < 0 or codec.plain(codec.CALL, args) == request:
                return None
            return args, kwargs
        try:
            now = codec.message(codec.CALL, args, kwargs, lend=lambda iterator: -1)
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
