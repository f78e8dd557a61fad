package dev.quantgate.evaluation.protocol;

/**
 * A problem or question of a suite. What is asked is known to the suite's protocols alone; this is
 * what drawing, records, averages and statistics need.
 */
public interface Item {

  /** A stable name, once in its suite: one line of at least one character. */
  String id();

  /**
   * What items are drawn and averaged by, such as a subject or a label; empty where all are alike.
   */
  String stratum();

  /**
   * What makes items depend on each other, such as a text that several questions are about. Items
   * of one cluster have equal ones; an item that stands alone has its id.
   */
  String cluster();

  /** How many choices it has; 0 where an answer is written and not chosen. */
  int choices();

  /** The share that blind guessing gets right. */
  default double chance() {
    return choices() == 0 ? 0 : 1.0 / choices();
  }
}
