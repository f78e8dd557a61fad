"""PID 1 of a sandbox container: forks the processes of each job, and leaves nothing of it behind.

The host sends one frame of set-up (JSON), then one frame a job; every job is answered by one frame.
Every few seconds it sends an empty one: an engine that is killed leaves its containers' input open, so
that silence is the only sign of it, and ends this process and everything in the container.
A request is a line of JSON for the supervisor (`sizes` names the bytes of each part that follows) and
the parts, one a role. The parts are the job's text; they go through one buffer, which is cleared,
into memfds that only the role's process keeps. So no process forked later can find a former job's
test in the memory it was born with. The verdict and the kept output come back the same way, unread.

A job runs under two user ids that no other job of this container has: the candidate's and the
tester's. When it is over, `kill(-1)` ends every process but this one (atomic against fork bombs: the
kernel walks the list under the lock that fork needs), the ids' files are removed by a process of that
id, without following links, and the room they took must be what it was at the start. What cannot be
cleaned is reported as dirty; the host then throws the container away.

What all processes of a job take together, memory and CPU time, is counted every few milliseconds,
and a job over a limit is ended: by the container's control group where it can be read, else process by
process. Behind bubblewrap's walls there is a control group for memory at most, known by open files of it
that are given as arguments. The kernel's own bound stands behind the count, a little above it, because a
kernel that must choose what to end may choose this process: a job may call itself as dear as it is. Files
that live in memory alone, whose pages belong to no process, are taken from a job's processes by a filter.

Needs CAP_SETUID, CAP_SETGID and CAP_KILL, and CAP_SYS_PTRACE where no control group counts.
"""

import ctypes
import gc
import json
import os
import random
import resource
import select
import signal
import stat
import struct
import sys
import time

import roles

STDIN, STDOUT = 0, 1
U32 = struct.Struct(">I")
MAX_PART = 64 << 20
CHUNK = 1 << 16
VERDICT_BYTES = 8 << 10
PR_SET_DUMPABLE = 4
WRITABLE = ("/tmp", "/dev/shm")
CLEANING_SECONDS = 2.0
GRACE_SECONDS = 2.0
CHECK_SECONDS = 0.02
# How much longer than its wall time a job may take that waits for a processor, and how often the host
# then hears that it does.
STARVATION = 20
LIFE_SECONDS = 1.0
SILENCE_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = resource.getpagesize()
# The most that one local socket's unread data takes, and how many sockets count for nothing.
SOCKET_BYTES = 2 * 212_992
FEW_SOCKETS = 16
INODE_BYTES = 1024
MORE_THAN_ANY = 1 << 62


class Hangup(Exception):
    """The host closed its end."""


class Wire:
    """The two streams to the host, through one buffer that never keeps what passed."""

    def __init__(self, silence_seconds):
        self.silence_seconds = silence_seconds
        self.buffer = bytearray(CHUNK)
        self.view = memoryview(self.buffer)

    def exactly(self, size):
        """A few bytes for the supervisor itself."""
        data = bytearray()
        while len(data) < size:
            chunk = os.read(STDIN, size - len(data))
            if not chunk:
                raise Hangup
            data += chunk
        return data

    def frame(self):
        """The next frame that is not empty."""
        size = 0
        while not size:
            if not select.select([STDIN], [], [], self.silence_seconds)[0]:
                raise Hangup
            (size,) = U32.unpack(self.exactly(4))
        return json.loads(self.exactly(size))

    def to_memfd(self, size):
        """Moves that many bytes into a file of memory; nothing of them stays here."""
        memfd = os.memfd_create("part", os.MFD_CLOEXEC)
        self.into_memfd(memfd, size)
        return memfd

    def into_memfd(self, memfd, size):
        if size > MAX_PART:
            raise Hangup
        while size:
            got = os.readv(STDIN, [self.view[: min(size, CHUNK)]])
            if not got:
                raise Hangup
            at = 0
            while at < got:
                at += os.write(memfd, self.view[at:got])
            self.view[:got] = bytes(got)
            size -= got
        os.lseek(memfd, 0, os.SEEK_SET)

    def show_life(self):
        """Tells the host that a job is late because it waits for a processor."""
        os.write(STDOUT, bytes(12))

    def answer(self, report, *kept):
        """A report and the buffers of what a job wrote, which are cleared."""
        head = json.dumps(report).encode()
        sizes = b"".join(U32.pack(each.size) for each in kept)
        for data in (U32.pack(len(head)) + sizes + head, *(each.written() for each in kept)):
            data = memoryview(data)
            while data:
                data = data[os.write(STDOUT, data) :]
        for each in kept:
            each.clear()


