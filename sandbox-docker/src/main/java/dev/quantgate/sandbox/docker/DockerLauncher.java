package dev.quantgate.sandbox.docker;

import dev.quantgate.sandbox.Limits;
import dev.quantgate.sandbox.SandboxException;
import dev.quantgate.sandbox.SandboxException.Kind;
import dev.quantgate.sandbox.worker.RunOwner;
import dev.quantgate.sandbox.worker.WorkerLauncher;
import dev.quantgate.sandbox.worker.WorkerScripts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Starts one container a worker, and removes what killed runs left. */
final class DockerLauncher implements WorkerLauncher {
  /** Bears the owner, so that a sweep can tell a killed run's containers from a living one's. */
  static final String LABEL = "dev.quantgate.sandbox";

  /** Processes beyond a job's own: the supervisor, the tester and room to clean up. */
  private static final int SPARE_PROCESSES = 16;

  private static final String GVISOR = "runsc";
  private static final String PROFILE = "quantgate-seccomp-";
  private static final int TMP_BYTES = 64 << 20;

  /** How long closing waits for an engine to be rid of its containers. */
  private static final int CLOSING_TRIES = 60;

  private static final Duration CLOSING_PAUSE = Duration.ofMillis(250);

  private final Engine engine;
  private final Limits limits;
  private final String imageId;
  private final SortedMap<String, String> facts;
  private final Optional<String> runtime;
  private final Path profile;

  /**
   * Of all containers ever asked for: one that an engine was still making when it was told to
   * remove it, or whose removal was under way, is there later.
   */
  private final Set<String> names = ConcurrentHashMap.newKeySet();

  private DockerLauncher(Engine engine, Limits limits, String imageId, Optional<String> runtime) {
    this.engine = engine;
    this.limits = limits;
    this.imageId = imageId;
    this.runtime = runtime;
    profile = writeProfile();
    facts = engineFacts(engine);
  }

  /**
   * Checks that engine and image are there, and sweeps.
   *
   * @throws SandboxException UNAVAILABLE, with what to do
   */
  static DockerLauncher open(Engine engine, Limits limits) {
    return open(engine, limits, Optional.empty());
  }

  /**
   * The same with another runtime than the engine's own choice.
   *
   * @param runtime as {@code docker run --runtime} takes it
   */
  static DockerLauncher open(Engine engine, Limits limits, Optional<String> runtime) {
    String image =
        SandboxImage.id(engine, SandboxImage.TAG)
            .orElseThrow(() ->
                new SandboxException(
                    Kind.UNAVAILABLE,
                    engine
                        .silence()
                        .orElse(
                            "the image "
                                + SandboxImage.TAG
                                + " is missing; make it with `quantgate sandbox build`")));
    sweep(engine);
    return new DockerLauncher(engine, limits, image, runtime);
  }

  @Override
  public String kind() {
    return "docker";
  }

  @Override
  public List<String> scripts() {
    return List.of("roles", "supervisor");
  }

  @Override
  public Map<String, Object> setup() {
    return Map.of("control_group", true);
  }

  @Override
  public Launched launch() {
    String name = RunOwner.containerName();
    names.add(name);
    Process client = engine.start(command(name));
    return new Launched(client, () -> remove(name));
  }

