package dev.quantgate.cli;

import dev.quantgate.evaluation.settings.Setting;
import dev.quantgate.evaluation.settings.Settings;
import dev.quantgate.reports.SandboxTables;
import dev.quantgate.sandbox.RedTeam;
import dev.quantgate.sandbox.SandboxCheck;
import dev.quantgate.sandbox.SandboxOptions;
import dev.quantgate.sandbox.docker.SandboxImage;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The sandbox itself: its image, and whether it holds. */
@Command(
    name = "sandbox",
    description = "Builds the sandbox's image; attacks the sandbox.",
    mixinStandardHelpOptions = true,
    subcommands = {SandboxCommand.Check.class, SandboxCommand.Build.class})
final class SandboxCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    return Failures.withoutCommand(spec);
  }

  /** The red team. */
  @Command(
      name = "check",
      description = "Runs the self-test and every attack; exit code 2 on any wrong line.",
      mixinStandardHelpOptions = true)
  static final class Check implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();
    @Mixin Common common = new Common();

    @Option(
        names = "--correct",
        description = "only the correct programs, which a clumsy sandbox or a busy machine fails")
    boolean correct;

    @Option(
        names = "--sample",
        paramLabel = "N",
        description = "only N of the programs, drawn by --seed")
    @Nullable Integer sample;

    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "of the sample (default: ${DEFAULT-VALUE})")
    long seed = 1;

    @Override
    public Integer call() throws Exception {
      Settings settings = SettingFlags.resolve(spec);
      if (sample == null) {
        Failures.refuseTyped(spec, "draws the --sample N, and all are taken", Set.of("--seed"));
      }
      List<RedTeam.Attack> attacks = attacks();
      try (var progress = new TerminalProgress(common.quiet)) {
        int[] done = new int[1];
        SandboxCheck.Report report =
            Interruption.guard(() ->
                SandboxCheck.run(
                    settings.text(Setting.SANDBOX).orElseThrow(),
                    SandboxOptions.defaults(),
                    attacks,
                    row -> {
                      done[0]++;
                      if (!row.good() || done[0] % 25 == 0) {
                        progress.say(
                            row.good()
                                ? "%d attacks".formatted(done[0])
                                : "%d attacks; WRONG: %s".formatted(done[0], row.attack().name()));
                      }
                    }));
        progress.close();
        spec.commandLine().getOut().print(SandboxTables.render(report));
        return report.good() ? 0 : Failures.COULD_NOT_RUN;
      }
    }

    private List<RedTeam.Attack> attacks() {
      try {
        List<RedTeam.Attack> all = correct ? RedTeam.correct() : RedTeam.attacks();
        return sample == null ? all : RedTeam.sample(all, sample, seed);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), "--sample: %s".formatted(e.getMessage()));
      }
    }
  }

  /** The image. */
  @Command(
      name = "build",
      description = "Builds the Docker image.",
      mixinStandardHelpOptions = true)
  static final class Build implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();
    @Mixin Common common = new Common();

    @Option(names = "--base", paramLabel = "IMAGE", description = "image to start from")
    @Nullable String base;

    @Option(
        names = "--package",
        split = ",",
        paramLabel = "NAME",
        description = "Python package to add, such as numpy")
    List<String> packages = List.of();

    @Override
    public Integer call() {
      spec.commandLine().getOut().println(SandboxImage.build(Optional.ofNullable(base), packages));
      return 0;
    }
  }
}