class Kept:
    """The beginning of what a job writes to a pipe, in a buffer of fixed size."""

    def __init__(self, size):
        self.buffer = bytearray(size)
        self.view = memoryview(self.buffer)
        self.size = 0

    def written(self):
        return self.view[: self.size]

    def full(self):
        return self.size == len(self.buffer)

    def read(self, descriptor):
        """Reads once; how many bytes came, 0 at the end. Raises BlockingIOError when none are there."""
        count = os.readv(descriptor, [self.view[self.size :]])
        self.size += count
        return count

    def clear(self):
        self.buffer[:] = bytes(len(self.buffer))
        self.size = 0


class Supervisor:
    def __init__(self, wire, setup, group=None):
        self.wire = wire
        self.limits = setup["limits"]
        self.verdict = Kept(VERDICT_BYTES)
        self.output = Kept(self.limits["output_bytes"])
        # Two ids a job. The kernel counts processes by user id over all containers, so that each
        # container starts somewhere else; all below 65,536, where user namespaces end, unless told.
        self.uid = random.SystemRandom().randrange(*setup.get("user_ids", (10_000, 60_000)), 2)
        self.job_filter = Filter()
        self.null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        for path in WRITABLE:
            os.chmod(path, 0o1777)  # runc gives a tmpfs the mode of the image's folder
        self.rooms = {path: free(path) for path in WRITABLE}
        self.oom_kills = group.kills if group else oom_kills
        self.ooms = self.oom_kills()
        self.meter = self.choose_meter(setup["control_group"], group)

    def choose_meter(self, control_group, group):
        if not control_group:
            return Table(self.rooms, self.limits["memory_bytes"], group)
        # Where it cannot be read, its own bound of memory must do.
        return ControlGroup() if ControlGroup.readable() else Table()

    def serve(self):
        while True:
            request = self.wire.frame()
            parts = [self.wire.to_memfd(size) for size in request["sizes"]]
            self.wire.answer(self.run(request, parts), self.verdict, self.output)

    # ---- one job ----

    def run(self, request, parts):
        self.uid += 2
        start = time.monotonic()
        verdict, tell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        output, print_to = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        if request["mode"] == "split":
            requests, ask = os.pipe2(os.O_CLOEXEC)
            replies, reply = os.pipe2(os.O_CLOEXEC)
            program = self.fork("candidate", self.uid, parts[0], (requests, reply), print_to)
            judge = self.fork("tester", self.uid + 1, parts[1], (replies, ask, tell), print_to)
            used = [requests, ask, replies, reply]
        else:
            program = judge = self.fork("official", self.uid, parts[0], (tell,), print_to)
            used = []
        for each in (*used, *parts, tell, print_to):
            os.close(each)
        watch = Watch({program, judge}, (verdict, self.verdict), (output, self.output), self.null)
        self.meter.reset()
        over = watch.job(
            judge, Deadline(start, request["wall"], jobs_of_container, self.wire), self.meter.taken, self.limits
        )
        wall = time.monotonic() - start
        watch.finish(program)
        left = self.end(watch)
        os.close(verdict)
        os.close(output)
        dirty = self.clean(left)
        ooms, self.ooms = self.ooms, self.oom_kills()
        return {
            "wall": round(wall * 1000),
            "over": over,
            "starved": round(watch.starved * 1000),
            "cpu": round(watch.cpu_seconds() * 1000),
            "oom": self.ooms - ooms + (over == "memory"),
            "killed": watch.orphans,
            "output": watch.printed,
            "dirty": dirty,
            "program": watch.ends.get(program),
            "judge": watch.ends.get(judge),
        }

    def fork(self, role, uid, part, descriptors, output):
        pid = os.fork()
        if pid:
            return pid
        try:
            self.become(role, uid, part, descriptors, output)
        finally:
            os._exit(70)

    def become(self, role, uid, part, descriptors, output):
        """The child's way from a copy of the supervisor to a role; returns when the role is played."""
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000" if role != "tester" else "900")
        # Descriptors in one dense row, everything else closed, the host's streams among it.
        kept = [self.null, output, output, part, *descriptors]
        high = [fcntl_dup(each, 40 + i) for i, each in enumerate(kept)]
        for i, each in enumerate(high):
            os.dup2(each, i, inheritable=i < 3)
        os.closerange(len(kept), 256)
        os.set_blocking(1, True)
        roles.isolate(roles.rlimits(self.limits, role))
        os.chdir("/tmp")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        self.job_filter.install()
        gc.enable()
        job = roles.part(3)
        if role == "candidate":
            roles.play_candidate(job, 4, 5, self.limits["frame_bytes"])
        elif role == "tester":
            roles.play_tester(job, 4, 5, 6, self.limits["frame_bytes"])
        else:
            roles.play_official(job, 4)
        os._exit(0)

    # ---- the end of a job ----

    def end(self, watch):
        """Kills and reaps until no process is left; says how many could not be ended."""
        deadline = time.monotonic() + CLEANING_SECONDS
        while True:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
            watch.killing = True
            while True:
                try:
                    pid, status, usage = os.wait4(-1, os.WNOHANG)
                except ChildProcessError:
                    return False
                if not pid:
                    break
                watch.ended(pid, status, usage)
            if time.monotonic() > deadline:
                return True
            time.sleep(0.0005)

    def clean(self, left):
        """Removes what the job left; says what remains, or nothing."""
        if left:
            return "a process that cannot be ended"
        if any(free(path) != room for path, room in self.rooms.items()):
            for uid in (self.uid, self.uid + 1):
                if not self.wipe(uid):
                    return "files that cannot be removed"
            for path, room in self.rooms.items():
                if free(path) != room:
                    return f"{path} is not as it was"
        for kind in ("shm", "sem", "msg"):
            try:
                with open(f"/proc/sysvipc/{kind}") as table:
                    if len(table.readlines()) > 1:
                        return f"System V {kind}"
            except OSError:
                pass
        return ""

    def wipe(self, uid):
        pid = os.fork()
        if not pid:
            try:
                roles.isolate([(resource.RLIMIT_CORE, 0)])
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                for path in self.rooms:
                    empty(path, uid)
                os._exit(0)
            finally:
                os._exit(70)
        deadline = time.monotonic() + CLEANING_SECONDS
        while time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return status == 0
            time.sleep(0.0005)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return False


