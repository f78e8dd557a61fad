package dev.quantgate.evaluation.record;

import dev.quantgate.base.ErrorKind;
import dev.quantgate.base.QuantGateException;
import java.util.List;

/**
 * An evaluation that cannot be begun or carried on. The message is one or two lines for its user:
 * what is wrong, where, and what to do.
 */
public final class EvaluationException extends QuantGateException {
  private final Kind kind;

  public EvaluationException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public EvaluationException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public EvaluationException(Kind kind, String message, List<String> details) {
    super(message, details);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  @Override
  public ErrorKind errorKind() {
    return switch (kind) {
      case SETTING, INPUT, NEWER, OTHER_RUN -> ErrorKind.USER;
      case LOCKED, IO -> ErrorKind.MACHINE;
      case INTERRUPTED -> ErrorKind.INTERRUPTED;
    };
  }

  /** What went wrong, so that it can be counted. */
  public enum Kind {
    /** A setting says something that cannot be, or two of them contradict each other. */
    SETTING,
    /** A model, a recording or a run folder is missing, damaged or lacks what a suite needs. */
    INPUT,
    /** A file was written by a newer version of this program. */
    NEWER,
    /** The folder holds a run of something else. */
    OTHER_RUN,
    /** Another process works in the folder. */
    LOCKED,
    /** A file could not be read or written. */
    IO,
    /** Stopped from outside; the same command continues the run. */
    INTERRUPTED
  }
}
