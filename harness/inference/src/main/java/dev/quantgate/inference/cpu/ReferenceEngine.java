package dev.quantgate.inference.cpu;

import dev.quantgate.inference.InferenceException;
import dev.quantgate.inference.Outcome.Fault;
import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The oracle: the same model in plain loops, one token of one sequence after the other, nothing
 * shared, no vectors, no threads, sums in double. Slow, and meant to be read beside the papers.
 */
final class ReferenceEngine implements TokenEngine {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final RotaryEmbedding rotary;
  private long promptTokens;
  private long promptNanos;
  private long generatedTokens;
  private long generationNanos;

  ReferenceEngine(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.rotary = new RotaryEmbedding(config);
  }

  /** Keys and values of one sequence: for each block one array a position. */
  private static final class State {
    final List<List<float[]>> keys = new ArrayList<>();
    final List<List<float[]>> values = new ArrayList<>();
    int length;

    State(int blocks) {
      for (int i = 0; i < blocks; i++) {
        keys.add(new ArrayList<>());
        values.add(new ArrayList<>());
      }
    }
  }

  /** The last hidden state of a sequence continued by one token. */
  private float[] next(State state, int token) {
    if (Thread.interrupted()) {
      throw new InferenceException(
          InferenceException.Kind.INTERRUPTED, "the model was interrupted between two tokens");
    }
    int position = state.length++;
    int half = config.headSize() / 2;
    float[] cos = new float[half];
    float[] sin = new float[half];
    rotary.angles(position, cos, sin, 0);
    float[] hidden = new float[config.hiddenSize()];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = element(checkpoint.embedding(), (long) token * hidden.length + i);
    }
    for (int b = 0; b < config.layers(); b++) {
      Checkpoint.Block block = checkpoint.blocks().get(b);
      float[] x = norm(hidden, 0, hidden.length, block.inputNorm());
      float[] query = multiply(block.query(), x);
      float[] key = multiply(block.key(), x);
      float[] value = multiply(block.value(), x);
      turn(query, config.heads(), block.queryNorm(), cos, sin);
      turn(key, config.keyValueHeads(), block.keyNorm(), cos, sin);
      state.keys.get(b).add(key);
      state.values.get(b).add(value);
      add(hidden, multiply(block.output(), attend(query, state.keys.get(b), state.values.get(b))));
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

  private float[] attend(float[] query, List<float[]> keys, List<float[]> values) {
    int size = config.headSize();
    int group = config.heads() / config.keyValueHeads();
    int last = keys.size() - 1;
    int first = Math.max(0, last - config.slidingWindow().orElse(Integer.MAX_VALUE) + 1);
    float[] out = new float[query.length];
    for (int head = 0; head < config.heads(); head++) {
      int from = head / group * size;
      double[] weights = new double[last + 1];
      double max = Double.NEGATIVE_INFINITY;
      for (int j = first; j <= last; j++) {
        for (int d = 0; d < size; d++) {
          weights[j] += (double) query[head * size + d] * keys.get(j)[from + d];
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
          mixed += weights[j] / sum * values.get(j)[from + d];
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
    return tensor.data().get(Widen.INT, 4 * index);
  }

  private static float element(Tensor tensor, long index) {
    MemorySegment data = tensor.data();
    return switch (tensor.dtype()) {
      case F32 -> data.get(Widen.FLOAT, 4 * index);
      case F16 -> Float.float16ToFloat(data.get(Widen.SHORT, 2 * index));
      case BF16 -> Float.intBitsToFloat(data.get(Widen.SHORT, 2 * index) << 16);
      case I32 -> throw new IllegalArgumentException(tensor.name() + " holds integers");
    };
  }

  @Override
  public void score(List<ScoreJob> jobs, Results<Scored> results) {
    for (int i = 0; i < jobs.size(); i++) {
      long begun = System.nanoTime();
      score(i, jobs.get(i), results);
      promptTokens += jobs.get(i).tokens().length - 1;
      promptNanos += System.nanoTime() - begun;
    }
  }

  private void score(int index, ScoreJob job, Results<Scored> results) {
    int[] tokens = job.tokens();
    var state = new State(config.layers());
    double[] logProbabilities = new double[tokens.length - job.from()];
    boolean[] greedy = new boolean[logProbabilities.length];
    for (int position = 0; position + 1 < tokens.length; position++) {
      float[] hidden = next(state, tokens[position]);
      int at = position + 1 - job.from();
      if (at < 0) {
        continue;
      }
      float[] logits = logits(hidden);
      int best = largest(logits);
      if (best < 0) {
        results.faulted(index, Fault.NON_FINITE, BatchEngine.nonFinite(position));
        return;
      }
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp((double) logit - logits[best]);
      }
      int token = tokens[position + 1];
      logProbabilities[at] = (double) logits[token] - logits[best] - Math.log(sum);
      greedy[at] = best == token;
    }
    results.done(index, new Scored(logProbabilities, greedy));
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

  @Override
  public void generate(List<GenerateJob> jobs, Results<Writer> results) {
    for (int i = 0; i < jobs.size(); i++) {
      generate(i, jobs.get(i), results);
    }
  }

  private void generate(int index, GenerateJob job, Results<Writer> results) {
    long begun = System.nanoTime();
    var state = new State(config.layers());
    float[] hidden = new float[0];
    for (int token : job.prompt()) {
      hidden = next(state, token);
    }
    promptTokens += job.prompt().length;
    promptNanos += System.nanoTime() - begun;
    begun = System.nanoTime();
    for (int n = 1; ; n++) {
      float[] logits = logits(hidden);
      if (largest(logits) < 0) {
        results.faulted(index, Fault.NON_FINITE, BatchEngine.nonFinite(state.length - 1));
        return;
      }
      int token = job.writer().choose(logits, 0, logits.length);
      generatedTokens++;
      if (job.writer().append(token) || n == job.maxNewTokens()) {
        break;
      }
      hidden = next(state, token);
    }
    generationNanos += System.nanoTime() - begun;
    results.done(index, job.writer());
  }

  @Override
  public Work work() {
    return new Work(
        checkpoint.weightBytes(), 0, promptTokens, promptNanos, generatedTokens, generationNanos);
  }

  @Override
  public void close() {}
}
