package dev.quantgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What the commands say of themselves, and of a line that names what they have not. */
class HelpTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int quantgate(String line) {
    CommandLine command =
        Program.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return Program.execute(command, line.isEmpty() ? new String[0] : line.split(" "));
  }

  private static Stream<CommandSpec> commands() {
    List<CommandSpec> all = new ArrayList<>();
    add(all, Program.commandLine());
    return all.stream();
  }

  private static void add(List<CommandSpec> all, CommandLine command) {
    all.add(command.getCommandSpec());
    command.getSubcommands().values().forEach(each -> add(all, each));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void whatWasBrokenIntoLinesByHandFitsATerminal(CommandSpec command) {
    // Those that are too long are broken once more, in the middle of an example.
    assertThat(command.usageMessage().footer())
        .allSatisfy(line -> assertThat(line).hasSizeLessThan(80));
    assertThat(command.commandLine().getUsageMessage().lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyValueOfAFlagHasANameOfItsOwn(CommandSpec command) {
    assertThat(command.args().stream().filter(each -> each.arity().max() > 0))
        .extracting(CommandLine.Model.ArgSpec::paramLabel)
        .noneMatch(label -> label.matches("<.*"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "data", "sandbox"})
  void whoNamesNoCommandIsToldThemAndNothingWasDone(String line) {
    // A pipeline whose command is an empty variable has judged nothing: 0 would let a model
    // through.
    assertThat(quantgate(line)).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).startsWith("Usage: quantgate").contains("Commands:");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense|quantgate has no command \"nonsense\"",
        "runn|quantgate has no command \"runn\", did you mean \"run\"?",
        "data fecth|quantgate data has no command \"fecth\", did you mean \"fetch\"?",
        "run --margn 2|quantgate run has no flag \"--margn\", did you mean \"--margin\"?",
        "run --margn=2|quantgate run has no flag \"--margn\", did you mean \"--margin\"?",
        "bench model-fp16|quantgate bench has no use for \"model-fp16\"",
        "--verson|quantgate has no flag \"--verson\", did you mean \"--version\"?"
      })
  void aSlipIsToldInOneLineWithTheWordThatWasMeant(String line, String message) {
    assertThat(quantgate(line)).isEqualTo(2);
    assertThat(err.toString().lines().toList()).hasSize(2).startsWith("quantgate: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run --baseline a --candidate b|starter-exam|--samples 4 --temperature 0.5|--samples is for programs, and there are none in starter-exam; leave it out",
        "run --baseline a --candidate b|starter-nli,starter-exam|--time-limit 9|--time-limit is for programs, and there are none in starter-nli, starter-exam; leave it out",
        "run --baseline a --candidate b|starter-exam|--temperature 0.5|--temperature is for texts that models write, and there are none in starter-exam; leave it out",
        "run --baseline a --candidate b|starter-exam|--dry-run --max-new-tokens 9|--max-new-tokens is for texts that models write, and there are none in starter-exam; leave it out",
        "eval --model a|starter-exam|--checker both|--checker is for programs, and there are none in starter-exam; leave it out"
      })
  void aFlagThatIsTypedForSuitesInWhichItSaysNothingIsRefused(
      String command, String suites, String flags, String message) {
    assertThat(quantgate("%s --suites %s %s".formatted(command, suites, flags))).isEqualTo(2);
    assertThat(err.toString()).startsWith("quantgate: %s\nTry".formatted(message));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "starter-code,starter-exam --samples 4 --temperature 0.5 --checker both",
        "starter-exam --protocol starter-exam=official-cot --temperature 0.5 --max-new-tokens 9",
        "starter-exam --workers 2 --sandbox embedded"
      })
  void aFlagThatSaysSomethingForOneOfTheSuitesIsTaken(String rest) {
    String line = "run --dry-run --baseline a --candidate b --suites %s".formatted(rest);
    assertThat(quantgate(line)).as(err.toString()).isZero();
  }

  @Test
  void dataThatIsNotHereIsToldWithTheCommandThatBringsIt() {
    assertThat(quantgate("data list")).isZero();
    assertThat(out.toString().lines())
        .allSatisfy(
            line -> assertThat(line.startsWith("Store:") ? "" : line).hasSizeLessThanOrEqualTo(80));
  }
}
