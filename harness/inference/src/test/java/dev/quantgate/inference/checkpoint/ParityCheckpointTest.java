package dev.quantgate.inference.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.fixture.ParityFolders;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The folders of reference checkpoints: every one opens, every packed matrix is unpacked bit by
 * bit.
 */
class ParityCheckpointTest {

  @TestFactory
  Stream<DynamicTest> everyReferenceFolderOpens() {
    List<Path> folders = ParityFolders.with("config.json");
    assertThat(folders).as("reference folders").isNotEmpty();
    return folders.stream()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(),
                () -> {
                  try (Checkpoint checkpoint = Checkpoints.open(folder)) {
                    assertThat(checkpoint.blocks()).hasSize(checkpoint.config().layers());
                    assertThat(checkpoint.weightBytes()).isPositive();
                  }
                }));
  }

  @TestFactory
  Stream<DynamicTest> everyPackedMatrixUnpacksToTheReferenceBitByBit() {
    List<Path> folders = ParityFolders.with("expected/dequantised.safetensors");
    assertThat(folders).as("reference folders with packed weights").isNotEmpty();
    return folders.stream()
        .map(folder ->
            DynamicTest.dynamicTest(folder.getFileName().toString(), () -> compare(folder)));
  }

  private static void compare(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder);
        Arena arena = Arena.ofConfined()) {
      Map<String, Tensor> expected =
          TensorFile.open(folder.resolve("expected/dequantised.safetensors"), arena).tensors();
      List<Linear.Gptq> packed = new ArrayList<>();
      for (Checkpoint.Block block : checkpoint.blocks()) {
        block.linears().stream()
            .filter(Linear.Gptq.class::isInstance)
            .map(Linear.Gptq.class::cast)
            .forEach(packed::add);
      }
      assertThat(packed).hasSameSizeAs(expected.keySet()).isNotEmpty();
      for (Linear.Gptq linear : packed) {
        String name = linear.name() + ".weight";
        assertThat(expected).containsKey(name);
        Tensor reference = Objects.requireNonNull(expected.get(name));
        assertThat(reference.shape()).containsExactly(linear.outputs(), linear.inputs());
        long mismatch =
            MemorySegment.ofArray(Dequantizer.halves(linear)).mismatch(reference.data());
        assertThat(mismatch).as("first byte of %s that differs", linear.name()).isEqualTo(-1);
      }
    }
  }
}
