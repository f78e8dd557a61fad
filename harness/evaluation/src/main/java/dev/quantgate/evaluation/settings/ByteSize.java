package dev.quantgate.evaluation.settings;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them. */
final class ByteSize {
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?)\\s*([KMGT]?)(?:I?B)?", Pattern.CASE_INSENSITIVE);

  private ByteSize() {}

  /** Bytes of a size like "12G", "1.5 GiB" or "4096"; units are powers of 1024. */
  static long parse(String text) {
    Matcher size = SIZE.matcher(text.strip());
    if (!size.matches()) {
      throw new IllegalArgumentException("no size");
    }
    int power =
        switch (size.group(2).toUpperCase(Locale.ROOT)) {
          case "K" -> 10;
          case "M" -> 20;
          case "G" -> 30;
          case "T" -> 40;
          default -> 0;
        };
    long bytes =
        new BigDecimal(size.group(1))
            .multiply(BigDecimal.valueOf(1L << power))
            .toBigInteger()
            .longValueExact();
    if (bytes < 1) {
      throw new IllegalArgumentException("no size");
    }
    return bytes;
  }
}