class ControlGroup:
    """What the container's control group says that all processes but this one take."""

    # For each version: the file and the key of CPU time, its unit, and the file and keys of memory.
    FORMS = (
        ("cpu.stat", b"usage_usec", 1e6, "memory.stat", (b"anon", b"shmem")),
        ("cpuacct/cpuacct.usage", b"", 1e9, "memory/memory.stat", (b"total_rss", b"total_shmem")),
    )

    @classmethod
    def readable(cls):
        """The form that this machine has; nothing where none can be read."""
        for form in cls.FORMS:
            try:
                cpu_file, cpu_key, _, memory_file, memory_keys = form
                if numbers(cpu_file, (cpu_key,)) and numbers(memory_file, memory_keys):
                    return form
            except (OSError, ValueError, KeyError):
                pass
        return None

    def __init__(self):
        cpu_file, cpu_key, self.unit, memory_file, memory_keys = self.readable()
        self.cpu = lambda: numbers(cpu_file, (cpu_key,)) / self.unit - time.process_time()
        self.memory = lambda: numbers(memory_file, memory_keys)
        self.own = self.memory()
        self.reset()

    def reset(self):
        """Counts from now on."""
        self.start = self.cpu()
        self.kills = oom_kills()

    def taken(self):
        """Bytes held, files in memory among them, and CPU seconds used; more bytes than any where the
        kernel's bound was met, by what is counted nowhere else."""
        held = MORE_THAN_ANY if oom_kills() > self.kills else self.memory() - self.own
        return held, self.cpu() - self.start


