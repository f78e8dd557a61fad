package dev.quantgate.inference.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.inference.fixture.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Logits of reference checkpoints, within what 16-bit activations leave of float32. */
class ParityTest {
  /** One of each kind; {@code -Dquantgate.cuda.parity=all} takes every folder. */
  private static final List<String> SOME =
      List.of(
          "gptq-g64-sym-actorder-v1",
          "gptq-qwen2-g64-asym-v1",
          "mistral-sliding-bf16");

  @Test
  void logitsAndGreedyTokensAreThoseOfTheReference() throws IOException {
    Path parity = SharedData.require("parity");
    List<Path> folders =
        "all".equals(System.getProperty("quantgate.cuda.parity"))
            ? ParityFolder.in(parity)
            : SOME.stream().map(parity::resolve).toList();
    try (DeviceSession session = StandIn.session()) {
      for (Path folder : folders) {
        boolean bfloat = folder.getFileName().toString().endsWith("bf16");
        try (CudaExecutor executor = ParityFolder.executor(session, folder, 8, 256)) {
          ParityFolder.Distance found = ParityFolder.measure(executor, folder, 256);
          assertThat(found.worst())
              .as("%s: %s", folder.getFileName(), found)
              .isLessThan(bfloat ? GpuCheck.BF16_LOGITS : GpuCheck.F16_LOGITS);
          assertThat(found.greedyEqual())
              .as("%s: %s", folder.getFileName(), found)
              .isGreaterThanOrEqualTo((int) (found.greedy() * (bfloat ? 0.8 : 1)));
        }
      }
      assertThat(session.context().allocatedBytes()).as("left on the device").isZero();
    }
  }
}