  /** The container's command line, with the reason of every flag. */
  List<String> command(String name) {
    String memory = Long.toString(limits.memoryBytes() + SPARE_BYTES);
    String noFiles = "rw,noexec,nosuid,nodev,mode=1777,";
    List<String> run = new ArrayList<>(List.of("run", "--rm", "--interactive", "--init=false"));
    run.addAll(List.of("--name", name, "--label", LABEL + "=" + RunOwner.current()));
    // Whatever would be pulled is not what was checked.
    run.addAll(List.of("--pull", "never"));
    run.addAll(List.of("--network", "none", "--ipc", "none", "--read-only"));
    // The three that the supervisor needs to become a job's user and to end its processes.
    run.addAll(List.of("--user", "0:0", "--cap-drop", "ALL"));
    run.addAll(List.of("--cap-add", "SETUID", "--cap-add", "SETGID", "--cap-add", "KILL"));
    run.addAll(List.of("--security-opt", "no-new-privileges"));
    run.addAll(List.of("--security-opt", "seccomp=" + profile));
    run.addAll(List.of("--pids-limit", Integer.toString(limits.processes() + SPARE_PROCESSES)));
    run.addAll(List.of("--memory", memory, "--memory-swap", memory, "--cpus", "1"));
    run.addAll(List.of("--ulimit", "nofile=64:64", "--ulimit", "core=0:0"));
    // A job's own bound is set with its user; the supervisor moves a job's text through files.
    long file = Math.max(limits.fileBytes(), WorkerScripts.MAX_PART_BYTES);
    run.addAll(List.of("--ulimit", "fsize=" + file + ":" + file));
    runtime.ifPresent(other -> run.addAll(List.of("--runtime", other)));
    if (engine.isPodman()) {
      // Else it asks for a million, which not every machine grants.
      run.addAll(List.of("--ulimit", "nproc=1024:1024"));
    }
    run.addAll(List.of("--tmpfs", "/tmp:" + noFiles + "size=" + TMP_BYTES + inodes(4096)));
    // multiprocessing's semaphores live here.
    run.addAll(List.of("--tmpfs", "/dev/shm:" + noFiles + "size=1048576" + inodes(256)));
    // Engines mount a message queue file system that anyone may write: a way to the next job.
    run.addAll(List.of("--tmpfs", "/dev/mqueue:ro,noexec,nosuid,nodev,size=4096" + inodes(1)));
    run.addAll(List.of("--log-driver", "none", "--no-healthcheck", "--workdir", "/"));
    // Fixed hashes, so that a set's order is the same in every run; two arenas, so that threads do
    // not use up the address space.
    run.addAll(List.of("--env", "PYTHONHASHSEED=0", "--env", "MALLOC_ARENA_MAX=2"));
    run.addAll(List.of("--entrypoint", "python3", imageId));
    run.addAll(List.of("-s", "-B", "-c", WorkerScripts.bootstrap()));
    return run;
  }

  /** Podman knows no such option; there the memory that names take is bounded with all other. */
  private String inodes(int count) {
    return engine.isPodman() ? "" : ",nr_inodes=" + count;
  }

  private void remove(String name) {
    engine.run(Engine.QUICK, "rm", "--force", "--volumes", name);
  }

  @Override
  public SortedMap<String, String> identity() {
    SortedMap<String, String> identity = new TreeMap<>();
    identity.put("image", imageId);
    // Which kernel a program meets can change a verdict.
    runtime.ifPresent(name -> identity.put("runtime", name));
    identity.put(
        "seccompSha256",
        WorkerScripts.sha256(WorkerScripts.seccompProfile().getBytes(StandardCharsets.UTF_8)));
    return identity;
  }

  @Override
  public SortedMap<String, String> facts() {
    return facts;
  }

  /** gVisor, a kernel of its own around a container, where the engine has it. */
  static Optional<String> strongestRuntime(Engine engine) {
    Engine.Answer answer =
        engine.run(
            Engine.QUICK,
            "info",
            "--format",
            "{{range $name, $any := .Runtimes}}{{$name}} {{end}}");
    return answer.ok() && List.of(answer.out().strip().split("\\s+")).contains(GVISOR)
        ? Optional.of(GVISOR)
        : Optional.empty();
  }

