package dev.quantgate.cli;

import dev.quantgate.evaluation.QuantGate;
import dev.quantgate.evaluation.QuantGate.PlannedSuite;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.settings.Setting;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Flags that say how texts are written or programs judged, typed for suites that have neither: who
 * types them expects another run than the one that would be made. What says which machine and
 * sandbox are used, such as {@code --workers}, is for any run.
 */
final class IdleFlags {
  private static final List<String> OF_TEXTS =
      flags(Setting.TEMPERATURE, Setting.TOP_P, Setting.MAX_NEW_TOKENS);
  private static final List<String> OF_PROGRAMS =
      flags(
          Setting.SAMPLES,
          Setting.LAYOUT,
          Setting.CHECKER,
          Setting.TIME_LIMIT,
          Setting.CPU_LIMIT,
          Setting.MEMORY_LIMIT,
          Setting.PROCESS_LIMIT,
          Setting.FILE_LIMIT,
          Setting.OUTPUT_LIMIT,
          Setting.FRAME_LIMIT,
          Setting.SLOW_DOWN_LIMIT);

  private IdleFlags() {}

  private static List<String> flags(Setting... settings) {
    return Stream.of(settings).map(setting -> "--%s".formatted(setting.key())).toList();
  }

  /** Refuses those that were typed for a plan in which they say nothing. */
  static void refuse(CommandSpec command, QuantGate quantGate, RunPlan plan) {
    var typed = command.commandLine().getParseResult();
    if (Stream.of(OF_TEXTS, OF_PROGRAMS).flatMap(List::stream).noneMatch(typed::hasMatchedOption)) {
      return;
    }
    List<PlannedSuite> suites = quantGate.plan(plan);
    String names = suites.stream().map(PlannedSuite::suite).collect(Collectors.joining(", "));
    if (suites.stream().noneMatch(PlannedSuite::programs)) {
      Failures.refuseTyped(
          command, "is for programs, and there are none in %s".formatted(names), OF_PROGRAMS);
    }
    if (suites.stream().noneMatch(PlannedSuite::texts)) {
      Failures.refuseTyped(
          command,
          "is for texts that models write, and there are none in %s".formatted(names),
          OF_TEXTS);
    }
  }
}
