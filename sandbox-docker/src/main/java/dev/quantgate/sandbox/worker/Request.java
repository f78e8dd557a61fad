package dev.quantgate.sandbox.worker;

import dev.quantgate.sandbox.ExecutionJob;
import dev.quantgate.sandbox.judging.Attempt;
import dev.quantgate.sandbox.judging.Attempt.Mode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * One execution of one job: the bytes for the supervisor, and the random id that the verdict must
 * bear.
 *
 * @param job what is executed
 * @param mode who judges
 * @param nonce 128 random bits in hexadecimal
 * @param frame the whole request
 */
record Request(ExecutionJob job, Mode mode, String nonce, byte[] frame) {

  private static final SecureRandom RANDOM = new SecureRandom();

  /** ASCII only, so that a lone surrogate in a completion arrives as what it is. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  static Request of(Attempt attempt, Duration wall) {
    ExecutionJob job = attempt.job();
    Mode mode = attempt.mode();
    byte[] random = new byte[16];
    RANDOM.nextBytes(random);
    String nonce = HexFormat.of().formatHex(random);
    Map<String, String> program = new LinkedHashMap<>();
    program.put("prelude", job.prelude());
    program.put("prompt", job.prompt());
    program.put("completion", job.completion());
    program.put("entry_point", job.entryPoint());
    program.put("follows", job.testBeginsWith());
    Map<String, String> judge = new LinkedHashMap<>();
    judge.put("prelude", job.prelude());
    judge.put("prompt", job.prompt());
    judge.put("test", job.test());
    judge.put("entry_point", job.entryPoint());
    judge.put("nonce", nonce);
    List<byte[]> parts;
    if (mode == Mode.SPLIT) {
      parts = List.of(JSON.writeValueAsBytes(program), JSON.writeValueAsBytes(judge));
    } else {
      program.putAll(judge);
      parts = List.of(JSON.writeValueAsBytes(program));
    }
    byte[] head =
        JSON.writeValueAsBytes(
            Map.of(
                "mode", mode.name().toLowerCase(Locale.ROOT),
                "wall", wall.toMillis() / 1000.0,
                "sizes", parts.stream().map(part -> part.length).toList()));
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.writeBytes(ByteBuffer.allocate(4).putInt(head.length).array());
    frame.writeBytes(head);
    parts.forEach(frame::writeBytes);
    return new Request(job, mode, nonce, frame.toByteArray());
  }

  /** Whether the supervisor would take it; it hangs up where a part is larger. */
  boolean fits() {
    long longest = Math.max(job.completion().length(), job.test().length()) + job.prompt().length();
    return longest < WorkerScripts.MAX_PART_BYTES && frame.length < WorkerScripts.MAX_PART_BYTES;
  }

  /** Marks a frame of set-up, which has no parts. */
  static byte[] setupFrame(byte[] setup) {
    return ByteBuffer.allocate(4 + setup.length).putInt(setup.length).put(setup).array();
  }

  @Override
  public String toString() {
    return "Request[%s %s %s bytes %s]"
        .formatted(
            job.id(),
            mode,
            frame.length,
            new String(frame, 4, Math.min(60, frame.length - 4), StandardCharsets.US_ASCII));
  }
}
