package dev.quantgate.inference.cpu;

import java.util.Arrays;

/**
 * Products of a batch of activation rows with whole weight matrices, shared out over a {@link
 * SpinTeam} by panels of weight rows. A panel is widened once and serves all rows.
 */
final class Projection {
  /** Weight rows that one thread takes at a time: whole tiles, and whole vectors of outputs. */
  private static final int PANEL = 16;

  /**
   * The same where activations are few: a multiple of {@link #PANEL} and of every tile's height,
   * high enough that a tile's rows are long streams ({@link HalfDotKernel}).
   */
  private static final int HIGH_PANEL = 96;

  /** Weight rows of a tile. */
  private static final int TILE = 4;

  /** Bytes of activations below which they stay in a core's second-level cache beside a panel. */
  private static final int CACHED = 256 << 10;

  /** Bytes of a first-level cache that two tiles of weights and one of activations may take. */
  private static final int NEAREST = 30 << 10;

  /** What becomes of the products. */
  enum Into {
    /** They replace what is there. */
    SET,
    /** They are added to what is there: a residual. */
    ADD
  }

  /** A matrix of activations: row r begins at {@code r * stride} and is zero beyond its width. */
  record Rows(float[] values, int stride) {}

  private static final class Scratch {
    float[] panel = new float[0];
    float[] out = new float[0];
    float[] second = new float[0];
    final float[] lanes = new float[PanelKernel.SCRATCH];

    /** Written only when it changes: neighbours in memory belong to other threads. */
    void makeRoom(int size) {
      if (out.length < size) {
        out = new float[size];
        second = new float[size];
      }
    }
  }

  private final SpinTeam team;
  private final Scratch[] scratch;
  private float[][] gathered = new float[0][];

  Projection(SpinTeam team) {
    this.team = team;
    this.scratch = new Scratch[team.size()];
    Arrays.setAll(scratch, i -> new Scratch());
  }

  /** {@code y = x W^T + bias} for each of some weights that share an input. */
  void project(Rows x, int rows, Weights[] weights, Rows[] y, Into into) {
    Rows[] inputs = gather(x, rows, weights);
    int height = panelHeight(rows, weights);
    int[] firstPanel = new int[weights.length + 1];
    for (int i = 0; i < weights.length; i++) {
      firstPanel[i + 1] = firstPanel[i] + panels(weights[i], height);
    }
    int total = firstPanel[weights.length];
    int rowBlock = rowBlock(rows, total);
    int blocks = (rows + rowBlock - 1) / rowBlock;
    team.forEachInRuns(
        total * blocks,
        (item, thread) -> {
          int panel = item / blocks;
          int which = 0;
          while (panel >= firstPanel[which + 1]) {
            which++;
          }
          int from = item % blocks * rowBlock;
          int count = Math.min(rowBlock, rows - from);
          Weights w = weights[which];
          int first = (panel - firstPanel[which]) * height;
          int n = Math.min(height, w.outputs() - first);
          Scratch own = scratch[thread];
          own.makeRoom(count * height);
          compute(inputs[which], from, count, w, first, n, own, own.out, height);
          write(own.out, height, count, first, n, y[which], from, into);
        });
  }

  /** {@code y = silu(x G^T) * (x U^T)}. */
  void swiglu(Rows x, int rows, Weights gate, Weights up, Rows y) {
    Weights[] weights = {gate, up};
    Rows[] inputs = gather(x, rows, weights);
    int height = panelHeight(rows, weights);
    int total = panels(gate, height);
    int rowBlock = rowBlock(rows, total);
    int blocks = (rows + rowBlock - 1) / rowBlock;
    team.forEachInRuns(
        total * blocks,
        (item, thread) -> {
          int from = item % blocks * rowBlock;
          int count = Math.min(rowBlock, rows - from);
          int first = item / blocks * height;
          int n = Math.min(height, gate.outputs() - first);
          Scratch own = scratch[thread];
          own.makeRoom(count * height);
          compute(inputs[0], from, count, gate, first, n, own, own.out, height);
          compute(inputs[1], from, count, up, first, n, own, own.second, height);
          Lanes.swiglu(own.out, own.second, count * height);
          write(own.out, height, count, first, n, y, from, Into.SET);
        });
  }

  private static int panels(Weights weights, int height) {
    return (weights.outputs() + height - 1) / height;
  }

