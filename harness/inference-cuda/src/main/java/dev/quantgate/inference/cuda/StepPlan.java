package dev.quantgate.inference.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.cuda.driver.Context;
import dev.quantgate.inference.cuda.driver.PinnedMemory;
import dev.quantgate.inference.cuda.driver.Stream;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.Slice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What the rows of a step are: tokens, positions, pages. Written into page-locked memory and copied
 * from there to the workspace, where the kernels read it. It must not be written again before the
 * device has read it.
 */
final class StepPlan implements AutoCloseable {
  private final Stream stream;
  private final Workspace work;
  private final Workspace.PlanLayout layout;
  private final int pieceRows;
  private final Owned owned = new Owned();
  private final MemorySegment ints;
  private final MemorySegment tables;

  /** A step with pieces of more than one row, and what is asked of it in the order of its rows. */
  record Mixed(Forward.Shape shape, List<Ask> asks) {}

  StepPlan(Context context, Stream stream, ModelConfig config, Workspace work) {
    this.stream = stream;
    this.work = work;
    this.layout = work.layout;
    this.pieceRows = Forward.pieceRows(config);
    try {
      this.ints = owned.add(new PinnedMemory(context, 4L * layout.end())).segment();
      this.tables = owned.add(new PinnedMemory(context, work.tables.bytes())).segment();
    } catch (RuntimeException | Error e) {
      owned.closeAfter(e);
      throw e;
    }
  }

  /**
   * Slices of one row each.
   *
   * @param rows how many are computed; those behind the slices' belong to nobody
   * @param pages page numbers of a line of the table, at most as many as a slice has or needs
   * @param nobody the page that nobody's rows compute on
   */
  Forward.Shape decode(List<Slice> slices, int rows, int pages, int nobody) {
    int own = slices.size();
    for (int r = 0; r < own; r++) {
      Slice slice = slices.get(r);
      row(r, slice.tokens()[slice.from()], slice.from(), r);
      MemorySegment.copy(
          slice.pages(),
          0,
          tables,
          JAVA_INT,
          4L * r * pages,
          Math.min(pages, slice.pages().length));
    }
    for (int r = own; r < rows; r++) {
      row(r, 0, 0, own);
    }
    tables.setAtIndex(JAVA_INT, (long) own * pages, nobody);
    send(rows, 0, 0);
    sendTables((own + 1) * pages);
    return new Forward.Shape(rows, rows, 0, pages, pages);
  }

  /**
   * Any slices, those of one row first.
   *
   * @param decodeRows how many they are
   * @param pages the most pages that one of them sees
   * @param stride the most pages of any slice
   */
  Mixed mixed(List<Slice> slices, int decodeRows, int pages, int stride) {
    int rows = 0;
    int pieces = 0;
    int line = 0;
    var asked = new ArrayList<Ask>();
    for (Slice slice : slices) {
      for (int position = slice.from(); position < slice.to(); position++) {
        row(rows + position - slice.from(), slice.tokens()[position], position, line);
      }
      MemorySegment.copy(
          slice.pages(),
          0,
          tables,
          JAVA_INT,
          4L * line * stride,
          Math.ceilDiv(slice.to(), Workspace.PAGE));
      line++;
      for (int at = 0; slice.rows() > 1 && at < slice.rows(); at += pieceRows) {
        put(layout.items() + 2 * pieces, rows + at);
        put(layout.items() + 2 * pieces + 1, Math.min(pieceRows, slice.rows() - at));
        pieces++;
      }
      for (Ask ask : slice.asks()) {
        put(layout.askRows() + asked.size(), rows + ask.position() - slice.from());
        asked.add(ask);
      }
      rows += slice.rows();
    }
    send(rows, pieces, asked.size());
    sendTables(line * stride);
    return new Mixed(new Forward.Shape(rows, decodeRows, pieces, pages, stride), asked);
  }

  private void row(int row, int token, int position, int line) {
    put(layout.tokens() + row, token);
    put(layout.positions() + row, position);
    put(layout.rowTable() + row, line);
  }

  /** Writes down whose log-probability of which token is looked up. */
  void lookUp(int index, int row, int token) {
    put(layout.lookupRows() + index, row);
    put(layout.lookupTokens() + index, token);
  }

  void sendLookups(int count) {
    send(layout.lookupRows(), count);
    send(layout.lookupTokens(), count);
  }

  private void put(int index, int value) {
    ints.setAtIndex(JAVA_INT, index, value);
  }

  private void send(int rows, int pieces, int asks) {
    send(layout.tokens(), rows);
    send(layout.positions(), rows);
    send(layout.rowTable(), rows);
    send(layout.items(), 2 * pieces);
    send(layout.askRows(), asks);
  }

  private void send(int at, int count) {
    if (count > 0) {
      stream.copyIn(work.plan, 4L * at, ints.asSlice(4L * at, 4L * count));
    }
  }

  private void sendTables(int count) {
    stream.copyIn(work.tables, 0, tables.asSlice(0, 4L * count));
  }

  @Override
  public void close() {
    owned.close();
  }
}
