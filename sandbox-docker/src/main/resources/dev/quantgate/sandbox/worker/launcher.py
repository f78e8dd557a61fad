"""Runs jobs on this machine, each process of a job behind walls of its own that bubblewrap builds.

Speaks the supervisor's protocol (supervisor.py), but stands outside: it runs nothing of a job itself.
Each process of each job gets fresh namespaces (user, pid, network, ipc, mount), an empty /tmp and the
seccomp filter, and is ended by ending its pid namespace, so that nothing is left to clean up. The
next job's processes are started while one runs: an interpreter that waits for its text.

Started as root it gives every process a user id that no other job has; started by anyone else,
candidate and tester share the caller's id and are kept apart by their namespaces. There is no control
group: the memory of a job is what is counted every few milliseconds, and a job over the limit is
ended.

Without bubblewrap ("local") nothing of this holds: the processes are ordinary ones of this machine.
"""

import _ctypes
import base64
import gc
import json
import marshal
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time

import roles
import supervisor

# What an interpreter behind the walls is told to do first: load our modules, compiled already.
LOADER = """import os,sys,marshal,types
for n,c in marshal.loads(os.pread(3,1<<26,0)):
 m=sys.modules[n]=types.ModuleType(n);exec(c,m.__dict__)
os.close(3);sys.modules["launcher"].play(sys.argv[1:])"""

CODES, GO, PART, FIRST_FREE = 3, 4, 5, 6
PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")
MEMORY_CHECK_SECONDS = 0.02
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def play(arguments):
    """A process of a job, inside: gets ready, waits for the word, plays its role."""
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
        roles.play_candidate(job, fd, fd + 1)
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
    end = {"exit": code, "cpu": cpu, "peak": usage.ru_maxrss << 10}
    os.write(report, json.dumps(end).encode())
    os._exit(0)


def prctl(option, value):
    """Without ctypes, whose import costs more than all else here."""
    libc = _ctypes.dlopen(None, 0)
    _ctypes.call_function(_ctypes.dlsym(libc, "prctl"), (option, int(value), 0, 0, 0))


