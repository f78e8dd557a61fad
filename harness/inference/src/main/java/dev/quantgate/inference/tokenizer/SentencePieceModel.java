package dev.quantgate.inference.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a SentencePiece model file says, as far as a BPE model without a normalisation table goes,
 * which is what Llama's family has. Anything else is refused by name.
 *
 * <p>Source: sentencepiece_model.proto (ModelProto, TrainerSpec, NormalizerSpec).
 *
 * @param pieces by id
 * @param byteFallback whether unknown characters are spelled in bytes
 * @param dummyPrefix whether a space is put before a text
 */
record SentencePieceModel(List<Piece> pieces, boolean byteFallback, boolean dummyPrefix) {

  /** One entry of the vocabulary. */
  record Piece(String text, float score, Type type) {}

  /** Kinds of pieces, in the order of their numbers from 1 on. */
  enum Type {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE
  }

  private static final int BPE = 2;

  static SentencePieceModel parse(Path file, byte[] bytes) {
    try {
      return parse(file, new Message(bytes));
    } catch (java.nio.BufferUnderflowException | IllegalArgumentException e) {
      throw Refusal.damaged(file, "is no SentencePiece model, or is cut off");
    }
  }

  private static SentencePieceModel parse(Path file, Message model) {
    List<Piece> pieces = new ArrayList<>();
    int kind = 1; // unigram is the format's default
    boolean byteFallback = false;
    boolean whitespaceAsSuffix = false;
    boolean dummyPrefix = true;
    boolean removeExtraSpaces = true;
    boolean escapeSpaces = true;
    boolean table = false;
    while (model.next()) {
      switch (model.field) {
        case 1 -> pieces.add(piece(model.message()));
        case 2 -> {
          Message trainer = model.message();
          while (trainer.next()) {
            switch (trainer.field) {
              case 3 -> kind = (int) trainer.number();
              case 24 -> whitespaceAsSuffix = trainer.number() != 0;
              case 35 -> byteFallback = trainer.number() != 0;
              default -> trainer.skip();
            }
          }
        }
        case 3 -> {
          Message normalizer = model.message();
          while (normalizer.next()) {
            switch (normalizer.field) {
              case 2 -> table = normalizer.message().buffer.hasRemaining();
              case 3 -> dummyPrefix = normalizer.number() != 0;
              case 4 -> removeExtraSpaces = normalizer.number() != 0;
              case 5 -> escapeSpaces = normalizer.number() != 0;
              default -> normalizer.skip();
            }
          }
        }
        default -> model.skip();
      }
    }
    if (pieces.isEmpty()) {
      throw Refusal.damaged(file, "is no SentencePiece model: it has no pieces");
    }
    refuse(file, kind != BPE, "a model type other than BPE");
    refuse(file, table, "a normalisation table");
    refuse(file, removeExtraSpaces, "remove_extra_whitespaces");
    refuse(file, !escapeSpaces, "unescaped white space");
    refuse(file, whitespaceAsSuffix, "treat_whitespace_as_suffix");
    return new SentencePieceModel(List.copyOf(pieces), byteFallback, dummyPrefix);
  }

  private static void refuse(Path file, boolean used, String what) {
    if (used) {
      throw Refusal.unsupported(
          file, "SentencePiece with %s is not supported; add a tokenizer.json".formatted(what));
    }
  }

  private static Piece piece(Message message) {
    String text = "";
    float score = 0;
    Type type = Type.NORMAL;
    while (message.next()) {
      switch (message.field) {
        case 1 -> text = message.string();
        case 2 -> score = message.real();
        case 3 -> {
          int number = (int) message.number();
          if (number < 1 || number > Type.values().length) {
            throw new IllegalArgumentException("piece type %d".formatted(number));
          }
          type = Type.values()[number - 1];
        }
        default -> message.skip();
      }
    }
    return new Piece(text, score, type);
  }

  /** A message in protocol buffers' wire format: what four wire types need, and no more. */
  private static final class Message {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteBuffer buffer;
    private int field;
    private int wire;

    Message(byte[] bytes) {
      this(ByteBuffer.wrap(bytes));
    }

    private Message(ByteBuffer buffer) {
      this.buffer = buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    boolean next() {
      if (!buffer.hasRemaining()) {
        return false;
      }
      long tag = varint();
      field = (int) (tag >>> 3);
      wire = (int) (tag & 7);
      return true;
    }

    long number() {
      expect(VARINT);
      return varint();
    }

    float real() {
      expect(FIXED32);
      return buffer.getFloat();
    }

    Message message() {
      expect(BYTES);
      long length = varint();
      if (length < 0 || length > buffer.remaining()) {
        throw new IllegalArgumentException("length %d".formatted(length));
      }
      ByteBuffer inner = buffer.slice(buffer.position(), (int) length);
      buffer.position(buffer.position() + (int) length);
      return new Message(inner);
    }

    String string() {
      ByteBuffer inner = message().buffer;
      byte[] bytes = new byte[inner.remaining()];
      inner.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }

    void skip() {
      switch (wire) {
        case VARINT -> varint();
        case FIXED64 -> buffer.getLong();
        case BYTES -> message();
        case FIXED32 -> buffer.getInt();
        default -> throw new IllegalArgumentException("wire type %d".formatted(wire));
      }
    }

    private void expect(int expected) {
      if (wire != expected) {
        throw new IllegalArgumentException(
            "wire type %d where %d belongs".formatted(wire, expected));
      }
    }

    private long varint() {
      long value = 0;
      for (int shift = 0; shift < 64; shift += 7) {
        byte part = buffer.get();
        value |= (part & 0x7FL) << shift;
        if (part >= 0) {
          return value;
        }
      }
      throw new IllegalArgumentException("a number has no end");
    }
  }
}