  private static SortedMap<String, String> engineFacts(Engine engine) {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put("engine", engine.client());
    String format =
        "{{.ServerVersion}}|{{.DefaultRuntime}}|{{.CgroupVersion}}|{{.SecurityOptions}}|{{.KernelVersion}}|{{.Driver}}";
    Engine.Answer answer = engine.run(Engine.QUICK, "info", "--format", format);
    String[] told = answer.out().strip().split("\\|", -1);
    List<String> names =
        List.of(
            "engineVersion", "runtime", "cgroupVersion", "securityOptions", "kernel", "storage");
    if (answer.ok() && told.length == names.size()) {
      for (int i = 0; i < told.length; i++) {
        facts.put(names.get(i), told[i]);
      }
      facts.put("rootless", Boolean.toString(told[3].contains("rootless")));
      facts.put("userNamespaces", Boolean.toString(told[3].contains("userns")));
    } else {
      Engine.Answer version =
          engine.run(Engine.QUICK, "version", "--format", "{{.Server.Version}}");
      facts.put("engineVersion", version.out().strip());
    }
    return facts;
  }

  /**
   * Removes the containers of this machine's runs that were killed. Those of other machines on a
   * shared engine are left alone: whether their owner lives cannot be seen from here.
   */
  static void sweep(Engine engine) {
    Engine.Answer answer =
        engine.run(
            Engine.QUICK,
            "ps",
            "--all",
            "--no-trunc",
            "--filter",
            "label=" + LABEL,
            "--format",
            "{{.ID}} {{.Label \"" + LABEL + "\"}}");
    List<String> stale =
        answer
            .out()
            .lines()
            .map(line -> line.strip().split(" ", 2))
            .filter(row -> row.length == 2 && RunOwner.isDead(row[1]))
            .map(row -> row[0])
            .toList();
    if (!stale.isEmpty()) {
      List<String> rm = new ArrayList<>(List.of("rm", "--force", "--volumes"));
      rm.addAll(stale);
      engine.run(Engine.QUICK.multipliedBy(3), rm.toArray(String[]::new));
    }
  }

  /**
   * A client takes a profile from a file only; its name bears the owner, as a container's label
   * does.
   */
  private static Path writeProfile() {
    Path folder = Path.of(System.getProperty("java.io.tmpdir"));
    try {
      sweepProfiles(folder);
      Path file =
          Files.createTempFile(
              folder, PROFILE + RunOwner.fileName(RunOwner.current()) + "-", ".json");
      file.toFile().deleteOnExit();
      return Files.writeString(file, WorkerScripts.seccompProfile());
    } catch (IOException e) {
      throw new SandboxException(
          Kind.UNAVAILABLE,
          "cannot write the seccomp profile into %s, where a few KB are needed: %s"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  /** Removes the profiles of this machine's runs that were killed. */
  static void sweepProfiles(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PROFILE + "*-*.json")) {
      for (Path file : files) {
        String name = file.getFileName().toString().substring(PROFILE.length());
        if (RunOwner.isDead(RunOwner.ofFileName(name.substring(0, name.lastIndexOf('-'))))) {
          Files.deleteIfExists(file);
        }
      }
    } catch (DirectoryIteratorException | AccessDeniedException e) {
      // Another user's, who sweeps them; or a folder that cannot be listed, where none are found.
    }
  }

  @Override
  public void close() {
    List<String> left = left();
    for (int tries = 0; tries < CLOSING_TRIES && !left.isEmpty(); tries++) {
      left.forEach(this::remove);
      try {
        Thread.sleep(CLOSING_PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      left = left();
    }
    names.clear();
    try {
      Files.deleteIfExists(profile);
    } catch (IOException e) {
      // Empty of secrets; removed when this process ends.
    }
  }

  /** Which of its containers the engine still has; none where it does not answer. */
  private List<String> left() {
    if (names.isEmpty()) {
      return List.of();
    }
    Engine.Answer answer =
        engine.run(
            Engine.QUICK, "ps", "--all", "--filter", "label=" + LABEL, "--format", "{{.Names}}");
    return answer.out().lines().map(String::strip).filter(names::contains).toList();
  }
}