class Room:
    """One process behind its walls, started and waiting."""

    def __init__(self, launcher, role, descriptors, output):
        self.launcher = launcher
        self.part = os.memfd_create("part", os.MFD_CLOEXEC)
        waiting, self.go = os.pipe2(os.O_CLOEXEC)
        self.folder = None if launcher.walls else tempfile.mkdtemp(prefix="quantgate-unsafe-")
        uid = launcher.next_uid()
        if self.folder and uid is not None:
            os.chown(self.folder, uid, uid)
        told, tell = os.pipe2(os.O_CLOEXEC)
        self.ended, report = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        kept = [launcher.null, output, output, launcher.codes, waiting, self.part, *descriptors]
        kept.append(report)
        command = self.command(role, len(kept))
        filter_fd = launcher.filter_again()
        self.pid = os.fork()
        if not self.pid:
            try:
                if filter_fd is not None:
                    kept += [tell, filter_fd]
                self.execute(command, kept, uid)
            finally:
                os._exit(70)
        for fd in (waiting, tell, report, filter_fd):
            if fd is not None:
                os.close(fd)
        self.told = told
        self._init = None

    def command(self, role, first_free):
        limits = json.dumps(self.launcher.limits)
        python = [self.launcher.python, "-s", "-B", "-c", LOADER, role, limits]
        python.append(str(first_free - 1))
        if not self.launcher.walls:
            return python
        return [
            *self.launcher.walls,
            *("--info-fd", str(first_free), "--seccomp", str(first_free + 1)),
            *python,
        ]

    def execute(self, command, kept, uid):
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        high = [supervisor.fcntl_dup(each, 40 + i) for i, each in enumerate(kept)]
        for i, each in enumerate(high):
            os.dup2(each, i)
        os.closerange(len(kept), 256)
        os.set_blocking(1, True)
        os.setsid()
        for number in signal.valid_signals():
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_DFL)
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        os.chdir(self.folder or "/")
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "MALLOC_ARENA_MAX": "2",
        }
        os.execve(command[0], command, environment)

    def init(self):
        """A descriptor of the namespace's first process, which ends only when all in it have."""
        if self._init is None and self.launcher.walls:
            data = b""
            while b"}" not in data:
                chunk = os.read(self.told, 4096)
                if not chunk:
                    return None
                data += chunk
            self._init = os.pidfd_open(json.loads(data)["child-pid"])
        return self._init

    def start(self):
        os.write(self.go, b"!")

    def end_of_role(self):
        """How its process ended by itself; None when it did not."""
        try:
            told = os.read(self.ended, 4096)
        except BlockingIOError:
            return None
        return json.loads(told) if told else None

    def end(self):
        """Ends everything in the room; False when something did not end in time."""
        gone = True
        try:
            init = self.init()
        except (OSError, ValueError):
            init = None
        if init is not None:
            try:
                signal.pidfd_send_signal(init, signal.SIGKILL)
            except ProcessLookupError:
                pass
            poll = select.poll()
            poll.register(init, select.POLLIN)
            gone = bool(poll.poll(supervisor.CLEANING_SECONDS * 1000))
            os.close(init)
            self._init = None
        for kill in (os.killpg, os.kill):
            try:
                kill(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        for fd in (self.go, self.told, self.part, self.ended):
            os.close(fd)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        return gone


class Stage:
    """All rooms and pipes of one job, ready for its text."""

    def __init__(self, launcher, mode):
        self.mode = mode
        self.verdict, tell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.output, print_to = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        used = [tell, print_to]
        if mode == "split":
            requests, ask = os.pipe2(os.O_CLOEXEC)
            replies, reply = os.pipe2(os.O_CLOEXEC)
            used += [requests, ask, replies, reply]
            self.program = Room(launcher, "candidate", (requests, reply), print_to)
            self.judge = Room(launcher, "tester", (replies, ask, tell), print_to)
            self.rooms = [self.program, self.judge]
        else:
            self.program = self.judge = Room(launcher, "official", (tell,), print_to)
            self.rooms = [self.program]
        for fd in used:
            os.close(fd)

    def end(self):
        gone = [room.end() for room in self.rooms]
        os.close(self.verdict)
        os.close(self.output)
        return all(gone)


class Launcher:
    def __init__(self, wire, setup):
        self.wire = wire
        self.limits = dict(setup["limits"], address_bytes=setup["limits"]["memory_bytes"] * 2)
        self.walls = setup["walls"]
        self.python = setup["python"]
        self.null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        self.verdict_bytes = bytearray(supervisor.VERDICT_BYTES)
        self.verdict = memoryview(self.verdict_bytes)
        compiled = [
            (name, compile(text, f"<{name}>", "exec")) for name, text in setup["modules"]
        ]
        self.codes = memfd(marshal.dumps(compiled))
        self.filter = memfd(base64.b64decode(setup["filter"])) if self.walls else None
        self.uid = random.SystemRandom().randrange(100_000, 900_000) if os.getuid() == 0 else None

    def next_uid(self):
        if self.uid is not None:
            self.uid += 1
        return self.uid

    def filter_again(self):
        """The filter under a descriptor with an offset of its own."""
        if self.filter is None:
            return None
        return os.open(f"/proc/self/fd/{self.filter}", os.O_RDONLY | os.O_CLOEXEC)

    def serve(self):
        ready = None
        try:
            while True:
                request = self.wire.frame()
                if ready is not None and ready.mode != request["mode"]:
                    ready.end()
                    ready = None
                stage = ready or Stage(self, request["mode"])
                ready = None
                try:
                    for size, room in zip(request["sizes"], stage.rooms):
                        self.wire.into_memfd(room.part, size)
                    for room in stage.rooms:
                        room.start()
                    start = time.monotonic()
                    ready = Stage(self, request["mode"])
                    report, got = self.watch(request, stage, start)
                finally:
                    gone = stage.end()
                self.reap()
                report["dirty"] = "" if gone else "a process that cannot be ended"
                self.wire.answer(report, self.verdict, got)
        finally:
            if ready is not None:
                ready.end()

    def watch(self, request, stage, start):
        program, judge = stage.program, stage.judge
        watch = supervisor.Watch(self, {program.pid, judge.pid}, stage.verdict, stage.output)
        deadline = start + request["wall"]
        timed_out, ooms = False, 0
        while not watch.until(judge.pid, min(deadline, time.monotonic() + MEMORY_CHECK_SECONDS)):
            if time.monotonic() >= deadline:
                timed_out = True
                break
            if family(program.pid)[0] > self.limits["memory_bytes"]:
                ooms = 1
                break
        wall = time.monotonic() - start
        watch.grace(program.pid, 0.05)
        watch.drain()
        ends = {
            room.pid: room.end_of_role() or watch.ends.get(room.pid) or unfinished(room.pid)
            for room in stage.rooms
        }
        watch.forget()
        report = {
            "wall": round(wall * 1000),
            "timeout": timed_out,
            "oom": ooms,
            "killed": 0,
            "output": watch.printed,
            "program": ends[program.pid],
            "judge": ends[judge.pid],
        }
        return report, watch.got

    def reap(self):
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return


def unfinished(root):
    """What is known of a process that is about to be killed."""
    held, used = family(root)
    return {"exit": -int(signal.SIGKILL), "cpu": round(used * 1000), "peak": held}


def family(root):
    """Bytes held and CPU seconds used by a process and all its descendants. What left its family
    belongs to it still: an orphan goes to the first process of its pid namespace."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            ticks = sum(int(each) for each in fields[11:15])
            found[int(name)] = int(fields[1]), int(fields[21]) * PAGE, ticks / TICKS
    held, used, wave = 0, 0.0, {root}
    while wave:
        held += sum(found[pid][1] for pid in wave if pid in found)
        used += sum(found[pid][2] for pid in wave if pid in found)
        wave = {pid for pid, (parent, _, _) in found.items() if parent in wave}
    return held, used


def memfd(data):
    fd = os.memfd_create("data", os.MFD_CLOEXEC)
    at = 0
    while at < len(data):
        at += os.write(fd, data[at:])
    return fd


def main(setup):
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    import fcntl  # noqa: F401

    wire = supervisor.Wire()
    launcher = Launcher(wire, setup)
    gc.collect()
    gc.freeze()
    hello = {
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "missing": [each for each in setup["imports"] if not supervisor.importable(each)],
    }
    head = json.dumps(hello).encode()
    os.write(1, supervisor.U32.pack(len(head)) + supervisor.U32.pack(0) + head)
    try:
        launcher.serve()
    except (supervisor.Hangup, BrokenPipeError):
        pass
    os._exit(0)
