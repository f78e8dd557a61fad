package dev.quantgate.inference.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * NVIDIA's matrix library, where a machine has it: a figure to compare with, and nothing else. It
 * is 600 MB, so nothing here may need it; it is loaded when it is asked for.
 *
 * <p>Source: NVIDIA, cuBLAS library reference, "Using the cuBLASLt API".
 */
public final class CublasLt implements AutoCloseable {
  /** System property that names another library. */
  public static final String LIBRARY_PROPERTY = "quantgate.cublaslt.library";

  private static final List<String> LIBRARIES = List.of("libcublasLt.so.13", "libcublasLt.so.12");

  private static final int F16 = 2;
  private static final int F32 = 0;
  private static final int COMPUTE_F32 = 68;
  private static final int TRANSPOSE_A = 3;
  private static final int TRANSPOSED = 1;
  private static final int MOST_WORKSPACE = 1;
  private static final long WORKSPACE_BYTES = 32L << 20;

  /** Bytes of a cublasLtMatmulHeuristicResult_t, which begins with the algorithm. */
  private static final int CHOICE_BYTES = 96;

  /**
   * A function, as {@link CudaLibrary} binds them. What it returns is a status, but for the first.
   */
  private enum Function {
    cublasLtGetVersion(JAVA_LONG),
    cublasLtCreate(JAVA_INT, ADDRESS),
    cublasLtDestroy(JAVA_INT, JAVA_LONG),
    cublasLtMatmulDescCreate(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
    cublasLtMatmulDescSetAttribute(JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG),
    cublasLtMatmulDescDestroy(JAVA_INT, JAVA_LONG),
    cublasLtMatrixLayoutCreate(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
    cublasLtMatrixLayoutDestroy(JAVA_INT, JAVA_LONG),
    cublasLtMatmulPreferenceCreate(JAVA_INT, ADDRESS),
    cublasLtMatmulPreferenceSetAttribute(JAVA_INT, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG),
    cublasLtMatmulPreferenceDestroy(JAVA_INT, JAVA_LONG),
    cublasLtMatmulAlgoGetHeuristic(
        JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        JAVA_INT, ADDRESS, ADDRESS),
    cublasLtMatmul(
        JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
        ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
        JAVA_LONG);

    private final FunctionDescriptor descriptor;

    Function(MemoryLayout result, MemoryLayout... arguments) {
      this.descriptor = FunctionDescriptor.of(result, arguments);
    }
  }

  private final Context context;
  private final Map<Function, MethodHandle> functions;
  private final String version;
  private final long handle;

  /**
   * Loads the library.
   *
   * @throws CudaException if there is none, or it cannot be used
   */
  public CublasLt(Context context) {
    this.context = context;
    this.functions = bind();
    this.version = version(call(Function.cublasLtGetVersion, f -> (long) f.invokeExact()));
    this.handle = create(Function.cublasLtCreate, (f, to) -> (int) f.invokeExact(to));
  }

  private static Map<Function, MethodHandle> bind() {
    String chosen = System.getProperty(LIBRARY_PROPERTY);
    List<String> names = chosen == null ? LIBRARIES : List.of(chosen);
    for (String name : names) {
      SymbolLookup symbols;
      try {
        symbols = SymbolLookup.libraryLookup(name, Arena.global());
      } catch (IllegalArgumentException e) {
        continue;
      }
      var functions = new EnumMap<Function, MethodHandle>(Function.class);
      for (Function function : Function.values()) {
        MemorySegment symbol =
            symbols
                .find(function.name())
                .orElseThrow(() ->
                    new CudaException("%s has no function %s".formatted(name, function.name())));
        functions.put(function, Linker.nativeLinker().downcallHandle(symbol, function.descriptor));
      }
      return functions;
    }
    throw new CudaException("there is no %s to compare with".formatted(String.join(" or ", names)));
  }

  /** Versions are 1000 or 10000 times the major number, 100 times the minor one, the rest. */
  private static String version(long number) {
    long unit = number >= 100_000 ? 10_000 : 1_000;
    return "%d.%d.%d".formatted(number / unit, number % unit / 100, number % 100);
  }

  /** Its version, such as "13.1.0". */
  public String version() {
    return version;
  }

  @FunctionalInterface
  private interface Call<T> {
    T with(MethodHandle function) throws Throwable;
  }

  /** A call that writes a handle to its first argument. */
  @FunctionalInterface
  private interface Create {
    int with(MethodHandle function, MemorySegment to) throws Throwable;
  }

  private <T> T call(Function function, Call<T> call) {
    MethodHandle found = functions.get(function);
    if (found == null) {
      throw new AssertionError("not bound: %s".formatted(function));
    }
    try {
      return call.with(found);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private void check(Function function, Call<Integer> call) {
    int status = call(function, call);
    if (status != 0) {
      throw new CudaException("%s failed with status %d".formatted(function.name(), status));
    }
  }

  private long create(Function function, Create call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(JAVA_LONG);
      check(function, f -> call.with(f, to));
      return to.get(JAVA_LONG, 0);
    }
  }

  /**
   * {@code y = x * weights^T} in binary16 with float32 sums, by the algorithm that the library
   * takes for the best: weights {@code [outputs, inputs]}, x {@code [rows, inputs]}, y {@code
   * [rows, outputs]}, all row-major.
   */
  public HalfProduct product(int rows, int inputs, int outputs) {
    return new HalfProduct(rows, inputs, outputs);
  }

  /** A product of matrices of one size. */
  public final class HalfProduct implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final List<Runnable> closes = new ArrayList<>();
    private final MemorySegment choice = arena.allocate(CHOICE_BYTES, 8);
    private final MemorySegment one = arena.allocateFrom(JAVA_FLOAT, 1f);
    private final MemorySegment zero = arena.allocateFrom(JAVA_FLOAT, 0f);
    private final long description;
    private final long weightLayout;
    private final long inputLayout;
    private final long outputLayout;
    private final DeviceMemory workspace;

    private HalfProduct(int rows, int inputs, int outputs) {
      try {
        this.description =
            made(
                Function.cublasLtMatmulDescCreate,
                Function.cublasLtMatmulDescDestroy,
                (f, to) -> (int) f.invokeExact(to, COMPUTE_F32, F32));
        MemorySegment transposed = arena.allocateFrom(JAVA_INT, TRANSPOSED);
        check(
            Function.cublasLtMatmulDescSetAttribute,
            f -> (int) f.invokeExact(description, TRANSPOSE_A, transposed, 4L));
        // The library's matrices are column-major: ours turned.
        this.weightLayout = layout(inputs, outputs);
        this.inputLayout = layout(inputs, rows);
        this.outputLayout = layout(outputs, rows);
        this.workspace = new DeviceMemory(context, WORKSPACE_BYTES);
        closes.add(workspace::close);
        choose(rows, inputs, outputs);
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    private long made(Function create, Function destroy, Create call) {
      long made = create(create, call);
      closes.add(() -> check(destroy, f -> (int) f.invokeExact(made)));
      return made;
    }

    private long layout(long rows, long columns) {
      return made(
          Function.cublasLtMatrixLayoutCreate,
          Function.cublasLtMatrixLayoutDestroy,
          (f, to) -> (int) f.invokeExact(to, F16, rows, columns, rows));
    }

    private void choose(int rows, int inputs, int outputs) {
      long preference =
          made(
              Function.cublasLtMatmulPreferenceCreate,
              Function.cublasLtMatmulPreferenceDestroy,
              (f, to) -> (int) f.invokeExact(to));
      MemorySegment bytes = arena.allocateFrom(JAVA_LONG, WORKSPACE_BYTES);
      check(
          Function.cublasLtMatmulPreferenceSetAttribute,
          f -> (int) f.invokeExact(preference, MOST_WORKSPACE, bytes, 8L));
      MemorySegment found = arena.allocate(JAVA_INT);
      check(
          Function.cublasLtMatmulAlgoGetHeuristic,
          f ->
              (int)
                  f.invokeExact(
                      handle,
                      description,
                      weightLayout,
                      inputLayout,
                      outputLayout,
                      outputLayout,
                      preference,
                      1,
                      choice,
                      found));
      if (found.get(JAVA_INT, 0) < 1) {
        throw new CudaException(
            "cuBLASLt %s has no way to multiply %d x %d by %d x %d"
                .formatted(version, rows, inputs, inputs, outputs));
      }
    }

    /** Gives a product to a stream. */
    public void run(Stream stream, DeviceMemory weights, DeviceMemory x, DeviceMemory y) {
      long of = stream.handle();
      long a = weights.address();
      long b = x.address();
      long d = y.address();
      long room = workspace.address();
      check(
          Function.cublasLtMatmul,
          f ->
              (int)
                  f.invokeExact(
                      handle,
                      description,
                      one,
                      a,
                      weightLayout,
                      b,
                      inputLayout,
                      zero,
                      d,
                      outputLayout,
                      d,
                      outputLayout,
                      choice,
                      room,
                      WORKSPACE_BYTES,
                      of));
    }

    @Override
    public void close() {
      for (Runnable each : closes.reversed()) {
        each.run();
      }
      closes.clear();
      arena.close();
    }
  }

  @Override
  public void close() {
    check(Function.cublasLtDestroy, f -> (int) f.invokeExact(handle));
  }
}
