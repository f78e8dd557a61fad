package dev.quantgate.inference.cpu;

import static dev.quantgate.inference.cpu.KeyValuePages.PAGE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of some consecutive positions of one sequence to one key/value head.
 *
 * <p>For a query at position p: a score for each position it sees, lanes over positions; softmax
 * with its sum by lanes of absolute position; then the values, weighted and added in ascending
 * order of position. Each of these orders follows from p alone, so the bits do not depend on how a
 * sequence was cut into steps, pages shared or queries computed together. Four queries are computed
 * at a time, which the same keys and values serve.
 */
final class Attention {
  private static final int LANES = Lanes.COUNT;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final KeyValuePages cache;
  private final int headSize;
  private final int group;
  private final float scale;
  private final int window;

  /**
   * @param group query heads that share a key/value head
   * @param window how many positions a query sees, itself included
   */
  Attention(KeyValuePages cache, int headSize, int group, int window) {
    this.cache = cache;
    this.headSize = headSize;
    this.group = group;
    this.scale = (float) (1 / Math.sqrt(headSize));
    this.window = window;
  }

  /** How many positions {@link #attend} takes at most, so that the queries fill tiles of four. */
  int rowsAtOnce() {
    return Math.max(4, 16 / group) & -4;
  }

  /** Scratch of one thread. */
  static final class Scratch {
    float[] scores = new float[0];
    float[] sums = new float[0];
    final int[] queryAt = new int[4];
    final int[] scoreAt = new int[4];
    final int[] sumAt = new int[4];
    final float[] spare = new float[4 * PAGE];
  }

  /**
   * Writes the attention output of positions {@code position .. position + rows - 1}.
   *
   * @param pages the sequence's pages; keys and values of these positions are in them already
   * @param q queries, turned: row r, head h at {@code (row + r) * ldq + h * headSize}
   * @param out where head h of row r goes, at {@code (row + r) * ldo + h * headSize}
   */
  void attend(
      MemorySegment[] pages,
      int layer,
      int head,
      int position,
      int row,
      int rows,
      float[] q,
      int ldq,
      float[] out,
      int ldo,
      Scratch scratch) {
    int queries = rows * group;
    int first = Math.max(0, position - window + 1);
    int firstPage = first / PAGE;
    int base = firstPage * PAGE;
    int lastPage = (position + rows - 1) / PAGE;
    int ld = (lastPage + 1) * PAGE - base;
    int padded = cache.paddedHeadSize();
    if (scratch.scores.length < (long) queries * ld) {
      scratch.scores = new float[Math.toIntExact((long) queries * ld * 5 / 4)];
    }
    if (scratch.sums.length < (queries + 4) * padded) {
      scratch.sums = new float[(queries + 4) * padded];
    }
    float[] scores = scratch.scores;
    float[] sums = scratch.sums;
    long keys = cache.keys(layer, head);
    int headAt = head * group * headSize;
    for (int page = firstPage; page <= lastPage; page++) {
      for (int tile = 0; tile < queries; tile += 4) {
        for (int i = 0; i < 4; i++) {
          int query = Math.min(tile + i, queries - 1);
          scratch.queryAt[i] = (row + query / group) * ldq + headAt + query % group * headSize;
          scratch.scoreAt[i] = query * ld + page * PAGE - base;
        }
        scores(pages[page], keys, q, scratch.queryAt, scores, scratch.scoreAt);
      }
    }
    for (int query = 0; query < queries; query++) {
      int p = position + query / group;
      softmax(scores, query * ld, Math.max(0, p - window + 1) - base, p + 1 - base, scratch.spare);
    }
    Arrays.fill(sums, 0, queries * padded, 0f);
    for (int tile = 0; tile < queries; tile += 4) {
      values(pages, layer, head, position, tile, Math.min(4, queries - tile), base, ld, scratch);
    }
    for (int query = 0; query < queries; query++) {
      System.arraycopy(
          sums,
          query * padded,
          out,
          (row + query / group) * ldo + headAt + query % group * headSize,
          headSize);
    }
  }

  /** Scores of four queries against one page: {@code q . k}, unscaled. */
  private void scores(
      MemorySegment page, long keys, float[] q, int[] queryAt, float[] scores, int[] scoreAt) {
    for (int j = 0; j < PAGE; j += 2 * LANES) {
      scores(
          page,
          keys + 4L * j,
          headSize,
          q,
          queryAt[0],
          queryAt[1],
          queryAt[2],
          queryAt[3],
          scores,
          scoreAt[0] + j,
          scoreAt[1] + j,
          scoreAt[2] + j,
          scoreAt[3] + j);
    }
  }

