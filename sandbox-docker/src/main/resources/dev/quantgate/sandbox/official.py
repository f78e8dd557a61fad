"""The check as openai/human-eval makes it: candidate and test in one interpreter.

For exact parity with published numbers. A program can forge this verdict, which is why it is not the
default. Layout, streams and disabled functions are those of openai/human-eval's execution.py.
"""

import sys

from candidate import no_note, swallow_streams
from tester import EARLY_EXIT, FAILED, MEMORY, PASSED, SEED, UNSUPPORTED, describe, failed_line

# What reliability_guard sets to None, so that a program that calls it fails here too.
_GUARDED = {
    "builtins": "exit quit help",
    "os": "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename "
    "renames truncate replace unlink fchmod fchown chmod chown chroot lchflags lchmod lchown "
    "getcwd chdir",
    "shutil": "rmtree move chown",
    "subprocess": "Popen",
}
_FORBIDDEN_MODULES = "ipdb joblib resource psutil tkinter"


# What openai/human-eval's own process has imported before it disables anything.
_IMPORTED = "faulthandler multiprocessing platform signal sysconfig tempfile concurrent.futures"


def preload():
    """Imports it."""
    for module in _IMPORTED.split():
        try:
            __import__(module)
        except ImportError:
            continue


def guard():
    """Disables what openai/human-eval disables. It is no protection, only a difference to know."""
    import importlib

    preload()
    for module, names in _GUARDED.items():
        try:
            target = importlib.import_module(module)
        except ImportError:
            continue
        for name in names.split():
            setattr(target, name, None)
    for module in _FORBIDDEN_MODULES.split():
        sys.modules[module] = None


def program(prelude, prompt, completion, test, entry_point):
    """The text that is executed."""
    return f"{prelude}{prompt}{completion}\n{test}\ncheck({entry_point})"


def judge(source, test, seed=SEED, note=no_note):
    """Executes a whole program, whose last part but for the call of check is the test; returns (class, one line
    for people, an empty doubt, line of the test that failed or 0)."""
    import random

    random.seed(seed)
    swallow_streams()
    try:
        exec(source, {})
    except BaseException as error:
        last = source.count("\n")
        line = failed_line(error, last - test.count("\n"), last)
        return (*_not_passed(error, note(error)), "", line)
    return PASSED, "", "", 0


def _not_passed(error, note):
    detail = describe(error)
    if note is not None:
        return UNSUPPORTED, f"{note} is not available in this sandbox ({detail})"
    if isinstance(error, MemoryError):
        return MEMORY, detail
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return EARLY_EXIT, detail
    return FAILED, detail
