package dev.quantgate.inference.tokenizer;

import dev.quantgate.inference.tokenizer.SentencePieceModel.Piece;
import dev.quantgate.inference.tokenizer.SentencePieceModel.Type;
import dev.quantgate.inference.tokenizer.Tokenizer.Encoding;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * SentencePiece BPE: of all neighbours that together are a piece, the pair with the best score is
 * merged first, the leftmost on ties, until none is left. A tokenizer.json cannot say that exactly
 * (it ranks pairs, not what they make), so the algorithm stands here; it is O(n log n).
 *
 * <p>Source: sentencepiece/src/bpe_model.cc.
 *
 * <p>Tokens that the folder adds beyond the model's pieces are matched in any text, as transformers
 * does; the model's own control pieces only in a rendered chat, as a text that merely spells {@code
 * <s>} is not one.
 */
final class SentencePieceCodec implements TokenCodec {
  private static final char SPACE = '\u2581';

  private final SentencePieceModel model;
  private final Map<String, Integer> mergeable = new HashMap<>();
  private final int[] byteIds = new int[256];
  private final int unknown;
  private final Map<Integer, String> added;
  private final Map<String, Integer> matched = new HashMap<>();
  private final Set<Integer> specialIds;
  private final Pattern addedPattern;
  private final Pattern renderedPattern;
  private final int bos;
  private final int eos;
  private final List<Integer> eosIds;
  private final boolean markEverySegment;

  private SentencePieceCodec(
      Path file,
      SentencePieceModel model,
      Map<String, Integer> addedTokens,
      Map<String, Integer> special,
      int bos,
      int eos,
      List<Integer> eosIds,
      boolean markEverySegment) {
    this.model = model;
    this.specialIds = Set.copyOf(special.values());
    this.bos = bos;
    this.eos = eos;
    this.eosIds = eosIds;
    this.markEverySegment = markEverySegment;
    Arrays.fill(byteIds, -1);
    int unknownId = -1;
    for (int id = 0; id < model.pieces().size(); id++) {
      Piece piece = model.pieces().get(id);
      switch (piece.type()) {
        case NORMAL -> mergeable.putIfAbsent(piece.text(), id);
        case BYTE -> {
          if (!piece.text().matches("<0x[0-9A-F]{2}>")) {
            throw Refusal.damaged(file, "byte piece %d is not of the form <0xNN>".formatted(id));
          }
          byteIds[Integer.parseInt(piece.text().substring(3, 5), 16)] = id;
        }
        case UNKNOWN -> unknownId = id;
        case CONTROL -> {}
        case USER_DEFINED, UNUSED ->
            throw Refusal.unsupported(
                file,
                "SentencePiece with %s pieces is not supported; add a tokenizer.json"
                    .formatted(piece.type().name().toLowerCase(Locale.ROOT)));
      }
    }
    if (unknownId < 0) {
      throw Refusal.damaged(file, "has no piece for what is unknown");
    }
    if (model.byteFallback() && Arrays.stream(byteIds).anyMatch(id -> id < 0)) {
      throw Refusal.damaged(file, "falls back to bytes but lacks pieces for some");
    }
    unknown = unknownId;
    this.added = new HashMap<>();
    addedTokens.forEach((text, id) -> added.put(id, text));
    this.addedPattern = longestFirst(addedTokens);
    matched.putAll(addedTokens);
    matched.putAll(special);
    this.renderedPattern = longestFirst(matched);
  }

