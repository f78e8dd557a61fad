package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.InferenceException.Kind;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The library in a process of its own, for patterns that may run for minutes or abort: every call
 * has a bound of time, and whatever happens is one line.
 *
 * <p>An order is a byte for the verb, a flag, then a text (its length in bytes, UTF-8) or ids
 * (their number, four bytes each); {@link TokenizerProcess} is the other side.
 */
final class ContainedTokenizer implements NativeTokenizer {
  static final byte ENCODE = 0;
  static final byte DECODE = 1;

  private static final Duration OPENING = Duration.ofSeconds(60);
  private static final Duration BASE_TIME = Duration.ofSeconds(20);

  /** How long its output may be closed before the process has ended. */
  private static final Duration GONE = Duration.ofSeconds(2);

  /** Ended by the signals HUP, INT (which a terminal sends to all processes at once) and TERM. */
  private static final Set<Integer> STOPPED = Set.of(128 + 1, 128 + 2, 128 + 15);

  private static final int KILLED = 128 + 9;

  private final Path file;
  private final String pattern;
  private final Duration baseTime;
  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;
  private volatile boolean closed;

  private ContainedTokenizer(Path file, String pattern, Duration baseTime, Process process) {
    this.file = file;
    this.pattern = pattern;
    this.baseTime = baseTime;
    this.process = process;
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
  }

  /**
   * Starts the process and opens a tokenizer in it.
   *
   * @param json the content of a tokenizer.json
   * @param pattern the one in doubt, for messages
   */
  static NativeTokenizer open(Path file, String json, String pattern) {
    return open(file, json, pattern, BASE_TIME);
  }

  static NativeTokenizer open(Path file, String json, String pattern, Duration baseTime) {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-XX:-CreateCoredumpOnCrash",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            TokenizerProcess.class.getName());
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    ContainedTokenizer tokenizer;
    try {
      tokenizer = new ContainedTokenizer(file, pattern, baseTime, builder.start());
    } catch (IOException e) {
      throw new InferenceException(
          Kind.IO, "%s: cannot start a process for it: %s".formatted(file, e.getMessage()), e);
    }
    String refusal =
        tokenizer.call(
            OPENING,
            "it was opened",
            () -> {
              write(tokenizer.out, json);
              tokenizer.out.flush();
              return readText(tokenizer.in);
            });
    if (!refusal.isEmpty()) {
      tokenizer.close();
      throw Refusal.damaged(file, refusal);
    }
    return tokenizer;
  }

  @Override
  public synchronized Tokens encode(String text, boolean addSpecials) {
    return call(
        time(text.length()),
        "it read a text of %d characters".formatted(text.length()),
        () -> {
          out.writeByte(ENCODE);
          out.writeBoolean(addSpecials);
          write(out, text);
          out.flush();
          int[] ids = readInts(in);
          return new Tokens(ids, readInts(in));
        });
  }

  @Override
  public synchronized String decode(long[] ids, boolean skipSpecials) {
    return call(
        time(ids.length),
        "it wrote a text",
        () -> {
          out.writeByte(DECODE);
          out.writeBoolean(skipSpecials);
          out.writeInt(ids.length);
          for (long id : ids) {
            out.writeInt(Math.toIntExact(id));
          }
          out.flush();
          return readText(in);
        });
  }

  private Duration time(int length) {
    return baseTime.plusMillis(length / 10L);
  }

  private <T> T call(Duration time, String when, Callable<T> exchange) {
    FutureTask<T> task = new FutureTask<>(exchange);
    Thread.ofVirtual().start(task);
    try {
      return task.get(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      close();
      throw new InferenceException(
          Kind.UNSUPPORTED,
          "%s: its pattern %s did not come to an end within %d s when %s; such a pattern cannot be used"
              .formatted(file, quoted(), time.toSeconds(), when),
          e);
    } catch (ExecutionException e) {
      throw ended(when, e);
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new InferenceException(Kind.INTERRUPTED, "stopped", e);
    }
  }

  /** Why the process is no longer there: a signal from outside says nothing of the pattern. */
  private InferenceException ended(String when, ExecutionException cause) {
    boolean byUs = closed;
    int code = 0;
    try {
      code = process.waitFor(GONE.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close();
    if (STOPPED.contains(code)) {
      return new InferenceException(Kind.INTERRUPTED, "stopped", cause);
    }
    if (code == KILLED && !byUs) {
      return new InferenceException(
          Kind.IO,
          "%s: the process that reads it was killed when %s, for want of memory or by hand; try again"
              .formatted(file, when),
          cause);
    }
    return new InferenceException(
        Kind.UNSUPPORTED,
        "%s: its pattern %s made the tokenizers library abort when %s; such a pattern cannot be used"
            .formatted(file, quoted(), when),
        cause);
  }

  private String quoted() {
    return "\"%s\"".formatted(Refusal.plain(pattern));
  }

  static void write(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static String readText(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static void write(DataOutputStream out, int[] values) throws IOException {
    out.writeInt(values.length);
    for (int value : values) {
      out.writeInt(value);
    }
  }

  private static int[] readInts(DataInputStream in) throws IOException {
    int[] values = new int[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
    return values;
  }

  @Override
  public void close() {
    closed = true;
    process.destroyForcibly();
  }
}
