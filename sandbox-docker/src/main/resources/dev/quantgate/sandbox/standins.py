"""What stands in the embedded interpreter for what it lacks.

It has no threads, files, sockets and processes, and not the whole standard library. A program that
merely imports what it lacks goes on: most completions that import unittest, doctest or asyncio never use
them for more than is here. What cannot stand in raises, and is remembered: a program that this error
ends is called unsupported and not wrong, since openai/human-eval would have run it. A program that
catches the error is judged by what it answers.
"""

import os
import sys
from types import ModuleType

# Modules that this interpreter has not, or that only import where there is more of a system below;
# the last two lines are what Python 3.12 and 3.13 dropped.
_ABSENT = frozenset(
    "_bz2 _crypt _ctypes _curses _curses_panel _dbm _gdbm _lsprof _lzma _multiprocessing _posixshmem "
    "_posixsubprocess _sqlite3 _ssl _testcapi _tkinter ctypes curses ensurepip fcntl grp idlelib mmap "
    "numpy pty pwd pydoc readline select socketserver sqlite3 ssl syslog termios tkinter tty turtle "
    "venv webbrowser wsgiref xmlrpc "
    "aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib "
    "nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib".split()
)

# (what, error) of everything that was refused; an error as an object, so that nothing equals it falsely.
_refused = []


def note(error):
    """What a program wanted and did not get, if that is what ended it; else None."""
    seen = []
    while error is not None and all(each is not error for each in seen):
        seen.append(error)
        for what, refusal in _refused:
            if refusal is error:
                return what
        error = error.__cause__ or error.__context__
    # Some of the library looks for another way first, and says at last that there is none.
    return _refused[0][0] if _refused and isinstance(seen[0], OSError) else None


def _refuse(what, kind):
    error = kind(f"{what} is not available in this sandbox")
    if len(_refused) < 1000:
        _refused.append((what, error))
    raise error


def _refusing(what, kind=RuntimeError):
    return lambda *args, **kwargs: _refuse(what, kind)


class _Absent:
    """Finds the modules that are not there."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in _ABSENT:
            _refuse(f"the module {name}", ModuleNotFoundError)
        return None


def _watch(event, args):
    """Refuses a file to write, as openai/human-eval would have let it."""
    if event == "open":
        _, _, flags = args
        if flags & (os.O_WRONLY | os.O_CREAT):
            _refuse("a file to write", PermissionError)
    elif event == "os.mkdir":
        _refuse("a folder", PermissionError)


def forget():
    """What was asked for while this was prepared is no program's."""
    _refused.clear()


def install():
    """Puts everything in place, once, before any program."""
    _take_threads()
    _take_signals()
    for make in (_subprocess, _multiprocessing, _futures, _unittest, _doctest):
        module = make()
        sys.modules[module.__name__] = module
    concurrent = ModuleType("concurrent")
    concurrent.__path__ = []
    concurrent.futures = sys.modules["concurrent.futures"]
    sys.modules["concurrent"] = concurrent
    _give_asyncio_a_loop()
    _say_where_time_zones_would_be()
    sys.addaudithook(_watch)
    sys.meta_path.append(_Absent)


def _module(name, **members):
    """A module that refuses what it has not."""
    module = ModuleType(name)
    module.__dict__.update(members)

    def lacking(member):
        if member.startswith("__"):
            raise AttributeError(member)
        _refuse(f"{name}.{member}", AttributeError)

    module.__getattr__ = lacking
    return module


def _take_threads():
    import _thread
    import threading

    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        setattr(_thread, name, _refusing("a thread"))
    threading._start_joinable_thread = _thread.start_joinable_thread


def _take_signals():
    import signal

    for name in "alarm getitimer pause pthread_kill pthread_sigmask setitimer sigwait".split():
        setattr(signal, name, _refusing(f"signal.{name}", OSError))
    signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF = 0, 1, 2


def _not_callable(*args, **kwargs):
    """What openai/human-eval leaves of a function that it takes away."""
    raise TypeError("'NoneType' object is not callable")


