package dev.quantgate.sandbox.bubblewrap;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.worker.SharedWorkersContract;
import org.junit.jupiter.api.BeforeAll;

class BubblewrapContractTest extends SharedWorkersContract {

  @BeforeAll
  static void requireBubblewrap() {
    var why = new BubblewrapProvider().unavailable();
    assumeTrue(why.isEmpty(), why::get);
  }

  @Override
  protected String kind() {
    return "bubblewrap";
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new BubblewrapProvider().start(options);
  }
}
