"""The two processes of a job, and what both do before they run a line that is not ours.

Used by every tier that has real processes; who forks them, under which user id and behind which
walls is the supervisor's business (supervisor.py, launcher.py). A role reads its part of the job from
a descriptor, so that the process that forked it never held the text.
"""

import functools
import json
import os
import resource
import signal
import sys
import types

import candidate
import codec
import official
import tester

# Imported before any job, in the parent of all roles: programs import them at no cost then.
WARM = (
    "abc array base64 bisect calendar cmath collections collections.abc contextlib copy dataclasses "
    "datetime decimal enum fractions functools hashlib heapq inspect io itertools json keyword math "
    "numbers operator random re secrets statistics string struct textwrap threading time traceback "
    "shutil signal subprocess types typing unicodedata warnings "
    "concurrent.futures faulthandler multiprocessing platform sysconfig tempfile"
)


def warm():
    """Imports what programs usually import. Numpy is not among it: it starts threads."""
    for name in WARM.split():
        __import__(name)


def isolate(limits):
    """Signals, session, limits and module table of a fresh process. Returns nothing; cannot be undone."""
    try:
        os.setsid()
    except PermissionError:
        pass  # leads a session already
    for number in signal.valid_signals():
        if number in (signal.SIGKILL, signal.SIGSTOP):
            continue
        ignored = number in (signal.SIGPIPE, signal.SIGXFSZ)
        signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for kind, value in limits:
        soft, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))
    os.umask(0o077)
    sys.argv[:] = [""]
    sys.path[:] = [each for each in sys.path if each]
    sys.modules["__main__"] = types.ModuleType("__main__")


def rlimits(limits, role):
    """Limits of one process; those of the whole job are the container's."""
    return (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, limits["cpu_seconds"] + 1),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_AS, limits["address_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"] if role != "tester" else 8),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NOFILE, 64),
    )


def part(descriptor):
    """A role's part of the job: JSON, from the start of a file to its end."""
    with open(descriptor, "rb") as file:
        return json.loads(file.read())


def play_candidate(job, requests, replies, frame_bytes):
    """Runs the program and answers calls until the tester hangs up."""
    codec.MAX_FRAME = frame_bytes
    candidate.serve(
        job["prelude"] + job["prompt"] + job["completion"],
        job["entry_point"],
        job["follows"],
        functools.partial(os.read, requests),
        functools.partial(os.write, replies),
    )


def play_tester(job, replies, requests, verdict, frame_bytes):
    """Judges the candidate behind the two descriptors."""
    codec.MAX_FRAME = frame_bytes

    answers = codec.Frames(functools.partial(os.read, replies))
    write = functools.partial(os.write, requests)

    def receive():
        try:
            return answers.next()
        except codec.EndOfStream:
            raise tester.CandidateGone("the program ended before the test was through") from None
        except codec.CodecError as error:
            raise tester.CandidateGone(f"the candidate broke the protocol: {error}") from None

    def exchange(payload):
        try:
            codec.write_frame(write, payload)
        except BrokenPipeError:
            raise tester.CandidateGone("the program ended before the test was through") from None
        return receive()

    candidate.swallow_streams()
    try:
        first = receive()
    except tester.CandidateGone as error:
        outcome = tester.EARLY_EXIT, tester.describe(error), "", 0
    else:
        outcome = tester.judge(
            job["prelude"], job["prompt"], job["test"], job["entry_point"], first, exchange
        )
    tell(verdict, job["nonce"], outcome)


def play_official(job, verdict):
    """Candidate and test in one interpreter, as openai/human-eval has it."""
    source = official.program(
        job["prelude"], job["prompt"], job["completion"], job["test"], job["entry_point"]
    )
    nonce, kill = job.pop("nonce"), os._exit
    official.guard()
    outcome = official.judge(source, job["test"])
    tell(verdict, nonce, outcome)
    kill(0)


def tell(verdict, nonce, outcome):
    """Writes the verdict: one line, in one write, so that it is there whole or not at all."""
    kind, detail, doubt, line = outcome
    told = {"nonce": nonce, "class": kind, "detail": detail[:500], "doubt": doubt[:200], "line": line}
    os.write(verdict, json.dumps(told).encode())
