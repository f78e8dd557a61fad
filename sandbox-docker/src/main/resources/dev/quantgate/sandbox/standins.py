"""What stands in the embedded interpreter for what it lacks.

It has no threads, files, sockets and processes, and not the whole standard library. A program that
merely imports what it lacks goes on: most completions that import unittest, doctest or asyncio never use
them for more than is here. What cannot stand in raises, and is remembered: a program that this error
ends is called unsupported and not wrong, since openai/human-eval would have run it. A program that
catches the error is judged by what it answers.
"""

import collections
import functools
import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import GenericAlias, ModuleType

# Modules that this interpreter has not, or that only import where there is more of a system below;
# the last two lines are what Python 3.12 and 3.13 dropped.
_ABSENT = frozenset(
    "_bz2 _crypt _ctypes _curses _curses_panel _dbm _gdbm _lsprof _lzma _multiprocessing _posixshmem "
    "_posixsubprocess _sqlite3 _ssl _testcapi _tkinter ctypes curses ensurepip fcntl grp idlelib mmap "
    "numpy pty pwd pydoc readline select socketserver sqlite3 ssl syslog termios tkinter tty turtle "
    "venv webbrowser wsgiref xmlrpc "
    "aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib "
    "nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib "
    "multiprocessing.forkserver multiprocessing.heap multiprocessing.popen_fork "
    "multiprocessing.popen_forkserver multiprocessing.popen_spawn_posix "
    "multiprocessing.resource_sharer multiprocessing.resource_tracker multiprocessing.spawn "
    "multiprocessing.util multiprocessing.dummy.connection unittest._log".split()
)

# Members of modules that are there, which CPython 3.12 has on Linux and this interpreter has not.
_LACKING = {
    "asyncio": "open_unix_connection start_unix_server",
    "asyncio.streams": "open_unix_connection start_unix_server",
    "configparser": "LegacyInterpolation",
    "ftplib": "FTP_TLS",
    "hashlib": "pbkdf2_hmac scrypt",
    "http.client": "HTTPSConnection",
    "imaplib": "IMAP4_SSL",
    "locale": "bind_textdomain_codeset bindtextdomain dcgettext dgettext gettext textdomain resetlocale",
    "multiprocessing.connection": (
        "BUFSIZE CONNECTION_TIMEOUT ConnectionWrapper MESSAGE_LENGTH SocketClient SocketListener "
        "XmlClient XmlListener address_type answer_challenge arbitrary_address default_family "
        "deliver_challenge families rebuild_connection reduce_connection"
    ),
    "multiprocessing.managers": (
        "HAS_SHMEM ProcessError ProcessLocalSet RemoteError State all_methods convert_to_error "
        "dispatch get_context get_spawning_popen listener_client public_methods rebuild_as_list "
        "reduce_array"
    ),
    "multiprocessing.pool": "job_counter wait",
    "multiprocessing.process": "AuthenticationString ORIGINAL_DIR",
    "multiprocessing.queues": "Finalize debug info is_exiting register_after_fork",
    "multiprocessing.reduction": "ACKNOWLEDGE HAVE_SEND_HANDLE",
    "multiprocessing.sharedctypes": (
        "assert_spawning class_cache get_context make_property prop_cache rebuild_ctype reduce_ctype "
        "template typecode_to_type"
    ),
    "multiprocessing.synchronize": "RECURSIVE_MUTEX SEMAPHORE SEM_VALUE_MAX sem_unlink",
    "os": (
        "WCOREDUMP WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WSTOPSIG WTERMSIG "
        "ctermid eventfd eventfd_read eventfd_write fstatvfs fwalk get_terminal_size getegid geteuid "
        "getgid getgrouplist getgroups getloadavg getlogin getpgid getpgrp getpriority "
        "getrandom getresgid getresuid getsid getuid getxattr listxattr lockf login_tty major makedev "
        "minor openpty pipe posix_fallocate preadv pwritev readv register_at_fork sched_get_priority_max "
        "sched_get_priority_min sched_getaffinity sched_getparam sched_getscheduler sched_param "
        "sched_rr_get_interval statvfs sync tcgetpgrp ttyname umask waitstatus_to_exitcode writev"
    ),
    "poplib": "POP3_SSL",
    "re": "T TEMPLATE template",
    "select": "epoll",
    "selectors": "EpollSelector",
    "shutil": "disk_usage",
    "signal": (
        "ItimerError SIG_BLOCK SIG_SETMASK SIG_UNBLOCK Sigmasks pidfd_send_signal siginterrupt "
        "sigpending sigtimedwait sigwaitinfo struct_siginfo valid_signals"
    ),
    "smtplib": "SMTP_SSL",
    "threading": "get_native_id",
    "time": (
        "CLOCK_BOOTTIME CLOCK_MONOTONIC_RAW CLOCK_PROCESS_CPUTIME_ID CLOCK_TAI CLOCK_THREAD_CPUTIME_ID "
        "thread_time thread_time_ns tzset"
    ),
    "unittest.case": "DIFF_OMITTED",
    "unittest.main": "MAIN_EXAMPLES MODULE_EXAMPLES",
    "unittest.mock": "AsyncMagicMixin AsyncMockMixin Base CallableMixin MagicMixin MagicProxy",
    "unittest.result": "STDERR_LINE STDOUT_LINE",
    "urllib.request": "HTTPSHandler",
}

