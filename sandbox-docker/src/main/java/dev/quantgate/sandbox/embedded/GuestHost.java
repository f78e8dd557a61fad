package dev.quantgate.sandbox.embedded;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.FunctionImport;

/**
 * The host functions of one guest: WASI preview 1 with almost nothing behind it. There is a clock,
 * a generator with a fixed seed, a sleep, a folder of sources until {@link #seal} takes it away,
 * and, for a tester, standard streams that lead to its candidate. What is written elsewhere
 * vanishes; every other function refuses. Names and layouts: the WASI snapshot preview 1 witx.
 */
final class GuestHost {
  /** The ends of a tester's line to its candidate; guest.py knows them by the same numbers. */
  private static final int LINE_IN = 0;

  private static final int LINE_OUT = 1;

  /** The folder that the interpreter's start-up left open, as its first preopened descriptor. */
  private static final int FOLDER = 3;

  private static final int FIRST_FILE = 1000;
  private static final int MAX_WRITE = 1 << 24;

  private static final int SUCCESS = 0;
  private static final int BAD_DESCRIPTOR = 8;
  private static final int INVALID = 28;
  private static final int NO_ENTRY = 44;
  private static final int NO_SYSTEM_CALL = 52;
  private static final int NOT_A_FOLDER = 54;
  private static final int ILLEGAL_SEEK = 70;
  private static final int NOT_CAPABLE = 76;

  private static final int CHARACTER_DEVICE = 2;
  private static final int DIRECTORY = 3;
  private static final int REGULAR_FILE = 4;

  private final TreeMap<String, byte[]> sources;
  private final List<OpenFile> open = new ArrayList<>();
  private SplittableRandom random = new SplittableRandom(0);
  private Line line = Line.CLOSED;
  private final int keptOutput;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private long outputBytes;
  private long sleepLeft = Long.MAX_VALUE;
  private String error = "";

  GuestHost(TreeMap<String, byte[]> sources, int keptOutput) {
    this.keptOutput = keptOutput;
    this.sources = new TreeMap<>(sources);
  }

  /** A two-way line of bytes, seen from the guest. */
  interface Line {
    Line CLOSED =
        new Line() {
          @Override
          public void write(byte[] data) {}

          @Override
          public byte[] read(int limit) {
            return new byte[0];
          }
        };

    void write(byte[] data);

    /** At most {@code limit} bytes; none where the other side is gone. */
    byte[] read(int limit);
  }

  /** The guest ended itself. */
  static final class Exited extends RuntimeException {
    final int status;

    Exited(int status) {
      super("exit " + status, null, false, false);
      this.status = status;
    }
  }

  /** The guest asked for more sleep than it has time. */
  static final class Overslept extends run.endive.runtime.WasmInterruptedException {
    Overslept() {
      super("asleep for longer than it has time");
    }
  }

  private static final class OpenFile {
    final byte[] content;
    int at;

    OpenFile(byte[] content) {
      this.content = content;
    }
  }

  /** Takes the folder away: from now on there is no file. */
  void seal() {
    sources.clear();
    open.clear();
  }

  /** Begins a job. */
  void reset(Line line, long sleepNanos) {
    this.sleepLeft = sleepNanos;
    this.line = line;
    random = new SplittableRandom(0);
    output.reset();
    outputBytes = 0;
    error = "";
  }

  long outputBytes() {
    return outputBytes;
  }

  /** The beginning of it. */
  String output() {
    return output.toString(StandardCharsets.UTF_8);
  }

  /** What the interpreter said when it gave up, in one line; empty if it did not. */
  String error() {
    return error;
  }

  ImportValues imports(WasmModule module) {
    List<ImportFunction> functions = new ArrayList<>();
    var section = module.importSection();
    for (int i = 0; i < section.importCount(); i++) {
      if (section.getImport(i) instanceof FunctionImport function) {
        var type = module.typeSection().getType(function.typeIndex());
        String name = function.name();
        functions.add(
            new HostFunction(
                function.module(),
                name,
                type.params(),
                type.returns(),
                (instance, args) -> {
                  int errno = call(name, instance.memory(), args);
                  return type.returns().isEmpty() ? new long[0] : new long[] {errno};
                }));
      }
    }
    return ImportValues.builder().withFunctions(functions).build();
  }

