package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.inference.Engines;

/** What a command asks of the engine before it reads anything. */
final class EngineCheck {
  private EngineCheck() {}

  /**
   * Refuses an engine that cannot run here.
   *
   * @param progress told which better engine `auto` passes over, and why
   */
  static void check(Settings settings, TerminalProgress progress) {
    Engines.passedOver(settings.text(Setting.ENGINE).orElseThrow())
        .forEach(line -> progress.say("note: %s".formatted(line)));
  }
}
