package dev.quantgate.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Programs that sandboxes were found to judge wrongly: prompt, completion and test in one file, as
 * openai/human-eval puts them together, with a first line that says whether they are right. Ours,
 * and those of ../shared/cases/programs where that folder is.
 */
public final class SandboxPrograms {
  /** Docstring of the function asked for; the completion; the test; the call of it. */
  private static final Pattern FORM =
      Pattern.compile(
          "(?s)(.*?def \\w+\\([^\\n]*\\):\\n    \"\"\"[^\\n]*\"\"\"\\n)(.*?)"
              + "(\\n+def check\\(candidate\\):\\n.*)\\ncheck\\((\\w+)\\)\\n*");

  private SandboxPrograms() {}

  /**
   * A program.
   *
   * @param correct whether it must pass
   */
  public record Sample(ExecutionJob job, boolean correct) {}

  /** A problem with a known answer. */
  public static ExecutionJob twice(String id, String completion) {
    return new ExecutionJob(
        id,
        "",
        "def twice(x):\n    \"\"\"Twice as much.\"\"\"\n",
        completion,
        "def check(candidate):\n"
            + "    for i in range(20):\n"
            + "        assert candidate(i) == i + i, i\n",
        "twice");
  }

  /** All of them. */
  public static List<Sample> samples() {
    List<Sample> samples = new ArrayList<>(own());
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path folder = at.resolve("shared/cases/programs");
      if (Files.isDirectory(folder)) {
        samples.addAll(read(folder, "shared/"));
        break;
      }
    }
    return samples;
  }

  private static List<Sample> own() {
    try {
      var uri = SandboxPrograms.class.getResource("programs").toURI();
      if (uri.getScheme().equals("file")) {
        return read(Path.of(uri), "");
      }
      try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
        return read(jar.getPath("/dev/quantgate/sandbox/programs"), "");
      }
    } catch (URISyntaxException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Sample> read(Path folder, String prefix) {
    List<Sample> samples = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.py")) {
      for (Path file : files) {
        String name = prefix + file.getFileName().toString().replace(".py", "");
        sample(name, Files.readString(file)).ifPresent(samples::add);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    samples.sort(Comparator.comparing(each -> each.job().id()));
    return samples;
  }

  /** The sample in a text; empty where it has no right verdict, but is there to be looked at. */
  private static java.util.Optional<Sample> sample(String name, String text) {
    int line = text.indexOf('\n');
    String head = text.substring(0, line);
    Matcher parts = FORM.matcher(text.substring(line + 1));
    if (!parts.matches()) {
      throw new IllegalStateException(name + " is no prompt, completion, test and call");
    }
    if (head.contains("wanted info")) {
      return java.util.Optional.empty();
    }
    ExecutionJob job =
        new ExecutionJob(
            name,
            "",
            parts.group(1),
            parts.group(2),
            parts.group(3).strip() + "\n",
            parts.group(4));
    return java.util.Optional.of(new Sample(job, head.startsWith("# correct")));
  }
}
