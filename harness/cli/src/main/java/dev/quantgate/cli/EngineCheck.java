package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.Engines;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** What a command asks of the engine before it reads anything. */
final class EngineCheck {
  private EngineCheck() {}

  /**
   * Refuses an engine that cannot run here, and says which better one `auto` passes over, and why.
   *
   * @param quiet whether nothing is said
   */
  static void check(CommandSpec command, Settings settings, boolean quiet) {
    String engine = settings.text(Setting.ENGINE).orElseThrow();
    List<String> passedOver = Engines.passedOver(engine);
    if (!engine.equals(Engines.AUTO) && !Engines.find(engine).hasDevice()) {
      Failures.refuseTyped(
          command,
          "is for an engine with a device, and %s has none".formatted(engine),
          List.of("--device", "--gpu-memory"));
    }
    if (!quiet) {
      passedOver.forEach(
          line -> command.commandLine().getErr().println("note: %s".formatted(line)));
    }
  }
}
