package dev.quantgate.inference.cuda;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quantgate.inference.cuda.driver.CublasLt;
import dev.quantgate.inference.cuda.driver.CudaException;
import dev.quantgate.inference.cuda.driver.DeviceMemory;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The binding of NVIDIA's matrix library, on a stand-in for it. */
class CublasLtTest {
  private Path library;
  private DeviceSession session;

  @BeforeEach
  void useTheStandIns() {
    session = StandIn.session();
    library = StandIn.build("libcublasLt.so");
    System.setProperty(CublasLt.LIBRARY_PROPERTY, library.toString());
  }

  @AfterEach
  void nothingIsLeft() {
    fail("");
    System.clearProperty(CublasLt.LIBRARY_PROPERTY);
    assertThat(session.context().allocatedBytes()).isZero();
    session.close();
    assertThat((long) call("standin_cublaslt_alive", FunctionDescriptor.of(ValueLayout.JAVA_LONG)))
        .isZero();
  }

  private void fail(String function) {
    try (Arena arena = Arena.ofConfined()) {
      call(
          "standin_cublaslt_fail",
          FunctionDescriptor.ofVoid(ValueLayout.ADDRESS),
          arena.allocateFrom(function));
    }
  }

  private Object call(String name, FunctionDescriptor descriptor, Object... arguments) {
    try {
      Object result =
          Linker.nativeLinker()
              .downcallHandle(
                  SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(name), descriptor)
              .invokeWithArguments(arguments);
      return result == null ? "nothing" : result;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void rowsAreMultipliedWithTheWeightsOfEachOutput() {
    int rows = 3;
    int inputs = 16;
    int outputs = 5;
    short[] x = GptqMatrix.activations(1, rows, inputs, inputs, Activation.F16);
    short[] weights = GptqMatrix.activations(2, outputs, inputs, inputs, Activation.F16);
    try (var cublas = new CublasLt(session.context());
        CublasLt.HalfProduct product = cublas.product(rows, inputs, outputs);
        var owned = new Owned()) {
      assertThat(cublas.version()).isEqualTo("13.1.0");
      DeviceMemory y = owned.add(new DeviceMemory(session.context(), 2L * rows * outputs));

      product.run(session.stream(), put(owned, weights), put(owned, x), y);

      MemorySegment found =
          owned.add(new PinnedMemory(session.context(), 2L * rows * outputs)).segment();
      session.stream().copyOut(found, y, 0);
      session.stream().synchronize();
      for (int r = 0; r < rows; r++) {
        for (int n = 0; n < outputs; n++) {
          float sum = 0;
          for (int k = 0; k < inputs; k++) {
            sum +=
                Float.float16ToFloat(x[r * inputs + k])
                    * Float.float16ToFloat(weights[n * inputs + k]);
          }
          assertThat(found.getAtIndex(JAVA_SHORT, (long) r * outputs + n))
              .isEqualTo(Float.floatToFloat16(sum));
        }
      }
      assertThat(new DeviceBenchmark(session).matrixRate(cublas, 8, 32, 16)).isPositive();
    }
  }

  private DeviceMemory put(Owned owned, short[] values) {
    DeviceMemory memory = owned.add(new DeviceMemory(session.context(), 2L * values.length));
    MemorySegment staged =
        owned.add(new PinnedMemory(session.context(), 2L * values.length)).segment();
    staged.copyFrom(MemorySegment.ofArray(values));
    session.stream().copyIn(memory, 0, staged);
    session.stream().synchronize();
    return memory;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cublasLtCreate",
        "cublasLtMatmulDescCreate",
        "cublasLtMatrixLayoutCreate",
        "cublasLtMatmulAlgoGetHeuristic",
        "cublasLtMatmul"
      })
  void aCallThatFailsIsNamedAndNothingIsLeft(String function) {
    fail(function);
    assertThatThrownBy(this::measure)
        .isInstanceOf(CudaException.class)
        .hasMessage("%s failed with status 13".formatted(function));
  }

  private double measure() {
    try (var cublas = new CublasLt(session.context())) {
      return new DeviceBenchmark(session).matrixRate(cublas, 8, 32, 16);
    }
  }

  @Test
  void noAlgorithmForAShapeIsSaid() {
    fail("no algorithm");
    assertThatThrownBy(this::measure)
        .hasMessage("cuBLASLt 13.1.0 has no way to multiply 8 x 32 by 32 x 16");
  }

  @Test
  void aMachineWithoutItAndALibraryThatIsAnotherAreOneLine() {
    System.setProperty(CublasLt.LIBRARY_PROPERTY, "libnone.so");
    assertThatThrownBy(this::measure).hasMessage("there is no libnone.so to compare with");
    String other = StandIn.build("libcuda.so.1").toString();
    System.setProperty(CublasLt.LIBRARY_PROPERTY, other);
    assertThatThrownBy(this::measure)
        .hasMessage("%s has no function cublasLtGetVersion".formatted(other));
  }
}
