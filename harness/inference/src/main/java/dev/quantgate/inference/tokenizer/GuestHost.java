package dev.quantgate.inference.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.FunctionImport;

/**
 * What a guest sees of the world: a folder with one file, a clock that stands still, and random
 * numbers that are always the same, so that the same template and messages give the same text. What
 * it writes vanishes; everything else is refused. Names and layouts: WASI snapshot preview 1.
 */
final class GuestHost {
  private static final String FILE = "guest.py";

  /** The folder that the interpreter's start-up left open. */
  private static final int FOLDER = 3;

  private static final int FIRST_FILE = 1000;
  private static final int MOST_BYTES = 1 << 24;

  private static final int SUCCESS = 0;
  private static final int BAD_DESCRIPTOR = 8;
  private static final int NO_ENTRY = 44;
  private static final int NO_SYSTEM_CALL = 52;
  private static final int ILLEGAL_SEEK = 70;
  private static final int NOT_CAPABLE = 76;

  private static final int CHARACTER_DEVICE = 2;
  private static final int DIRECTORY = 3;
  private static final int REGULAR_FILE = 4;

  private final byte[] source;
  private final SplittableRandom random = new SplittableRandom(0);

  /** How far each descriptor from {@link #FIRST_FILE} on has read; -1 once it is closed. */
  private final List<Integer> positions = new ArrayList<>();

  private String error = "";

  /** A world with one file; with none if it is empty. */
  GuestHost(byte[] source) {
    this.source = source;
  }

  /** What the interpreter said when it gave up. */
  String error() {
    return error;
  }

