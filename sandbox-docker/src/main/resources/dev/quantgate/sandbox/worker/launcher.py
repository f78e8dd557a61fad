"""Runs jobs on this machine, each process of a job behind walls of its own that bubblewrap builds.

Speaks the supervisor's protocol (supervisor.py), but stands outside: it runs nothing of a job itself.
Each process of each job gets fresh namespaces (user, pid, network, ipc, mount), an empty /tmp and the
seccomp filter, and is ended by ending its pid namespace, so that nothing is left to clean up. The
next job's processes are started while one runs: an interpreter that waits for its text.

For users who are not root: candidate and tester share the caller's id and are kept apart by their
namespaces. (Root's jobs share one room of bubblewrap's with supervisor.py, which gives each process a
user id of its own.) The memory of a job is what is counted every few milliseconds, and a job over the limit
is ended. Where the user may make a control group, this process and all that it starts are in one, and what
no count sees meets the kernel's bound.

Without bubblewrap ("unsafe-local") nothing of this holds: the processes are ordinary ones of this
machine; those of root's jobs run under user ids of their own.
"""

import base64
import gc
import json
import marshal
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time

import supervisor

# What an interpreter behind the walls is told to do first: load our modules, compiled already.
LOADER = """import os,sys,marshal,types
for n,c in marshal.loads(os.pread(3,1<<26,0)):
 m=sys.modules[n]=types.ModuleType(n);exec(c,m.__dict__)
os.close(3);sys.modules["room"].play(sys.argv[1:])"""

# What room.py needs, in the order of its imports.
ROOM = ("codec", "candidate", "tester", "official", "roles", "room")

FOLDER = "quantgate-unsafe-"

# Of a room: bubblewrap outside, the first process in it, the role.
OWN_PROCESSES = 3


class Room:
    """One process behind its walls, started and waiting."""

    def __init__(self, launcher, role, descriptors, output):
        self.launcher = launcher
        self.part = os.memfd_create("part", os.MFD_CLOEXEC)
        waiting, self.go = os.pipe2(os.O_CLOEXEC)
        self.folder = None if launcher.walls else tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=top())
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
    def __init__(self, wire, setup, group=None):
        self.wire = wire
        self.group = group
        self.limits = dict(setup["limits"], address_bytes=setup["limits"]["memory_bytes"] * 2)
        self.walls = setup["walls"]
        self.python = setup["python"]
        self.null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        self.verdict = supervisor.Kept(supervisor.VERDICT_BYTES)
        self.output = supervisor.Kept(self.limits["output_bytes"])
        sources = dict(setup["modules"])
        compiled = [(name, compile(sources[name], f"<{name}>", "exec")) for name in ROOM]
        self.codes = memfd(marshal.dumps(compiled))
        self.filter = memfd(base64.b64decode(setup["filter"])) if self.walls else None
        if not self.walls:
            sweep()
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
                    report = self.watch(request, stage, start)
                finally:
                    gone = stage.end()
                self.reap()
                report["dirty"] = "" if gone else "a process that cannot be ended"
                self.wire.answer(report, self.verdict, self.output)
        finally:
            if ready is not None:
                ready.end()

    def watch(self, request, stage, start):
        program, judge = stage.program, stage.judge
        watch = supervisor.Watch(
            {program.pid, judge.pid},
            (stage.verdict, self.verdict),
            (stage.output, self.output),
            self.null,
        )
        kills = self.kills()
        over = watch.job(
            judge.pid,
            supervisor.Deadline(
                start, request["wall"], lambda: members({program.pid, judge.pid}), self.wire
            ),
            lambda: self.taken({program.pid, judge.pid}, kills),
            self.limits,
        )
        wall = time.monotonic() - start
        watch.finish(program.pid)
        ends = {
            room.pid: room.end_of_role() or watch.ends.get(room.pid) or unfinished(room.pid)
            for room in stage.rooms
        }
        watch.forget()
        cpu = max(watch.cpu_seconds() * 1000, sum(end.pop("cpu", 0) for end in ends.values()))
        return {
            "wall": round(wall * 1000),
            "over": over,
            "starved": round(watch.starved * 1000),
            "cpu": round(cpu),
            "oom": self.kills() - kills + (over == "memory"),
            "killed": sum(end.pop("others", 0) for end in ends.values()),
            "output": watch.printed,
            "program": ends[program.pid],
            "judge": ends[judge.pid],
        }

    def kills(self):
        return self.group.kills() if self.group else 0

    def taken(self, roots, kills):
        """Bytes held and CPU seconds used; more bytes than any where the kernel's bound was met."""
        held, used, _ = family(roots, self.limits["memory_bytes"])
        return (supervisor.MORE_THAN_ANY if self.kills() > kills else held), used

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
    held, used, count = family({root})
    return {
        "exit": -int(signal.SIGKILL),
        "cpu": round(used * 1000),
        "peak": held,
        "killed": True,
        "others": max(0, count - OWN_PROCESSES),
    }


def family(roots, enough=0):
    """Bytes held and CPU seconds used by processes and all their descendants, and their number. What left its
    family belongs to it still: an orphan goes to the first process of its pid namespace."""
    found = processes()
    pids = members(roots, found)
    used = sum(found[pid][1] for pid in pids if pid in found)
    return supervisor.held_by(pids, enough) + socket_bytes(pids), used, len(pids)


def socket_bytes(pids):
    """What the sockets in the rooms' own networks may hold; the outermost process stands in the machine's."""
    networks = {}
    for pid in pids:
        try:
            networks[os.readlink(f"/proc/{pid}/ns/net")] = pid
        except OSError:
            pass
    networks.pop(os.readlink("/proc/self/ns/net"), None)
    return sum(supervisor.socket_bytes(pid) for pid in networks.values())


def processes():
    """Parent and CPU seconds of each."""
    return {int(name): supervisor.status(name) for name in os.listdir("/proc") if name.isdigit()}


def members(roots, found=None):
    """Processes and all their descendants."""
    found = processes() if found is None else found
    pids, wave = [], set(roots)
    while wave:
        pids += wave
        wave = {pid for pid, (parent, _) in found.items() if parent in wave}
    return pids


def top():
    """Where folders of jobs lie: for temporary files, where every user id may go."""
    path = os.path.realpath(tempfile.gettempdir())
    while os.stat(path).st_mode & 0o001:
        if path == "/":
            return tempfile.gettempdir()
        path = os.path.dirname(path)
    return "/tmp" if os.getuid() == 0 else tempfile.gettempdir()


def sweep():
    """Removes the folders of launchers that were killed."""
    folder = top()
    for name in os.listdir(folder):
        pid = name.removeprefix(FOLDER).partition("-")[0]
        if name.startswith(FOLDER) and pid.isdigit():
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
            except PermissionError:
                pass


def entered_group(entry=None, *files):
    """The control group that this process is to be in, by the paths of its files, if there is one."""
    if entry is None:
        return None
    with open(entry, "w") as file:
        file.write("0")
    return supervisor.MemoryGroup(*(os.open(each, os.O_RDONLY | os.O_CLOEXEC) for each in files))


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

    wire = supervisor.Wire(supervisor.SILENCE_SECONDS)
    launcher = Launcher(wire, setup, entered_group(*sys.argv[1:]))
    gc.collect()
    gc.freeze()
    hello = {
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "missing": [each for each in setup["imports"] if not supervisor.importable(each)],
    }
    head = json.dumps(hello).encode()
    os.write(1, supervisor.U32.pack(len(head)) + bytes(8) + head)
    try:
        launcher.serve()
    except (supervisor.Hangup, BrokenPipeError):
        pass
    os._exit(0)
