package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The image that programs run in. It holds a Python and nothing of QuantGate's, so a tag with a
 * number is enough; what identifies it in a run's record is the id, a hash of its content.
 */
public final class SandboxImage {
  /** The image that is run. */
  public static final String TAG = "quantgate-sandbox:1";

  /** What {@code make-base-image} leaves where no registry is reachable. */
  public static final String LOCAL_BASE = "quantgate-python:3.11-bookworm";

  /** What is pulled where one is. */
  public static final String PUBLIC_BASE = "python:3.11-slim-bookworm";

  private static final Duration BUILD = Duration.ofMinutes(10);

  private SandboxImage() {}

  /**
   * Builds the image.
   *
   * @param base the image to start from; empty takes the local base if it is there, else the public
   *     one
   * @param packages Python packages to add, as pip names them, for instance {@code numpy==1.26.4}
   * @return the image's id
   * @throws SandboxException if the engine does not answer or the build fails
   */
  public static String build(Optional<String> base, List<String> packages) {
    return build(Engines.find(), base, packages);
  }

  static String build(Engine engine, Optional<String> base, List<String> packages) {
    engine
        .silence()
        .ifPresent(why -> {
          throw new SandboxException(Kind.UNAVAILABLE, why);
        });
    String from =
        base.orElseGet(() -> id(engine, LOCAL_BASE).isPresent() ? LOCAL_BASE : PUBLIC_BASE);
    List<String> command = new ArrayList<>(List.of("build", "--build-arg", "BASE=" + from));
    if (packages.isEmpty()) {
      command.addAll(List.of("--network", "none"));
    } else {
      command.addAll(List.of("--build-arg", "PACKAGES=" + String.join(" ", packages)));
    }
    command.addAll(List.of("--tag", TAG, "-"));
    byte[] dockerfile =
        WorkerScripts.resource("/dev/quantgate/sandbox/docker/Dockerfile")
            .getBytes(StandardCharsets.UTF_8);
    Engine.Answer answer =
        engine.run(BUILD, new ByteArrayInputStream(dockerfile), command.toArray(String[]::new));
    if (!answer.ok()) {
      throw new SandboxException(
          Kind.UNAVAILABLE,
          ("cannot build %s from %s: %s\n"
                  + "Where no registry is reachable, sandbox-docker/make-base-image makes the base from "
                  + "Debian packages.")
              .formatted(TAG, from, answer.complaint()));
    }
    return id(engine, TAG)
        .orElseThrow(
            () -> new SandboxException(Kind.UNAVAILABLE, TAG + " was built but is not there"));
  }

  /** The image's id, if the engine has it. */
  static Optional<String> id(Engine engine, String image) {
    Engine.Answer answer =
        engine.run(Engine.QUICK, "image", "inspect", "--format", "{{.Id}}", image);
    return answer.ok() && !answer.out().isBlank()
        ? Optional.of(answer.out().strip())
        : Optional.empty();
  }
}
