package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.CodeSandboxContract;
import dev.quantgate.sandbox.SandboxOptions;

@RequiresDocker
class DockerContractTest extends CodeSandboxContract {

  @Override
  protected String kind() {
    return "docker";
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new DockerProvider().start(options);
  }
}
