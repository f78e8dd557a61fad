package dev.quantgate.inference;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/**
 * Requests that come while others are answered. Any thread adds some, cancels some, and closes the
 * queue; one thread answers them in {@link LanguageModel#serve}, which returns once the queue is
 * closed and empty.
 */
public final class GenerationQueue implements AutoCloseable {
  private final Queue<Entry> waiting = new ArrayDeque<>();
  private boolean closed;

  /** Hears what becomes of one request, by the thread that answers. It must not block. */
  public interface Listener {
    /**
     * Text was added to the answer that no stop string can take back. All pieces together are the
     * answer's text.
     *
     * @return whether to go on; false is the same as {@link Entry#cancel}
     */
    default boolean text(String piece) {
      return true;
    }

    /** The request's end: comes once, after all text. */
    void done(Outcome<Generation> outcome);

    /**
     * The other end: the request cannot be computed here at all, for lack of memory or as its
     * prompt cannot be rendered.
     */
    void refused(InferenceException reason);
  }

  /** A request that was added. */
  public static final class Entry {
    private final GenerationRequest request;
    private final Decoding decoding;
    private final Listener listener;
    private volatile boolean cancelled;

    private Entry(GenerationRequest request, Decoding decoding, Listener listener) {
      this.request = request;
      this.decoding = decoding;
      this.listener = listener;
    }

    public GenerationRequest request() {
      return request;
    }

    public Decoding decoding() {
      return decoding;
    }

    public Listener listener() {
      return listener;
    }

    /**
     * Ends the answer before its next token; what it has so far is handed over with {@link
     * Generation.End#CANCELLED}. Without effect once it is done.
     */
    public void cancel() {
      cancelled = true;
    }

    public boolean cancelled() {
      return cancelled;
    }
  }

  /**
   * Adds a request.
   *
   * @throws IllegalStateException if the queue is closed
   */
  public synchronized Entry add(GenerationRequest request, Decoding decoding, Listener listener) {
    if (closed) {
      throw new IllegalStateException("the queue is closed");
    }
    var entry = new Entry(request, decoding, listener);
    waiting.add(entry);
    notifyAll();
    return entry;
  }

  /** Takes no more requests; those in it are still answered. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }

  /**
   * For engines: takes all requests that wait.
   *
   * @param wait whether to wait until there is one or the queue is closed; else nothing may come
   *     back at once
   * @throws InferenceException of kind INTERRUPTED if the thread is interrupted while it waits
   */
  public synchronized List<Entry> take(boolean wait) {
    while (wait && waiting.isEmpty() && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        throw new InferenceException(
            InferenceException.Kind.INTERRUPTED, "the model was interrupted while it waited", e);
      }
    }
    var taken = new ArrayList<>(waiting);
    waiting.clear();
    return taken;
  }
}
