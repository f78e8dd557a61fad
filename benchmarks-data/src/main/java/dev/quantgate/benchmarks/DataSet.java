package dev.quantgate.benchmarks;

import java.net.URI;
import java.util.List;

/**
 * An official data set: what it is, where its authors publish it and what its file must be.
 *
 * @param name such as "humaneval"; also the name of its folder in the cache
 * @param title for people
 * @param licence as its authors state it
 * @param suites the suites that it serves
 * @param file the file that {@code data fetch} brings
 * @param addresses where it lies, tried in this order
 * @param alternatives other files with the same items, taken where they lie already and never
 *     downloaded
 * @param places where its data can lie in a folder, in the order in which it is looked for: files,
 *     and with a slash at their end folders
 */
public record DataSet(
    String name,
    String title,
    String licence,
    List<String> suites,
    DataFile file,
    List<URI> addresses,
    List<DataFile> alternatives,
    List<String> places) {
  public DataSet {
    suites = List.copyOf(suites);
    addresses = List.copyOf(addresses);
    alternatives = List.copyOf(alternatives);
    places = List.copyOf(places);
  }
}
