package dev.quantgate.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class GuestPythonTest {
  private static final long MEMORY = 64L << 20;
  private static final Duration LONG = Duration.ofMinutes(4);

  /** Runs what it is ordered to, and answers with what that leaves in {@code said}. */
  private static final GuestProgram PROGRAM =
      new GuestProgram(
          new TreeMap<>(
              Map.of(
                  "guest.py",
                  """
                  import os, sys, time
                  import other

                  _kept = {"os": os, "other": other, "sys": sys, "time": time}

                  def handle(order):
                      _kept["said"] = ""
                      exec(order.decode(), _kept)
                      return str(_kept["said"]).encode()
                  """
                      .getBytes(UTF_8),
                  "other.py",
                  "name = 'another file'\n".getBytes(UTF_8))),
          "import random".getBytes(UTF_8));

  @TempDir static Path folder;
  private static GuestImage image = new GuestImage(new byte[0], 0);

  @BeforeAll
  static void prepare() throws Exception {
    image = GuestThread.within(LONG, "prepare", () -> GuestImage.of(PROGRAM, kept()));
  }

  private static Path kept() {
    return folder.resolve("kept").resolve("program.image");
  }

  /** The answers of one interpreter to orders, one after the other. */
  private static List<String> told(GuestPython python, GuestWorld world, String... orders)
      throws Exception {
    return GuestThread.within(
        LONG,
        "guest",
        () -> {
          python.reset(image, world);
          var answers = new ArrayList<String>();
          for (String order : orders) {
            answers.add(new String(python.call(order.getBytes(UTF_8)), UTF_8));
          }
          return answers;
        });
  }

  private static String told(String order) throws Exception {
    return told(new GuestPython(MEMORY), GuestWorld.STILL, order).getFirst();
  }

  @Test
  void aGuestAnswersWithWhatItsFilesLoaded() throws Exception {
    assertThat(told("said = (other.name, sys.version_info[:3], sys.platform)"))
        .isEqualTo("('another file', (3, 13, 2), 'wasi')");
    assertThat(GuestPython.VERSION).isEqualTo("3.13.2 wasm32-wasi");
    assertThat(GuestPython.runtime()).matches("endive \\d+\\.\\d+\\.\\d+");
  }

  @Test
  void whatAGuestChangesLastsUntilTheNextResetAndNoLonger() throws Exception {
    var python = new GuestPython(MEMORY);
    assertThat(told(python, GuestWorld.STILL, "mine = 7; len = None", "said = (mine, len)"))
        .last()
        .isEqualTo("(7, None)");
    assertThat(told(python, GuestWorld.STILL, "said = ('mine' in globals(), len('abc'))"))
        .containsExactly("(False, 3)");
  }

  @Test
  void inAStillWorldTheSameOrderAlwaysGivesTheSameAnswer() throws Exception {
    String order = "import random; said = (time.time(), os.urandom(4).hex(), random.random())";
    String first = told(order);
    assertThat(first).startsWith("(0.0, ");
    assertThat(told(order)).isEqualTo(first);
    assertThatThrownBy(() -> told("time.sleep(1)"))
        .as("a sleep that cannot be")
        .cause()
        .isInstanceOf(GuestFault.class);
  }

  @Test
  void aTickingWorldHasTimeAndABoundedSleep() throws Exception {
    var world = new GuestWorld(GuestLine.CLOSED, true, Duration.ofMillis(50).toNanos(), 0);
    var python = new GuestPython(MEMORY);
    long now = System.currentTimeMillis() / 1000;
    assertThat(Double.parseDouble(told(python, world, "said = time.time()").getFirst()))
        .isBetween(now - 1.0, now + 100.0);
    assertThat(told(python, world, "time.sleep(0.01); said = 'awake'")).containsExactly("awake");
    assertThatThrownBy(() -> told(python, world, "time.sleep(3600)"))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(GuestInterrupted.class, e -> assertThat(e.overslept()).isTrue());
  }

  @Test
  void thereIsNoFileNoProcessAndNoNetwork() throws Exception {
    String tries =
        """
        refused = []
        for attempt in (
            lambda: open("/guest/guest.py"),
            lambda: open("/etc/passwd"),
            lambda: open("/x.txt", "w"),
            lambda: os.listdir("/"),
            lambda: os.mkdir("/x"),
            lambda: os.fork(),
            lambda: os.system("true"),
            lambda: __import__("socket").create_connection(("127.0.0.1", 80)),
            lambda: __import__("threading").Thread(target=print).start()):
            try:
                attempt()
                refused.append("done")
            except BaseException as e:
                refused.append("refused")
        said = refused
        """;
    assertThat(told(tries)).isEqualTo(Arrays.toString(refused(9)));
  }

  private static String[] refused(int times) {
    String[] all = new String[times];
    Arrays.fill(all, "'refused'");
    return all;
  }

  @Test
  void aGreedyGuestIsToldThatThereIsNoMoreMemory() throws Exception {
    var python = new GuestPython(MEMORY);
    assertThat(
            told(
                python,
                GuestWorld.STILL,
                "try:\n  held = bytearray(1 << 28)\nexcept MemoryError:\n  said = 'none'"))
        .containsExactly("none");
    assertThat(python.memoryRefused()).isTrue();
    assertThat(told(python, GuestWorld.STILL, "held = bytearray(1 << 22)")).containsExactly("");
    assertThat(python.memoryRefused()).isFalse();
    assertThat(python.peakBytes()).isBetween((long) image.memory().length, MEMORY + (16L << 20));
  }

  @Test
  void anEndlessGuestIsStoppedWhenItsTimeIsOver() {
    assertThatThrownBy(() ->
            GuestThread.within(
                Duration.ofMillis(200),
                "guest",
                () -> {
                  var python = new GuestPython(MEMORY);
                  python.reset(image, GuestWorld.STILL);
                  return python.call("while True: pass".getBytes(UTF_8));
                }))
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void anInterruptEndsAGuest() throws Exception {
    var python = new GuestPython(MEMORY);
    assertThatThrownBy(() ->
            GuestThread.within(
                LONG,
                "guest",
                () -> {
                  python.reset(image, GuestWorld.STILL);
                  Thread.currentThread().interrupt();
                  return python.call("while True: pass".getBytes(UTF_8));
                }))
        .cause()
        .isInstanceOfSatisfying(GuestInterrupted.class, e -> assertThat(e.overslept()).isFalse());
    assertThat(told(python, GuestWorld.STILL, "said = 'well'")).containsExactly("well");
  }

  @Test
  void recursionThroughCHasMoreStackThanTheModulesOwn() throws Exception {
    String deep =
        """
        import functools
        @functools.lru_cache(None)
        def down(n):
            return 0 if n == 0 else 1 + down(n - 1)
        said = down(300)
        """;
    assertThat(told(deep)).isEqualTo("300");
  }

  @Test
  void anErrorAndAnExitAreToldApart() {
    assertThatThrownBy(() -> told("raise ValueError('no such thing')"))
        .cause()
        .isInstanceOf(GuestFault.class)
        .hasMessageContaining("no such thing");
    assertThatThrownBy(() -> told("os._exit(3)"))
        .cause()
        .isInstanceOfSatisfying(GuestExit.class, e -> assertThat(e.status()).isEqualTo(3));
  }

  @Test
  void theStandardStreamsLeadToTheLineOrAreKeptInPart() throws Exception {
    var heard = new StringBuilder();
    var line =
        new GuestLine() {
          @Override
          public void write(byte[] data) {
            heard.append(new String(data, UTF_8));
          }

          @Override
          public byte[] read(int limit) {
            return Arrays.copyOf("from outside".getBytes(UTF_8), Math.min(limit, 12));
          }
        };
    var python = new GuestPython(MEMORY);
    String order = "os.write(1, b'to outside'); os.write(2, b'aside'); said = os.read(0, 4)";
    assertThat(told(python, new GuestWorld(line, true, 0, 3), order)).containsExactly("b'from'");
    assertThat(heard).hasToString("to outside");
    assertThat(python.output()).isEqualTo("asi");
    assertThat(python.outputBytes()).isEqualTo(5);
    assertThat(told(python, GuestWorld.STILL, order)).containsExactly("b''");
    assertThat(python.outputBytes()).isEqualTo(15);
    assertThat(python.output()).isEmpty();
  }

  @Test
  void anImageIsKeptAndOneThatIsNotWholeIsMadeAnew() throws Exception {
    byte[] file = Files.readAllBytes(kept());
    assertSame(GuestImage.read(kept()), image);

    byte[] flipped = file.clone();
    flipped[file.length / 2] ^= 1;
    byte[] longer = Arrays.copyOf(file, file.length + 1);
    byte[] cut = Arrays.copyOf(file, file.length - 1);
    Path broken = folder.resolve("broken.image");
    for (byte[] each : List.of(new byte[0], "an image".getBytes(UTF_8), longer, cut, flipped)) {
      Files.write(broken, each);
      assertThatThrownBy(() -> GuestImage.read(broken)).isInstanceOf(IOException.class);
    }
    assertSame(GuestThread.within(LONG, "prepare", () -> GuestImage.of(PROGRAM, broken)), image);
    assertThat(Files.mismatch(broken, kept())).as("mended").isEqualTo(-1);
    try (var left = Files.list(folder)) {
      assertThat(left.map(each -> each.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".part"));
    }
  }

  private static void assertSame(GuestImage found, GuestImage expected) {
    assertThat(found.stackPointer()).isEqualTo(expected.stackPointer());
    assertThat(Arrays.mismatch(found.memory(), expected.memory())).isEqualTo(-1);
  }

  @Test
  void aProgramNeedsAFileToBeginWithAndItsImageIsNamedByAllItDependsOn() throws IOException {
    assertThatThrownBy(() -> new GuestProgram(new TreeMap<>(), new byte[0]))
        .hasMessage("expected guest.py among the sources, found []");
    var other = new TreeMap<>(PROGRAM.sources());
    other.put("other.py", new byte[0]);
    assertThat(PROGRAM.file().getFileName().toString())
        .matches("cpython-3\\.13-8-[0-9a-f]{16}\\.image");
    assertThat(new GuestProgram(other, PROGRAM.first()).file()).isNotEqualTo(PROGRAM.file());
    assertThat(new GuestProgram(PROGRAM.sources(), new byte[] {1}).file())
        .isNotEqualTo(PROGRAM.file());
  }

  @Test
  void theLibrariesOfAGuestAreEnoughForAVirtualMachineOfItsOwn() {
    assertThat(GuestPython.classPath()).hasSizeGreaterThanOrEqualTo(4).allMatch(Files::exists);
  }
}
