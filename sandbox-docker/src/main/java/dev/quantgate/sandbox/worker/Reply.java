package dev.quantgate.sandbox.worker;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the supervisor says about one execution. The report is the supervisor's own; the verdict was
 * written by the tester and passed on unread, so it is hostile until its random id is right. The
 * output is the job's, hostile for good.
 */
record Reply(Report report, byte[] verdict, byte[] output) {
  private static final int MAX_REPORT_BYTES = 1 << 16;
  private static final int MAX_VERDICT_BYTES = 1 << 14;
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /**
   * The supervisor's observations.
   *
   * @param wall milliseconds from before the first fork to the end of the judging process
   * @param over the limit that ended the job: "time" on the wall, "cpu" or "memory"; else empty
   * @param starved milliseconds for which processes of the job were ready and had no processor, as
   *     far as its wall time mattered
   * @param cpu milliseconds of CPU time of all processes of the job
   * @param oom processes that the kernel ended because memory ran out
   * @param killed processes found beyond the job's own
   * @param output bytes that the job printed, kept or not
   * @param dirty what could not be cleaned, or empty
   * @param program how the candidate's process ended
   * @param judge how the process that owns the verdict ended; the same one in official mode
   */
  record Report(
      long wall,
      String over,
      long starved,
      long cpu,
      int oom,
      int killed,
      long output,
      String dirty,
      Optional<End> program,
      Optional<End> judge) {}

  /**
   * How a process ended: exit status or minus the signal, peak resident bytes, and whether the
   * supervisor had to end it.
   */
  record End(int exit, long peak, boolean killed) {}

  /** What the tester wrote; {@code line} is the test's that failed, or 0. */
  record Verdict(String nonce, String kind, String detail, String doubt, int line) {}

  /** The next answer; empty for a sign of life, which says that the job waits for a processor. */
  static Optional<Reply> read(DataInputStream in, int maxOutput) throws IOException {
    int reportSize = in.readInt();
    int verdictSize = in.readInt();
    int outputSize = in.readInt();
    if (reportSize < 0
        || reportSize > MAX_REPORT_BYTES
        || verdictSize < 0
        || verdictSize > MAX_VERDICT_BYTES
        || outputSize < 0
        || outputSize > maxOutput) {
      throw new IOException(
          "a reply of %d + %d + %d bytes".formatted(reportSize, verdictSize, outputSize));
    }
    if (reportSize == 0) {
      return Optional.empty();
    }
    byte[] report = in.readNBytes(reportSize);
    byte[] verdict = in.readNBytes(verdictSize);
    byte[] output = in.readNBytes(outputSize);
    if (report.length < reportSize || verdict.length < verdictSize || output.length < outputSize) {
      throw new IOException("the supervisor ended in the middle of a reply");
    }
    try {
      return Optional.of(new Reply(JSON.readValue(report, Report.class), verdict, output));
    } catch (JacksonException e) {
      throw new IOException("not a report: %s".formatted(e.getOriginalMessage()), e);
    }
  }

  /** The verdict, if there is one that bears the id. */
  Optional<Verdict> verdict(String nonce) {
    try {
      var tree = JSON.readTree(verdict);
      Verdict told =
          new Verdict(
              tree.path("nonce").asString(""),
              tree.path("class").asString(""),
              tree.path("detail").asString(""),
              tree.path("doubt").asString(""),
              tree.path("line").asInt(0));
      return told.nonce().equals(nonce) ? Optional.of(told) : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }
}
