package dev.quantgate.guest;

/** A two-way line of bytes behind a guest's standard streams, seen from the guest. */
public interface GuestLine {
  /** One that nobody listens to: the guest reads the end, and what it writes is its output. */
  GuestLine CLOSED =
      new GuestLine() {
        @Override
        public void write(byte[] data) {}

        @Override
        public byte[] read(int limit) {
          return new byte[0];
        }
      };

  void write(byte[] data);

  /** At most {@code limit} bytes; none where the other side is gone. */
  byte[] read(int limit);
}
