package dev.quantgate.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.quantgate.evaluation.answer.RunPlan;
import dev.quantgate.evaluation.run.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The published JSON Schemas, held against what the program writes and against what it wrote. */
class SchemasTest {
  /** Which schema a file of a run meets; a pattern over its path below the run. */
  private static final Map<String, String> FILES = new LinkedHashMap<>();

  static {
    FILES.put("(.*/)?identity\\.json", "identity");
    FILES.put("(.*/)?provenance\\.json", "provenance");
    FILES.put("(.*/)?checksums\\.json", "checksums");
    FILES.put("(.*/)?selftests\\.json", "selftests");
    FILES.put("prompts/.*\\.jsonl", "prompts");
    FILES.put("pairs/.*\\.jsonl", "pairs");
    FILES.put(".*/journal/.*\\.answers\\.jsonl", "answers");
    FILES.put(".*/journal/.*\\.executions\\.jsonl", "executions");
    FILES.put(".*\\.timings\\.jsonl", "timings");
    FILES.put("(baseline|candidate|model)/[^/]*\\.jsonl", "records");
  }

  @TempDir Path folder;

  @Test
  void everyFileThatARunWritesMeetsItsSchema() throws IOException {
    TwoModels models = TwoModels.in(folder);
    Path out = folder.resolve("run");
    new Fixtures()
        .code("humaneval", 12)
        .exam("ceval", 6, 9)
        .pairs("cmnli", 9)
        .model(models.fp16(), "HumanEval/2")
        .model(models.int4(), "HumanEval/7", "subject_a/1", "4")
        .quantGate()
        .run(
            models.request(RunPlan.of("humaneval", "ceval", "cmnli"), out), Progress.Listener.NONE);

    assertThat(checked(out)).containsExactlyElementsOf(new TreeSet<>(FILES.values()));
  }

  @Test
  void everyFileOfTheFirstFormMeetsItsSchema() throws IOException, URISyntaxException {
    Path old =
        Path.of(
            Objects.requireNonNull(SchemasTest.class.getResource("/runs/schema1/comparison.json"))
                .toURI());

    assertThat(checked(Objects.requireNonNull(old.getParent())))
        .containsExactly(
            "answers", "executions", "identity", "prompts", "provenance", "records", "timings");
  }

  @Test
  void aFieldMoreIsNoMistakeAndAWrongOneIs() throws IOException {
    Schema timings = schema("timings");
    String line =
        "{\"id\":\"1\",\"answeredEpochMillis\":%s,\"executionMillis\":0,\"executionCpuMillis\":0,\"peakMemoryBytes\":0%s}";

    assertThat(timings.validate(line.formatted("0", ""), InputFormat.JSON)).isEmpty();
    assertThat(timings.validate(line.formatted("0", ",\"later\":[]"), InputFormat.JSON)).isEmpty();
    assertThat(timings.validate(line.formatted("-1", ""), InputFormat.JSON)).isNotEmpty();
    assertThat(timings.validate(line.formatted("0", ",\"schemaVersion\":3"), InputFormat.JSON))
        .isNotEmpty();
    assertThat(timings.validate(line.formatted("0", ",\"schemaVersion\":2"), InputFormat.JSON))
        .as("no checksum")
        .isNotEmpty();
  }

  /** Holds each file of a folder against its schema; gives the schemas that were met. */
  private static TreeSet<String> checked(Path run) throws IOException {
    var met = new TreeSet<String>();
    List<Path> files;
    try (Stream<Path> found = Files.walk(run)) {
      files = found.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      String name = run.relativize(file).toString().replace('\\', '/');
      Optional<String> kind =
          FILES.entrySet().stream()
              .filter(each -> name.matches(each.getKey()))
              .map(Map.Entry::getValue)
              .findFirst();
      if (kind.isPresent()) {
        Schema schema = schema(kind.get());
        for (String object : objects(file)) {
          assertThat(schema.validate(object, InputFormat.JSON))
              .as("%s: %s", name, object)
              .isEmpty();
          assertThat(schema.validate("{}", InputFormat.JSON)).as(kind.get()).isNotEmpty();
        }
        met.add(kind.get());
      } else {
        assertThat(name).matches("comparison(\\.schema)?\\.json|(.*/)?\\.[^/]*");
      }
    }
    return met;
  }

  private static List<String> objects(Path file) throws IOException {
    List<String> objects =
        file.toString().endsWith(".jsonl")
            ? Files.readAllLines(file)
            : List.of(Files.readString(file));
    assertThat(objects).as("objects in %s", file).isNotEmpty();
    return new ArrayList<>(objects);
  }

  private static Schema schema(String name) throws IOException {
    try (InputStream in =
        SchemasTest.class.getResourceAsStream("schemas/%s.schema.json".formatted(name))) {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(
              new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8),
              InputFormat.JSON);
    }
  }
}
