package dev.quantgate.guest;

import dev.quantgate.base.Sha256;
import io.trino.wasm.python.Python;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.SortedMap;
import java.util.stream.Stream;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.runtime.WasmInterruptedException;
import run.endive.wasm.WasmModule;

/**
 * One CPython in one WebAssembly instance, for one thread at a time. {@link #reset} gives it the
 * memory of a freshly prepared interpreter; all that a program could change is in there. It is
 * built for Trino, whose host program gives it rows: the layouts of arguments and results below are
 * Trino's.
 */
public final class GuestPython {
  /** Version and platform of the interpreter. */
  public static final String VERSION = "3.13.2 wasm32-wasi";

  /** The release of io.trino:trino-wasm-python that it comes from; part of images' names. */
  static final String BUILD = "cpython-3.13-8";

  /** Trino's numbers of two types: a row, and bytes. */
  private static final int ROW = 0;

  private static final int VARBINARY = 12;

  /**
   * The stack of the interpreter's C functions. The module's own has 64 KiB, which 140 calls
   * through C fill (a cached function, a key of sort) and then write below address 0. CPython
   * counts such calls and raises RecursionError at 5,000, of half a KiB each in most cases.
   */
  private static final int STACK_BYTES = 16 << 20;

  /** What an interpreter may use while it is prepared, with its stack. */
  static final long PREPARING_BYTES = (192L << 20) + STACK_BYTES;

  private static final String MAVEN = "/META-INF/maven/run.endive/%s/pom.properties";
  private static final GuestImage NO_IMAGE = new GuestImage(new byte[0], 0);

  private final Instance instance;
  private final GuestMemory memory;
  private final GuestHost host;
  private GuestImage image = NO_IMAGE;

  /** Reading the module takes longer than making an instance of it. */
  private static final class Module {
    static final WasmModule READ = Python.load();
  }

  /**
   * An interpreter that needs a {@link #reset} before its first call.
   *
   * @param memoryBytes what a guest may hold, besides its stack
   */
  public GuestPython(long memoryBytes) {
    this(memoryBytes + STACK_BYTES, Collections.emptySortedMap());
  }

  private GuestPython(long mostBytes, SortedMap<String, byte[]> sources) {
    WasmModule module = Module.READ;
    host = new GuestHost(sources);
    var limits = module.memorySection().orElseThrow().getMemory(0).limits();
    int mostPages = (int) Math.min(mostBytes / Memory.PAGE_SIZE, Memory.RUNTIME_MAX_PAGES);
    memory = new GuestMemory(limits.initialPages(), mostPages, sources.isEmpty());
    instance =
        Instance.builder(module)
            .withMachineFactory(Python::create)
            .withMemoryFactory(ignored -> memory)
            .withImportValues(host.imports(module))
            .withStart(false)
            .build();
  }

  /** Starts an interpreter and has it load what every call needs: seconds. */
  static GuestImage prepare(GuestProgram program) {
    var fresh = new GuestPython(PREPARING_BYTES, program.sources());
    int name = fresh.allocate("handle\0".getBytes(StandardCharsets.US_ASCII));
    int parameters = fresh.allocate(integers(ROW, 1, VARBINARY));
    int result = fresh.allocate(integers(VARBINARY));
    fresh.instance.export("setup").apply(name, parameters, result);
    fresh.call(program.first());
    fresh.enlargeStack();
    return new GuestImage(fresh.memory.snapshot(), fresh.instance.global(0).getValue());
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

  /** Becomes the interpreter that an image was taken of, in another world. */
  public void reset(GuestImage wanted, GuestWorld world) {
    memory.restore(wanted.memory(), image == wanted);
    image = wanted;
    instance.global(0).setValue(wanted.stackPointer());
    host.reset(world);
  }

  /**
   * Gives the interpreter an order and returns its answer.
   *
   * @throws GuestFault if the interpreter could not answer
   * @throws GuestExit if it ended itself
   * @throws GuestInterrupted if the thread was interrupted, or the guest slept too long
   * @throws RuntimeException of other types, or StackOverflowError, if the interpreter crashed
   */
  public byte[] call(byte[] order) {
    try {
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
    } catch (WasmInterruptedException e) {
      throw new GuestInterrupted(false);
    }
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

  /** The most memory that it has held since the last reset. */
  public long peakBytes() {
    return memory.peakBytes();
  }

  /** Whether the program asked for more memory than it may have. */
  public boolean memoryRefused() {
    return memory.refused();
  }

  /** How much it wrote since the last reset, to no line. */
  public long outputBytes() {
    return host.outputBytes();
  }

  /** The beginning of what it wrote. */
  public String output() {
    return host.output();
  }

  /** Version of the WebAssembly runtime in this build: of what executes, then of what parses. */
  public static String runtime() {
    String runtime = version(Instance.class, "runtime");
    String parser = version(WasmModule.class, "wasm");
    return runtime.equals(parser)
        ? "endive %s".formatted(runtime)
        : "endive %s with wasm %s".formatted(runtime, parser);
  }

  private static String version(Class<?> type, String artifact) {
    try (InputStream in = type.getResourceAsStream(MAVEN.formatted(artifact))) {
      var properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The jars, or folders of classes, that a virtual machine of its own needs to run guests. */
  public static List<Path> classPath() {
    return Stream.of(
            GuestPython.class, Sha256.class, Python.class, Instance.class, WasmModule.class)
        .map(GuestPython::location)
        .distinct()
        .toList();
  }

  private static Path location(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
