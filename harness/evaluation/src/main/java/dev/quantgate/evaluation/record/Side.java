package dev.quantgate.evaluation.record;

import com.fasterxml.jackson.annotation.JsonValue;

/** Whose answers: the name of a run's folder, too. */
public enum Side {
  BASELINE,
  CANDIDATE,
  /** The only model of an evaluation without a comparison. */
  MODEL;

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