# And those that openai/human-eval's guard, or the want of rights, of processes and of a network, makes fail
# there, too: only to import them asks for what is lacking.
_ACTING = {
    "os": (
        "chown chroot copy_file_range execv execve fchdir fchmod fchown fork forkpty initgroups kill "
        "killpg lchown getppid memfd_create mkfifo mknod nice pidfd_open posix_spawn posix_spawnp "
        "removexattr sched_setaffinity sched_setparam sched_setscheduler sendfile setegid seteuid "
        "setgid setgroups setns setpgid setpgrp setpriority setregid setresgid setresuid setreuid "
        "setsid setuid setxattr spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe "
        "splice system tcsetpgrp unshare wait wait3 wait4 waitid waitid_result waitpid"
    ),
    "socket": (
        "gethostbyaddr gethostbyname gethostbyname_ex getnameinfo getprotobyname getservbyname "
        "getservbyport if_indextoname if_nameindex if_nametoindex recv_fds send_fds sethostname"
    ),
    "time": "clock_settime clock_settime_ns",
}

# Modules whose names in capitals are numbers of the system's.
_OF_NUMBERS = frozenset("errno os select signal socket".split())

# Folders that every machine has, and a place for a program.
_FOLDERS = frozenset(("", ".", "..", "/", "/tmp"))

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
        what = _lacking(error)
        if what is not None:
            return what
        if isinstance(error, FileNotFoundError) and str(error.filename) in _FOLDERS:
            return "a folder"
        error = error.__cause__ or error.__context__
    # Some of the library looks for another way first, and says at last that there is none.
    return _refused[0][0] if _refused and isinstance(seen[0], OSError) else None


def _lacking(error):
    """The member of a module that an error says is not there, if it is one of those above; else None.
    An import clears whatever a module raises, and raises an error of its own that only tells the names."""
    imported = isinstance(error, ImportError)
    if imported:
        module, member = error.name, error.name_from
    elif isinstance(error, AttributeError) and type(error.obj) is ModuleType:
        module, member = error.obj.__name__, error.name
    else:
        return None
    if type(module) is not str or type(member) is not str:
        return None
    lacks = member in _LACKING.get(module, "").split() or imported and (
        member in _ACTING.get(module, "").split() or module in _OF_NUMBERS and member.isupper()
    )
    return f"{module}.{member}" if lacks else None


def _refuse(what, kind):
    error = kind(f"{what} is not available in this sandbox")
    if len(_refused) < 1000:
        _refused.append((what, error))
    raise error


def _refusing(what, kind=RuntimeError):
    return lambda *args, **kwargs: _refuse(what, kind)


class _StandIns:
    """Finds and makes the modules that stand in."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _MODULES:
            return None
        package = any(each.startswith(f"{name}.") for each in _MODULES)
        return ModuleSpec(name, _StandIns, is_package=package)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        vars(module).update(_MODULES[module.__name__]())


class _Absent:
    """Finds the modules that are not there."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in _ABSENT or name.partition(".")[0] in _ABSENT:
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
    os.environ.update(PATH="/usr/local/bin:/usr/bin:/bin", HOME="/tmp", LANG="C.UTF-8")
    _take_threads()
    _take_signals()
    _take_sockets()
    for name in _MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _StandIns)
    for name in ("concurrent.futures", "doctest", "multiprocessing", "subprocess", "unittest"):
        import_module(name)
    _give_asyncio_a_loop()
    _say_where_time_zones_would_be()
    sys.addaudithook(_watch)
    sys.meta_path.append(_Absent)


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


