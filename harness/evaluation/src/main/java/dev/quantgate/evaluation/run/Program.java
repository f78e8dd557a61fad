package dev.quantgate.evaluation.run;

import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.sandbox.ExecutionJob;

/**
 * One completion of one item, to be executed.
 *
 * @param hash over all parts of the job
 */
record Program(String id, int sample, String hash, ExecutionJob job) {

  static Program of(String id, int sample, Key.Program key, String completion) {
    String hash =
        new Hash()
            .add(key.prelude())
            .add(key.prompt())
            .add(completion)
            .add(key.test())
            .add(key.entryPoint())
            .hex();
    var job =
        new ExecutionJob(
            hash, key.prelude(), key.prompt(), completion, key.test(), key.entryPoint());
    return new Program(id, sample, hash, job);
  }
}
