package dev.quantgate.cli;

import picocli.CommandLine.IVersionProvider;

/** The version, as the build wrote it into the jar's manifest. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "quantgate %s".formatted(version == null ? "(not packaged)" : version),
      "Java %s".formatted(Runtime.version())
    };
  }
}
