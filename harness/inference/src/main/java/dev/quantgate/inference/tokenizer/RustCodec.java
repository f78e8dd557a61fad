package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * tokenizer.json, run by the Rust library that it was written for.
 *
 * <p>The file is changed on its way in, as transformers does: it gets the tokens that other files
 * add, special ones become special, for some classes what tokenizer_config.json says about bos and
 * eos takes the place of the post-processor, and truncation and padding are off. A second instance
 * without any leading-space marker tokenises continuations.
 */
final class RustCodec implements TokenCodec {
  private static final String FILE = "tokenizer.json";

  /**
   * Classes that build their post-processor from add_bos_token and add_eos_token; a folder without
   * a class is of its model's, which is such a one for Llama.
   */
  private static final Pattern CLASS_WITH_FLAGS =
      Pattern.compile("|(Llama|CodeLlama|Gemma|Cohere)Tokenizer(Fast)?");

  private final NativeTokenizer whole;
  private final NativeTokenizer continuing;
  private final Map<Integer, String> tokens;
  private final Set<Integer> specials;
  private final List<Integer> eosIds;
  private final Function<String, byte[]> toBytes;

  private RustCodec(
      NativeTokenizer whole,
      NativeTokenizer continuing,
      Map<Integer, String> tokens,
      Set<Integer> specials,
      List<Integer> eosIds,
      Function<String, byte[]> toBytes) {
    this.whole = whole;
    this.continuing = continuing;
    this.tokens = tokens;
    this.specials = specials;
    this.eosIds = eosIds;
    this.toBytes = toBytes;
  }

  static RustCodec open(TokenizerFiles files) {
    Path path = files.path(FILE);
    ObjectNode json = files.json(FILE).orElseThrow();
    json.putNull("truncation");
    json.putNull("padding");

    Map<Integer, String> tokens = new HashMap<>();
    Map<String, Integer> ids = new HashMap<>();
    readVocabulary(path, json.path("model").path("vocab"), tokens, ids);
    ArrayNode added =
        json.get("added_tokens") instanceof ArrayNode array ? array : json.putArray("added_tokens");
    AddedTokens.complete(files, added, ids);
    Set<Integer> specials = new HashSet<>();
    for (JsonNode token : added) {
      int id = token.path("id").asInt(-1);
      String content = token.path("content").asString("");
      tokens.put(id, content);
      ids.put(content, id);
      if (token.path("special").asBoolean(false)) {
        specials.add(id);
      }
    }
    List<Integer> eosIds =
        Optional.ofNullable(files.namedTokens().get("eos_token"))
            .map(ids::get)
            .map(List::of)
            .orElse(List.of());
    Function<String, byte[]> toBytes = TokenBytes.of(path, json.get("decoder"));
    Spacing.apply(files, json);
    replacePostProcessor(files, json, ids);

    NativeTokenizer whole = opened(path, json);
    try {
      ObjectNode unmarked = json.deepCopy();
      NativeTokenizer continuing = Spacing.remove(unmarked) ? opened(path, unmarked) : whole;
      return new RustCodec(whole, continuing, tokens, specials, eosIds, toBytes);
    } catch (RuntimeException e) {
      whole.close();
      throw e;
    }
  }

  /** In this process, unless a pattern may take it down. */
  private static NativeTokenizer opened(Path path, ObjectNode json) {
    List<String> doubtful = SplitPatterns.doubtful(json);
    return doubtful.isEmpty()
        ? RustLibrary.open(path, json.toString())
        : ContainedTokenizer.open(path, json.toString(), doubtful.getFirst());
  }

  private static void readVocabulary(
      Path path, JsonNode vocabulary, Map<Integer, String> tokens, Map<String, Integer> ids) {
    if (vocabulary.isObject()) {
      vocabulary
          .properties()
          .forEach(entry -> {
            if (!entry.getValue().isIntegralNumber() || !entry.getValue().canConvertToInt()) {
              throw Refusal.damaged(path, "token \"%s\" has no whole id".formatted(entry.getKey()));
            }
            tokens.put(entry.getValue().intValue(), entry.getKey());
            ids.put(entry.getKey(), entry.getValue().intValue());
          });
    } else if (vocabulary.isArray()) { // unigram: [[piece, score], ...]
      for (JsonNode piece : vocabulary) {
        String content = piece.path(0).asString("");
        ids.put(content, tokens.size());
        tokens.put(tokens.size(), content);
      }
    } else {
      throw Refusal.damaged(path, "has no model.vocab");
    }
  }