  /** Rows of a panel: few enough that each thread has three, where there are so many. */
  private int panelHeight(int rows, Weights[] weights) {
    if (rows > Weights.FEW) {
      return PANEL;
    }
    int outputs = 0;
    for (Weights w : weights) {
      outputs += w.outputs();
    }
    int share = outputs / (3 * team.size());
    return Math.clamp(share / PANEL * PANEL, PANEL, HIGH_PANEL);
  }

  /** Splits the rows too where there are more threads than panels to keep them busy. */
  private int rowBlock(int rows, int panels) {
    int wanted = 4 * team.size();
    if (team.size() == 1 || panels >= wanted) {
      return rows;
    }
    int parts = (wanted + panels - 1) / panels;
    return Math.max(16, ((rows + parts - 1) / parts + 3) & -4);
  }

  /** Products of some rows with n weight rows; {@code ld} is from one row of out to the next. */
  private void compute(
      Rows x, int from, int count, Weights w, int first, int n, Scratch own, float[] out, int ld) {
    float[] values = x.values();
    int at = from * x.stride();
    if (count > Weights.FEW
        || !w.multiply(first, n, values, at, x.stride(), count, out, 0, ld, own.lanes)) {
      widenAndMultiply(x, from, count, w, first, n, own, out, ld);
    }
    float[] bias = w.bias();
    if (bias != null) {
      for (int m = 0; m < count; m++) {
        for (int j = 0; j < n; j++) {
          out[m * ld + j] += bias[first + j];
        }
      }
    }
  }

  private static void widenAndMultiply(
      Rows x, int from, int count, Weights w, int first, int n, Scratch own, float[] out, int ld) {
    int columns = w.columns();
    if (own.panel.length < PANEL * columns) {
      own.panel = new float[PANEL * columns];
    }
    // Few rows stay cached while weights pass by a tile at a time, in the first-level cache.
    // Many rows pass by a whole widened panel instead.
    int step = PANEL;
    if (4L * count * columns <= CACHED) {
      step = 4L * 3 * TILE * columns <= NEAREST ? 2 * TILE : TILE;
    }
    for (int j = 0; j < n; j += step) {
      int some = Math.min(step, n - j);
      w.unpack(first + j, some, own.panel);
      PanelKernel.panel(
          x.values(),
          from * x.stride(),
          x.stride(),
          count,
          own.panel,
          some,
          columns,
          out,
          j,
          ld,
          own.lanes);
    }
  }

  private static void write(
      float[] out, int ld, int count, int first, int n, Rows y, int from, Into into) {
    float[] to = y.values();
    for (int m = 0; m < count; m++) {
      int at = (from + m) * y.stride() + first;
      int source = m * ld;
      if (into == Into.SET) {
        System.arraycopy(out, source, to, at, n);
      } else {
        for (int j = 0; j < n; j++) {
          to[at + j] += out[source + j];
        }
      }
    }
  }

  /** Activations in the order of each weight's columns. */
  private Rows[] gather(Rows x, int rows, Weights[] weights) {
    var inputs = new Rows[weights.length];
    Arrays.fill(inputs, x);
    if (gathered.length < weights.length) {
      gathered = Arrays.copyOf(gathered, weights.length);
    }
    for (int i = 0; i < weights.length; i++) {
      int[] slots = weights[i].slots();
      if (slots == null) {
        continue;
      }
      int same = sameSlots(weights, i);
      if (same < i) {
        inputs[i] = inputs[same];
        continue;
      }
      int columns = slots.length;
      float[] previous = gathered[i];
      float[] to = previous == null ? new float[rows * columns] : room(previous, rows * columns);
      gathered[i] = to;
      float[] from = x.values();
      team.forEach(
          rows,
          (row, thread) -> {
            for (int c = 0; c < columns; c++) {
              to[row * columns + c] = slots[c] < 0 ? 0f : from[row * x.stride() + slots[c]];
            }
          });
      inputs[i] = new Rows(to, columns);
    }
    return inputs;
  }

  private static int sameSlots(Weights[] weights, int i) {
    for (int before = 0; before < i; before++) {
      if (Arrays.equals(weights[before].slots(), weights[i].slots())) {
        return before;
      }
    }
    return i;
  }

  private static float[] room(float[] array, int length) {
    return array.length >= length ? array : new float[length];
  }
}