class MemoryGroup:
    """A control group whose memory the kernel bounds, in which this process and its jobs are; known by two
    open files of it, because it cannot be seen from inside."""

    # For each version: what holds memory in memory.stat, files in memory among it.
    KINDS = ((b"anon", b"shmem"), (b"total_rss", b"total_shmem"))

    def __init__(self, statistics, events):
        self.statistics, self.events = statistics, events
        found = self.read(statistics)
        self.kinds = next(kinds for kinds in self.KINDS if all(each in found for each in kinds))
        self.own = self.memory()
        self.reset()

    @staticmethod
    def read(file):
        return values(os.pread(file, CHUNK, 0).splitlines())

    def memory(self):
        found = self.read(self.statistics)
        return sum(found[each] for each in self.kinds)

    def kills(self):
        """How often the kernel ended something here because memory ran out."""
        return self.read(self.events)[b"oom_kill"]

    def reset(self):
        """Counts from now on."""
        self.before = self.kills()

    def held(self):
        """Bytes that all but this process hold; more than any where the kernel's bound was met."""
        return MORE_THAN_ANY if self.kills() > self.before else self.memory() - self.own


class Table:
    """What the table of processes says that all but this one take; where a control group counts memory,
    it does. The time of a process whose parent does not wait for it is lost with it."""

    def __init__(self, rooms=None, enough=0, group=None):
        self.rooms = rooms
        self.enough = enough
        self.group = group

    def reset(self):
        if self.group:
            self.group.reset()

    def taken(self):
        """Bytes held, files and what they cost besides among them, and CPU seconds used."""
        others = jobs_of_container()
        return self.held(others), sum(status(pid)[1] for pid in others)

    def held(self, others):
        if self.group:
            return self.group.held()
        if self.rooms is None:
            return 0
        held = held_by(others, self.enough) + socket_bytes("self")
        for path, (_, inodes) in self.rooms.items():
            room = os.statvfs(path)
            held += (room.f_blocks - room.f_bfree) * room.f_bsize
            held += (inodes - room.f_ffree) * INODE_BYTES
        return held


class Filter:
    """Takes memfd_create from one process and its children, on top of the supervisor's own filter."""

    SECCOMP, FILTER = 22, 2
    NUMBERS = {"x86_64": 319, "aarch64": 279}
    LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
    REFUSE, ALLOW = 0x00050001, 0x7FFF0000

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    def __init__(self):
        # struct sock_filter (linux/filter.h); other architectures end at the supervisor's filter.
        code = (
            (self.LOAD, 0, 0, 0),
            (self.IF_EQUAL, 0, 1, self.NUMBERS[os.uname().machine]),
            (self.RETURN, 0, 0, self.REFUSE),
            (self.RETURN, 0, 0, self.ALLOW),
        )
        packed = b"".join(struct.pack("HBBI", *each) for each in code)
        self.code = ctypes.create_string_buffer(packed, len(packed))
        self.program = self.Program(len(code), ctypes.addressof(self.code))
        self.prctl = ctypes.CDLL(None, use_errno=True).prctl

    def install(self):
        if self.prctl(self.SECCOMP, self.FILTER, ctypes.byref(self.program), 0, 0):
            raise OSError(ctypes.get_errno(), "the filter is refused")


