package dev.quantgate.guest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import run.endive.runtime.ConstantEvaluators;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.runtime.WasmRuntimeException;
import run.endive.wasm.types.ActiveDataSegment;
import run.endive.wasm.types.DataSegment;
import run.endive.wasm.types.PassiveDataSegment;

/**
 * A guest's linear memory in one array. Every write marks its page of 64 KiB, so that {@link
 * #restore} copies only the pages that the last guest touched: a fresh interpreter costs a few
 * milliseconds instead of the start of one, or of a copy of its 45 MB.
 *
 * <p>The array may be longer than what the guest has asked for: addresses between the two read
 * zero, as a guest that grew would find them. An access beyond the array is an {@link
 * IndexOutOfBoundsException}, which ends the guest.
 */
final class GuestMemory implements Memory {
  /** Room above a snapshot, so that a modest guest grows without a copy. */
  private static final int SPARE = 64 * PAGE_SIZE;

  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);
  private static final VarHandle FLOAT = view(float[].class);
  private static final VarHandle DOUBLE = view(double[].class);

  private final boolean blank;
  private final int initialPages;
  private final int maximumPages;
  private byte[] bytes;

  /** One mark for each page; a write of up to 8 bytes marks the page that it begins in. */
  private byte[] dirty;

  private int pages;
  private int peakPages;
  private boolean refused;
  private DataSegment[] segments = new DataSegment[0];

  /**
   * Creates a memory that holds a module's data, or, if {@code blank}, nothing until it is
   * restored.
   */
  GuestMemory(int pages, int maximumPages, boolean blank) {
    this.blank = blank;
    this.initialPages = pages;
    this.maximumPages = maximumPages;
    this.pages = pages;
    this.peakPages = pages;
    this.bytes = new byte[blank ? 0 : Memory.bytes(pages)];
    this.dirty = new byte[blank ? 0 : pages];
  }

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  /** The memory as it is now. */
  byte[] snapshot() {
    return Arrays.copyOf(bytes, Memory.bytes(pages));
  }

  /**
   * Becomes what a snapshot holds; {@code same} says that the array last held this very snapshot.
   * An array that a greedy guest let grow is given back.
   */
  void restore(byte[] image, boolean same) {
    int wanted = image.length + SPARE;
    if (!same || bytes.length != wanted) {
      bytes = Arrays.copyOf(image, wanted);
      dirty = new byte[wanted / PAGE_SIZE];
    } else {
      for (int page = 0; page < dirty.length; page++) {
        if (dirty[page] != 0) {
          clean(image, page * PAGE_SIZE, Math.min((page + 1) * PAGE_SIZE + Long.BYTES, wanted));
          dirty[page] = 0;
        }
      }
    }
    pages = image.length / PAGE_SIZE;
    peakPages = pages;
    refused = false;
  }

  private void clean(byte[] image, int from, int to) {
    int copied = Math.clamp(image.length, from, to);
    System.arraycopy(image, Math.min(from, image.length), bytes, from, copied - from);
    Arrays.fill(bytes, copied, to, (byte) 0);
  }

  private void mark(int address, int size) {
    if (size > 0) {
      Arrays.fill(dirty, address >>> 16, ((address + size - 1) >>> 16) + 1, (byte) 1);
    }
  }

  long peakBytes() {
    return (long) peakPages * PAGE_SIZE;
  }

  /** Whether the guest asked for more than it may have. */
  boolean refused() {
    return refused;
  }

  @Override
  public int pages() {
    return pages;
  }

  @Override
  public int grow(int delta) {
    int before = pages;
    if (delta < 0 || (long) pages + delta > maximumPages) {
      refused = true;
      return -1;
    }
    int wanted = Memory.bytes(pages + delta);
    if (wanted > bytes.length) {
      long roomy = (wanted + (wanted >> 2L)) & -PAGE_SIZE;
      bytes = Arrays.copyOf(bytes, (int) Math.min(roomy, Memory.bytes(maximumPages)));
      dirty = Arrays.copyOf(dirty, bytes.length / PAGE_SIZE + 1);
    }
    pages += delta;
    peakPages = pages;
    return before;
  }

  @Override
  public int initialPages() {
    return initialPages;
  }

  @Override
  public int maximumPages() {
    return maximumPages;
  }

  @Override
  public boolean shared() {
    return false;
  }

  @Override
  public Object lock(int address) {
    throw new UnsupportedOperationException("the memory is not shared");
  }

  @Override
  public int waitOn(int address, int expected, long timeout) {
    throw new UnsupportedOperationException("the memory is not shared");
  }

  @Override
  public int waitOn(int address, long expected, long timeout) {
    throw new UnsupportedOperationException("the memory is not shared");
  }

  @Override
  public int notify(int address, int maxThreads) {
    throw new UnsupportedOperationException("the memory is not shared");
  }

  @Override
  public void initialize(Instance instance, DataSegment[] dataSegments) {
    initialize(instance, dataSegments, 0);
  }

  @Override
  public void initialize(Instance instance, DataSegment[] dataSegments, int memoryIndex) {
    segments = dataSegments;
    if (blank) {
      return;
    }
    for (DataSegment each : dataSegments) {
      if (each instanceof ActiveDataSegment active && active.index() == memoryIndex) {
        long address =
            ConstantEvaluators.computeConstantValue(instance, active.offsetInstructions())[0];
        byte[] data = active.bytes();
        System.arraycopy(data, 0, bytes, (int) address, data.length);
      }
    }
  }

  @Override
  public void initPassiveSegment(int segmentId, int dest, int offset, int size) {
    if (!(segments[segmentId] instanceof PassiveDataSegment segment)) {
      throw new WasmRuntimeException("out of bounds memory access");
    }
    System.arraycopy(segment.data(), offset, bytes, dest, size);
    mark(dest, size);
  }

  @Override
  public void drop(int segment) {
    segments[segment] = PassiveDataSegment.EMPTY;
  }

  @Override
  public void write(int address, byte[] data, int offset, int size) {
    System.arraycopy(data, offset, bytes, address, size);
    mark(address, size);
  }

  @Override
  public byte read(int address) {
    return bytes[address];
  }

  @Override
  public byte[] readBytes(int address, int length) {
    if (address < 0 || length < 0 || address > bytes.length - length) {
      throw new IndexOutOfBoundsException("no %d bytes at %d".formatted(length, address));
    }
    return Arrays.copyOfRange(bytes, address, address + length);
  }

  @Override
  public void writeI32(int address, int value) {
    INT.set(bytes, address, value);
    dirty[address >>> 16] = 1;
  }

  @Override
  public int readInt(int address) {
    return (int) INT.get(bytes, address);
  }

  @Override
  public void writeLong(int address, long value) {
    LONG.set(bytes, address, value);
    dirty[address >>> 16] = 1;
  }

  @Override
  public long readLong(int address) {
    return (long) LONG.get(bytes, address);
  }

  @Override
  public void writeShort(int address, short value) {
    SHORT.set(bytes, address, value);
    dirty[address >>> 16] = 1;
  }

  @Override
  public short readShort(int address) {
    return (short) SHORT.get(bytes, address);
  }

  @Override
  public long readU16(int address) {
    return readShort(address) & 0xffffL;
  }

  @Override
  public void writeByte(int address, byte value) {
    bytes[address] = value;
    dirty[address >>> 16] = 1;
  }

  @Override
  public void writeF32(int address, float value) {
    FLOAT.set(bytes, address, value);
    dirty[address >>> 16] = 1;
  }

  @Override
  public long readF32(int address) {
    return readInt(address);
  }

  @Override
  public float readFloat(int address) {
    return (float) FLOAT.get(bytes, address);
  }

  @Override
  public void writeF64(int address, double value) {
    DOUBLE.set(bytes, address, value);
    dirty[address >>> 16] = 1;
  }

  @Override
  public double readDouble(int address) {
    return (double) DOUBLE.get(bytes, address);
  }

  @Override
  public long readF64(int address) {
    return readLong(address);
  }

  @Override
  public void zero() {
    Arrays.fill(bytes, (byte) 0);
    Arrays.fill(dirty, (byte) 1);
  }

  @Override
  public void fill(byte value, int from, int to) {
    Arrays.fill(bytes, from, to, value);
    mark(from, to - from);
  }

  @Override
  public void copy(int dest, int source, int size) {
    System.arraycopy(bytes, source, bytes, dest, size);
    mark(dest, size);
  }
}
