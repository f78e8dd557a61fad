package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.checkpoint.Tensor.DType;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * The safetensors format: u64 little-endian length of the header, the header (JSON, may be padded
 * with spaces), the buffer. As its reference implementation does, this refuses a buffer with holes,
 * overlaps or a tail that belongs to no tensor. The header is streamed, never held as a tree.
 *
 * <p>Source: https://github.com/huggingface/safetensors, section "Format".
 */
final class Safetensors {
  private static final int LENGTH_BYTES = 8;
  private static final long MAX_HEADER = 100_000_000;
  private static final int MAX_RANK = 16;

  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path path;
  private final MemorySegment buffer;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, String> others = new LinkedHashMap<>();
  private final List<Place> places = new ArrayList<>();

  /** Where a tensor lies in the buffer. */
  private record Place(String tensor, long begin, long bytes) {}

  private Safetensors(Path path, MemorySegment buffer) {
    this.path = path;
    this.buffer = buffer;
  }

  static TensorFile read(Path path, MemorySegment file) {
    if (file.byteSize() < LENGTH_BYTES) {
      throw Refusal.damaged(
          path, "is cut off: %d bytes cannot hold the header's length".formatted(file.byteSize()));
    }
    long header = file.get(LENGTH, 0);
    if (header < 0 || header > MAX_HEADER) {
      throw Refusal.damaged(
          path,
          "says that its header has %s bytes; the format allows %d"
              .formatted(Long.toUnsignedString(header), MAX_HEADER));
    }
    if (header > file.byteSize() - LENGTH_BYTES) {
      throw Refusal.damaged(
          path,
          "is cut off: its header ends at byte %d but the file at %d"
              .formatted(LENGTH_BYTES + header, file.byteSize()));
    }
    Safetensors reader = new Safetensors(path, file.asSlice(LENGTH_BYTES + header));
    reader.readHeader(file.asSlice(LENGTH_BYTES, header));
    reader.requireSeamless();
    return new TensorFile(reader.tensors, reader.others);
  }

  private void readHeader(MemorySegment header) {
    var utf8 =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    try (JsonParser json =
        JSON.createParser(
            ObjectReadContext.empty(), new InputStreamReader(new SegmentStream(header), utf8))) {
      expect(json, json.nextToken(), JsonToken.START_OBJECT, "an object");
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        expect(
            json,
            json.nextToken(),
            JsonToken.START_OBJECT,
            "an object for %s".formatted(Refusal.quoted(name)));
        if (name.equals("__metadata__")) {
          json.skipChildren();
        } else {
          readTensor(json, name);
        }
      }
      if (json.nextToken() != null) {
        throw Refusal.damaged(path, "has something behind its header's object");
      }
    } catch (JacksonException e) {
      throw Refusal.damaged(
          path,
          "its header is no valid JSON: %s".formatted(Refusal.quoted(e.getOriginalMessage())));
    }
  }

  private void readTensor(JsonParser json, String name) {
    String elementType = "";
    List<Long> shape = List.of();
    List<Long> offsets = List.of();
    int seen = 0;
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = json.currentName();
      JsonToken token = json.nextToken();
      switch (key) {
        case "dtype" -> {
          expect(
              json,
              token,
              JsonToken.VALUE_STRING,
              "a string for dtype of %s".formatted(Refusal.quoted(name)));
          elementType = json.getString();
        }
        case "shape" -> shape = readLongs(json, token, name, key);
        case "data_offsets" -> offsets = readLongs(json, token, name, key);
        default ->
            throw Refusal.damaged(
                path,
                "tensor %s has an unknown key %s"
                    .formatted(Refusal.quoted(name), Refusal.quoted(key)));
      }
      seen++;
    }
    if (seen != 3 || offsets.size() != 2) {
      throw Refusal.damaged(
          path,
          "tensor %s needs dtype, shape and two data_offsets in the header"
              .formatted(Refusal.quoted(name)));
    }
    long bytes = TensorFile.bytes(path, name, elementType, shape);
    long begin = offsets.get(0);
    long end = offsets.get(1);
    if (begin < 0 || end < begin || end > buffer.byteSize()) {
      throw Refusal.damaged(
          path,
          "tensor %s lies at %d..%d of a buffer of %d bytes: the file is cut off or lies"
              .formatted(Refusal.quoted(name), begin, end, buffer.byteSize()));
    }
    if (end - begin != bytes) {
      throw Refusal.damaged(
          path,
          "tensor %s of shape %s and type %s needs %d bytes, but its offsets give it %d"
              .formatted(Refusal.quoted(name), shape, elementType, bytes, end - begin));
    }
    if (places.size() == TensorFile.MAX_TENSORS) {
      throw Refusal.damaged(path, "has more than %d tensors".formatted(TensorFile.MAX_TENSORS));
    }
    places.add(new Place(name, begin, bytes));
    Optional<DType> dtype = TensorFile.dtype(elementType);
    if (dtype.isPresent()) {
      tensors.put(
          name,
          new Tensor(name, dtype.get(), TensorFile.array(shape), buffer.asSlice(begin, bytes)));
    } else {
      others.put(name, elementType);
    }
  }

  private List<Long> readLongs(JsonParser json, JsonToken token, String name, String key) {
    String expected = "whole numbers for %s of %s".formatted(key, Refusal.quoted(name));
    expect(json, token, JsonToken.START_ARRAY, expected);
    List<Long> values = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json, json.currentToken(), JsonToken.VALUE_NUMBER_INT, expected);
      if (values.size() == MAX_RANK) {
        throw Refusal.damaged(
            path,
            "tensor %s has more than %d values in %s"
                .formatted(Refusal.quoted(name), MAX_RANK, key));
      }
      values.add(json.getLongValue());
    }
    return values;
  }

  private void requireSeamless() {
    places.sort(Comparator.comparingLong(Place::begin).thenComparingLong(Place::bytes));
    long end = 0;
    for (Place place : places) {
      if (place.begin() != end) {
        throw Refusal.damaged(
            path,
            "tensor %s begins at %d of the buffer where the one before it ends at %d: tensors must follow each other without overlap or hole"
                .formatted(Refusal.quoted(place.tensor()), place.begin(), end));
      }
      end += place.bytes();
    }
    if (end != buffer.byteSize()) {
      throw Refusal.damaged(
          path, "its tensors end at %d of a buffer of %d bytes".formatted(end, buffer.byteSize()));
    }
  }

  private void expect(
      JsonParser json,
      @org.jspecify.annotations.Nullable JsonToken found,
      JsonToken expected,
      String what) {
    if (found != expected) {
      throw Refusal.damaged(
          path,
          "its header must have %s at character %d"
              .formatted(what, json.currentTokenLocation().getCharOffset()));
    }
  }

  /** Reads a mapped segment as a stream. */
  private static final class SegmentStream extends InputStream {
    private final MemorySegment segment;
    private long position;

    SegmentStream(MemorySegment segment) {
      this.segment = segment;
    }

    @Override
    public int read() {
      return position == segment.byteSize()
          ? -1
          : segment.get(ValueLayout.JAVA_BYTE, position++) & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      int count = (int) Math.min(length, segment.byteSize() - position);
      if (count <= 0) {
        return length == 0 ? 0 : -1;
      }
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, position, target, offset, count);
      position += count;
      return count;
    }
  }
}