  static SentencePieceCodec open(TokenizerFiles files) {
    Path path = files.path("tokenizer.model");
    SentencePieceModel model =
        SentencePieceModel.parse(path, files.bytes("tokenizer.model").orElseThrow());
    Map<String, Integer> special = new LinkedHashMap<>();
    int bos = -1;
    int eos = -1;
    Map<String, String> named = files.namedTokens();
    for (int id = 0; id < model.pieces().size(); id++) {
      Piece piece = model.pieces().get(id);
      if (piece.type() == Type.CONTROL || piece.type() == Type.UNKNOWN) {
        special.put(piece.text(), id);
        bos = piece.text().equals(named.getOrDefault("bos_token", "<s>")) ? id : bos;
        eos = piece.text().equals(named.getOrDefault("eos_token", "</s>")) ? id : eos;
      }
    }
    Map<String, Integer> added = addedTokens(files, model, special);
    List<Integer> eosIds =
        eos >= 0
            ? List.of(eos)
            : Optional.ofNullable(named.get("eos_token"))
                .map(added::get)
                .map(List::of)
                .orElse(List.of());
    files
        .flag("add_prefix_space")
        .filter(wanted -> wanted != model.dummyPrefix())
        .ifPresent(wanted -> {
          throw Refusal.unsupported(
              files.path("tokenizer_config.json"),
              "\"add_prefix_space\": %s, but tokenizer.model says the opposite; add a tokenizer.json"
                  .formatted(wanted));
        });
    if (!files.flag("add_bos_token").orElse(true)) {
      bos = -1;
    }
    if (!files.flag("add_eos_token").orElse(false)) {
      eos = -1;
    }
    return new SentencePieceCodec(
        path, model, added, special, bos, eos, eosIds, files.flag("legacy").orElse(true));
  }

  private static Map<String, Integer> addedTokens(
      TokenizerFiles files, SentencePieceModel model, Map<String, Integer> special) {
    Map<String, Integer> added = new LinkedHashMap<>();
    files
        .json("added_tokens.json")
        .ifPresent(json ->
            json.properties()
                .forEach(entry -> added.put(entry.getKey(), entry.getValue().asInt(-1))));
    for (Map.Entry<String, JsonNode> entry :
        files.config().path("added_tokens_decoder").properties()) {
      int id = entry.getKey().matches("[0-9]{1,9}") ? Integer.parseInt(entry.getKey()) : -1;
      TokenizerFiles.content(entry.getValue())
          .ifPresent(content -> {
            if (id >= model.pieces().size()) {
              added.put(content, id);
              if (entry.getValue().path("special").asBoolean(false)) {
                special.put(content, id);
              }
            }
          });
    }
    added.values().removeIf(id -> id < model.pieces().size());
    added.keySet().removeIf(String::isEmpty);
    return added;
  }

