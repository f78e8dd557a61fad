package dev.quantgate.quantization.file;

import dev.quantgate.base.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The JSON files of this module: indented, stable, written whole or not at all. */
public final class Json {
  public static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final JsonMapper COMPACT = JsonMapper.builder().build();

  private Json() {}

  public static String compact(Object value) {
    return COMPACT.writeValueAsString(value);
  }

  public static void write(Path file, Object value) {
    AtomicFile.write(
        file, (MAPPER.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
