package dev.quantgate.inference.checkpoint;

import dev.quantgate.inference.InferenceException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the entries of a zip file lie whose entries are stored as they are: the JDK's reader does
 * not tell places, which mapping needs. Zip64 is read, as a file of weights is often over 4 GiB;
 * anything compressed, encrypted or split is refused.
 *
 * <p>Source: PKWARE's APPNOTE, sections 4.3.7 to 4.3.16 and 4.5.3.
 */
final class StoredZip {
  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END64_LOCATOR = 0x07064b50;
  private static final int END64 = 0x06064b50;
  private static final int END_SIZE = 22;
  private static final int CENTRAL_SIZE = 46;
  private static final int LOCAL_SIZE = 30;
  private static final int MAX_COMMENT = 0xFFFF;
  private static final long IN_EXTRA = 0xFFFFFFFFL;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final MemorySegment file;

  private StoredZip(Path path, MemorySegment file) {
    this.path = path;
    this.file = file;
  }

  /** The content of each entry by its name. */
  static Map<String, MemorySegment> entries(Path path, MemorySegment file) {
    StoredZip zip = new StoredZip(path, file);
    try {
      return zip.read();
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw zip.damaged("points outside the file");
    }
  }

  private Map<String, MemorySegment> read() {
    if (file.byteSize() < 4 || file.get(INT, 0) != LOCAL) {
      throw Refusal.unsupported(
          path, "is no zip file; files that torch wrote before version 1.6 must be saved again");
    }
    long end = end();
    long count = file.get(SHORT, end + 10) & 0xFFFF;
    long directory = file.get(INT, end + 16) & IN_EXTRA;
    if (count == 0xFFFF || directory == IN_EXTRA) {
      long locator = end - 20;
      if (file.get(INT, locator) != END64_LOCATOR) {
        throw damaged("has no zip64 end of directory");
      }
      long end64 = file.get(LONG, locator + 8);
      if (file.get(INT, end64) != END64) {
        throw damaged("has no zip64 end of directory");
      }
      count = file.get(LONG, end64 + 32);
      directory = file.get(LONG, end64 + 48);
    }
    if (count < 0 || count > 2L * TensorFile.MAX_TENSORS) {
      throw damaged("says that it has %s entries".formatted(Long.toUnsignedString(count)));
    }
    Map<String, MemorySegment> entries = new LinkedHashMap<>();
    long at = directory;
    for (long i = 0; i < count; i++) {
      if (file.get(INT, at) != CENTRAL) {
        throw damaged("has a broken directory");
      }
      int nameLength = file.get(SHORT, at + 28) & 0xFFFF;
      int extraLength = file.get(SHORT, at + 30) & 0xFFFF;
      int commentLength = file.get(SHORT, at + 32) & 0xFFFF;
      String name = new String(bytes(at + CENTRAL_SIZE, nameLength), StandardCharsets.UTF_8);
      if (entries.put(name, content(at, name, nameLength, extraLength)) != null) {
        throw damaged("has two entries named %s".formatted(Refusal.quoted(name)));
      }
      at = Math.addExact(at, CENTRAL_SIZE + nameLength + extraLength + commentLength);
    }
    return entries;
  }

  private long end() {
    long last = file.byteSize() - END_SIZE;
    for (long at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
      if (file.get(INT, at) == END) {
        return at;
      }
    }
    throw damaged("has no end of directory: it is cut off");
  }

  private MemorySegment content(long central, String name, int nameLength, int extraLength) {
    int flags = file.get(SHORT, central + 8);
    int method = file.get(SHORT, central + 10);
    if (method != 0 || (flags & 1) != 0) {
      throw Refusal.unsupported(
          path,
          "entry %s is compressed or encrypted; torch stores entries plain"
              .formatted(Refusal.quoted(name)));
    }
    long compressed = file.get(INT, central + 20) & IN_EXTRA;
    long size = file.get(INT, central + 24) & IN_EXTRA;
    long local = file.get(INT, central + 42) & IN_EXTRA;
    long extra = central + CENTRAL_SIZE + nameLength;
    long extraEnd = extra + extraLength;
    while (extra + 4 <= extraEnd) {
      int id = file.get(SHORT, extra) & 0xFFFF;
      int length = file.get(SHORT, extra + 2) & 0xFFFF;
      if (id == 1) {
        long field = extra + 4;
        if (size == IN_EXTRA) {
          size = file.get(LONG, field);
          field += 8;
        }
        if (compressed == IN_EXTRA) {
          compressed = file.get(LONG, field);
          field += 8;
        }
        if (local == IN_EXTRA) {
          local = file.get(LONG, field);
        }
      }
      extra += 4 + length;
    }
    if (size != compressed) {
      throw damaged("entry %s is stored, but its two sizes differ".formatted(Refusal.quoted(name)));
    }
    if (file.get(INT, local) != LOCAL) {
      throw damaged("entry %s has no header of its own".formatted(Refusal.quoted(name)));
    }
    long begin =
        local
            + LOCAL_SIZE
            + (file.get(SHORT, local + 26) & 0xFFFF)
            + (file.get(SHORT, local + 28) & 0xFFFF);
    return file.asSlice(begin, size);
  }

  private byte[] bytes(long at, int length) {
    return file.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
  }

  private InferenceException damaged(String message) {
    return Refusal.damaged(path, "is a damaged zip file: it %s".formatted(message));
  }
}
