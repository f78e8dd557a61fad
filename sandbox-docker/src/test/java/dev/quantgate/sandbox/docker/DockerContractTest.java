package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.CodeSandbox;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.worker.SharedWorkersContract;

@RequiresDocker
class DockerContractTest extends SharedWorkersContract {

  @Override
  protected String kind() {
    return "docker";
  }

  @Override
  protected CodeSandbox start(SandboxOptions options) {
    return new DockerProvider().start(options);
  }
}
