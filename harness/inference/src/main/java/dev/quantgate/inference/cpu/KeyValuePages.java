package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The data of pages of {@value #PAGE} positions: keys and values of all layers. A page's memory is
 * taken when it is first asked for, and kept.
 *
 * <p>Elements are float32. Halves would halve the bytes read while decoding (a fifth of all bytes
 * at 1,024 positions of a 135M model), but their rounding alone, 2^-12 of an element, is more than
 * the tolerance that an engine accumulating in float32 is held to.
 *
 * <p>In a page, layer and head have a block of {@link #blockFloats()} floats: the keys as {@code
 * [headSize, PAGE]}, transposed so that one vector holds the same element of consecutive positions
 * and no sum crosses lanes, and the values as {@code [PAGE, paddedHeadSize]}.
 */
final class KeyValuePages implements AutoCloseable {
  static final int PAGE = 32;

  private final int headSize;
  private final int paddedHeadSize;
  private final int layers;
  private final int heads;
  private final Arena arena = Arena.ofShared();
  private final List<@Nullable MemorySegment> pages = new ArrayList<>();

  /** Pages for {@code layers} layers. */
  KeyValuePages(ModelConfig config, int layers) {
    this.headSize = config.headSize();
    this.paddedHeadSize = Lanes.pad(headSize);
    this.layers = layers;
    this.heads = config.keyValueHeads();
  }

  /** Bytes of one page. */
  static long pageBytes(ModelConfig config, int layers) {
    return 4L
        * PAGE
        * (config.headSize() + Lanes.pad(config.headSize()))
        * config.keyValueHeads()
        * layers;
  }

  /** How many pages cover positions {@code 0 .. length - 1}. */
  static int pages(int length) {
    return (length + PAGE - 1) / PAGE;
  }

  int blockFloats() {
    return PAGE * (headSize + paddedHeadSize);
  }

  int paddedHeadSize() {
    return paddedHeadSize;
  }

  private long pageSize() {
    return 4L * blockFloats() * heads * layers;
  }

  /** Byte offset of the keys of a layer and head in a page. */
  long keys(int layer, int head) {
    return 4L * blockFloats() * ((long) layer * heads + head);
  }

  /** Byte offset of the values of a layer and head in a page. */
  long values(int layer, int head) {
    return keys(layer, head) + 4L * PAGE * headSize;
  }

  /** A page's data. Called by one thread. */
  MemorySegment page(int number) {
    while (pages.size() <= number) {
      pages.add(null);
    }
    MemorySegment page = pages.get(number);
    if (page == null) {
      page = arena.allocate(pageSize(), 64);
      pages.set(number, page);
    }
    return page;
  }

  /** The data of the first pages of a table, as many as cover {@code length} positions. */
  MemorySegment[] table(int[] numbers, int length) {
    var table = new MemorySegment[pages(length)];
    for (int i = 0; i < table.length; i++) {
      table[i] = page(numbers[i]);
    }
    return table;
  }

  void copy(int from, int to) {
    page(to).copyFrom(page(from));
  }

  @Override
  public void close() {
    arena.close();
  }
}