  /**
   * For a tokenizer class that makes its own post-processor, add_bos_token and add_eos_token in
   * tokenizer_config.json decide where they stand. Otherwise the file's post-processor does,
   * without its byte-level part, which only trims offsets.
   */
  private static void replacePostProcessor(
      TokenizerFiles files, ObjectNode json, Map<String, Integer> ids) {
    boolean stated =
        (files.flag("add_bos_token").isPresent() || files.flag("add_eos_token").isPresent())
            && CLASS_WITH_FLAGS
                .matcher(files.config().path("tokenizer_class").asString(""))
                .matches();
    if (!stated) {
      JsonNode processor = json.get("post_processor");
      if (processor instanceof ObjectNode object) {
        if (isByteLevel(object)) {
          json.putNull("post_processor");
        } else if (object.get("processors") instanceof ArrayNode processors) {
          for (int i = processors.size() - 1; i >= 0; i--) {
            if (isByteLevel(processors.get(i))) {
              processors.remove(i);
            }
          }
        }
      }
      return;
    }
    Map<String, String> named = files.namedTokens();
    ObjectNode template = json.putObject("post_processor");
    template.put("type", "TemplateProcessing");
    ArrayNode single = template.putArray("single");
    ArrayNode pair = template.putArray("pair");
    ObjectNode specials = template.putObject("special_tokens");
    if (files.flag("add_bos_token").orElse(false)) {
      addSpecial(files, named.get("bos_token"), ids, single, specials);
    }
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    if (files.flag("add_eos_token").orElse(false)) {
      addSpecial(files, named.get("eos_token"), ids, single, specials);
    }
    pair.addAll(single);
    pair.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
  }

  private static void addSpecial(
      TokenizerFiles files,
      @Nullable String token,
      Map<String, Integer> ids,
      ArrayNode sequence,
      ObjectNode specials) {
    if (token == null) {
      return; // as transformers: no such token, nothing added
    }
    Integer id = ids.get(token);
    if (id == null && files.assumedTokens().containsValue(token)) {
      return;
    }
    if (id == null) {
      throw Refusal.damaged(
          files.path("tokenizer_config.json"),
          "adds the token \"%s\", which tokenizer.json does not know".formatted(token));
    }
    sequence.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
    ObjectNode special = specials.putObject(token);
    special.put("id", token);
    special.putArray("ids").add(id);
    special.putArray("tokens").add(token);
  }

  private static boolean isByteLevel(JsonNode processor) {
    return processor.path("type").asString("").equals("ByteLevel");
  }

  @Override
  public Encoding encode(String text) {
    return encode(whole, text, true);
  }

  @Override
  public Encoding encodeRendered(String text) {
    return encode(whole, text, false);
  }

  @Override
  public List<Integer> encodeContinuation(String text) {
    return encode(continuing, text, false).ids();
  }

  private static Encoding encode(NativeTokenizer tokenizer, String text, boolean specials) {
    NativeTokenizer.Tokens tokens = tokenizer.encode(wellFormed(text), specials);
    int[] utf16 = utf16Indices(text);
    List<Integer> ids = new ArrayList<>(tokens.ids().length);
    List<Integer> ends = new ArrayList<>(tokens.ids().length);
    for (int i = 0; i < tokens.ids().length; i++) {
      ids.add(tokens.ids()[i]);
      ends.add(utf16[tokens.ends()[i]]);
    }
    return new Encoding(ids, ends);
  }

  /** The library wants Unicode: half a surrogate pair becomes U+FFFD, which has the same length. */
  static String wellFormed(String text) {
    StringBuilder fixed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        fixed = fixed == null ? new StringBuilder(text) : fixed;
        fixed.setCharAt(i, '\uFFFD');
      }
    }
    return fixed == null ? text : fixed.toString();
  }

  /** For each code point, and for the end, its index in UTF-16. */
  private static int[] utf16Indices(String text) {
    int[] indices = new int[text.codePointCount(0, text.length()) + 1];
    int index = 0;
    for (int i = 0; i < indices.length - 1; i++) {
      indices[i] = index;
      index += Character.charCount(text.codePointAt(index));
    }
    indices[indices.length - 1] = text.length();
    return indices;
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecials) {
    long[] known = ids.stream().filter(tokens::containsKey).mapToLong(Integer::longValue).toArray();
    return whole.decode(known, skipSpecials);
  }

  @Override
  public byte[] bytesOf(int id) {
    String token = tokens.get(id);
    return token == null || specials.contains(id) ? new byte[0] : toBytes.apply(token);
  }

  @Override
  public boolean isSpecial(int id) {
    return specials.contains(id);
  }

  @Override
  public List<Integer> eosIds() {
    return eosIds;
  }

  @Override
  public void close() {
    whole.close();
    if (continuing != whole) {
      continuing.close();
    }
  }
}