  private int call(String name, Memory memory, long[] args) {
    return switch (name) {
      case "return_error" -> {
        error = text(memory, args[1], args[2]);
        yield SUCCESS;
      }
      case "args_sizes_get", "environ_sizes_get" -> {
        memory.writeI32((int) args[0], 0);
        memory.writeI32((int) args[1], 0);
        yield SUCCESS;
      }
      case "args_get", "environ_get", "sched_yield", "fd_close" -> {
        yield name.equals("fd_close") ? close((int) args[0]) : SUCCESS;
      }
      case "clock_res_get" -> {
        memory.writeLong((int) args[1], 1);
        yield SUCCESS;
      }
      case "clock_time_get" -> {
        memory.writeLong((int) args[2], now((int) args[0]));
        yield SUCCESS;
      }
      case "random_get" -> {
        byte[] bytes = new byte[Math.clamp(args[1], 0, MAX_WRITE)];
        random.nextBytes(bytes);
        memory.write((int) args[0], bytes);
        yield SUCCESS;
      }
      case "poll_oneoff" ->
          sleep(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "proc_exit" -> throw new Exited((int) args[0]);
      case "fd_write" -> write(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "fd_read" -> read(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "fd_seek" -> seek(memory, (int) args[0], args[1], (int) args[2], (int) args[3]);
      case "fd_tell" -> seek(memory, (int) args[0], 0, 1, (int) args[1]);
      case "fd_fdstat_get" -> descriptorStatus(memory, (int) args[0], (int) args[1]);
      case "fd_filestat_get" -> fileStatus(memory, (int) args[0], (int) args[1]);
      case "path_filestat_get" ->
          pathStatus(memory, (int) args[0], text(memory, args[2], args[3]), (int) args[4]);
      case "path_open" -> open(memory, (int) args[0], text(memory, args[2], args[3]), args);
      case "fd_readdir" -> list(memory, args);
      case "fd_prestat_get", "fd_prestat_dir_name" -> BAD_DESCRIPTOR;
      case "fd_fdstat_set_flags" -> SUCCESS;
      case "path_readlink" -> sources.isEmpty() ? NOT_CAPABLE : INVALID;
      default -> name.startsWith("path_") ? NOT_CAPABLE : NO_SYSTEM_CALL;
    };
  }

  private static long now(int clock) {
    return clock == 0 ? System.currentTimeMillis() * 1_000_000 : System.nanoTime();
  }

  private static String text(Memory memory, long address, long length) {
    int bounded = Math.clamp(length, 0, 1 << 16);
    return new String(memory.readBytes((int) address, bounded), StandardCharsets.UTF_8);
  }

  private int write(Memory memory, int descriptor, int vectors, int count, int result) {
    if (descriptor != 1 && descriptor != 2) {
      return BAD_DESCRIPTOR;
    }
    long total = 0;
    for (int i = 0; i < count && i < 1024; i++) {
      int address = memory.readInt(vectors + 8 * i);
      int length =
          Math.clamp(Integer.toUnsignedLong(memory.readInt(vectors + 8 * i + 4)), 0, MAX_WRITE);
      if (descriptor == LINE_OUT && line != Line.CLOSED) {
        line.write(memory.readBytes(address, length));
      } else {
        int room = Math.min(length, keptOutput - output.size());
        if (room > 0) {
          output.writeBytes(memory.readBytes(address, room));
        }
        outputBytes += length;
      }
      total += length;
    }
    memory.writeI32(result, (int) Math.min(total, Integer.MAX_VALUE));
    return SUCCESS;
  }

  private int read(Memory memory, int descriptor, int vectors, int count, int result) {
    if (count < 1) {
      return INVALID;
    }
    int address = memory.readInt(vectors);
    int limit = Math.clamp(Integer.toUnsignedLong(memory.readInt(vectors + 4)), 0, MAX_WRITE);
    OpenFile file = file(descriptor);
    byte[] data;
    if (descriptor == LINE_IN) {
      data = line.read(limit);
    } else if (file.content != NOTHING) {
      int length = Math.min(limit, file.content.length - file.at);
      data = java.util.Arrays.copyOfRange(file.content, file.at, file.at + length);
      file.at += length;
    } else {
      return BAD_DESCRIPTOR;
    }
    memory.write(address, data);
    memory.writeI32(result, data.length);
    return SUCCESS;
  }

  private static final byte[] NOTHING = new byte[0];

  private OpenFile file(int descriptor) {
    int index = descriptor - FIRST_FILE;
    return index >= 0 && index < open.size() ? open.get(index) : new OpenFile(NOTHING);
  }

  private int close(int descriptor) {
    int index = descriptor - FIRST_FILE;
    if (index >= 0 && index < open.size()) {
      open.set(index, new OpenFile(NOTHING));
    }
    return SUCCESS;
  }

  private int seek(Memory memory, int descriptor, long offset, int whence, int result) {
    OpenFile file = file(descriptor);
    if (file.content == NOTHING) {
      return descriptor < FIRST_FILE ? ILLEGAL_SEEK : BAD_DESCRIPTOR;
    }
    long base = whence == 0 ? 0 : whence == 1 ? file.at : file.content.length;
    file.at = Math.clamp(base + offset, 0, file.content.length);
    memory.writeLong(result, file.at);
    return SUCCESS;
  }

  private int descriptorStatus(Memory memory, int descriptor, int result) {
    int type = type(descriptor);
    if (type == 0) {
      return BAD_DESCRIPTOR;
    }
    memory.write(result, new byte[24]);
    memory.writeByte(result, (byte) type);
    memory.writeLong(result + 8, -1);
    memory.writeLong(result + 16, -1);
    return SUCCESS;
  }

  private int type(int descriptor) {
    if (descriptor >= 0 && descriptor <= 2) {
      return CHARACTER_DEVICE;
    }
    if (descriptor == FOLDER && !sources.isEmpty()) {
      return DIRECTORY;
    }
    return file(descriptor).content == NOTHING ? 0 : REGULAR_FILE;
  }

  private int fileStatus(Memory memory, int descriptor, int result) {
    int type = type(descriptor);
    return type == 0
        ? BAD_DESCRIPTOR
        : status(memory, result, type, file(descriptor).content.length);
  }

  private int pathStatus(Memory memory, int folder, String path, int result) {
    if (folder != FOLDER || sources.isEmpty()) {
      return NOT_CAPABLE;
    }
    if (path.isEmpty() || path.equals(".")) {
      return status(memory, result, DIRECTORY, 0);
    }
    byte[] content = sources.get(path);
    return content == null ? NO_ENTRY : status(memory, result, REGULAR_FILE, content.length);
  }

  private static int status(Memory memory, int result, int type, long size) {
    memory.write(result, new byte[64]);
    memory.writeLong(result + 8, 1);
    memory.writeByte(result + 16, (byte) type);
    memory.writeLong(result + 24, 1);
    memory.writeLong(result + 32, size);
    return SUCCESS;
  }

  private int open(Memory memory, int folder, String path, long[] args) {
    if (folder != FOLDER || sources.isEmpty()) {
      return NOT_CAPABLE;
    }
    int result = (int) args[8];
    if (path.isEmpty() || path.equals(".")) {
      memory.writeI32(result, FOLDER);
      return SUCCESS;
    }
    byte[] content = sources.get(path);
    if (content == null) {
      return NO_ENTRY;
    }
    open.add(new OpenFile(content));
    memory.writeI32(result, FIRST_FILE + open.size() - 1);
    return SUCCESS;
  }

  private int list(Memory memory, long[] args) {
    if (args[0] != FOLDER || sources.isEmpty()) {
      return NOT_A_FOLDER;
    }
    int at = (int) args[1];
    int room = (int) args[2];
    long next = 0;
    int used = 0;
    for (String name : sources.keySet()) {
      next++;
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      if (next <= args[3] || used + 24 + bytes.length > room) {
        continue;
      }
      memory.writeLong(at + used, next);
      memory.writeLong(at + used + 8, next);
      memory.writeI32(at + used + 16, bytes.length);
      memory.writeI32(at + used + 20, REGULAR_FILE);
      memory.write(at + used + 24, bytes);
      used += 24 + bytes.length;
    }
    memory.writeI32((int) args[4], used);
    return SUCCESS;
  }

  /**
   * Waits for the nearest clock among subscriptions of 48 bytes; answers with events of 32 bytes.
   */
  private int sleep(Memory memory, int subscriptions, int events, int count, int result) {
    long nearest = Long.MAX_VALUE;
    int found = -1;
    for (int i = 0; i < count && i < 64; i++) {
      int at = subscriptions + 48 * i;
      if (memory.read(at + 8) == 0) {
        long timeout = memory.readLong(at + 24);
        boolean absolute = (memory.readShort(at + 40) & 1) != 0;
        long nanos = absolute ? timeout - now(memory.readInt(at + 16)) : timeout;
        if (nanos < nearest) {
          nearest = Math.max(nanos, 0);
          found = at;
        }
      }
    }
    if (found < 0) {
      return NO_SYSTEM_CALL;
    }
    sleepLeft -= nearest;
    if (sleepLeft < 0) {
      throw new Overslept();
    }
    try {
      Thread.sleep(nearest / 1_000_000, (int) (nearest % 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new run.endive.runtime.WasmInterruptedException(e);
    }
    memory.write(events, new byte[32]);
    memory.writeLong(events, memory.readLong(found));
    memory.writeI32(result, 1);
    return SUCCESS;
  }
}
