package dev.quantgate.evaluation.record;

import dev.quantgate.base.Sha256;
import dev.quantgate.evaluation.protocol.Key;
import dev.quantgate.sandbox.ExecutionJob;

/**
 * One completion of one item, to be executed.
 *
 * @param hash over all parts of the job
 */
public record Program(String id, int sample, String hash, ExecutionJob job) {

  public static Program of(String id, int sample, Key.Program key, String completion) {
    String hash =
        new Sha256()
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
