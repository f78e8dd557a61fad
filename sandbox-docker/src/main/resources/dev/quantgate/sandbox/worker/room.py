"""A process of a job behind walls of its own: gets ready, waits for the word, plays its role.

Started by launcher.py, through bubblewrap or bare; a fresh interpreter, so that it imports little.
"""

import _ctypes
import json
import os
import signal

import roles

CODES, GO, PART, FIRST_FREE = 3, 4, 5, 6
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def play(arguments):
    role, limits, report = arguments[0], json.loads(arguments[1]), int(arguments[2])
    watch_over(report)
    os.close(report)
    roles.isolate(roles.rlimits(limits, role))
    if not os.read(GO, 1):
        os._exit(0)
    os.close(GO)
    os.lseek(PART, 0, os.SEEK_SET)
    job = roles.part(PART)
    fd = FIRST_FREE
    if role == "candidate":
        roles.play_candidate(job, fd, fd + 1, limits["frame_bytes"])
    elif role == "tester":
        roles.play_tester(job, fd, fd + 1, fd + 2, limits["frame_bytes"])
    else:
        roles.play_official(job, fd)
    os._exit(0)


def watch_over(report):
    """Forks: the child returns and plays; the parent, first in its pid namespace, tells how it ended.

    Neither can be looked into, not even by processes of the same user: the parent stays what it is
    whatever the child becomes.
    """
    prctl(PR_SET_DUMPABLE, 0)
    pid = os.fork()
    if not pid:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    os.closerange(0, report)
    os.closerange(report + 1, 256)
    while True:
        done, status, usage = os.wait4(-1, 0)
        if done == pid:
            break
    code = os.waitstatus_to_exitcode(status)
    cpu = round((usage.ru_utime + usage.ru_stime) * 1000)
    end = {"exit": code, "cpu": cpu, "peak": usage.ru_maxrss << 10, "killed": False}
    os.write(report, json.dumps(end).encode())
    os._exit(0)


def prctl(option, value):
    """Without ctypes, whose import costs more than all else here."""
    libc = _ctypes.dlopen(None, 0)
    _ctypes.call_function(_ctypes.dlsym(libc, "prctl"), (option, int(value), 0, 0, 0))
