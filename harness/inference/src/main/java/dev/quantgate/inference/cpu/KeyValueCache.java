package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Keys and values of all layers, in pages of {@value #PAGE} positions.
 *
 * <p>Page i of a sequence always holds positions {@code i * PAGE .. (i + 1) * PAGE - 1}, whatever
 * the sequence shares with others, so that attention adds in the same order however a text was cut.
 * A fork shares the full pages of its origin and copies the one it begins in.
 *
 * <p>Elements are float32. Halves would halve the bytes read while decoding (a fifth of all bytes
 * at 1,024 positions of a 135M model), but their rounding alone, 2^-12 of an element, is more than
 * the tolerance that an engine accumulating in float32 is held to.
 *
 * <p>In a page, layer and head have a block of {@link #blockFloats()} floats: the keys as {@code
 * [headSize, PAGE]}, transposed so that one vector holds the same element of consecutive positions
 * and no sum crosses lanes, and the values as {@code [PAGE, paddedHeadSize]}.
 */
final class KeyValueCache implements AutoCloseable {
  static final int PAGE = 32;

  private final int headSize;
  private final int paddedHeadSize;
  private final int layers;
  private final int heads;
  private final int capacity;
  private final Arena arena = Arena.ofShared();
  private final Deque<Page> free = new ArrayDeque<>();
  private int used;
  private int peak;

  private static final class Page {
    final MemorySegment data;
    int uses;

    Page(MemorySegment data) {
      this.data = data;
    }
  }

  /** A cache for {@code layers} layers that never holds more than {@code capacity} pages. */
  KeyValueCache(ModelConfig config, int layers, int capacity) {
    this.headSize = config.headSize();
    this.paddedHeadSize = Lanes.pad(headSize);
    this.layers = layers;
    this.heads = config.keyValueHeads();
    this.capacity = capacity;
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

  int capacity() {
    return capacity;
  }

  long peakBytes() {
    return peak * pageSize();
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

  Sequence sequence() {
    return new Sequence(new ArrayList<>());
  }

  private Page acquire() {
    if (used == capacity) {
      throw new IllegalStateException("the cache's " + capacity + " pages are all in use");
    }
    Page page = free.poll();
    if (page == null) {
      page = new Page(arena.allocate(pageSize(), 64));
    }
    page.uses = 1;
    used++;
    peak = Math.max(peak, used);
    return page;
  }

  private void release(Page page) {
    if (--page.uses == 0) {
      used--;
      free.push(page);
    }
  }

  @Override
  public void close() {
    arena.close();
  }

  /** The pages of one sequence of positions. */
  final class Sequence implements AutoCloseable {
    private final List<Page> pages;

    private Sequence(List<Page> pages) {
      this.pages = pages;
    }

    /** Takes pages until positions {@code 0 .. length - 1} have room. */
    void reserve(int length) {
      while (pages.size() < KeyValueCache.pages(length)) {
        pages.add(acquire());
      }
    }

    /** A sequence with this one's first {@code length} positions, to be continued by itself. */
    Sequence fork(int length) {
      int whole = length / PAGE;
      var shared = new ArrayList<>(pages.subList(0, whole));
      for (Page page : shared) {
        page.uses++;
      }
      var fork = new Sequence(shared);
      if (length % PAGE != 0) {
        Page copy = acquire();
        copy.data.copyFrom(pages.get(whole).data);
        shared.add(copy);
      }
      return fork;
    }

    /** The pages in order; valid until the sequence changes. */
    MemorySegment[] table() {
      return pages.stream().map(page -> page.data).toArray(MemorySegment[]::new);
    }

    @Override
    public void close() {
      pages.forEach(KeyValueCache.this::release);
      pages.clear();
    }
  }
}
