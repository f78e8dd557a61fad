package dev.quantgate.inference.cpu;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import dev.quantgate.inference.engine.Ask;
import dev.quantgate.inference.engine.Ask.Distribution;
import dev.quantgate.inference.engine.MemoryPlan;
import dev.quantgate.inference.engine.Slice;
import dev.quantgate.inference.engine.StepExecutor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The oracle: the same model in plain loops, one position of one sequence after the other, no
 * vectors, no threads, sums in double. Slow, and meant to be read beside the papers.
 */
final class ReferenceStepExecutor implements StepExecutor {
  private static final int PAGE = 16;
  private static final int STEP_ROWS = 64;

  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final RotaryEmbedding rotary;
  private final MemoryPlan memory;
  private final List<Page> pages = new ArrayList<>();

  /** Keys and values of some positions: for each block and position an array. */
  private static final class Page {
    final float[][][] keys;
    final float[][][] values;

    Page(int blocks) {
      keys = new float[blocks][PAGE][];
      values = new float[blocks][PAGE][];
    }
  }

  /**
   * @param limitBytes the most bytes of main memory to take
   * @param name names the model in messages
   */
  ReferenceStepExecutor(Checkpoint checkpoint, long limitBytes, String name) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.rotary = new RotaryEmbedding(config);
    this.memory =
        MemoryPlan.within(
            limitBytes,
            name,
            CpuEngineProvider.MEMORY_OPTION,
            checkpoint.weightBytes(),
            0,
            8L * PAGE * config.layers() * config.keyValueHeads() * config.headSize());
  }

  @Override
  public int pageTokens() {
    return PAGE;
  }

  @Override
  public int stepRows() {
    return STEP_ROWS;
  }

  @Override
  public MemoryPlan memory() {
    return memory;
  }

  private Page page(int number) {
    while (pages.size() <= number) {
      pages.add(new Page(config.layers()));
    }
    return pages.get(number);
  }

  @Override
  public void copyPage(int from, int to) {
    for (int b = 0; b < config.layers(); b++) {
      // What lies behind the references is never changed.
      System.arraycopy(page(from).keys[b], 0, page(to).keys[b], 0, PAGE);
      System.arraycopy(page(from).values[b], 0, page(to).values[b], 0, PAGE);
    }
  }

  @Override
  public void step(List<Slice> slices) {
    for (Slice slice : slices) {
      var asks = slice.asks().iterator();
      Ask ask = asks.hasNext() ? asks.next() : null;
      for (int position = slice.from(); position < slice.to(); position++) {
        float[] hidden = next(slice, position);
        while (ask != null && ask.position() == position) {
          answer(ask, logits(hidden));
          ask = asks.hasNext() ? asks.next() : null;
        }
      }
    }
  }

  private static void answer(Ask ask, float[] logits) {
    int best = largest(logits);
    switch (ask) {
      case Ask.WholeRow row -> row.reader().read(logits, 0, best);
      case Ask.OfTokens of -> {
        double[] logProbabilities = new double[of.tokens().length];
        if (best < 0) {
          Arrays.fill(logProbabilities, Double.NaN);
        } else if (logProbabilities.length > 0) {
          double sum = 0;
          for (float logit : logits) {
            sum += Math.exp((double) logit - logits[best]);
          }
          for (int i = 0; i < logProbabilities.length; i++) {
            logProbabilities[i] = (double) logits[of.tokens()[i]] - logits[best] - Math.log(sum);
          }
        }
        of.reader().read(new Distribution(best, margin(logits, best), logProbabilities));
      }
    }
  }

  /** The last hidden state at a position, whose keys and values are put in their page. */
  private float[] next(Slice slice, int position) {
    int half = config.headSize() / 2;
    float[] cos = new float[half];
    float[] sin = new float[half];
    rotary.angles(position, cos, sin, 0);
    float[] hidden = new float[config.hiddenSize()];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] =
          element(checkpoint.embedding(), (long) slice.tokens()[position] * hidden.length + i);
    }
    for (int b = 0; b < config.layers(); b++) {
      Checkpoint.Block block = checkpoint.blocks().get(b);
      float[] x = norm(hidden, 0, hidden.length, block.inputNorm());
      float[] query = multiply(block.query(), x);
      float[] key = multiply(block.key(), x);
      float[] value = multiply(block.value(), x);
      turn(query, config.heads(), block.queryNorm(), cos, sin);
      turn(key, config.keyValueHeads(), block.keyNorm(), cos, sin);
      Page page = page(slice.pages()[position / PAGE]);
      page.keys[b][position % PAGE] = key;
      page.values[b][position % PAGE] = value;
      float[][] keys = new float[position + 1][];
      float[][] values = new float[position + 1][];
      for (int j = 0; j <= position; j++) {
        Page at = page(slice.pages()[j / PAGE]);
        keys[j] = at.keys[b][j % PAGE];
        values[j] = at.values[b][j % PAGE];
      }
      add(hidden, multiply(block.output(), attend(query, keys, values)));
      x = norm(hidden, 0, hidden.length, block.postAttentionNorm());
      float[] gate = multiply(block.gate(), x);
      float[] up = multiply(block.up(), x);
      for (int i = 0; i < gate.length; i++) {
        gate[i] = (float) (gate[i] / (1 + Math.exp(-gate[i])) * up[i]);
      }
      add(hidden, multiply(block.down(), gate));
    }
    return hidden;
  }

  private float[] logits(float[] hidden) {
    return multiply(checkpoint.head(), norm(hidden, 0, hidden.length, checkpoint.finalNorm()));
  }

  private void turn(float[] heads, int count, Optional<Tensor> norm, float[] cos, float[] sin) {
    int size = config.headSize();
    for (int head = 0; head < count; head++) {
      if (norm.isPresent()) {
        float[] normed = norm(heads, head * size, size, norm.get());
        System.arraycopy(normed, 0, heads, head * size, size);
      }
      rotary.rotate(heads, head * size, cos, sin, 0);
    }
  }

  private float[] attend(float[] query, float[][] keys, float[][] values) {
    int size = config.headSize();
    int group = config.heads() / config.keyValueHeads();
    int last = keys.length - 1;
    int first = Math.max(0, last - config.slidingWindow().orElse(Integer.MAX_VALUE) + 1);
    float[] out = new float[query.length];
    for (int head = 0; head < config.heads(); head++) {
      int from = head / group * size;
      double[] weights = new double[last + 1];
      double max = Double.NEGATIVE_INFINITY;
      for (int j = first; j <= last; j++) {
        for (int d = 0; d < size; d++) {
          weights[j] += (double) query[head * size + d] * keys[j][from + d];
        }
        weights[j] /= Math.sqrt(size);
        max = Math.max(max, weights[j]);
      }
      double sum = 0;
      for (int j = first; j <= last; j++) {
        weights[j] = Math.exp(weights[j] - max);
        sum += weights[j];
      }
      for (int d = 0; d < size; d++) {
        double mixed = 0;
        for (int j = first; j <= last; j++) {
          mixed += weights[j] / sum * values[j][from + d];
        }
        out[head * size + d] = (float) mixed;
      }
    }
    return out;
  }

  private float[] norm(float[] x, int at, int n, Tensor weight) {
    double squares = 0;
    for (int i = 0; i < n; i++) {
      squares += (double) x[at + i] * x[at + i];
    }
    double scale = 1 / Math.sqrt(squares / n + config.rmsNormEpsilon());
    float[] normed = new float[n];
    for (int i = 0; i < n; i++) {
      normed[i] = (float) (x[at + i] * scale) * element(weight, i);
    }
    return normed;
  }

  private static void add(float[] to, float[] x) {
    for (int i = 0; i < to.length; i++) {
      to[i] += x[i];
    }
  }

  private static float[] multiply(Linear linear, float[] x) {
    float[] y = new float[linear.outputs()];
    for (int n = 0; n < y.length; n++) {
      double sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum += (double) weight(linear, n, k) * x[k];
      }
      y[n] = (float) sum;
      if (linear.bias().isPresent()) {
        y[n] += element(linear.bias().get(), n);
      }
    }
    return y;
  }

  /** One weight, straight from the description of its format. */
  static float weight(Linear linear, int n, int k) {
    return switch (linear) {
      case Linear.Dense dense -> element(dense.weight(), (long) n * dense.inputs() + k);
      case Linear.Gptq gptq -> {
        int outputs = gptq.outputs();
        int group =
            gptq.groupIndex().isPresent()
                ? integer(gptq.groupIndex().get(), k)
                : k / gptq.groupSize();
        int code = integer(gptq.qweight(), (long) (k / 8) * outputs + n) >>> (4 * (k % 8)) & 15;
        int zeros = integer(gptq.qzeros(), (long) group * ((outputs + 7) / 8) + n / 8);
        int zero = gptq.zeroPoints().decode(zeros) >>> (4 * (n % 8)) & 15;
        float scale = element(gptq.scales(), (long) group * outputs + n);
        yield Float.float16ToFloat(Float.floatToFloat16(scale * (code - zero)));
      }
    };
  }

  private static int integer(Tensor tensor, long index) {
    return tensor.data().get(Widening.INT, 4 * index);
  }

  private static float element(Tensor tensor, long index) {
    MemorySegment data = tensor.data();
    return switch (tensor.dtype()) {
      case F32 -> data.get(Widening.FLOAT, 4 * index);
      case F16 -> Float.float16ToFloat(data.get(Widening.SHORT, 2 * index));
      case BF16 -> Float.intBitsToFloat(data.get(Widening.SHORT, 2 * index) << 16);
      case I32 -> throw new IllegalArgumentException("%s holds integers".formatted(tensor.name()));
    };
  }

  /** The lowest index of the largest logit, or -1 if one is not finite. */
  private static int largest(float[] logits) {
    int best = 0;
    for (int i = 0; i < logits.length; i++) {
      if (!Float.isFinite(logits[i])) {
        return -1;
      }
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /** By how much the largest logit is larger than all others. */
  private static float margin(float[] logits, int best) {
    float margin = Float.POSITIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      if (best >= 0 && i != best) {
        margin = Math.min(margin, logits[best] - logits[i]);
      }
    }
    return margin;
  }

  @Override
  public void close() {
    pages.clear();
  }
}
