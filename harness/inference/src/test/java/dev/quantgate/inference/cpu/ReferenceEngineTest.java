package dev.quantgate.inference.cpu;

import dev.quantgate.inference.EngineProvider;
import dev.quantgate.inference.fixture.LanguageModelContract;

/** The oracle keeps to the contract of an engine too. */
class ReferenceEngineTest extends LanguageModelContract {
  @Override
  protected EngineProvider engine() {
    return new ReferenceEngineProvider();
  }
}
