package org.example.newcomer;

import dev.quantgate.evaluation.protocol.Item;

/**
 * A written addition. Sums with the same first number depend on each other.
 *
 * @param line of the file, from 1
 */
record Sum(int line, int first, int second) implements Item {

  @Override
  public String id() {
    return "sum/%d".formatted(line);
  }

  /** Whether a digit is carried: what makes a sum hard. */
  @Override
  public String stratum() {
    return first % 10 + second % 10 >= 10 ? "carried" : "plain";
  }

  @Override
  public String cluster() {
    return Integer.toString(first);
  }

  @Override
  public int choices() {
    return 0;
  }
}
