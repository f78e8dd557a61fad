package dev.quantgate.sandbox.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Who a container, a control group or a file of a run belongs to: machine, process and its start,
 * as one label. A process id alone would come back.
 */
public final class RunOwner {
  private static final String SEPARATOR = "/";

  private RunOwner() {}

  /** This process. */
  public static String current() {
    ProcessHandle self = ProcessHandle.current();
    return machine() + SEPARATOR + self.pid() + SEPARATOR + started(self);
  }

  /** A label as a part of a file's name. */
  public static String fileName(String label) {
    return label.replace(SEPARATOR, "_");
  }

  /** The label that {@link #fileName} made a part of a name of. */
  public static String ofFileName(String name) {
    return name.replace("_", SEPARATOR);
  }

  /** A name that no other container has. */
  public static String containerName() {
    return "quantgate-sandbox-%d-%s".formatted(ProcessHandle.current().pid(), random());
  }

  /** Twelve hexadecimal digits that are not there a second time. */
  public static String random() {
    byte[] random = new byte[6];
    ThreadLocalRandom.current().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /** Whether the owner was a process of this machine that is no more. */
  public static boolean isDead(String label) {
    String[] parts = label.split(SEPARATOR, -1);
    if (parts.length != 3 || !parts[0].equals(machine())) {
      return false;
    }
    try {
      Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(parts[1]));
      return process.isEmpty()
          || !process.get().isAlive()
          || !started(process.get()).equals(parts[2]);
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static String started(ProcessHandle process) {
    return Long.toString(process.info().startInstant().map(Instant::toEpochMilli).orElse(0L));
  }

  /** The running system, not its name: names repeat, and process ids start anew with a boot. */
  private static String machine() {
    try {
      String pidNamespace = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
      String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
      return boot + "-" + pidNamespace.replaceAll("\\D", "");
    } catch (IOException e) {
      return "unknown-machine";
    }
  }
}