  private static void scores(
      MemorySegment page,
      long keys,
      int headSize,
      float[] q,
      int q0,
      int q1,
      int q2,
      int q3,
      float[] scores,
      int s0,
      int s1,
      int s2,
      int s3) {
    FloatVector a0 = Lanes.zero();
    FloatVector a1 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector c0 = a0;
    FloatVector c1 = a0;
    FloatVector d0 = a0;
    FloatVector d1 = a0;
    for (int d = 0; d < headSize; d++) {
      FloatVector k0 = load(page, keys + 4L * PAGE * d);
      FloatVector k1 = load(page, keys + 4L * PAGE * d + 4L * LANES);
      FloatVector x = FloatVector.broadcast(Lanes.SPECIES, q[q0 + d]);
      a0 = x.fma(k0, a0);
      a1 = x.fma(k1, a1);
      x = FloatVector.broadcast(Lanes.SPECIES, q[q1 + d]);
      b0 = x.fma(k0, b0);
      b1 = x.fma(k1, b1);
      x = FloatVector.broadcast(Lanes.SPECIES, q[q2 + d]);
      c0 = x.fma(k0, c0);
      c1 = x.fma(k1, c1);
      x = FloatVector.broadcast(Lanes.SPECIES, q[q3 + d]);
      d0 = x.fma(k0, d0);
      d1 = x.fma(k1, d1);
    }
    a0.intoArray(scores, s0);
    a1.intoArray(scores, s0 + LANES);
    b0.intoArray(scores, s1);
    b1.intoArray(scores, s1 + LANES);
    c0.intoArray(scores, s2);
    c1.intoArray(scores, s2 + LANES);
    d0.intoArray(scores, s3);
    d1.intoArray(scores, s3 + LANES);
  }

  private static FloatVector load(MemorySegment page, long at) {
    return FloatVector.fromMemorySegment(Lanes.SPECIES, page, at, ORDER);
  }

  /** Turns scores {@code from .. to - 1} of a row into weights that add up to 1. */
  private void softmax(float[] scores, int at, int from, int to, float[] spare) {
    int begin = from & -LANES;
    int end = (to + LANES - 1) & -LANES;
    Arrays.fill(scores, at + begin, at + from, Float.NEGATIVE_INFINITY);
    Arrays.fill(scores, at + to, at + end, Float.NEGATIVE_INFINITY);
    FloatVector largest = FloatVector.broadcast(Lanes.SPECIES, Float.NEGATIVE_INFINITY);
    for (int j = begin; j < end; j += LANES) {
      FloatVector s = Lanes.load(scores, at + j).mul(scale);
      s.intoArray(scores, at + j);
      largest = largest.max(s);
    }
    // The order of a maximum does not matter.
    float max = largest.reduceLanes(VectorOperators.MAX);
    FloatVector sum = Lanes.zero();
    for (int j = begin; j < end; j += LANES) {
      FloatVector e = Lanes.exp(Lanes.load(scores, at + j).sub(max));
      e.intoArray(scores, at + j);
      sum = sum.add(e);
    }
    float inverse = 1 / Lanes.tree(sum, spare);
    for (int j = begin; j < end; j += LANES) {
      Lanes.load(scores, at + j).mul(inverse).intoArray(scores, at + j);
    }
  }

  /** Adds the weighted values of up to four queries, each over the positions it sees. */
  private void values(
      MemorySegment[] pages,
      int layer,
      int head,
      int position,
      int tile,
      int count,
      int base,
      int ld,
      Scratch scratch) {
    long values = cache.values(layer, head);
    // What all of the tile see; what only some see comes before and after it.
    int low = Math.max(0, position + (tile + count - 1) / group - window + 1);
    int high = position + tile / group + 1;
    boolean together = count > 1 && low < high;
    for (int i = 0; i < count; i++) {
      int p = position + (tile + i) / group;
      int from = Math.max(0, p - window + 1);
      add(pages, values, from, together ? low : p + 1, tile + i, 1, base, ld, scratch);
    }
    if (together) {
      add(pages, values, low, high, tile, count, base, ld, scratch);
      for (int i = 0; i < count; i++) {
        int p = position + (tile + i) / group;
        add(pages, values, high, p + 1, tile + i, 1, base, ld, scratch);
      }
    }
  }

