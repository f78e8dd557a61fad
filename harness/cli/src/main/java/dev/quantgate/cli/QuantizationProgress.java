package dev.quantgate.cli;

import dev.quantgate.quantization.ProgressListener;

/** Shows how far a quantisation is, each of its steps as one of {@link TerminalProgress}. */
final class QuantizationProgress implements ProgressListener {
  private final TerminalProgress terminal;
  private String step = "";

  QuantizationProgress(TerminalProgress terminal) {
    this.terminal = terminal;
  }

  @Override
  public void onProgress(Progress progress) {
    if (!progress.step().equals(step)) {
      step = progress.step();
      terminal.begin(step, progress.total(), progress.done());
    }
    terminal.advance(progress.done(), progress.total());
    if (progress.done() == progress.total()) {
      terminal.end(progress.total(), "");
      step = "";
    }
  }
}
