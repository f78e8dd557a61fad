package dev.quantgate.sandbox.docker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Which engine is used: the one that QUANTGATE_CONTAINER_ENGINE names, else Docker, else Podman.
 */
final class Engines {
  static final String SETTING = "QUANTGATE_CONTAINER_ENGINE";

  private Engines() {}

  static Engine find() {
    return find(System.getenv());
  }

  static Engine find(Map<String, String> environment) {
    String named = environment.getOrDefault(SETTING, "");
    if (!named.isEmpty()) {
      return new Engine(named, Map.of());
    }
    for (String client : List.of("docker", "podman")) {
      if (onPath(client, environment.getOrDefault("PATH", ""))) {
        return new Engine(client, Map.of());
      }
    }
    return new Engine("docker", Map.of());
  }

  private static boolean onPath(String client, String path) {
    return Arrays.stream(path.split(java.io.File.pathSeparator))
        .filter(folder -> !folder.isEmpty())
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, client)));
  }
}