def _take_sockets():
    import _socket
    import socket

    # The network fails under openai/human-eval's guard, too; two ends in one process do not.
    socket.socketpair = _socket.socketpair = _refusing("socket.socketpair", OSError)


def _not_callable(*args, **kwargs):
    """What openai/human-eval leaves of a function that it takes away."""
    raise TypeError("'NoneType' object is not callable")


def _functions(module, names):
    """Functions that can be imported and passed on; to call one is refused."""
    return {name: _refusing(f"{module}.{name}") for name in names.split()}


def _classes(module, names):
    """Classes that can be imported and derived from; to make an object is refused."""
    return {name: _class(name, module, _refusing(f"{module}.{name}")) for name in names.split()}


def _class(name, module, new):
    body = {"__module__": module, "__new__": new, "__class_getitem__": classmethod(GenericAlias)}
    return type(name, (), body)


def _errors(module, base, names):
    return {name: type(name, (base,), {"__module__": module}) for name in names.split()}


def _some(module, names):
    """The same things under another module's name."""
    members = vars(import_module(module))
    return {name: members[name] for name in names.split()}


def _subprocess():
    class SubprocessError(Exception):
        pass

    class CalledProcessError(SubprocessError):
        def __init__(self, returncode, cmd, output=None, stderr=None):
            self.returncode, self.cmd = returncode, cmd
            self.output = self.stdout = output
            self.stderr = stderr

        def __str__(self):
            return f"Command '{self.cmd}' returned non-zero exit status {self.returncode}."

    class TimeoutExpired(SubprocessError):
        def __init__(self, cmd, timeout, output=None, stderr=None):
            self.cmd, self.timeout = cmd, timeout
            self.output = self.stdout = output
            self.stderr = stderr

        def __str__(self):
            return f"Command '{self.cmd}' timed out after {self.timeout} seconds"

    taken = "run call check_call check_output getoutput getstatusoutput"
    return {
        "Popen": None,
        "PIPE": -1,
        "STDOUT": -2,
        "DEVNULL": -3,
        "SubprocessError": SubprocessError,
        "CalledProcessError": CalledProcessError,
        "TimeoutExpired": TimeoutExpired,
        **dict.fromkeys(taken.split(), _not_callable),
        **_classes("subprocess", "CompletedProcess"),
        **_functions("subprocess", "list2cmdline"),
    }


def _multiprocessing():
    name = "multiprocessing"
    inner = "active_children current_process parent_process"
    return {
        "cpu_count": lambda: 1,
        "freeze_support": lambda: None,
        "get_all_start_methods": lambda: ["fork", "spawn", "forkserver"],
        "get_start_method": lambda allow_none=False: "fork",
        "set_start_method": lambda method, force=False: None,
        "Pool": _not_callable,
        "Manager": _not_callable,
        "reducer": import_module("multiprocessing.reduction"),
        **_some("multiprocessing.process", inner),
        **_some(
            "multiprocessing.context",
            "Process ProcessError AuthenticationError BufferTooShort TimeoutError",
        ),
        **_functions(
            name,
            "Array Barrier BoundedSemaphore Condition Event JoinableQueue Lock Pipe Queue RLock RawArray "
            "RawValue Semaphore SimpleQueue Value allow_connection_pickling get_context get_logger "
            "log_to_stderr set_executable set_forkserver_preload",
        ),
    }


def _multiprocessing_process():
    class BaseProcess:
        """A process that never starts: openai/human-eval takes the fork away."""

        def __init__(self, group=None, target=None, name=None, args=(), kwargs={}, *, daemon=None):
            self._target, self._args, self._kwargs = target, tuple(args), dict(kwargs)
            self.name, self.daemon = name or type(self).__name__, bool(daemon)
            self.pid = self.ident = self.exitcode = None

        def run(self):
            if self._target:
                self._target(*self._args, **self._kwargs)

        def is_alive(self):
            return False

        start = _not_callable

    main = BaseProcess(name="MainProcess")
    main.pid = main.ident = os.getpid()
    return {
        "BaseProcess": BaseProcess,
        "active_children": lambda: [],
        "current_process": lambda: main,
        "parent_process": lambda: None,
    }


