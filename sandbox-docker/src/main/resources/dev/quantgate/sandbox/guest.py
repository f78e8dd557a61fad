"""What the embedded interpreter runs: one function, from the bytes of an order to those of an answer.

The orders are values in codec.py's encoding. Tester and candidate are two interpreters of their own;
the tester's calls leave through its standard streams, which its host functions join to the candidate.
"""

import os
import sys

import codec
import candidate
import tester
import official

# Imported before the interpreter's memory is copied for each job, so that no job pays for them.
import array, bisect, collections, copy, datetime, decimal, fractions, functools, hashlib, heapq
import itertools, json, math, operator, random, re, statistics, string, typing

_LINE_IN, _LINE_OUT = 0, 1

_unsupported = None
_program = None


def _note():
    return _unsupported


def _refuse(what, error):
    def refuse(*args, **kwargs):
        global _unsupported
        if _unsupported is None:
            _unsupported = what
        raise error(f"{what} is not available in this sandbox")

    return refuse


class _Absent:
    """Finds the standard modules that this interpreter lacks, so that a program that needs one is
    called unsupported and not wrong: openai/human-eval would have run it."""

    # Modules that import anywhere; what they do with processes fails there too, since openai/human-eval
    # takes os.fork and subprocess.Popen away. _stand_in has them.
    names = frozenset(
        "_ctypes _curses _lsprof _posixsubprocess _sqlite3 bdb bz2 concurrent ctypes curses dbm "
        "doctest ensurepip fcntl grp idlelib lzma mmap nis pdb pty pwd pydoc readline select "
        "socketserver sqlite3 syslog termios tty turtle unittest venv webbrowser wsgiref xmlrpc "
        "numpy".split()
    )

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in cls.names:
            _refuse(f"the module {name}", ModuleNotFoundError)()
        return None


def _stand_in():
    """Puts modules in place that this interpreter lacks and that openai/human-eval leaves crippled."""
    from types import ModuleType

    subprocess = ModuleType("subprocess")
    subprocess.Popen = None
    subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL = -1, -2, -3
    subprocess.SubprocessError = type("SubprocessError", (Exception,), {})
    subprocess.CalledProcessError = type("CalledProcessError", (subprocess.SubprocessError,), {})
    subprocess.TimeoutExpired = type("TimeoutExpired", (subprocess.SubprocessError,), {})
    for name in "run call check_call check_output getoutput getstatusoutput".split():
        setattr(subprocess, name, _not_callable)
    multiprocessing = ModuleType("multiprocessing")
    multiprocessing.cpu_count = lambda: 1
    multiprocessing.Pool = multiprocessing.Manager = _not_callable
    multiprocessing.Process = type(
        "Process", (), {"__init__": lambda self, *args, **kwargs: None, "start": _not_callable}
    )
    multiprocessing.__getattr__ = lambda name: _refuse(
        f"multiprocessing.{name}", AttributeError
    )()
    sys.modules["subprocess"] = subprocess
    sys.modules["multiprocessing"] = multiprocessing


def _not_callable(*args, **kwargs):
    raise TypeError("'NoneType' object is not callable")


def _watch(event, args):
    """Notes a program that writes a file, as openai/human-eval would have let it."""
    global _unsupported
    if event == "open":
        path, mode, flags = args
        if flags & (os.O_WRONLY | os.O_CREAT) and _unsupported is None:
            _unsupported = "a file to write"
    elif event == "os.mkdir" and _unsupported is None:
        _unsupported = "a folder"


def _prepare():
    import _thread

    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        setattr(_thread, name, _refuse("a thread", RuntimeError))
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._start_joinable_thread = _thread.start_joinable_thread
    sys.dont_write_bytecode = True
    _stand_in()
    sys.addaudithook(_watch)
    sys.meta_path.append(_Absent)
    sys.path.remove("/guest")


def _exchange(payload):
    try:
        codec.write_frame(lambda data: os.write(_LINE_OUT, data), payload)
        return codec.read_frame(lambda size: os.read(_LINE_IN, size))
    except codec.EndOfStream:
        raise tester.CandidateGone("the candidate ended before the test was through") from None
    except codec.CodecError as error:
        raise tester.CandidateGone(f"the candidate broke the protocol: {error}") from None


def handle(order):
    """Carries out one order."""
    global _program
    if _program is not None:
        return _program.answer(order)
    verb, frame_bytes, *rest = codec.decode(order)
    codec.MAX_FRAME = int(frame_bytes)
    if verb == "prepare":
        _prepare()
        return b""
    candidate.swallow_streams()
    if verb == "load":
        _program = candidate.Candidate(_note)
        return _program.load(*rest)
    if verb == "judge":
        job, *rest = rest
        outcome, detail = tester.judge(*rest, _exchange, believes_notes=True)
        return codec.encode((job, outcome, detail))
    if verb == "official":
        job, *parts = rest
        official.guard()
        outcome, detail = official.judge(official.program(*parts), note=_note)
        return codec.encode((job, outcome, detail))
    raise ValueError(verb)
