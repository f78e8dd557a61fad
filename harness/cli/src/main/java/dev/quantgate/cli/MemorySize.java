package dev.quantgate.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as "512M", "20g" or "24GiB": powers of 1024. */
final class MemorySize implements ITypeConverter<Long> {
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,12})\\s*(?:([kmgt])(?:i?b)?|b)?", Pattern.CASE_INSENSITIVE);

  @Override
  public Long convert(String value) {
    Matcher size = SIZE.matcher(value.strip());
    if (!size.matches()) {
      throw new TypeConversionException("'" + value + "' is no size; write 512M, 20G or a number of bytes");
    }
    int power = size.group(2) == null ? 0 : "kmgt".indexOf(Character.toLowerCase(size.group(2).charAt(0))) + 1;
    try {
      return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << (10 * power));
    } catch (ArithmeticException e) {
      throw new TypeConversionException("'" + value + "' is larger than any memory");
    }
  }
}
