package dev.quantgate.evaluation.run;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** What wrote a result. */
public final class Version {
  private Version() {}

  /** Name and version, such as "quantgate 0.1.0". */
  public static String program() {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        return "quantgate";
      }
      var properties = new Properties();
      properties.load(in);
      return "quantgate " + properties.getProperty("version", "unknown");
    } catch (IOException e) {
      return "quantgate";
    }
  }
}
