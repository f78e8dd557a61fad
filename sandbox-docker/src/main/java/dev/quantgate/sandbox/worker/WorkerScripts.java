package dev.quantgate.sandbox.worker;

import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/**
 * The Python that runs inside: a few lines given as an argument, which read the rest from standard
 * input. Nothing is mounted, nothing is installed in the image.
 */
public final class WorkerScripts {
  private static final List<String> CHECKER = List.of("codec", "candidate", "tester", "official");

  /** The largest part of a request that a supervisor takes. */
  public static final int MAX_PART_BYTES = 64 << 20;

  private static final JsonMapper JSON = JsonMapper.shared();

  /** Modules that every image must have: real completions import them. */
  private static final List<String> IMPORTS =
      List.of(
          "bisect",
          "cmath",
          "collections",
          "copy",
          "ctypes",
          "dataclasses",
          "datetime",
          "decimal",
          "enum",
          "fractions",
          "functools",
          "hashlib",
          "heapq",
          "itertools",
          "json",
          "math",
          "multiprocessing",
          "operator",
          "queue",
          "random",
          "re",
          "sqlite3",
          "statistics",
          "string",
          "tempfile",
          "threading",
          "typing",
          "zlib",
          "zoneinfo");

  private WorkerScripts() {}

  /** What {@code python3 -c} is given. */
  public static String bootstrap() {
    return resource("/dev/quantgate/sandbox/worker/bootstrap.py");
  }

  /** The first frame: sources, limits and the imports to check. */
  static byte[] setup(WorkerLauncher launcher, Limits limits) {
    Map<String, Object> setup = new LinkedHashMap<>(launcher.setup());
    List<List<String>> modules = new ArrayList<>();
    sources(launcher.scripts()).forEach((name, text) -> modules.add(List.of(name, text)));
    setup.put("modules", modules);
    setup.put("imports", IMPORTS);
    setup.put(
        "limits",
        Map.of(
            "output_bytes", limits.outputBytes(),
            "cpu_millis", limits.cpu().toMillis(),
            // The kernel's own bound, of one process, behind the supervisor's of all.
            "cpu_seconds", Math.max(1, limits.cpu().plusMillis(999).toSeconds()),
            "file_bytes", limits.fileBytes(),
            // Twice the memory: threads reserve address space that they never touch.
            "address_bytes", Math.max(2 * limits.memoryBytes(), 1L << 30),
            "memory_bytes", limits.memoryBytes(),
            "processes", limits.processes(),
            "frame_bytes", limits.frameBytes()));
    return JSON.writeValueAsBytes(setup);
  }

  /** Hashes of what judges and of what guards, for a run's identity. */
  static SortedMap<String, String> hashes(List<String> scripts) {
    SortedMap<String, String> hashes = new TreeMap<>();
    StringBuilder checker = new StringBuilder();
    StringBuilder guard = new StringBuilder();
    sources(scripts)
        .forEach((name, text) -> (CHECKER.contains(name) ? checker : guard).append(text));
    hashes.put("checkerSha256", sha256(checker.toString().getBytes(StandardCharsets.UTF_8)));
    hashes.put("supervisorSha256", sha256(guard.toString().getBytes(StandardCharsets.UTF_8)));
    return hashes;
  }

  private static Map<String, String> sources(List<String> scripts) {
    Map<String, String> sources = new LinkedHashMap<>();
    for (String name : CHECKER) {
      sources.put(name, resource("/dev/quantgate/sandbox/" + name + ".py"));
    }
    for (String name : scripts) {
      sources.put(name, resource("/dev/quantgate/sandbox/worker/" + name + ".py"));
    }
    return sources;
  }

  /** The seccomp profile, in the form that Docker and Podman take. */
  public static String seccompProfile() {
    return resource("/dev/quantgate/sandbox/worker/seccomp.json");
  }

  /** A text of this module's resources. */
  public static String resource(String path) {
    try (InputStream in = WorkerScripts.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new SandboxException(
            SandboxException.Kind.UNAVAILABLE,
            "%s is missing in this build of QuantGate".formatted(path));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lower-case hexadecimal SHA-256. */
  public static String sha256(byte[] data) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
