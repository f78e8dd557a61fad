package dev.quantgate.inference.cuda;

import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.fixture.LanguageModelContract;
import org.junit.jupiter.api.BeforeAll;

/** The engine as its users see it, on the stand-in. */
class CudaEngineTest extends LanguageModelContract {
  @BeforeAll
  static void useTheStandIn() {
    StandIn.use();
  }

  @Override
  protected EngineProvider engine() {
    return new CudaEngineProvider();
  }

  /** 16-bit activations, keys and values; the format that has the fewest digits is bfloat16. */
  @Override
  protected double tolerance() {
    return 6e-2;
  }
}
