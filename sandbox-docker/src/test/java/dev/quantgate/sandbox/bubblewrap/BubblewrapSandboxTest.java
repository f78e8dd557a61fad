package dev.quantgate.sandbox.bubblewrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.ExecutionResult;
import dev.quantgate.sandbox.ExecutionResult.Outcome;
import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.worker.Problems;
import dev.quantgate.sandbox.worker.RealProcessContract;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Skipped, with the reason, where bubblewrap is absent or not allowed to make namespaces. */
class BubblewrapSandboxTest extends RealProcessContract {

  @BeforeAll
  static void namespacesWork() {
    BubblewrapProvider provider = new BubblewrapProvider();
    Optional<String> reason = provider.unavailable();
    if (reason.isEmpty()) {
      try (CodeSandbox sandbox = provider.start(SandboxOptions.defaults())) {
        List<ExecutionResult> results = new ArrayList<>();
        sandbox.run(List.of(Problems.right("probe")), results::add);
        if (results.getFirst().outcome() != Outcome.PASSED) {
          reason = Optional.of("bubblewrap does not work here: " + results.getFirst().detail());
        }
      } catch (SandboxException e) {
        reason = Optional.of("bubblewrap does not work here: " + e.getMessage());
      }
    }
    assumeTrue(reason.isEmpty(), reason.orElse(""));
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new BubblewrapProvider().start(options);
  }

  @AfterEach
  void noProcessOfOursIsLeft() throws InterruptedException {
    for (int i = 0; i < 50 && descendants() > 0; i++) {
      Thread.sleep(100);
    }
    assertThat(descendants()).isZero();
  }

  private static long descendants() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").matches(".*(bwrap|python3[.0-9]*)"))
        .count();
  }

  @Test
  void memoryOfManyProcessesTogetherIsBounded() {
    String children =
        """
            import os, time
            for i in range(8):
                if os.fork() == 0:
                    keep = b"x" * (150 << 20)
                    time.sleep(60)
            time.sleep(60)
        """;
    try (CodeSandbox sandbox =
        start(new SandboxOptions(1, SandboxOptions.Checker.SPLIT, Limits.defaults()))) {
      List<ExecutionResult> results = new ArrayList<>();
      sandbox.run(
          List.of(Problems.twice("children", children), Problems.right("next")), results::add);
      assertThat(results)
          .extracting(ExecutionResult::outcome)
          .containsExactly(Outcome.MEMORY, Outcome.PASSED);
    }
  }
}