class Watch:
    """Waits for the processes of one job, reads what they write, and notes how each ended."""

    def __init__(self, known, verdict, output, null):
        self.known = known
        self.null = null
        self.verdict, self.told = verdict
        self.output, self.said = output
        self.ends = {}
        self.orphans = 0
        self.printed = 0
        self.killing = False
        self.seen = self.waited = self.starved = 0.0
        self.poll = select.poll()
        self.pidfds = {pid: os.pidfd_open(pid) for pid in known}
        for each in (self.verdict, self.output, *self.pidfds.values()):
            self.poll.register(each, select.POLLIN)
        # A host that is gone waits for no answer; requests that wait wake nobody.
        self.poll.register(STDIN, 0)

    def job(self, judge, deadline, taken, limits):
        """Waits for the judge's end; says "time", "cpu" or "memory" when a limit came first, else nothing.

        `taken` gives the bytes that the job holds and the seconds of CPU time that it has used."""
        while True:
            if self.until(judge, min(deadline.next, time.monotonic() + CHECK_SECONDS)):
                return ""
            if deadline.has_come():
                self.starved = deadline.starved
                return "time"
            held, used = taken()
            self.seen = max(self.seen, used)
            if held > limits["memory_bytes"]:
                return "memory"
            if used * 1000 > limits["cpu_millis"]:
                return "cpu"

    def cpu_seconds(self):
        """Of all processes of the job: what was counted while it ran, or what they had used when they
        ended, whichever is more."""
        return max(self.seen, self.waited)

    def until(self, pid, deadline):
        """Waits for a process's end; False when the deadline came first."""
        while pid not in self.ends:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for fd, event in self.poll.poll(max(1, left * 1000)):
                if fd == self.verdict:
                    self.read_verdict()
                elif fd == self.output:
                    self.read_output()
                elif fd == STDIN:
                    if event & (select.POLLHUP | select.POLLERR):
                        raise Hangup
                else:
                    self.reap(fd)
        return True

    def finish(self, program):
        """Takes what is on its way; a program that ended by itself is told from one killed now."""
        self.read_verdict()
        if self.told.buffer.find(b'"early_exit"', 0, self.told.size) >= 0:
            self.until(program, time.monotonic() + GRACE_SECONDS)
        while self.read_output():
            pass

    def read_verdict(self):
        try:
            while not self.told.full():
                if not self.told.read(self.verdict):
                    break
        except BlockingIOError:
            return
        self.poll_off(self.verdict)

    def read_output(self):
        """Keeps or discards what there is, up to a mebibyte; whether there may be more."""
        try:
            if self.said.full():
                count = os.splice(self.output, self.null, 1 << 20)
            else:
                count = self.said.read(self.output)
        except BlockingIOError:
            return False
        self.printed += count
        if not count:
            self.poll_off(self.output)
        return count and not self.said.full()

    def forget(self):
        """Closes what it holds of processes that have not ended."""
        for pidfd in self.pidfds.values():
            os.close(pidfd)
        self.pidfds.clear()

    def poll_off(self, fd):
        try:
            self.poll.unregister(fd)
        except KeyError:
            pass

    def reap(self, pidfd):
        for pid, each in list(self.pidfds.items()):
            if each == pidfd:
                done, status, usage = os.wait4(pid, os.WNOHANG)
                if done:
                    self.ended(pid, status, usage)

    def ended(self, pid, status, usage):
        self.waited += usage.ru_utime + usage.ru_stime
        if pid not in self.known:
            self.orphans += 1
            return
        pidfd = self.pidfds.pop(pid, None)
        if pidfd is not None:
            self.poll_off(pidfd)
            os.close(pidfd)
        self.ends[pid] = {
            "exit": os.waitstatus_to_exitcode(status),
            "peak": usage.ru_maxrss << 10,
            "killed": self.killing,
        }


class Deadline:
    """When a job's wall time is over, not counted while its processes wait for a processor, or while this
    one does, which reads what they write: a busy machine is not the program's fault. Processes that compete
    with each other use their CPU time up."""

    def __init__(self, start, wall, pids, wire):
        self.start, self.wall, self.pids, self.wire = start, wall, pids, wire
        self.last = start + STARVATION * wall
        self.next = start + wall
        self.own = starved_seconds("self")
        self.starved = 0.0
        self.told = 0.0

    def has_come(self):
        now = time.monotonic()
        if now >= self.next and self.is_over(now):
            return True
        if now - self.start >= self.wall and now - self.told >= LIFE_SECONDS:
            self.told = now
            self.wire.show_life()
        return False

    def is_over(self, now):
        theirs = sum(starved_seconds(pid) for pid in self.pids())
        self.starved = max(self.starved, theirs + starved_seconds("self") - self.own)
        if now >= self.last or now - self.start - self.starved >= self.wall:
            return True
        # What was waited for until now is known; what comes must be looked at again.
        self.next = min(self.last, max(now + CHECK_SECONDS, self.start + self.wall + self.starved))
        return False


def jobs_of_container():
    """All processes but this one."""
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def starved_seconds(pid):
    """For how long a process's threads were ready to run and had no processor; 0 where none is known."""
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:
                total += int(file.read().split()[1])
    except (OSError, IndexError, ValueError):
        pass
    return total / 1e9


