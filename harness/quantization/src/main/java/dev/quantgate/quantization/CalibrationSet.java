package dev.quantgate.quantization;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The sequences of token ids that a model is calibrated on. */
record CalibrationSet(List<List<Integer>> sequences, String sha256) {
  static final String ALIGNED_FILE = "aligned-calibration.jsonl";

  static CalibrationSet none() {
    return new CalibrationSet(List.of(), "");
  }

  static CalibrationSet prepare(QuantizationRequest request, Path work, ProgressListener progress) {
    throw new QuantizationException("method gptq is not there yet; use rtn");
  }

  static Map<String, String> identity(Calibration calibration) {
    return Map.of("calibration", calibration.toString());
  }

  long tokens() {
    return sequences.stream().mapToLong(List::size).sum();
  }
}
