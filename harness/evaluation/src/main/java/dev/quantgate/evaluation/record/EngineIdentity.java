package dev.quantgate.evaluation.record;

/**
 * An engine, as "cpu/1 512-bit" says it.
 *
 * @param kind such as "cpu"
 * @param revision of its numbers; empty where it says none
 * @param detail what the last bits depend on besides, such as the width of the machine's vectors;
 *     empty for nothing
 */
public record EngineIdentity(String kind, String revision, String detail) {

  static EngineIdentity of(String text) {
    String[] parts = text.split(" ", 2);
    String[] named = parts[0].split("/", 2);
    return new EngineIdentity(
        named[0], named.length > 1 ? named[1] : "", parts.length > 1 ? parts[1] : "");
  }

  /** Whether the numbers are the same but for their last bits. */
  public boolean sameNumbers(EngineIdentity other) {
    return kind.equals(other.kind) && revision.equals(other.revision);
  }

  @Override
  public String toString() {
    String named = revision.isEmpty() ? kind : "%s/%s".formatted(kind, revision);
    return detail.isEmpty() ? named : "%s %s".formatted(named, detail);
  }
}