def empty(top, uid):
    """Removes everything under a folder that belongs to a user.

    Every folder found is first moved right under `top`, so that no path is ever longer than two
    names, however deep the tree; nothing is opened through a link.
    """
    root = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    serial = 0
    again = True
    while again:
        again = False
        for name in os.listdir(root):
            info = os.lstat(name, dir_fd=root)
            if info.st_uid != uid:
                continue
            again = True
            if not stat.S_ISDIR(info.st_mode):
                os.unlink(name, dir_fd=root)
                continue
            os.chmod(name, 0o700, dir_fd=root)
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root)
            for each in os.listdir(inner):
                if stat.S_ISDIR(os.lstat(each, dir_fd=inner).st_mode):
                    os.chmod(each, 0o700, dir_fd=inner)
                    serial += 1
                    os.rename(each, f".wiped-{uid}-{serial}", src_dir_fd=inner, dst_dir_fd=root)
                else:
                    os.unlink(each, dir_fd=inner)
            os.close(inner)
            os.rmdir(name, dir_fd=root)
    os.close(root)


def numbers(name, keys):
    """The sum of the numbers behind keys in a file of the control group; raises where one is missing."""
    with open(f"/sys/fs/cgroup/{name}", "rb") as file:
        found = values(file)
    return sum(found[key] for key in keys)


def values(lines):
    """The numbers of a control group's file by their keys; a number without a key stands under b""."""
    found = [line.split() for line in lines]
    return {words[0] if len(words) > 1 else b"": int(words[-1]) for words in found if words}


def status(pid):
    """A process's parent and CPU seconds, those of its children among them that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0, 0.0
    return int(fields[1]), sum(int(each) for each in fields[11:15]) / TICKS


def held_by(pids, enough):
    """Bytes that processes hold. A page that several share counts for each of them at first, which
    is quick to learn; where that is more than enough, for all of them once."""
    resident = sum(resident_bytes(pid) for pid in pids)
    return resident if resident <= enough else sum(shared_out_bytes(pid) for pid in pids)


def socket_bytes(pid):
    """What the local sockets of a process's network namespace may hold, those among them that nobody has
    open but a message on its way."""
    try:
        with open(f"/proc/{pid}/net/unix", "rb") as file:
            sockets = sum(1 for _ in file) - 1
    except OSError:
        return 0
    return max(0, sockets - FEW_SOCKETS) * SOCKET_BYTES


def resident_bytes(pid):
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return 0


def shared_out_bytes(pid):
    """Its pages, each divided by the number of its holders."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith(b"Pss:"))
    except (OSError, StopIteration):
        return resident_bytes(pid)


def free(path):
    room = os.statvfs(path)
    return room.f_bfree, room.f_ffree


def oom_kills():
    """How often the kernel ended something here because memory ran out; 0 where it does not say."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path) as file:
                for line in file:
                    key, _, value = line.partition(" ")
                    if key == "oom_kill":
                        return int(value)
        except OSError:
            continue
    return 0


def fcntl_dup(fd, at_least):
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, at_least)


def main(setup):
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    for name in list(os.environ):
        del os.environ[name]
    os.environ.update(PATH="/usr/local/bin:/usr/bin:/bin", HOME="/tmp", LANG="C.UTF-8")
    import fcntl  # noqa: F401  (before the first fork)

    roles.warm()
    wire = Wire(setup.get("silence_seconds", SILENCE_SECONDS))
    group = MemoryGroup(*map(int, sys.argv[1:])) if len(sys.argv) > 1 else None
    supervisor = Supervisor(wire, setup, group)
    gc.collect()
    gc.freeze()
    gc.disable()
    hello = {
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "pid": os.getpid(),
        "rooms": sorted(supervisor.rooms),
        "seccomp": seccomp_mode(),
        "missing": [each for each in setup["imports"] if not importable(each)],
    }
    head = json.dumps(hello).encode()
    os.write(STDOUT, U32.pack(len(head)) + bytes(8) + head)
    try:
        supervisor.serve()
    except (Hangup, BrokenPipeError):
        pass
    os._exit(0)


def seccomp_mode():
    with open("/proc/self/status") as file:
        return next((line.split()[1] for line in file if line.startswith("Seccomp:")), "")


def importable(name):
    """Tried in a child: what an import does to its process is not the supervisor's."""
    pid = os.fork()
    if not pid:
        try:
            __import__(name)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
