package dev.quantgate.evaluation.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The protocols known for each suite. */
public final class Protocols {

  private Protocols() {}

  /**
   * The protocol of a suite.
   *
   * @param suite the suite's name, such as "ceval"
   * @param variant the part of its id behind the slash, such as "official-5shot"; empty for the
   *     suite's default
   * @param layout how check programs are put together; only suites of programs look at it
   * @throws IllegalArgumentException if suite or variant is unknown, naming the known ones
   */
  public static Protocol of(String suite, Optional<String> variant, Layout layout) {
    throw new IllegalArgumentException("unknown suite \"" + suite + "\"");
  }

  /** For each suite its variants, the default first. */
  public static Map<String, List<String>> known() {
    return new TreeMap<>();
  }
}
