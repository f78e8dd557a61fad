package dev.quantgate.cli;

import dev.quantgate.base.PlainText;
import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.Engines;
import dev.quantgate.reports.Figures;
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
    PrintWriter out = spec.commandLine().getOut();
    line(out, true, "Java", Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
    line(
        out,
        supportedPlatform(),
        "Platform",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
            + (supportedPlatform() ? "" : ": only Linux on x86-64 is tested"));
    line(out, true, "Processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    line(out, true, "Memory", memory());
    line(
        out,
        true,
        "Vectors",
        FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bits in a register");

    boolean engine = false;
    for (EngineProvider provider : Engines.all()) {
      Optional<String> reason = provider.unavailable();
      engine |= reason.isEmpty();
      line(out, reason.isEmpty(), "Engine " + provider.kind(), reason.orElse("ready"));
      if (reason.isEmpty()) {
        provider.details().forEach(detail -> line(out, true, "", detail));
      }
    }
    boolean sandbox = false;
    for (SandboxProvider provider : Sandboxes.all()) {
      if (provider.preference() < 0) {
        continue;
      }
      Optional<String> reason = provider.unavailable();
      sandbox |= reason.isEmpty();
      line(out, reason.isEmpty(), "Sandbox " + provider.kind(), reason.orElse("ready"));
    }
    out.println();
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

  private static void line(PrintWriter out, boolean good, String what, String found) {
    out.printf("  %-4s %-18s %s%n", good ? "ok" : "no", what, PlainText.line(found));
  }

  private static boolean supportedPlatform() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }

  private static String memory() {
    var system =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
    return Figures.bytes(system.getFreeMemorySize())
        + " free of "
        + Figures.bytes(system.getTotalMemorySize())
        + "; at most "
        + Figures.bytes(Runtime.getRuntime().maxMemory())
        + " for the Java heap (weights are mapped, not on the heap)";
  }
}
