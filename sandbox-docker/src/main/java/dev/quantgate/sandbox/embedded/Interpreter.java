package dev.quantgate.sandbox.embedded;

import io.trino.wasm.python.Python;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.wasm.WasmModule;

/**
 * One CPython in one WebAssembly instance. {@link #reset} gives it the memory of a freshly prepared
 * interpreter; all that a program could change is in there.
 */
final class Interpreter {
  /** The signature that Trino's host program is told: bytes in, bytes out. */
  private static final int ROW = 0;

  private static final int VARBINARY = 12;

  /**
   * The stack of the interpreter's C functions. The module's own has 64 KiB, which 140 calls
   * through C fill (a cached function, a key of sort) and then write below address 0. CPython
   * counts such calls and raises RecursionError at 5,000, of half a KiB each in most cases.
   */
  static final int STACK_BYTES = 16 << 20;

  private final Instance instance;
  private final GuestMemory memory;
  private final GuestHost host;
  private Image image = Image.NONE;

  private Interpreter(
      WasmModule module, int maximumPages, TreeMap<String, byte[]> sources, int keptOutput) {
    boolean blank = sources.isEmpty();
    host = new GuestHost(sources, keptOutput);
    var limits = module.memorySection().orElseThrow().getMemory(0).limits();
    memory = new GuestMemory(limits.initialPages(), maximumPages, blank);
    instance =
        Instance.builder(module)
            .withMachineFactory(Python::create)
            .withMemoryFactory(ignored -> memory)
            .withImportValues(host.imports(module))
            .withStart(false)
            .build();
  }

  /** A prepared interpreter's memory and stack pointer. */
  record Image(byte[] memory, long stackPointer) {
    static final Image NONE = new Image(new byte[0], 0);
  }

  /** Starts an interpreter and loads into it what every job needs. Seconds, once for a process. */
  static Image prepare(WasmModule module, int maximumPages) {
    Interpreter fresh = new Interpreter(module, maximumPages, Resources.sources(), 0);
    int name = fresh.allocate("handle\0".getBytes(StandardCharsets.US_ASCII));
    int parameters = fresh.allocate(integers(ROW, 1, VARBINARY));
    int result = fresh.allocate(integers(VARBINARY));
    fresh.instance.export("setup").apply(name, parameters, result);
    fresh.call(Values.encode(Values.tuple("prepare", Integer.toString(1 << 20))));
    fresh.enlargeStack();
    return fresh.image();
  }

  /** Between two calls nothing lies on the stack, so that it may go elsewhere: behind all else. */
  private void enlargeStack() {
    int stackPages = STACK_BYTES / Memory.PAGE_SIZE;
    int base = memory.grow(stackPages);
    if (base < 0) {
      throw new IllegalStateException("no room for a stack of %d bytes".formatted(STACK_BYTES));
    }
    instance.global(0).setValue((long) (base + stackPages) * Memory.PAGE_SIZE);
  }

  Image image() {
    return new Image(memory.snapshot(), instance.global(0).getValue());
  }

  /** An interpreter that still needs a {@link #reset}. */
  static Interpreter create(WasmModule module, int maximumPages, int keptOutput) {
    Interpreter created = new Interpreter(module, maximumPages, new TreeMap<>(), keptOutput);
    created.host.seal();
    return created;
  }

  private static byte[] integers(int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      buffer.putInt(value);
    }
    return buffer.array();
  }

  void reset(Image wanted, GuestHost.Line line, long sleepNanos) {
    memory.restore(wanted.memory(), image == wanted);
    image = wanted;
    instance.global(0).setValue(wanted.stackPointer());
    host.reset(line, sleepNanos);
  }

  /**
   * Gives the interpreter an order and returns its answer.
   *
   * @throws GuestFault if the interpreter could not answer
   * @throws GuestHost.Exited if it ended itself
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
    int length = memory.readInt(result + 5);
    byte[] answer = memory.readBytes(result + 9, length);
    instance.export("deallocate").apply(argument);
    instance.export("deallocate").apply(result);
    return answer;
  }

  private int allocate(byte[] data) {
    int address = (int) instance.export("allocate").apply(data.length)[0];
    memory.write(address, data);
    return address;
  }

  long peakBytes() {
    return memory.peakBytes();
  }

  /** Whether the program asked for more memory than it may have. */
  boolean memoryRefused() {
    return memory.refused();
  }

  long outputBytes() {
    return host.outputBytes();
  }

  String output() {
    return host.output();
  }

  int pages() {
    return image.memory().length / Memory.PAGE_SIZE;
  }

  /** An interpreter that could not go on. */
  static final class GuestFault extends RuntimeException {
    GuestFault(String message) {
      super(message, null, false, false);
    }
  }
}
