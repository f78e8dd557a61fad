package dev.quantgate.inference.cuda;

import dev.quantgate.inference.checkpoint.Checkpoint;
import dev.quantgate.inference.checkpoint.Linear;
import dev.quantgate.inference.checkpoint.ModelConfig;
import dev.quantgate.inference.checkpoint.Tensor;
import java.util.List;

/** A checkpoint's weights under another config. */
record OtherConfig(Checkpoint weights, ModelConfig config) implements Checkpoint {
  @Override
  public Tensor embedding() {
    return weights.embedding();
  }

  @Override
  public List<Block> blocks() {
    return weights.blocks();
  }

  @Override
  public Tensor finalNorm() {
    return weights.finalNorm();
  }

  @Override
  public Linear head() {
    return weights.head();
  }

  @Override
  public long weightBytes() {
    return weights.weightBytes();
  }

  @Override
  public String weightFormat() {
    return weights.weightFormat();
  }

  @Override
  public String weightsSha256() {
    return weights.weightsSha256();
  }

  @Override
  public String configSha256() {
    return weights.configSha256();
  }

  @Override
  public void close() {
    weights.close();
  }
}