def _multiprocessing_context():
    name = "multiprocessing.context"
    process = import_module("multiprocessing.process").BaseProcess
    error = _errors("multiprocessing", Exception, "ProcessError")
    return {
        "Process": type("Process", (process,), {"__module__": name}),
        **error,
        **_errors(
            "multiprocessing",
            error["ProcessError"],
            "AuthenticationError BufferTooShort TimeoutError",
        ),
        **_classes(
            name,
            "BaseContext DefaultContext ForkContext ForkServerContext SpawnContext ForkProcess "
            "ForkServerProcess SpawnProcess",
        ),
        **_functions(name, "assert_spawning get_spawning_popen set_spawning_popen"),
    }


def _multiprocessing_pool():
    name = "multiprocessing.pool"
    return {
        **{each: each for each in "INIT RUN CLOSE TERMINATE".split()},
        "Pool": _class("Pool", name, _not_callable),
        **_some("multiprocessing", "TimeoutError get_context"),
        **_classes(
            name,
            "ThreadPool ApplyResult AsyncResult MapResult IMapIterator IMapUnorderedIterator "
            "ExceptionWithTraceback",
        ),
        **_errors(name, Exception, "MaybeEncodingError RemoteTraceback"),
        **_functions(name, "mapstar rebuild_exc starmapstar worker"),
    }


def _multiprocessing_dummy():
    name = "multiprocessing.dummy"
    return {
        **_some(
            "threading",
            "Barrier BoundedSemaphore Condition Event Lock RLock Semaphore current_thread",
        ),
        **_some("multiprocessing", "active_children freeze_support"),
        "current_process": import_module("threading").current_thread,
        "Queue": import_module("queue").Queue,
        "JoinableQueue": import_module("queue").Queue,
        **_classes(name, "DummyProcess Process Namespace Value"),
        **_functions(name, "Array Manager Pipe Pool shutdown"),
    }


def _futures_base():
    name = "concurrent.futures._base"
    error = _errors(name, Exception, "Error")
    states = "PENDING RUNNING CANCELLED CANCELLED_AND_NOTIFIED FINISHED"
    return {
        **{each: each for each in states.split()},
        **{each: each for each in "FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED".split()},
        **error,
        **_errors(name, error["Error"], "CancelledError InvalidStateError"),
        **_errors(name, RuntimeError, "BrokenExecutor"),
        "TimeoutError": TimeoutError,
        **_classes(name, "Future Executor DoneAndNotDoneFutures"),
        **_functions(name, "as_completed wait"),
    }


def _executors(name, executor, broken):
    """A module with an executor, and what it raises when it is broken."""
    base = import_module("concurrent.futures._base")
    body = {"__module__": name, "__new__": _refusing(f"concurrent.futures.{executor}")}
    return {
        executor: type(executor, (base.Executor,), body),
        **_errors(name, base.BrokenExecutor, broken),
    }


def _futures():
    base = (
        "FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED CancelledError TimeoutError InvalidStateError "
        "BrokenExecutor Future Executor wait as_completed"
    )
    return {
        **_some("concurrent.futures._base", base),
        **_some("concurrent.futures.thread", "ThreadPoolExecutor"),
        **_some("concurrent.futures.process", "ProcessPoolExecutor"),
    }


def _unittest_case():
    """Enough to define test cases, which nobody runs where a program is executed by exec."""
    name = "unittest.case"

    def keep(thing=None, *args):
        return thing if callable(thing) else keep

    case = _class("TestCase", name, _refusing("unittest.TestCase"))
    case.maxDiff, case.longMessage, case.failureException = None, True, AssertionError
    return {
        **_errors(name, Exception, "SkipTest"),
        "TestCase": case,
        "FunctionTestCase": type("FunctionTestCase", (case,), {"__module__": name}),
        **dict.fromkeys("skip skipIf skipUnless expectedFailure".split(), keep),
        **_some("unittest.util", "safe_repr strclass"),
        **_functions(name, "addModuleCleanup doModuleCleanups enterModuleContext"),
    }


