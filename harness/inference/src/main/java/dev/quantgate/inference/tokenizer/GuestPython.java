package dev.quantgate.inference.tokenizer;

import io.trino.wasm.python.Python;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.MemoryLimits;

/**
 * One CPython in one WebAssembly instance, which knows a single source file: {@code guest.py}, with
 * a function {@code handle} from bytes to bytes. It is built for Trino, whose host program gives it
 * rows: the layouts of arguments and results below are Trino's.
 */
final class GuestPython {
  /** Trino's numbers of two types: a row, and bytes. */
  private static final int ROW = 0;

  private static final int VARBINARY = 12;

  /** Its memory grows in steps of this; the most that a template may take. */
  private static final int MOST_PAGES = (192 << 20) / Memory.PAGE_SIZE;

  private final Instance instance;
  private final Memory memory;
  private final GuestHost host;

  /**
   * The memory and the stack pointer of an interpreter at rest.
   *
   * @param memory not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Image(byte[] memory, long stackPointer) {}

  private GuestPython(byte[] source) {
    WasmModule module = Python.load();
    host = new GuestHost(source);
    int initial = module.memorySection().orElseThrow().getMemory(0).limits().initialPages();
    memory = new ByteArrayMemory(new MemoryLimits(initial, MOST_PAGES));
    instance =
        Instance.builder(module)
            .withMachineFactory(Python::create)
            .withMemoryFactory(limits -> memory)
            .withImportValues(host.imports(module))
            .withStart(false)
            .build();
  }

  /** An interpreter that has imported guest.py. */
  static GuestPython start(byte[] source) {
    GuestPython fresh = new GuestPython(source);
    int name = fresh.allocate("handle\0".getBytes(StandardCharsets.US_ASCII));
    int parameters = fresh.allocate(integers(ROW, 1, VARBINARY));
    int result = fresh.allocate(integers(VARBINARY));
    fresh.instance.export("setup").apply(name, parameters, result);
    return fresh;
  }

  /** An interpreter as another one was when its image was taken. It has no files any more. */
  static GuestPython resume(Image image) {
    GuestPython resumed = new GuestPython(new byte[0]);
    int missing = image.memory().length / Memory.PAGE_SIZE - resumed.memory.pages();
    if (missing > 0 && resumed.memory.grow(missing) < 0) {
      throw new GuestFault("its memory cannot grow");
    }
    resumed.memory.write(0, image.memory());
    resumed.instance.global(0).setValue(image.stackPointer());
    return resumed;
  }

  Image image() {
    byte[] bytes = memory.readBytes(0, memory.pages() * Memory.PAGE_SIZE);
    return new Image(bytes, instance.global(0).getValue());
  }

  /**
   * Gives the interpreter an order and returns its answer.
   *
   * @throws GuestFault if the interpreter could not answer
   * @throws run.endive.runtime.WasmInterruptedException if the thread was interrupted
   */
  byte[] call(byte[] order) {
    // A row that is there, one field that is there, its length, its bytes.
    ByteBuffer data = ByteBuffer.allocate(6 + order.length).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 1).put((byte) 1).putInt(order.length).put(order);
    int argument = allocate(data.array());
    int result = (int) instance.export("execute").apply(argument)[0];
    if (result == 0) {
      throw new GuestFault(host.error());
    }
    // The result's length, then a value that is there, its length, its bytes.
    if (memory.readInt(result) < 5 || memory.read(result + 4) != 1) {
      throw new GuestFault("no bytes came back");
    }
    byte[] answer = memory.readBytes(result + 9, memory.readInt(result + 5));
    instance.export("deallocate").apply(argument);
    instance.export("deallocate").apply(result);
    return answer;
  }

  private int allocate(byte[] data) {
    int address = (int) instance.export("allocate").apply(data.length)[0];
    memory.write(address, data);
    return address;
  }

  private static byte[] integers(int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      buffer.putInt(value);
    }
    return buffer.array();
  }

  /** An interpreter that could not go on. */
  static final class GuestFault extends RuntimeException {
    GuestFault(String message) {
      super(message, null, false, false);
    }
  }
}
