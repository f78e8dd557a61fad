package dev.quantgate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetching, against a server of our own that behaves as badly as servers do. */
class DataStoreTest {
  private static final byte[] CONTENT = new byte[300_000];

  static {
    new Random(7).nextBytes(CONTENT);
  }

  private static final DataFile FILE =
      new DataFile("HumanEval.jsonl.gz", CONTENT.length, Text.sha256(CONTENT));
  private static final DataSet SET =
      new DataSet(
          "humaneval",
          "a set",
          "none",
          List.of("humaneval"),
          FILE,
          List.of(),
          List.of(),
          Catalogue.set("humaneval").places());
  private static final FetchProgress SILENT = (file, done, total) -> {};

  @TempDir Path folder;
  private final CountDownLatch over = new CountDownLatch(1);
  private HttpServer server;
  private DataStore store;
  private final List<String> ranges = new CopyOnWriteArrayList<>();
  private final List<String> paths = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    store = DataStore.at(folder, new Download(3, Duration.ofSeconds(2), Duration.ofMillis(5)));
  }

  @AfterEach
  void stop() {
    over.countDown();
    server.stop(0);
  }

  @FunctionalInterface
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private URI serve(String path, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          paths.add(exchange.getRequestURI().getPath());
          ranges.add(
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range")).orElse("none"));
          try (exchange) {
            answer.to(exchange);
          }
        });
    return address(path);
  }

  private URI address(String path) {
    return URI.create(
        "http://%s:%d%s"
            .formatted(server.getAddress().getHostString(), server.getAddress().getPort(), path));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  /** Answers as a proper server does, whole or from an offset. */
  private static void whole(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range == null) {
      send(exchange, 200, content);
      return;
    }
    int from = Integer.parseInt(range.replaceAll("\\D", ""));
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    send(exchange, 206, Arrays.copyOfRange(content, from, content.length));
  }

  private Path fetch(URI... addresses) {
    return store.fetch(SET, List.of(addresses), FetchOptions.standard(), SILENT);
  }

  private Path part() {
    return folder.resolve("humaneval").resolve(".HumanEval.jsonl.gz.part");
  }

  private Path target() {
    return folder.resolve("humaneval").resolve("HumanEval.jsonl.gz");
  }

  @Test
  void aFileIsFetchedOnceAndFoundAfterwards() {
    URI address = serve("/f", exchange -> whole(exchange, CONTENT));
    var seen = new ArrayList<Long>();
    Path file =
        store.fetch(
            SET, List.of(address), FetchOptions.standard(), (name, done, total) -> seen.add(done));
    assertThat(file).isEqualTo(target()).hasBinaryContent(CONTENT);
    assertThat(seen).isSorted().last().isEqualTo((long) CONTENT.length);
    assertThat(part()).doesNotExist();
    fetch(address);
    assertThat(ranges).hasSize(1);
    assertThat(store.find(SET)).contains(file);
  }

  @Test
  void anInterruptedTransferIsContinuedWhereItStopped() {
    var calls = new AtomicInteger();
    URI address =
        serve(
            "/f",
            exchange -> {
              if (calls.getAndIncrement() == 0) {
                exchange.sendResponseHeaders(200, CONTENT.length);
                exchange.getResponseBody().write(CONTENT, 0, 100_000);
                exchange.getResponseBody().flush();
              } else {
                whole(exchange, CONTENT);
              }
            });
    assertThat(fetch(address)).hasBinaryContent(CONTENT);
    assertThat(ranges).hasSize(2).first().isEqualTo("none");
    assertThat(ranges.get(1)).matches("bytes=\\d{5,6}-");
  }

  @Test
  void aTransferThatKeepsBreakingLeavesItsPartToTheNextCall() throws IOException {
    var broken = new AtomicInteger(1);
    URI address =
        serve(
            "/f",
            exchange -> {
              if (broken.get() == 0) {
                whole(exchange, CONTENT);
                return;
              }
              String range = exchange.getRequestHeaders().getFirst("Range");
              if (range == null) {
                exchange.sendResponseHeaders(200, CONTENT.length);
                exchange.getResponseBody().write(CONTENT, 0, 70_000);
              } else {
                send(exchange, 503, new byte[0]);
              }
            });
    assertThatThrownBy(() -> fetch(address))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll("of 300,000 bytes here", "the same command continues it");
    assertThat(target()).doesNotExist();
    long have = Files.size(part());
    assertThat(have).isBetween(1L, 70_000L);
    broken.set(0);
    ranges.clear();
    assertThat(fetch(address)).hasBinaryContent(CONTENT);
    assertThat(ranges).containsExactly("bytes=" + have + "-");
  }

  @Test
  void aServerThatKnowsNoRangesStartsAnew() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), Arrays.copyOf(CONTENT, 1_000));
    URI address = serve("/f", exchange -> send(exchange, 200, CONTENT));
    assertThat(fetch(address)).hasBinaryContent(CONTENT);
    assertThat(ranges).containsExactly("bytes=1000-");
  }

  @Test
  void aPartOfSomethingElseIsThrownAwayAndFetchedAnew() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), new byte[5_000]);
    URI address = serve("/f", exchange -> whole(exchange, CONTENT));
    assertThat(fetch(address)).hasBinaryContent(CONTENT);
    assertThat(ranges).containsExactly("bytes=5000-", "none");
  }

  @Test
  void aContinuationOfTheWrongPlaceIsNotTrusted() throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), Arrays.copyOf(CONTENT, 1_000));
    URI address =
        serve(
            "/f",
            exchange -> {
              if (exchange.getRequestHeaders().getFirst("Range") != null) {
                exchange.getResponseHeaders().set("Content-Range", "bytes 0-299999/300000");
                send(exchange, 206, CONTENT);
              } else {
                whole(exchange, CONTENT);
              }
            });
    assertThat(fetch(address)).hasBinaryContent(CONTENT);
    assertThat(ranges).containsExactly("bytes=1000-", "none");
  }

  @Test
  void wrongContentOfTheRightLengthIsRefusedWithBothHashes() {
    byte[] wrong = CONTENT.clone();
    wrong[299_999] ^= 1;
    URI address = serve("/f", exchange -> whole(exchange, wrong));
    assertThatThrownBy(() -> fetch(address))
        .hasMessageContainingAll(address.toString(), FILE.sha256(), Text.sha256(wrong));
    assertThat(target()).doesNotExist();
    assertThat(part()).doesNotExist();
  }

  @Test
  void aWebPageAndALfsPointerAreRefusedByName() {
    URI page =
        serve(
            "/page",
            exchange ->
                send(
                    exchange,
                    200,
                    "\n<!DOCTYPE html><p>Log in</p>".getBytes(StandardCharsets.UTF_8)));
    URI pointer =
        serve(
            "/pointer",
            exchange ->
                send(
                    exchange,
                    200,
                    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 300000\n"
                        .getBytes(StandardCharsets.UTF_8)));
    assertThatThrownBy(() -> fetch(page))
        .hasMessageContaining("expected HumanEval.jsonl.gz, found a web page (HTML)");
    assertThatThrownBy(() -> fetch(pointer)).hasMessageContaining("found a Git LFS pointer");
    assertThatThrownBy(() -> fetch(page, pointer))
        .hasMessageContainingAll("web page", "Git LFS", "--mirror", "--from")
        .message()
        .satisfies(message -> assertThat(message.lines()).hasSize(2));
    assertThat(part()).doesNotExist();
  }

  @Test
  void aLengthThatCannotBeRightIsRefusedBeforeTheTransfer() {
    URI address = serve("/f", exchange -> send(exchange, 200, new byte[1_000]));
    assertThatThrownBy(() -> fetch(address))
        .hasMessageContaining("expected 300,000 bytes, the server announces 1,000");
  }

  @Test
  void aServerThatNeverEndsIsCutOff() {
    URI address =
        serve(
            "/f",
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              for (int i = 0; i < 50; i++) {
                exchange.getResponseBody().write(new byte[10_000]);
              }
            });
    assertThatThrownBy(() -> fetch(address)).hasMessageContaining("the server sent more");
    assertThat(part()).doesNotExist();
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() {
    store = DataStore.at(folder, new Download(1, Duration.ofMillis(300), Duration.ofMillis(5)));
    URI address =
        serve(
            "/f",
            exchange -> {
              exchange.sendResponseHeaders(200, CONTENT.length);
              exchange.getResponseBody().write(CONTENT, 0, 1_000);
              exchange.getResponseBody().flush();
              try {
                over.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertThatThrownBy(() -> fetch(address)).hasMessageContaining("nothing came for");
    assertThat(over.getCount()).as("the server was still silent").isEqualTo(1);
  }

  @Test
  void theNextAddressIsTriedWhereOneHasNoSuchFile() {
    URI gone = serve("/gone", exchange -> send(exchange, 404, new byte[0]));
    URI here = serve("/here", exchange -> whole(exchange, CONTENT));
    assertThat(fetch(gone, here)).hasBinaryContent(CONTENT);
    assertThat(paths).containsExactly("/gone", "/here");
  }

  @Test
  void aMirrorIsAskedInThreeLayoutsAndInPlaceOfThePublishedAddress() {
    serve("/", exchange -> send(exchange, 404, new byte[0]));
    serve("/base/org/repo/H.gz", exchange -> whole(exchange, CONTENT));
    var options = new FetchOptions(Optional.empty(), Optional.of(address("/base")), false);
    Path file =
        store.fetch(
            SET, List.of(URI.create("https://published.invalid/org/repo/H.gz")), options, SILENT);
    assertThat(file).hasBinaryContent(CONTENT);
    assertThat(paths)
        .containsExactly(
            "/base/humaneval/HumanEval.jsonl.gz",
            "/base/HumanEval.jsonl.gz",
            "/base/org/repo/H.gz");
    assertThatThrownBy(
            () -> new FetchOptions(Optional.empty(), Optional.of(URI.create("ftp://x/y")), false))
        .hasMessageContaining("http or https");
  }

  @Test
  void offlineUsesWhatIsThereAndAsksNobody() {
    var offline = new FetchOptions(Optional.empty(), Optional.empty(), true);
    URI address = serve("/f", exchange -> whole(exchange, CONTENT));
    assertThatThrownBy(() -> store.fetch(SET, List.of(address), offline, SILENT))
        .hasMessageContainingAll("the network is not to be used", "--from");
    assertThat(ranges).isEmpty();
    fetch(address);
    assertThat(store.fetch(SET, List.of(), offline, SILENT)).isEqualTo(target());
  }

  @Test
  void aDamagedFileOfTheStoreIsReplacedAndKeptAside() throws IOException {
    Files.createDirectories(target().getParent());
    Files.writeString(target(), "damaged");
    URI address = serve("/f", exchange -> whole(exchange, CONTENT));
    assertThat(fetch(address)).hasBinaryContent(CONTENT);
    assertThat(target().resolveSibling("HumanEval.jsonl.gz.replaced")).hasContent("damaged");
  }

  @Test
  void aHostThatIsNotReachedIsToldAsThat() throws IOException {
    int closed;
    try (var once = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = once.getLocalPort();
    }
    URI address = URI.create("http://127.0.0.1:%d/f".formatted(closed));
    assertThatThrownBy(() -> fetch(address))
        .hasMessageContainingAll(address.toString(), "no connection to its host (")
        .hasMessageNotContaining("broke off");
  }

  @Test
  void aFailedFetchLeavesADamagedFileAlone() throws IOException {
    Files.createDirectories(target().getParent());
    Files.writeString(target(), "damaged");
    URI address = serve("/f", exchange -> send(exchange, 404, new byte[0]));
    assertThatThrownBy(() -> fetch(address)).hasMessageContaining("status 404");
    assertThat(target()).hasContent("damaged");
  }

  @Test
  void twoFetchesOfOneFileDoNotMix() throws IOException {
    Files.createDirectories(part().getParent());
    URI address = serve("/f", exchange -> whole(exchange, CONTENT));
    try (var channel =
            FileChannel.open(part(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThatThrownBy(() -> fetch(address)).hasMessageContaining("is being fetched");
    }
  }

  @Test
  void aLocalFileOrFolderServesOnceItsHashIsRight(@TempDir Path elsewhere) throws IOException {
    Files.createDirectories(elsewhere.resolve("humaneval"));
    Path file = elsewhere.resolve("humaneval/HumanEval.jsonl.gz");
    Files.write(file, Arrays.copyOf(CONTENT, 299_999));
    var options = new FetchOptions(Optional.of(elsewhere), Optional.empty(), true);
    assertThatThrownBy(() -> store.fetch(SET, options, SILENT))
        .hasMessageContainingAll(file.toString(), "expected 300,000 bytes", "found 299,999 bytes");
    assertThat(target()).doesNotExist();
    Files.write(file, CONTENT);
    assertThat(store.fetch(SET, options, SILENT)).hasBinaryContent(CONTENT);
    Files.delete(target());
    var direct = new FetchOptions(Optional.of(file), Optional.empty(), true);
    assertThat(store.fetch(SET, direct, SILENT)).hasBinaryContent(CONTENT);
  }

  @Test
  void theStandardFolderFollowsTheEnvironment() {
    Path home = folder.resolve("home");
    assertThat(DataStore.standard(Map.of(), home).folder())
        .isEqualTo(home.resolve(".cache/quantgate/data"));
    String xdg = folder.resolve("xdg").toString();
    assertThat(DataStore.standard(Map.of("XDG_CACHE_HOME", xdg), home).folder())
        .isEqualTo(Path.of(xdg, "quantgate/data"));
    assertThat(DataStore.standard(Map.of("XDG_CACHE_HOME", "relative"), home).folder())
        .isEqualTo(home.resolve(".cache/quantgate/data"));
    String own = folder.resolve("own").toString();
    assertThat(
            DataStore.standard(Map.of("XDG_CACHE_HOME", xdg, "QUANTGATE_CACHE", own), home)
                .folder())
        .isEqualTo(Path.of(own, "data"));
  }

  @Test
  void theCatalogueNamesEachSetOnceAndWithItsSuites() {
    assertThat(Catalogue.sets())
        .extracting(DataSet::name)
        .containsExactly("humaneval", "cmnli", "ceval");
    assertThat(Catalogue.sets())
        .allSatisfy(set -> {
          assertThat(set.addresses())
              .isNotEmpty()
              .allMatch(address -> address.getScheme().equals("https"));
          assertThat(set.suites())
              .allSatisfy(suite -> assertThat(Catalogue.editions(suite)).isNotEmpty());
        });
    assertThatThrownBy(() -> Catalogue.set("mmlu")).hasMessageContaining("humaneval, cmnli, ceval");
  }
}