  ImportValues imports(WasmModule module) {
    List<ImportFunction> functions = new ArrayList<>();
    var section = module.importSection();
    for (int i = 0; i < section.importCount(); i++) {
      if (section.getImport(i) instanceof FunctionImport function) {
        var type = module.typeSection().getType(function.typeIndex());
        functions.add(
            new HostFunction(
                function.module(),
                function.name(),
                type.params(),
                type.returns(),
                (instance, args) -> {
                  int errno = call(function.name(), instance.memory(), args);
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
      case "args_get", "environ_get", "sched_yield", "fd_fdstat_set_flags" -> SUCCESS;
      case "clock_res_get" -> number(memory, args[1], 1);
      case "clock_time_get" -> number(memory, args[2], 0);
      case "random_get" -> {
        byte[] bytes = new byte[Math.clamp(args[1], 0, MOST_BYTES)];
        random.nextBytes(bytes);
        memory.write((int) args[0], bytes);
        yield SUCCESS;
      }
      case "proc_exit" -> throw new GuestPython.GuestFault("it ended itself");
      case "fd_write" -> write(memory, (int) args[0], (int) args[1], (int) args[2], (int) args[3]);
      case "fd_read" -> read(memory, (int) args[0], (int) args[1], (int) args[3]);
      case "fd_seek" -> seek(memory, (int) args[0], args[1], (int) args[2], (int) args[3]);
      case "fd_tell" -> seek(memory, (int) args[0], 0, 1, (int) args[1]);
      case "fd_close" -> close((int) args[0]);
      case "fd_fdstat_get" -> descriptorStatus(memory, (int) args[0], (int) args[1]);
      case "fd_filestat_get" -> fileStatus(memory, type((int) args[0]), (int) args[1]);
      case "path_filestat_get" ->
          fileStatus(memory, typeAt(text(memory, args[2], args[3])), (int) args[4]);
      case "path_open" -> open(memory, text(memory, args[2], args[3]), (int) args[8]);
      case "fd_readdir" -> list(memory, args);
      case "fd_prestat_get", "fd_prestat_dir_name" -> BAD_DESCRIPTOR;
      default -> name.startsWith("path_") ? NOT_CAPABLE : NO_SYSTEM_CALL;
    };
  }

  private static int number(Memory memory, long address, long value) {
    memory.writeLong((int) address, value);
    return SUCCESS;
  }

  private static String text(Memory memory, long address, long length) {
    return new String(
        memory.readBytes((int) address, Math.clamp(length, 0, 1 << 16)), StandardCharsets.UTF_8);
  }

  private static int write(Memory memory, int descriptor, int vectors, int count, int result) {
    if (descriptor != 1 && descriptor != 2) {
      return BAD_DESCRIPTOR;
    }
    long total = 0;
    for (int i = 0; i < count && i < 1024; i++) {
      total += Integer.toUnsignedLong(memory.readInt(vectors + 8 * i + 4));
    }
    memory.writeI32(result, (int) Math.min(total, Integer.MAX_VALUE));
    return SUCCESS;
  }

  /** The type of what a descriptor is; 0 for none. */
  private int type(int descriptor) {
    if (descriptor >= 0 && descriptor <= 2) {
      return CHARACTER_DEVICE;
    }
    if (descriptor == FOLDER && source.length > 0) {
      return DIRECTORY;
    }
    return position(descriptor) < 0 ? 0 : REGULAR_FILE;
  }

  private int typeAt(String path) {
    if (source.length == 0) {
      return 0;
    }
    return path.isEmpty() || path.equals(".") ? DIRECTORY : path.equals(FILE) ? REGULAR_FILE : 0;
  }

  private int position(int descriptor) {
    int index = descriptor - FIRST_FILE;
    return index >= 0 && index < positions.size() ? positions.get(index) : -1;
  }

  private int open(Memory memory, String path, int result) {
    switch (typeAt(path)) {
      case DIRECTORY -> memory.writeI32(result, FOLDER);
      case REGULAR_FILE -> {
        positions.add(0);
        memory.writeI32(result, FIRST_FILE + positions.size() - 1);
      }
      default -> {
        return source.length == 0 ? NOT_CAPABLE : NO_ENTRY;
      }
    }
    return SUCCESS;
  }

  private int close(int descriptor) {
    if (position(descriptor) >= 0) {
      positions.set(descriptor - FIRST_FILE, -1);
    }
    return SUCCESS;
  }

  private int read(Memory memory, int descriptor, int vectors, int result) {
    int position = position(descriptor);
    if (position < 0 && descriptor != 0) {
      return BAD_DESCRIPTOR;
    }
    byte[] data = new byte[0];
    if (position >= 0) {
      int room = Math.clamp(Integer.toUnsignedLong(memory.readInt(vectors + 4)), 0, MOST_BYTES);
      int end = Math.min(source.length, position + room);
      data = Arrays.copyOfRange(source, position, end);
      positions.set(descriptor - FIRST_FILE, end);
    }
    memory.write(memory.readInt(vectors), data);
    memory.writeI32(result, data.length);
    return SUCCESS;
  }

  private int seek(Memory memory, int descriptor, long offset, int whence, int result) {
    int position = position(descriptor);
    if (position < 0) {
      return descriptor < FIRST_FILE ? ILLEGAL_SEEK : BAD_DESCRIPTOR;
    }
    long base = whence == 0 ? 0 : whence == 1 ? position : source.length;
    int moved = Math.clamp(base + offset, 0, source.length);
    positions.set(descriptor - FIRST_FILE, moved);
    memory.writeLong(result, moved);
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

  private int fileStatus(Memory memory, int type, int result) {
    if (type == 0) {
      return source.length == 0 ? NOT_CAPABLE : NO_ENTRY;
    }
    memory.write(result, new byte[64]);
    memory.writeLong(result + 8, 1);
    memory.writeByte(result + 16, (byte) type);
    memory.writeLong(result + 24, 1);
    memory.writeLong(result + 32, type == REGULAR_FILE ? source.length : 0);
    return SUCCESS;
  }

  private int list(Memory memory, long[] args) {
    if (type((int) args[0]) != DIRECTORY) {
      return BAD_DESCRIPTOR;
    }
    byte[] name = FILE.getBytes(StandardCharsets.UTF_8);
    int used = 0;
    if (args[3] == 0 && 24 + name.length <= args[2]) {
      int at = (int) args[1];
      memory.write(at, new byte[24]);
      memory.writeLong(at, 1);
      memory.writeLong(at + 8, 1);
      memory.writeI32(at + 16, name.length);
      memory.writeByte(at + 20, (byte) REGULAR_FILE);
      memory.write(at + 24, name);
      used = 24 + name.length;
    }
    memory.writeI32((int) args[4], used);
    return SUCCESS;
  }
}
