package dev.quantgate.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import run.endive.runtime.ByteArrayMemory;
import run.endive.runtime.Memory;
import run.endive.wasm.types.MemoryLimits;

class GuestMemoryTest {
  private static final int PAGES = 5;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whateverWasWrittenIsWhatTheRuntimesOwnMemoryHoldsAndIsGoneAfterARestore(long seed) {
    Random random = new Random(seed);
    byte[] image = new byte[PAGES * Memory.PAGE_SIZE];
    random.nextBytes(image);
    GuestMemory fast = new GuestMemory(PAGES, 40, true);
    fast.restore(image, false);
    for (int round = 0; round < 4; round++) {
      ByteArrayMemory plain = new ByteArrayMemory(new MemoryLimits(PAGES, 40));
      plain.write(0, image);
      int grown = random.nextInt(8);
      assertThat(fast.grow(grown)).isEqualTo(plain.grow(grown));
      for (int i = 0; i < 2000; i++) {
        write(random, fast, plain);
      }
      assertThat(fast.pages()).isEqualTo(plain.pages());
      int size = fast.pages() * Memory.PAGE_SIZE;
      assertThat(Arrays.equals(fast.readBytes(0, size), plain.readBytes(0, size))).isTrue();
      fast.restore(image, true);
      assertThat(Arrays.equals(fast.snapshot(), image)).isTrue();
      assertThat(fast.grow(3)).isEqualTo(PAGES);
      assertThat(fast.readBytes(image.length, 3 * Memory.PAGE_SIZE)).containsOnly(0);
      fast.restore(image, true);
    }
  }

  /** One random write to both; many of them lie across the border of two pages. */
  private static void write(Random random, Memory fast, Memory plain) {
    int last = plain.pages() * Memory.PAGE_SIZE - 300;
    int address =
        random.nextBoolean()
            ? random.nextInt(last)
            : Math.clamp(
                (1 + random.nextInt(plain.pages() - 1)) * Memory.PAGE_SIZE - random.nextInt(12),
                0,
                last);
    long value = random.nextLong();
    int kind = random.nextInt(9);
    for (Memory each : new Memory[] {fast, plain}) {
      switch (kind) {
        case 0 -> each.writeByte(address, (byte) value);
        case 1 -> each.writeShort(address, (short) value);
        case 2 -> each.writeI32(address, (int) value);
        case 3 -> each.writeLong(address, value);
        case 4 -> each.writeF32(address, (int) value);
        case 5 -> each.writeF64(address, value & 0xFFFFFFFFFL);
        case 6 -> each.fill((byte) value, address, address + (int) (value & 0xFF));
        case 7 -> each.copy(address, (int) ((value >>> 8) & 0xFFFF), (int) (value & 0xFF));
        default -> each.write(address, new byte[] {(byte) value, 1, 2, 3});
      }
    }
  }

  @Test
  void aGreedyGuestIsRefusedAndItsArrayIsGivenBack() {
    byte[] image = new byte[PAGES * Memory.PAGE_SIZE];
    GuestMemory memory = new GuestMemory(PAGES, 200, true);
    memory.restore(image, false);
    assertThat(memory.grow(150)).isEqualTo(PAGES);
    assertThat(memory.peakBytes()).isEqualTo(155L * Memory.PAGE_SIZE);
    assertThat(memory.refused()).isFalse();
    assertThat(memory.grow(46)).isEqualTo(-1);
    assertThat(memory.refused()).isTrue();
    memory.writeLong(154 * Memory.PAGE_SIZE, -1);
    memory.restore(image, true);
    assertThat(memory.pages()).isEqualTo(PAGES);
    assertThat(memory.grow(150)).isEqualTo(PAGES);
    assertThat(memory.readLong(154 * Memory.PAGE_SIZE)).isZero();
  }

  @Test
  void anAddressBeyondTheArrayIsRefused() {
    GuestMemory memory = new GuestMemory(PAGES, 200, false);
    int end = PAGES * Memory.PAGE_SIZE;
    assertThatThrownBy(() -> memory.readInt(end - 3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.writeLong(-8, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.readBytes(Integer.MAX_VALUE, Integer.MAX_VALUE))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.readBytes(0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
