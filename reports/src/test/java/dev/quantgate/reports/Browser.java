package dev.quantgate.reports;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Chromium of this machine, driven by its own protocol (Chrome DevTools Protocol) over a
 * WebSocket: no driver to download.
 */
final class Browser implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int MOST_SECONDS = 120;

  private final Path profile;
  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final WebSocket socket;
  private final String session;

  /** Where Debian and others have it; empty where there is none. */
  static Optional<Path> installed() {
    return Stream.of("chromium", "chromium-browser", "google-chrome")
        .map(name -> Path.of("/usr/bin", name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Starts one with a profile of its own. */
  Browser(Path chromium, Path profile) throws Exception {
    this.profile = profile;
    List<String> command =
        List.of(
            chromium.toString(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--lang=en",
            "--remote-debugging-port=0",
            "--user-data-dir=%s".formatted(profile),
            "about:blank");
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(profile.resolveSibling("browser.log").toFile())
            .start();
    socket =
        client
            .newWebSocketBuilder()
            .buildAsync(address(profile.resolve("DevToolsActivePort")), new Listener())
            .get(MOST_SECONDS, TimeUnit.SECONDS);
    String target =
        call("", "Target.createTarget", Map.of("url", "about:blank"))
            .path("targetId")
            .stringValue();
    session =
        call("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
            .path("sessionId")
            .stringValue();
    for (String domain : List.of("Runtime", "Log", "Page", "Network")) {
      call(session, "%s.enable".formatted(domain), Map.of());
    }
  }

  private URI address(Path file) throws IOException, InterruptedException {
    for (int i = 0; i < MOST_SECONDS * 10; i++) {
      if (Files.exists(file)) {
        List<String> lines = Files.readAllLines(file);
        if (lines.size() >= 2) {
          return URI.create("ws://127.0.0.1:%s%s".formatted(lines.get(0), lines.get(1)));
        }
      }
      if (!process.isAlive()) {
        break;
      }
      Thread.sleep(100);
    }
    throw new IllegalStateException("the browser did not start: exit " + process.isAlive());
  }

  /** Opens a page and waits until it says that it is drawn. */
  void open(URI page) throws Exception {
    call(session, "Page.navigate", Map.of("url", page.toString()));
    until("document.documentElement.dataset.ready === 'true'");
  }

  void resize(int width, int height) throws Exception {
    call(
        session,
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** Waits until an expression is true. */
  void until(String expression) throws Exception {
    for (int i = 0; i < MOST_SECONDS * 20; i++) {
      if (value(expression).asBoolean(false)) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError(
        "never true: %s; said by the page: %s".formatted(expression, complaints));
  }

  /** What an expression of JavaScript gives. */
  JsonNode value(String expression) throws Exception {
    return call(
            session, "Runtime.evaluate", Map.of("expression", expression, "returnByValue", true))
        .path("result")
        .path("value");
  }

  /** Exceptions, console errors, and what the policy refused. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** Addresses that were asked for. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  private JsonNode call(String at, String method, Map<String, ?> parameters) throws Exception {
    int id = ids.incrementAndGet();
    var answer = new CompletableFuture<JsonNode>();
    waiting.put(id, answer);
    ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
    message.set("params", JSON.valueToTree(parameters));
    if (!at.isEmpty()) {
      message.put("sessionId", at);
    }
    socket.sendText(JSON.writeValueAsString(message), true).get(MOST_SECONDS, TimeUnit.SECONDS);
    return answer.get(MOST_SECONDS, TimeUnit.SECONDS);
  }

  private void hear(JsonNode message) {
    if (message.has("id")) {
      CompletableFuture<JsonNode> answer = waiting.remove(message.path("id").intValue());
      if (answer != null) {
        answer.complete(message.path("result"));
      }
      return;
    }
    JsonNode told = message.path("params");
    switch (message.path("method").asString("")) {
      case "Runtime.exceptionThrown" -> complaints.add(told.path("exceptionDetails").toString());
      case "Runtime.consoleAPICalled" -> {
        if (told.path("type").asString("").matches("error|warning|assert")) {
          complaints.add(told.path("args").toString());
        }
      }
      case "Log.entryAdded" -> complaints.add(told.path("entry").toString());
      case "Network.requestWillBeSent" ->
          requests.add(told.path("request").path("url").asString(""));
      default -> {}
    }
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        hear(JSON.readTree(text.toString()));
        text.setLength(0);
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> children = new ArrayList<>(process.descendants().toList());
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    client.shutdownNow();
    // A link to a socket elsewhere, which JUnit would warn of.
    Files.deleteIfExists(profile.resolve("SingletonSocket"));
  }
}