def _unittest_loader():
    name = "unittest.loader"
    return {
        **_classes(name, "TestLoader"),
        "defaultTestLoader": _Unusable("unittest.defaultTestLoader"),
        **_functions(name, "findTestCases getTestCaseNames makeSuite"),
    }


class _Unusable:
    """An object that can be imported and passed on; to use it is refused."""

    def __init__(self, what):
        self.__what = what

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f"{self.__what}.{name}", AttributeError)

    def __call__(self, *args, **kwargs):
        _refuse(self.__what, RuntimeError)


def _unittest_main():
    def main(*args, exit=True, **kwargs):
        if exit:
            raise SystemExit(0)

    return {"main": main, **_classes("unittest.main", "TestProgram")}


def _unittest():
    return {
        **_some("unittest.main", "main TestProgram"),
        **_some(
            "unittest.case",
            "TestCase FunctionTestCase SkipTest skip skipIf skipUnless expectedFailure "
            "addModuleCleanup doModuleCleanups enterModuleContext",
        ),
        **_some(
            "unittest.loader",
            "TestLoader defaultTestLoader findTestCases getTestCaseNames makeSuite",
        ),
        **_some("unittest.suite", "BaseTestSuite TestSuite"),
        **_some("unittest.result", "TestResult"),
        **_some("unittest.runner", "TextTestResult TextTestRunner"),
        **_some("unittest.signals", "installHandler registerResult removeHandler removeResult"),
        **_some("unittest.async_case", "IsolatedAsyncioTestCase"),
    }


def _mock():
    name = "unittest.mock"

    class patch:
        """Decorates, and refuses what it decorates when that is called."""

        def __init__(self, *args, **kwargs):
            pass

        def __call__(self, thing):
            if isinstance(thing, type):
                return thing
            return functools.wraps(thing)(_refusing("unittest.mock.patch"))

        __enter__ = __exit__ = start = stop = _refusing("unittest.mock.patch")

    patch.object = patch.dict = patch.multiple = patch
    patch.stopall = lambda: None
    patch.TEST_PREFIX = "test"

    class Any:
        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

        def __repr__(self):
            return "<ANY>"

    class Sentinels:
        def __getattr__(self, each):
            if each.startswith("__"):
                raise AttributeError(each)
            made = type("_SentinelObject", (), {"__repr__": lambda self: f"sentinel.{each}"})()
            vars(self)[each] = made
            return made

    sentinel = Sentinels()
    return {
        "patch": patch,
        "ANY": Any(),
        "FILTER_DIR": True,
        "sentinel": sentinel,
        "DEFAULT": sentinel.DEFAULT,
        "call": _Unusable("unittest.mock.call"),
        **_errors(name, Exception, "InvalidSpecError"),
        **_classes(
            name,
            "AsyncMock MagicMock Mock NonCallableMagicMock NonCallableMock PropertyMock",
        ),
        **_functions(name, "create_autospec mock_open seal"),
    }


def _doctest():
    """There are no examples in the module that doctest looks at, so that none of them fails."""
    results = collections.namedtuple("TestResults", "failed attempted")
    flags = (
        "DONT_ACCEPT_TRUE_FOR_1 DONT_ACCEPT_BLANKLINE NORMALIZE_WHITESPACE ELLIPSIS SKIP "
        "IGNORE_EXCEPTION_DETAIL REPORT_UDIFF REPORT_CDIFF REPORT_NDIFF REPORT_ONLY_FIRST_FAILURE FAIL_FAST"
    )
    numbers = {name: 1 << bit for bit, name in enumerate(flags.split())}
    return {
        "TestResults": results,
        "testmod": lambda *args, **kwargs: results(0, 0),
        "run_docstring_examples": lambda *args, **kwargs: None,
        "master": None,
        "BLANKLINE_MARKER": "<BLANKLINE>",
        "ELLIPSIS_MARKER": "...",
        **numbers,
        "OPTIONFLAGS_BY_NAME": dict(numbers),
        "COMPARISON_FLAGS": (1 << 6) - 1,
        "REPORTING_FLAGS": (1 << 11) - (1 << 6),
        **_errors("doctest", Exception, "DocTestFailure UnexpectedException"),
        **_classes(
            "doctest",
            "DebugRunner DocFileCase DocTest DocTestCase DocTestFinder DocTestParser DocTestRunner "
            "Example OutputChecker SkipDocTestCase",
        ),
        **_functions(
            "doctest",
            "DocFileSuite DocFileTest DocTestSuite debug debug_script debug_src register_optionflag "
            "script_from_examples set_unittest_reportflags testfile testsource",
        ),
    }


