package dev.quantgate.sandbox.bubblewrap;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.CodeSandboxContract;
import dev.quantgate.sandbox.SandboxOptions;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The kind without walls judges as the others do. */
@EnabledOnOs(OS.LINUX)
class UnsafeLocalContractTest extends CodeSandboxContract {

  @Override
  protected String kind() {
    return "unsafe-local";
  }

  @Override
  protected List<String> unheld() {
    return List.of("shared/shared_anon_dontneed_fast");
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new UnsafeLocalProvider().start(options);
  }
}
