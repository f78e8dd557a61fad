package dev.quantgate.inference.engine;

import java.util.Arrays;

/**
 * Which pages of a device are free, and which sequences hold the others.
 *
 * <p>Page i of a sequence always holds positions {@code i * pageTokens .. (i + 1) * pageTokens -
 * 1}, whatever the sequence shares with others, so that attention adds in the same order however a
 * text was cut. A fork shares the full pages of its origin and copies the one it begins in.
 */
final class Pages {
  private final StepExecutor device;
  private final int pageTokens;
  private final int capacity;

  /** Numbers of released pages, the last released taken first; {@code freeCount} of them. */
  private int[] free = new int[16];

  private int freeCount;

  /** How many sequences hold a page. Pages from {@code begun} on were never used. */
  private int[] uses = new int[16];

  private int begun;

  Pages(StepExecutor device) {
    this.device = device;
    this.pageTokens = device.pageTokens();
    this.capacity = device.memory().pages();
  }

  int capacity() {
    return capacity;
  }

  /** The most pages held at one time. */
  int peak() {
    return begun;
  }

  /** How many pages cover positions {@code 0 .. length - 1}. */
  int covering(int length) {
    return Math.ceilDiv(length, pageTokens);
  }

  /** How many pages a sequence takes beyond those that it shares whole. */
  int beyond(int shared, int length) {
    return length == shared ? 0 : covering(length) - shared / pageTokens;
  }

  Sequence sequence() {
    return new Sequence();
  }

  private int acquire() {
    int page;
    if (freeCount > 0) {
      page = free[--freeCount];
    } else if (begun < capacity) {
      page = begun++;
      if (page == uses.length) {
        uses = Arrays.copyOf(uses, 2 * page);
      }
    } else {
      throw new IllegalStateException("the device's %d pages are all in use".formatted(capacity));
    }
    uses[page] = 1;
    return page;
  }

  private void release(int page) {
    if (--uses[page] == 0) {
      if (freeCount == free.length) {
        free = Arrays.copyOf(free, 2 * freeCount);
      }
      free[freeCount++] = page;
    }
  }

  /** The pages of one sequence of positions. */
  final class Sequence implements AutoCloseable {
    private int[] table = new int[4];
    private int count;

    private Sequence() {}

    private void add(int page) {
      if (count == table.length) {
        table = Arrays.copyOf(table, 2 * count);
      }
      table[count++] = page;
    }

    /** Takes pages until positions {@code 0 .. length - 1} have room. */
    void reserve(int length) {
      while (count < covering(length)) {
        add(acquire());
      }
    }

    /** A sequence with this one's first {@code length} positions, to be continued by itself. */
    Sequence fork(int length) {
      var fork = new Sequence();
      int whole = length / pageTokens;
      for (int i = 0; i < whole; i++) {
        uses[table[i]]++;
        fork.add(table[i]);
      }
      if (length % pageTokens != 0) {
        int copy = acquire();
        fork.add(copy);
        device.copyPage(table[whole], copy);
      }
      return fork;
    }

    /** The pages in order, then what means nothing; valid until the sequence changes. */
    int[] table() {
      return table;
    }

    @Override
    public void close() {
      for (int i = 0; i < count; i++) {
        release(table[i]);
      }
      count = 0;
    }
  }
}
