package dev.quantgate.guest;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.FunctionImport;

/**
 * The host functions of one guest: WASI preview 1 with almost nothing behind it. There is a
 * generator with a fixed seed, a folder of sources while an interpreter is prepared, and what a
 * {@link GuestWorld} lets it see: a clock, a sleep, a line behind the standard streams. What is
 * written elsewhere vanishes; every other function refuses. Names and layouts: the WASI snapshot
 * preview 1 witx.
 */
final class GuestHost {
  /** The ends of a line are standard input and output. */
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

  private final SortedMap<String, byte[]> sources;
  private final List<OpenFile> open = new ArrayList<>();
  private SplittableRandom random = new SplittableRandom(0);
  private GuestWorld world = GuestWorld.STILL;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private long outputBytes;
  private long sleepLeft;
  private String error = "";

  /** A world with a folder of files; with none if there are none. */
  GuestHost(SortedMap<String, byte[]> sources) {
    this.sources = sources;
  }

  private static final class OpenFile {
    final byte[] content;
    int at;

    OpenFile(byte[] content) {
      this.content = content;
    }
  }

  /** Begins a job. */
  void reset(GuestWorld next) {
    world = next;
    sleepLeft = next.sleepNanos();
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

  /** What a call does; its result is the error number of WASI. */
  @FunctionalInterface
  private interface Call {
    int apply(Memory memory, long[] args);
  }

  ImportValues imports(WasmModule module) {
    List<ImportFunction> functions = new ArrayList<>();
    var section = module.importSection();
    for (int i = 0; i < section.importCount(); i++) {
      if (section.getImport(i) instanceof FunctionImport function) {
        var type = module.typeSection().getType(function.typeIndex());
        boolean silent = type.returns().isEmpty();
        Call call = call(function.name());
        functions.add(
            new HostFunction(
                function.module(),
                function.name(),
                type.params(),
                type.returns(),
                (instance, args) -> {
                  int errno = call.apply(instance.memory(), args);
                  return silent ? new long[0] : new long[] {errno};
                }));
      }
    }
    return ImportValues.builder().withFunctions(functions).build();
  }

  private Call call(String name) {
    return switch (name) {
      case "return_error" ->
          (memory, args) -> {
            error = text(memory, args[1], args[2]);
            return SUCCESS;
          };
      case "args_sizes_get", "environ_sizes_get" ->
          (memory, args) -> {
            memory.writeI32((int) args[0], 0);
            memory.writeI32((int) args[1], 0);
            return SUCCESS;
          };
      case "args_get", "environ_get", "sched_yield", "fd_fdstat_set_flags" ->
          (memory, args) -> SUCCESS;
      case "clock_res_get" -> (memory, args) -> number(memory, args[1], 1);
      case "clock_time_get" -> (memory, args) -> number(memory, args[2], now((int) args[0]));
      case "random_get" ->
          (memory, args) -> {
            byte[] bytes = new byte[Math.clamp(args[1], 0, MAX_WRITE)];
            random.nextBytes(bytes);
            memory.write((int) args[0], bytes);
            return SUCCESS;
          };
      case "poll_oneoff" ->
          (memory, args) ->
              sleep(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "proc_exit" ->
          (memory, args) -> {
            throw new GuestExit((int) args[0]);
          };
      case "fd_write" ->
          (memory, args) ->
              write(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "fd_read" ->
          (memory, args) ->
              read(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "fd_seek" ->
          (memory, args) -> seek(memory, (int) args[0], args[1], (int) args[2], (int) args[3]);
      case "fd_tell" -> (memory, args) -> seek(memory, (int) args[0], 0, 1, (int) args[1]);
      case "fd_close" -> (memory, args) -> close((int) args[0]);
      case "fd_fdstat_get" ->
          (memory, args) -> descriptorStatus(memory, (int) args[0], (int) args[1]);
      case "fd_filestat_get" -> (memory, args) -> fileStatus(memory, (int) args[0], (int) args[1]);
      case "path_filestat_get" ->
          (memory, args) ->
              pathStatus(memory, (int) args[0], text(memory, args[2], args[3]), (int) args[4]);
      case "path_open" ->
          (memory, args) ->
              open(memory, (int) args[0], text(memory, args[2], args[3]), (int) args[8]);
      case "fd_readdir" -> this::list;
      case "fd_prestat_get", "fd_prestat_dir_name" -> (memory, args) -> BAD_DESCRIPTOR;
      case "path_readlink" -> (memory, args) -> sources.isEmpty() ? NOT_CAPABLE : INVALID;
      default -> {
        int refusal = name.startsWith("path_") ? NOT_CAPABLE : NO_SYSTEM_CALL;
        yield (memory, args) -> refusal;
      }
    };
  }

  private static int number(Memory memory, long address, long value) {
    memory.writeLong((int) address, value);
    return SUCCESS;
  }

  private long now(int clock) {
    if (!world.ticking()) {
      return 0;
    }
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
      if (descriptor == LINE_OUT && world.line() != GuestLine.CLOSED) {
        world.line().write(memory.readBytes(address, length));
      } else {
        int room = Math.min(length, world.keptOutput() - output.size());
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
      data = world.line().read(limit);
    } else if (file.content != NOTHING) {
      int length = Math.min(limit, file.content.length - file.at);
      data = Arrays.copyOfRange(file.content, file.at, file.at + length);
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

  private int open(Memory memory, int folder, String path, int result) {
    if (folder != FOLDER || sources.isEmpty()) {
      return NOT_CAPABLE;
    }
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
    if (found < 0 || !world.ticking()) {
      return NO_SYSTEM_CALL;
    }
    sleepLeft -= nearest;
    if (sleepLeft < 0) {
      throw new GuestInterrupted(true);
    }
    try {
      Thread.sleep(nearest / 1_000_000, (int) (nearest % 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GuestInterrupted(false);
    }
    memory.write(events, new byte[32]);
    memory.writeLong(events, memory.readLong(found));
    memory.writeI32(result, 1);
    return SUCCESS;
  }
}
