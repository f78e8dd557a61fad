package dev.quantgate.reports;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The report formats of this installation. */
public final class ReportFormats {
  private ReportFormats() {}

  /** All of them, ordered by their ids. */
  public static List<ReportFormat> all() {
    return ServiceLoader.load(ReportFormat.class, ReportFormat.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(ReportFormat::id))
        .toList();
  }

  /** The one of an id; empty where there is none. */
  public static Optional<ReportFormat> find(String id) {
    return all().stream().filter(format -> format.id().equals(id)).findFirst();
  }
}
