package dev.quantgate.evaluation.comparison;

import dev.quantgate.evaluation.record.Checksums;
import dev.quantgate.evaluation.record.EvaluationException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The line that names a result: the SHA-256 of its checksums.json, which lists all its files and,
 * by comparison.json, those of both runs. Kept elsewhere, as in a release note, it shows any later
 * change.
 */
public final class ResultHash {
  private static final Pattern HASH =
      Pattern.compile("(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])");

  private ResultHash() {}

  /** The line of a comparison as it lies in a folder. */
  public static String line(Path folder, Comparison comparison) {
    return "sha256:%s (%s, %s, %s)"
        .formatted(
            Checksums.of(folder),
            comparison.program(),
            comparison.verdict(),
            comparison.proven() ? "proven" : "not proven");
  }

  /** The line of a folder with one model's run. */
  public static String line(String sha256) {
    return "sha256:%s".formatted(sha256);
  }

  /**
   * The hash in a line that was kept.
   *
   * @throws EvaluationException if there is none, or more than one
   */
  public static String in(String line) {
    Matcher matcher = HASH.matcher(line);
    if (!matcher.find()) {
      throw none(line, "none");
    }
    String hash = matcher.group().toLowerCase(Locale.ROOT);
    if (matcher.find() && !matcher.group().toLowerCase(Locale.ROOT).equals(hash)) {
      throw none(line, "two");
    }
    return hash;
  }

  private static EvaluationException none(String line, String found) {
    return new EvaluationException(
        EvaluationException.Kind.SETTING,
        "expected a line with the 64 hexadecimal digits of one result, found %s in \"%s\""
            .formatted(found, line.length() <= 100 ? line : line.substring(0, 100)));
  }
}
