package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.Nulls;
import dev.quantgate.base.PlainText;
import dev.quantgate.evaluation.protocol.Answer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.SerializableString;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.io.CharacterEscapes;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How values of this program's own files are written, byte for byte the same each time, and read:
 * strictly, but for fields that nothing is known of, which later versions may have added. Such a
 * file is safe to look at in a terminal.
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
    return JsonMapper.builder(
            JsonFactory.builder().characterEscapes(VisibleEscapes.INSTANCE).build())
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

  /**
   * Writes as {@code \\uXXXX} also what a terminal would obey, or nobody would see, where a file is
   * looked at with {@code cat}. Readers of JSON see no difference. Characters beyond 16 bits stay.
   */
  private static final class VisibleEscapes extends CharacterEscapes {
    private static final VisibleEscapes INSTANCE = new VisibleEscapes();
    private static final int[] ASCII = standardAsciiEscapesForJSON();

    static {
      ASCII[0x7f] = ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ASCII.clone();
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int character) {
      return !Character.isSurrogate((char) character) && PlainText.isHidden(character)
          ? new SerializedString("\\u%04x".formatted(character))
          : null;
    }
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