def _subprocess():
    class SubprocessError(Exception):
        pass

    class CalledProcessError(SubprocessError):
        pass

    class TimeoutExpired(SubprocessError):
        pass

    members = dict.fromkeys(
        "run call check_call check_output getoutput getstatusoutput".split(), _not_callable
    )
    return _module(
        "subprocess",
        Popen=None,
        PIPE=-1,
        STDOUT=-2,
        DEVNULL=-3,
        SubprocessError=SubprocessError,
        CalledProcessError=CalledProcessError,
        TimeoutExpired=TimeoutExpired,
        **members,
    )


def _multiprocessing():
    class Process:
        def __init__(self, *args, **kwargs):
            pass

        start = _not_callable

    return _module(
        "multiprocessing",
        cpu_count=lambda: 1,
        Pool=_not_callable,
        Manager=_not_callable,
        Process=Process,
    )


def _futures():
    class Error(Exception):
        pass

    class CancelledError(Error):
        pass

    class InvalidStateError(Error):
        pass

    class Future:
        pass

    class Executor:
        def __init__(self, *args, **kwargs):
            _refuse("a thread", RuntimeError)

    return _module(
        "concurrent.futures",
        Error=Error,
        CancelledError=CancelledError,
        InvalidStateError=InvalidStateError,
        TimeoutError=TimeoutError,
        BrokenExecutor=RuntimeError,
        Future=Future,
        Executor=Executor,
        ThreadPoolExecutor=type("ThreadPoolExecutor", (Executor,), {}),
        ProcessPoolExecutor=type("ProcessPoolExecutor", (Executor,), {}),
        FIRST_COMPLETED="FIRST_COMPLETED",
        FIRST_EXCEPTION="FIRST_EXCEPTION",
        ALL_COMPLETED="ALL_COMPLETED",
    )


def _unittest():
    """Enough to define test cases, which nobody runs where a program is executed by exec."""

    class SkipTest(Exception):
        pass

    class TestCase:
        maxDiff = None
        failureException = AssertionError

        def __init__(self, *args, **kwargs):
            _refuse("unittest.TestCase", RuntimeError)

    def keep(thing=None, *args):
        return thing if callable(thing) else keep

    def main(*args, exit=True, **kwargs):
        if exit:
            raise SystemExit(0)

    return _module(
        "unittest",
        TestCase=TestCase,
        IsolatedAsyncioTestCase=type("IsolatedAsyncioTestCase", (TestCase,), {}),
        SkipTest=SkipTest,
        skip=keep,
        skipIf=keep,
        skipUnless=keep,
        expectedFailure=keep,
        main=main,
    )


def _doctest():
    """There are no examples in the module that doctest looks at, so that none of them fails."""
    from collections import namedtuple

    results = namedtuple("TestResults", "failed attempted")
    flags = "ELLIPSIS NORMALIZE_WHITESPACE IGNORE_EXCEPTION_DETAIL DONT_ACCEPT_TRUE_FOR_1 SKIP"
    return _module(
        "doctest",
        TestResults=results,
        testmod=lambda *args, **kwargs: results(0, 0),
        run_docstring_examples=lambda *args, **kwargs: None,
        **{name: 1 << bit for bit, name in enumerate(flags.split())},
    )


def _give_asyncio_a_loop():
    """The library's own loop, which waits for time alone: there are no descriptors to wait for."""
    import asyncio
    import time

    class Clock:
        def select(self, timeout):
            # Nothing can wake a loop that waits for ever but the end of its time.
            time.sleep(1e6 if timeout is None else max(0, timeout))
            return ()

    class Loop(asyncio.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self._selector = Clock()

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            pass

    class Policy(asyncio.events.BaseDefaultEventLoopPolicy):
        _loop_factory = Loop

    asyncio.set_event_loop_policy(Policy())


def _say_where_time_zones_would_be():
    from zoneinfo import _common

    real = _common.load_tzdata

    def load_tzdata(key):
        try:
            return real(key)
        except Exception as error:
            _refused.append(("the time zone data", error))
            raise

    _common.load_tzdata = load_tzdata
    import zoneinfo._zoneinfo

    zoneinfo._zoneinfo._common = _common
