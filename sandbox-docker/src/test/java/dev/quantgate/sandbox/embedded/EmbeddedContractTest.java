package dev.quantgate.sandbox.embedded;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.CodeSandboxContract;
import dev.quantgate.sandbox.SandboxOptions;
import java.util.List;

class EmbeddedContractTest extends CodeSandboxContract {

  @Override
  protected String kind() {
    return "embedded";
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new EmbeddedProvider().start(options);
  }

  @Override
  protected List<String> unsupported() {
    return List.of(
        "imports_bz2", "sets_an_alarm", "shared/import_bz2", "shared/shared_anon_dontneed_fast");
  }
}
