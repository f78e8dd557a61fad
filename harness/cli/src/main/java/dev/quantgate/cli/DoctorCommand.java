package dev.quantgate.cli;

import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.Engines;
import dev.quantgate.reports.Figures;
import dev.quantgate.reports.TextTable;
import dev.quantgate.reports.TextTable.Align;
import dev.quantgate.sandbox.SandboxProvider;
import dev.quantgate.sandbox.Sandboxes;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.concurrent.Callable;
import jdk.incubator.vector.FloatVector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says what this machine has and lacks. Exit 0 when the main job can run here, else 2. */
@Command(
    name = "doctor",
    description = "Says what this machine has and lacks.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    var table = new TextTable("  ", Align.LEFT, Align.LEFT, Align.WORDS);
    line(
        table,
        true,
        "Java",
        "%s (%s)".formatted(Runtime.version(), System.getProperty("java.vendor")));
    line(
        table,
        supportedPlatform(),
        "Platform",
        "%s %s%s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                supportedPlatform() ? "" : ": only Linux on x86-64 is tested"));
    line(table, true, "Processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    line(table, true, "Memory", memory());
    line(
        table,
        true,
        "Vectors",
        "%d bits in a register".formatted(FloatVector.SPECIES_PREFERRED.vectorBitSize()));

    boolean engine = false;
    for (EngineProvider provider : Engines.all()) {
      Optional<String> reason = provider.unavailable();
      engine |= reason.isEmpty();
      line(table, reason.isEmpty(), "Engine %s".formatted(provider.kind()), reason.orElse("ready"));
      if (reason.isEmpty()) {
        provider.details().forEach(detail -> line(table, true, "", detail));
      }
    }
    boolean sandbox = false;
    for (SandboxProvider provider : Sandboxes.all()) {
      if (provider.preference() < 0) {
        continue;
      }
      Optional<String> reason = provider.unavailable();
      sandbox |= reason.isEmpty();
      line(
          table, reason.isEmpty(), "Sandbox %s".formatted(provider.kind()), reason.orElse("ready"));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(table.render());
    if (engine && sandbox) {
      out.println("This machine can run QuantGate. Try: quantgate demo");
      return 0;
    }
    out.println(
        engine
            ? "Without a sandbox, suites of programs cannot be run; the others can."
            : "Without an engine, only recorded answers (replay:) can be compared.");
    return Failures.COULD_NOT_RUN;
  }

  private static void line(TextTable table, boolean good, String what, String found) {
    table.row(good ? "ok" : "no", what, found);
  }

  private static boolean supportedPlatform() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }

  private static String memory() {
    var system =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
    return "%s free of %s; at most %s for the Java heap (weights are mapped, not on the heap)"
        .formatted(
            Figures.bytes(system.getFreeMemorySize()),
            Figures.bytes(system.getTotalMemorySize()),
            Figures.bytes(Runtime.getRuntime().maxMemory()));
  }
}
