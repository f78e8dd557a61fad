package dev.quantgate.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings one known file over HTTP into a channel, continuing what an earlier transfer has left
 * there.
 *
 * <p>Bounded by the length that the catalogue states: a server that sends more is cut off. Whether
 * the bytes are the right ones is for the caller to check.
 *
 * @param attempts how often a transfer is begun or continued before it is given up
 * @param stall how long a server may send nothing
 * @param pause before the second attempt, doubled before each later one
 */
record Download(int attempts, Duration stall, Duration pause) {
  static final Download STANDARD = new Download(5, Duration.ofSeconds(60), Duration.ofSeconds(1));

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");
  private static final int CHUNK = 1 << 16;

  /** An address that does not have the file; another one may. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  /**
   * Fills {@code part} with the file's bytes.
   *
   * @throws Refused if this address has no such file, or did not send all of it in so many attempts
   * @throws DataException if the thread was interrupted
   */
  void run(URI address, DataFile file, FileChannel part, FetchProgress progress) throws Refused {
    try (var client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(stall)
            .build()) {
      String last = "";
      boolean reached = false;
      Duration wait = pause;
      for (int attempt = 1; attempt <= attempts; attempt++) {
        try {
          transfer(client, address, file, part, progress);
          return;
        } catch (IOException e) {
          reached |= !(e instanceof ConnectException || e instanceof HttpConnectTimeoutException);
          last = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
          if (attempt < attempts) {
            Thread.sleep(wait);
            wait = wait.multipliedBy(2);
          }
        }
      }
      throw new Refused(
          "%s: %s (%s) with %,d of %,d bytes here; the same command continues it"
              .formatted(
                  address,
                  reached ? "the transfer broke off" : "no connection to its host",
                  last,
                  size(part),
                  file.bytes()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DataException(
          "%s: interrupted with %,d of %,d bytes here; the same command continues it"
              .formatted(file.name(), size(part), file.bytes()),
          e);
    }
  }

  private void transfer(
      HttpClient client, URI address, DataFile file, FileChannel part, FetchProgress progress)
      throws IOException, InterruptedException, Refused {
    if (part.size() > file.bytes()) {
      part.truncate(0);
    }
    long have = part.size();
    if (have == file.bytes()) {
      return;
    }
    var request = HttpRequest.newBuilder(address).timeout(stall).header("Accept", "*/*");
    if (have > 0) {
      request.header("Range", "bytes=" + have + "-");
    }
    var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (var body = response.body();
        var watch = new StallWatch(body, stall)) {
      long at = start(address, file, response, have);
      if (at != have) {
        part.truncate(0);
        have = 0;
        if (at < 0) {
          throw new IOException("the server could not continue the transfer");
        }
      }
      receive(address, file, response, watch, part, have, progress);
    }
  }

  /** Where the body begins in the file; -1 if the transfer must begin anew. */
  private static long start(
      URI address, DataFile file, HttpResponse<InputStream> response, long have)
      throws IOException, Refused {
    int status = response.statusCode();
    if (status == 200) {
      return 0;
    }
    if (status == 206) {
      Matcher range =
          CONTENT_RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
      boolean continues =
          range.matches()
              && Long.parseLong(range.group(1)) == have
              && (range.group(3).equals("*") || Long.parseLong(range.group(3)) == file.bytes());
      return continues ? have : -1;
    }
    if (status == 416) {
      return -1;
    }
    if (status == 408 || status == 429 || status >= 500) {
      throw new IOException("the server answered with status %d".formatted(status));
    }
    throw new Refused("%s: the server answered with status %d".formatted(address, status));
  }

  private static void receive(
      URI address,
      DataFile file,
      HttpResponse<?> response,
      StallWatch body,
      FileChannel part,
      long have,
      FetchProgress progress)
      throws IOException, Refused {
    byte[] chunk = new byte[CHUNK];
    if (have == 0) {
      int sniffed = body.readFully(chunk, Placeholder.SNIFFED);
      String type = response.headers().firstValue("Content-Type").orElse("");
      Optional<Placeholder> placeholder = Placeholder.of(chunk, sniffed);
      if (placeholder.isEmpty() && type.startsWith("text/html")) {
        placeholder = Optional.of(Placeholder.HTML);
      }
      if (placeholder.isPresent()) {
        throw new Refused(
            "%s: expected %s, found %s"
                .formatted(address, file.name(), placeholder.get().description()));
      }
      long announced = response.headers().firstValueAsLong("Content-Length").orElse(file.bytes());
      if (announced != file.bytes()) {
        throw new Refused(
            "%s: expected %,d bytes, the server announces %,d"
                .formatted(address, file.bytes(), announced));
      }
      have = write(part, chunk, sniffed, 0);
      progress.update(file.name(), have, file.bytes());
    }
    for (int read = body.read(chunk); read >= 0; read = body.read(chunk)) {
      if (have + read > file.bytes()) {
        part.truncate(0);
        throw new Refused(
            "%s: expected %,d bytes, the server sent more".formatted(address, file.bytes()));
      }
      have = write(part, chunk, read, have);
      progress.update(file.name(), have, file.bytes());
    }
    if (have < file.bytes()) {
      throw new IOException("the server closed the connection early");
    }
  }

  /** Trouble with the own disk is no broken transfer: it ends the whole. */
  private static long write(FileChannel part, byte[] bytes, int length, long at) {
    var buffer = ByteBuffer.wrap(bytes, 0, length);
    try {
      while (buffer.hasRemaining()) {
        at += part.write(buffer, at);
      }
      return at;
    } catch (IOException e) {
      throw new DataException(
          "What arrives cannot be written: %s".formatted(FileTree.reason(e)), e);
    }
  }

  private static long size(FileChannel part) {
    try {
      return part.size();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Reads a body, and closes it from outside when nothing has come for too long. */
  private static final class StallWatch implements AutoCloseable {
    private final InputStream body;
    private final Duration stall;
    private final Thread watcher;
    private volatile long last = System.nanoTime();
    private volatile boolean stalled;

    StallWatch(InputStream body, Duration stall) {
      this.body = body;
      this.stall = stall;
      this.watcher = Thread.ofVirtual().start(this::watch);
    }

    private void watch() {
      try {
        while (true) {
          long left = stall.toNanos() - (System.nanoTime() - last);
          if (left <= 0) {
            stalled = true;
            body.close();
            return;
          }
          Thread.sleep(Duration.ofNanos(left));
        }
      } catch (InterruptedException | IOException e) {
        // The transfer is over, one way or the other.
      }
    }

    int read(byte[] chunk) throws IOException {
      return count(body, chunk, 0, chunk.length);
    }

    /** Reads up to {@code length} bytes, fewer only at the end. */
    int readFully(byte[] chunk, int length) throws IOException {
      int filled = 0;
      while (filled < length) {
        int read = count(body, chunk, filled, length - filled);
        if (read < 0) {
          break;
        }
        filled += read;
      }
      return filled;
    }

    private int count(InputStream in, byte[] chunk, int from, int length) throws IOException {
      try {
        int read = in.read(chunk, from, length);
        if (stalled) {
          throw new IOException("closed");
        }
        last = System.nanoTime();
        return read;
      } catch (IOException e) {
        throw stalled
            ? new IOException("nothing came for %d s".formatted(stall.toSeconds()), e)
            : e;
      }
    }

    @Override
    public void close() {
      watcher.interrupt();
    }
  }
}