  private static Pattern longestFirst(Map<String, Integer> tokens) {
    return Pattern.compile(
        tokens.isEmpty()
            ? "(?!)"
            : tokens.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
  }

  @Override
  public Encoding encode(String text) {
    Output output = new Output();
    if (bos >= 0) {
      output.add(bos, 0);
    }
    segments(text, addedPattern, true, output);
    if (eos >= 0) {
      output.add(eos, 0);
    }
    return output.encoding();
  }

  @Override
  public Encoding encodeRendered(String text) {
    Output output = new Output();
    segments(text, renderedPattern, true, output);
    return output.encoding();
  }

  @Override
  public List<Integer> encodeContinuation(String text) {
    Output output = new Output();
    segments(text, addedPattern, false, output);
    return output.ids;
  }

  private void segments(String text, Pattern tokens, boolean mark, Output output) {
    String wellFormed = RustCodec.wellFormed(text);
    Matcher matcher = tokens.matcher(wellFormed);
    int begin = 0;
    while (matcher.find()) {
      boolean marked = mark && model.dummyPrefix() && (begin == 0 || markEverySegment);
      merge(wellFormed, begin, matcher.start(), marked, output);
      output.add(matched.getOrDefault(matcher.group(), unknown), matcher.end());
      begin = matcher.end();
    }
    boolean marked = mark && model.dummyPrefix() && (begin == 0 || markEverySegment);
    merge(wellFormed, begin, wellFormed.length(), marked, output);
  }

  /** A run of characters that has become one symbol: linked to its neighbours by index. */
  private static final class Symbol {
    private int previous;
    private int next;
    private int begin;
    private int end;
  }

  /** Two neighbours that together are a piece; stale once either has grown. */
  private record Pair(int left, int right, float score, int length) {}

  private void merge(String text, int from, int to, boolean marked, Output output) {
    if (from == to) {
      return;
    }
    int shift = marked ? 1 : 0;
    String normal = (marked ? SPACE : "") + text.substring(from, to).replace(' ', SPACE);
    List<Symbol> symbols = new ArrayList<>(normal.length());
    for (int at = 0; at < normal.length(); ) {
      Symbol symbol = new Symbol();
      symbol.begin = at;
      at += Character.charCount(normal.codePointAt(at));
      symbol.end = at;
      symbol.previous = symbols.size() - 1;
      symbol.next = symbols.size() + 1;
      symbols.add(symbol);
    }
    symbols.getLast().next = -1;

    PriorityQueue<Pair> agenda =
        new PriorityQueue<>(
            Comparator.comparing(Pair::score).reversed().thenComparingInt(Pair::left));
    for (int i = 0; i + 1 < symbols.size(); i++) {
      offer(agenda, normal, symbols, i, i + 1);
    }
    while (!agenda.isEmpty()) {
      Pair pair = agenda.poll();
      Symbol left = symbols.get(pair.left);
      Symbol right = symbols.get(pair.right);
      if (left.begin == left.end
          || right.begin == right.end
          || right.end - left.begin != pair.length) {
        continue;
      }
      left.end = right.end;
      left.next = right.next;
      right.begin = right.end;
      if (left.next >= 0) {
        symbols.get(left.next).previous = pair.left;
        offer(agenda, normal, symbols, pair.left, left.next);
      }
      if (left.previous >= 0) {
        offer(agenda, normal, symbols, left.previous, pair.left);
      }
    }

    for (int i = 0; i >= 0; i = symbols.get(i).next) {
      Symbol symbol = symbols.get(i);
      String piece = normal.substring(symbol.begin, symbol.end);
      int end = Math.max(from, from + symbol.end - shift);
      Integer id = mergeable.get(piece);
      if (id != null) {
        output.add(id, end);
      } else if (model.byteFallback()) {
        for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
          output.add(byteIds[b & 0xFF], end);
        }
      } else {
        output.add(unknown, end);
      }
    }
  }

  private void offer(
      PriorityQueue<Pair> agenda, String text, List<Symbol> symbols, int left, int right) {
    int begin = symbols.get(left).begin;
    int end = symbols.get(right).end;
    Integer id = mergeable.get(text.substring(begin, end));
    if (id != null) {
      agenda.add(new Pair(left, right, model.pieces().get(id).score(), end - begin));
    }
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecials) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean first = true;
    for (int id : ids) {
      byte[] piece =
          isSpecial(id) && !skipSpecials
              ? textOf(id).getBytes(StandardCharsets.UTF_8)
              : bytesOf(id);
      boolean marker =
          first && model.dummyPrefix() && piece.length > 0 && piece[0] == ' ' && !isByte(id);
      bytes.write(piece, marker ? 1 : 0, piece.length - (marker ? 1 : 0));
      first &= piece.length == 0;
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private boolean isByte(int id) {
    return id < model.pieces().size() && model.pieces().get(id).type() == Type.BYTE;
  }

  private String textOf(int id) {
    return id >= 0 && id < model.pieces().size()
        ? model.pieces().get(id).text()
        : added.getOrDefault(id, "");
  }

  @Override
  public byte[] bytesOf(int id) {
    if (isSpecial(id)) {
      return new byte[0];
    }
    String text = textOf(id);
    return isByte(id)
        ? new byte[] {(byte) Integer.parseInt(text.substring(3, 5), 16)}
        : text.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public List<Integer> eosIds() {
    return eosIds;
  }

  @Override
  public boolean isSpecial(int id) {
    return specialIds.contains(id);
  }

  @Override
  public void close() {}

  private static final class Output {
    private final List<Integer> ids = new ArrayList<>();
    private final List<Integer> ends = new ArrayList<>();

    void add(int id, int end) {
      ids.add(id);
      ends.add(end);
    }

    Encoding encoding() {
      return new Encoding(ids, ends);
    }
  }
}
