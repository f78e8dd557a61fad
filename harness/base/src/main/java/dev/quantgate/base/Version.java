package dev.quantgate.base;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this program, in one place: the build writes it into a resource. */
public final class Version {
  private Version() {}

  /** The bare version, such as "0.1.0". */
  public static String number() {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        throw new IllegalStateException("version.properties is missing from the program");
      }
      var properties = new Properties();
      properties.load(in);
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new IllegalStateException("version.properties cannot be read", e);
    }
  }

  /** Name and version, such as "quantgate 0.1.0". */
  public static String program() {
    return "quantgate %s".formatted(number());
  }
}
