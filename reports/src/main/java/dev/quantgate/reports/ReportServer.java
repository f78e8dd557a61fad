package dev.quantgate.reports;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.FileException;
import dev.quantgate.base.PlainText;
import dev.quantgate.base.QuantGateException;
import dev.quantgate.evaluation.comparison.ComparisonFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Shows a result's page on this machine alone, and what is known of a run that is still going on
 * until it is one. Answers only to the loopback address by its own names, so that no page from
 * elsewhere can have it read.
 */
public final class ReportServer implements AutoCloseable {
  private final Path folder;
  private final HttpServer server;

  /** The page as it was made last, and of which comparison. */
  private byte @Nullable [] page;

  private @Nullable FileTime pageOf;

  private ReportServer(Path folder, HttpServer server) {
    this.folder = folder;
    this.server = server;
  }

  /**
   * Begins to serve.
   *
   * @param folder of a comparison, or of a run of which there will be one
   * @param port 0 for any that is free
   * @throws FileException if the port is taken
   */
  public static ReportServer start(Path folder, int port) {
    try {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      var served = new ReportServer(folder, HttpServer.create(address, 0));
      served.server.createContext("/", served::answer);
      served.server.start();
      return served;
    } catch (IOException e) {
      throw new FileException(
          ErrorKind.MACHINE, "port %d cannot be used: %s".formatted(port, e.getMessage()), e);
    }
  }

  /** Where the page is. */
  public URI address() {
    return URI.create("http://127.0.0.1:%d/".formatted(server.getAddress().getPort()));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      if (!isOurs(exchange.getRequestHeaders().getFirst("Host"))) {
        send(exchange, 403, "only 127.0.0.1 and localhost are answered");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        send(exchange, 405, "only GET is answered");
      } else if (!exchange.getRequestURI().getPath().equals("/")) {
        send(exchange, 404, "there is one page here: /");
      } else {
        send(exchange, 200, current());
      }
    }
  }

  private boolean isOurs(@Nullable String host) {
    int port = server.getAddress().getPort();
    return host != null
        && Set.of("127.0.0.1:%d".formatted(port), "localhost:%d".formatted(port)).contains(host);
  }

  /** The report where there is a comparison; made again when that was. */
  private synchronized byte[] current() throws IOException {
    if (!ComparisonFolder.exists(folder)) {
      return RunProgress.page(folder).getBytes(StandardCharsets.UTF_8);
    }
    FileTime written = Files.getLastModifiedTime(folder.resolve("comparison.json"));
    byte[] made = page;
    if (made == null || !written.equals(pageOf)) {
      try {
        made = HtmlFormat.page(ReportSource.open(folder));
      } catch (QuantGateException e) {
        return text(String.valueOf(e.getMessage()));
      }
      page = made;
      pageOf = written;
    }
    return made;
  }

  private static byte[] text(String text) {
    String plain = PlainText.lines(text).replace("&", "&amp;").replace("<", "&lt;");
    return "<!doctype html><meta charset=\"utf-8\"><title>QuantGate</title><pre>%s</pre>"
        .formatted(plain)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, String line) throws IOException {
    send(exchange, status, text(line));
  }

  private static void send(HttpExchange exchange, int status, byte[] page) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", "text/html; charset=utf-8");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Content-Security-Policy", "frame-ancestors 'none'");
    exchange.sendResponseHeaders(status, page.length);
    exchange.getResponseBody().write(page);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
