package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.Nulls;
import dev.quantgate.evaluation.protocol.Answer;
import java.util.List;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How values of this program's own files are written, byte for byte the same each time, and read:
 * strictly, but for fields that nothing is known of, which later versions may have added.
 */
public final class Json {
  private static final JsonMapper LINES = builder().build();
  private static final JsonMapper PAGES =
      builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Json() {}

  /** One value a line. */
  public static JsonMapper lines() {
    return LINES;
  }

  /** Indented, for files of one value that people open. */
  public static JsonMapper pages() {
    return PAGES;
  }

  private static JsonMapper.Builder builder() {
    return JsonMapper.builder()
        .addMixIn(Answer.class, AnswerForm.class)
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
        .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
        .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
        .withConfigOverride(
            List.class,
            list -> list.setNullHandling(JsonSetter.Value.construct(Nulls.AS_EMPTY, Nulls.FAIL)))
        .changeDefaultPropertyInclusion(
            value -> value.withValueInclusion(JsonInclude.Include.NON_ABSENT));
  }

  /** Answers in a journal carry their form. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "form")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Answer.Written.class, name = "written"),
    @JsonSubTypes.Type(value = Answer.Scored.class, name = "scored"),
    @JsonSubTypes.Type(value = Answer.Given.class, name = "given")
  })
  private interface AnswerForm {}
}