def _of(name, classes="", functions=""):
    """A module of nothing but classes and functions."""
    return lambda: {**_classes(name, classes), **_functions(name, functions)}


# How each module is made that stands in: it has the public names that CPython 3.12 defines in it.
_MODULES = {
    "concurrent": dict,
    "concurrent.futures": _futures,
    "concurrent.futures._base": _futures_base,
    "concurrent.futures.process": lambda: _executors(
        "concurrent.futures.process", "ProcessPoolExecutor", "BrokenProcessPool"
    ),
    "concurrent.futures.thread": lambda: _executors(
        "concurrent.futures.thread", "ThreadPoolExecutor", "BrokenThreadPool"
    ),
    "doctest": _doctest,
    "multiprocessing": _multiprocessing,
    "multiprocessing.connection": lambda: {
        **_some("multiprocessing", "AuthenticationError BufferTooShort"),
        **_classes("multiprocessing.connection", "Connection Listener"),
        **_functions("multiprocessing.connection", "Client Pipe wait"),
    },
    "multiprocessing.context": _multiprocessing_context,
    "multiprocessing.dummy": _multiprocessing_dummy,
    "multiprocessing.managers": _of(
        "multiprocessing.managers",
        "AcquirerProxy BarrierProxy BaseListProxy BaseManager BaseProxy ConditionProxy DictProxy "
        "EventProxy IteratorProxy ListProxy Namespace NamespaceProxy Server SharedMemoryManager "
        "SharedMemoryServer SyncManager Token Value ValueProxy",
        "Array ArrayProxy AutoProxy BasePoolProxy MakeProxyType PoolProxy RebuildProxy",
    ),
    "multiprocessing.process": _multiprocessing_process,
    "multiprocessing.pool": _multiprocessing_pool,
    "multiprocessing.queues": lambda: {
        **_some("queue", "Empty Full"),
        **_classes("multiprocessing.queues", "JoinableQueue Queue SimpleQueue"),
    },
    "multiprocessing.reduction": _of(
        "multiprocessing.reduction",
        "AbstractReducer ForkingPickler",
        "DupFd dump recv_handle recvfds register send_handle sendfds",
    ),
    "multiprocessing.shared_memory": _of(
        "multiprocessing.shared_memory", "ShareableList SharedMemory"
    ),
    "multiprocessing.sharedctypes": _of(
        "multiprocessing.sharedctypes",
        "Synchronized SynchronizedArray SynchronizedBase SynchronizedString",
        "Array RawArray RawValue Value copy synchronized",
    ),
    "multiprocessing.synchronize": _of(
        "multiprocessing.synchronize",
        "Barrier BoundedSemaphore Condition Event Lock RLock SemLock Semaphore",
    ),
    "subprocess": _subprocess,
    "unittest": _unittest,
    "unittest.async_case": lambda: {
        **_some("unittest.case", "TestCase"),
        "IsolatedAsyncioTestCase": type(
            "IsolatedAsyncioTestCase",
            (import_module("unittest.case").TestCase,),
            {"__module__": "unittest.async_case"},
        ),
    },
    "unittest.case": _unittest_case,
    "unittest.loader": _unittest_loader,
    "unittest.main": _unittest_main,
    "unittest.mock": _mock,
    "unittest.result": _of("unittest.result", "TestResult", "failfast"),
    "unittest.runner": _of("unittest.runner", "TextTestResult TextTestRunner"),
    "unittest.signals": _of(
        "unittest.signals", "", "installHandler registerResult removeHandler removeResult"
    ),
    "unittest.suite": _of("unittest.suite", "BaseTestSuite TestSuite"),
    "unittest.util": _of(
        "unittest.util",
        "",
        "safe_repr sorted_list_difference strclass three_way_cmp unorderable_list_difference",
    ),
}


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
