"""The candidate's side of split checking: runs what a model wrote and answers calls of it.

Nothing here is trusted by anyone. Whatever the program does to this interpreter, only plain values
leave it, and the tester (tester.py) judges them by itself.
"""

import sys

import codec


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


def no_note():
    """The note of a sandbox that has everything: none."""
    return None


class Candidate:
    """A loaded program; `answer` turns the payload of a call into the payload of its reply."""

    def __init__(self, note=no_note):
        self._note = note
        self._namespace = {}
        self._entry_point = None

    def load(self, source, entry_point, seed=0):
        """Executes prelude + prompt + completion in a clean namespace; returns the first payload."""
        import random

        random.seed(seed)
        self._entry_point = entry_point
        try:
            # The line ends are those that openai/human-eval's layout puts behind a completion.
            exec(source + "\n\n", self._namespace)
            if entry_point not in self._namespace:
                raise NameError(f"name '{entry_point}' is not defined")
        except BaseException as error:
            return self._raised(error, None)
        return codec.encode((codec.READY, self._note()))

    def answer(self, request):
        """Carries out one call."""
        try:
            args, kwargs = codec.decode(request)
        except BaseException as error:
            return self._raised(error, None)
        try:
            result = self._namespace[self._entry_point](*args, **kwargs)
        except BaseException as error:
            return self._raised(error, self._mutated(request, args, kwargs))
        mutated = self._mutated(request, args, kwargs)
        try:
            return codec.encode((codec.VALUE, result, mutated, self._note()))
        except codec.CodecError:
            return codec.encode((codec.VALUE, object(), mutated, self._note()))
        except BaseException as error:
            return self._raised(error, mutated)

    def _mutated(self, request, args, kwargs):
        for value in (*args, *kwargs.values()):
            if type(value) not in (int, str, float, bool, type(None)):
                break
        else:
            return None
        try:
            return (args, kwargs) if codec.encode((args, kwargs)) != request else None
        except Exception:
            return None

    def _raised(self, error, mutated):
        classes = [each.__name__ for each in type(error).__mro__]
        try:
            message = str(error)[:300]
        except BaseException:
            message = ""
        try:
            return codec.encode((codec.RAISED, classes, message, mutated, self._note()))
        except codec.CodecError:
            return codec.encode((codec.RAISED, ["Exception"], "", None, None))


def serve(source, entry_point, read, write, note=no_note):
    """Loads a program and answers calls over a pair of streams until the other side closes."""
    swallow_streams()
    candidate = Candidate(note)
    codec.write_frame(write, candidate.load(source, entry_point))
    while True:
        try:
            request = codec.read_frame(read)
        except codec.EndOfStream:
            return
        codec.write_frame(write, candidate.answer(request))