  private void add(
      MemorySegment[] pages,
      long values,
      int from,
      int to,
      int query,
      int count,
      int base,
      int ld,
      Scratch scratch) {
    int padded = cache.paddedHeadSize();
    while (from < to) {
      int page = from / PAGE;
      int n = Math.min(to, (page + 1) * PAGE) - from;
      long at = values + 4L * padded * (from % PAGE);
      int s = query * ld + from - base;
      for (int d = 0; d < padded; d += 2 * LANES) {
        int sum = query * padded + d;
        if (count == 1) {
          add1(pages[page], at + 4L * d, padded, n, scratch.scores, s, scratch.sums, sum);
        } else {
          // A missing query of the last tile repeats the one before it, into spare sums.
          int s2 = count > 2 ? 2 : 1;
          int s3 = count > 3 ? 3 : 1;
          int spare = scratch.sums.length - 2 * padded + d;
          add4(
              pages[page],
              at + 4L * d,
              padded,
              n,
              scratch.scores,
              s,
              s + ld,
              s + s2 * ld,
              s + s3 * ld,
              scratch.sums,
              sum,
              sum + padded,
              count > 2 ? sum + 2 * padded : spare,
              count > 3 ? sum + 3 * padded : spare + padded);
        }
      }
      from += n;
    }
  }

  private static void add1(
      MemorySegment page,
      long at,
      int padded,
      int n,
      float[] weights,
      int w,
      float[] sums,
      int sum) {
    FloatVector a0 = Lanes.load(sums, sum);
    FloatVector a1 = Lanes.load(sums, sum + LANES);
    for (int j = 0; j < n; j++) {
      FloatVector x = FloatVector.broadcast(Lanes.SPECIES, weights[w + j]);
      a0 = x.fma(load(page, at + 4L * padded * j), a0);
      a1 = x.fma(load(page, at + 4L * padded * j + 4L * LANES), a1);
    }
    a0.intoArray(sums, sum);
    a1.intoArray(sums, sum + LANES);
  }

  private static void add4(
      MemorySegment page,
      long at,
      int padded,
      int n,
      float[] weights,
      int w0,
      int w1,
      int w2,
      int w3,
      float[] sums,
      int t0,
      int t1,
      int t2,
      int t3) {
    FloatVector a0 = Lanes.load(sums, t0);
    FloatVector a1 = Lanes.load(sums, t0 + LANES);
    FloatVector b0 = Lanes.load(sums, t1);
    FloatVector b1 = Lanes.load(sums, t1 + LANES);
    FloatVector c0 = Lanes.load(sums, t2);
    FloatVector c1 = Lanes.load(sums, t2 + LANES);
    FloatVector d0 = Lanes.load(sums, t3);
    FloatVector d1 = Lanes.load(sums, t3 + LANES);
    for (int j = 0; j < n; j++) {
      FloatVector v0 = load(page, at + 4L * padded * j);
      FloatVector v1 = load(page, at + 4L * padded * j + 4L * LANES);
      FloatVector x = FloatVector.broadcast(Lanes.SPECIES, weights[w0 + j]);
      a0 = x.fma(v0, a0);
      a1 = x.fma(v1, a1);
      x = FloatVector.broadcast(Lanes.SPECIES, weights[w1 + j]);
      b0 = x.fma(v0, b0);
      b1 = x.fma(v1, b1);
      x = FloatVector.broadcast(Lanes.SPECIES, weights[w2 + j]);
      c0 = x.fma(v0, c0);
      c1 = x.fma(v1, c1);
      x = FloatVector.broadcast(Lanes.SPECIES, weights[w3 + j]);
      d0 = x.fma(v0, d0);
      d1 = x.fma(v1, d1);
    }
    a0.intoArray(sums, t0);
    a1.intoArray(sums, t0 + LANES);
    b0.intoArray(sums, t1);
    b1.intoArray(sums, t1 + LANES);
    c0.intoArray(sums, t2);
    c1.intoArray(sums, t2 + LANES);
    d0.intoArray(sums, t3);
    d1.intoArray(sums, t3 + LANES);
  }

  /** Puts a position's key (turned) and value of one head into its page. */
  void store(
      MemorySegment page,
      int layer,
      int head,
      int position,
      float[] k,
      int keyAt,
      float[] v,
      int valueAt) {
    int slot = position % PAGE;
    long keys = cache.keys(layer, head) + 4L * slot;
    for (int d = 0; d < headSize; d++) {
      page.set(ValueLayout.JAVA_FLOAT, keys + 4L * PAGE * d, k[keyAt + d]);
    }
    long values = cache.values(layer, head) + 4L * cache.paddedHeadSize() * slot;
    MemorySegment.copy(v, valueAt, page, ValueLayout.JAVA_FLOAT, values, headSize);
  }
}
