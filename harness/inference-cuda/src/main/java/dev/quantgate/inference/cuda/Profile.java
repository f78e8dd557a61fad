package dev.quantgate.inference.cuda;

import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.Event;
import dev.quantgate.inference.cuda.driver.Stream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Time that each part of a step takes on the device, by events between the launches. */
final class Profile implements AutoCloseable {
  private final Context context;
  private final Stream stream;
  private final List<Event> events = new ArrayList<>();
  private final List<String> parts = new ArrayList<>();

  Profile(Context context, Stream stream) {
    this.context = context;
    this.stream = stream;
  }

  /** Begins; what was marked before is forgotten. */
  void begin() {
    close();
    record();
  }

  /** Ends a part: all that was launched since the part before. */
  void mark(String part) {
    parts.add(part);
    record();
  }

  private void record() {
    var event = new Event(context);
    events.add(event);
    event.record(stream);
  }

  /** Seconds of each part, in the order they came first. */
  Map<String, Double> seconds() {
    stream.synchronize();
    var seconds = new LinkedHashMap<String, Double>();
    for (int i = 0; i < parts.size(); i++) {
      seconds.merge(parts.get(i), events.get(i + 1).secondsSince(events.get(i)), Double::sum);
    }
    return seconds;
  }

  @Override
  public void close() {
    events.forEach(Event::close);
    events.clear();
    parts.clear();
  }
}
