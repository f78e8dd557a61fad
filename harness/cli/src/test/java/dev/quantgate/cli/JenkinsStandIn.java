package dev.quantgate.cli;

import groovy.lang.Closure;
import groovy.lang.GroovyObjectSupport;
import groovy.lang.GroovyShell;
import groovy.util.DelegatingScript;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.codehaus.groovy.control.CompilerConfiguration;

/**
 * As much of Jenkins' declarative pipelines as a recipe needs: sections are entered, {@code sh}
 * runs commands, and what {@code post} says is done whatever came before. Any other section, step
 * or property is refused.
 */
final class JenkinsStandIn extends GroovyObjectSupport {
  /** What came of commands: the exit code, and all that was printed. */
  record Ended(int exitCode, String output) {}

  /** Runs commands with the pipeline's variables. */
  interface Shell {
    Ended run(Map<String, String> variables, String commands) throws Exception;
  }

  private static final Set<String> SECTIONS =
      Set.of("pipeline", "agent", "environment", "stages", "stage", "steps", "script", "post");
  private static final Set<String> NOTED = Set.of("label", "junit", "archiveArtifacts");

  private static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed(String why) {
      super(why);
    }
  }

  private final Shell shell;
  private final Map<String, String> own;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private final List<String> steps = new ArrayList<>();
  private final StringBuilder told = new StringBuilder();
  private String result = "SUCCESS";

  private JenkinsStandIn(Map<String, String> own, Shell shell) {
    this.own = own;
    this.shell = shell;
  }

  /**
   * Runs a pipeline.
   *
   * @param own variables that are set whatever the pipeline says of them
   */
  static JenkinsStandIn run(String pipeline, Map<String, String> own, Shell shell) {
    var jenkins = new JenkinsStandIn(own, shell);
    var groovy = new CompilerConfiguration();
    groovy.setScriptBaseClass(DelegatingScript.class.getName());
    var script = (DelegatingScript) new GroovyShell(groovy).parse(pipeline);
    script.setDelegate(jenkins);
    script.run();
    return jenkins;
  }

  /** "SUCCESS", or "UNSTABLE" or "FAILURE" with the reason. */
  String result() {
    return result;
  }

  /** The steps that were made, in order. */
  List<String> steps() {
    return List.copyOf(steps);
  }

  /** What the commands printed. */
  String told() {
    return told.toString();
  }

  /** An assignment in {@code environment}. */
  @Override
  public void setProperty(String name, Object value) {
    variables.put(name, value.toString());
  }

  @Override
  public Object invokeMethod(String name, Object arguments) {
    Object[] given = (Object[]) arguments;
    Object last = given[given.length - 1];
    if (last instanceof Closure<?> body) {
      if (name.equals("stages")) {
        guarded(body);
      } else if (SECTIONS.contains(name) || name.equals("always")) {
        enter(body);
      } else {
        throw new IllegalArgumentException("no section that is known: %s".formatted(name));
      }
      return "";
    }
    steps.add(name);
    if (NOTED.contains(name)) {
      return "";
    }
    return switch (name) {
      case "sh" -> sh(last);
      case "unstable" -> result = "UNSTABLE: %s".formatted(last);
      case "error" -> throw new Failed(last.toString());
      default -> throw new IllegalArgumentException("no step that is known: %s".formatted(name));
    };
  }

  private void enter(Closure<?> body) {
    body.setDelegate(this);
    body.setResolveStrategy(Closure.DELEGATE_FIRST);
    body.call();
  }

  private void guarded(Closure<?> stages) {
    try {
      enter(stages);
    } catch (Failed e) {
      result = "FAILURE: %s".formatted(e.getMessage());
    }
  }

  private Object sh(Object argument) {
    boolean named = argument instanceof Map<?, ?>;
    Object script = argument instanceof Map<?, ?> map ? map.get("script") : argument;
    boolean status =
        argument instanceof Map<?, ?> map && Boolean.TRUE.equals(map.get("returnStatus"));
    var set = new LinkedHashMap<>(variables);
    set.putAll(own);
    Ended ended;
    try {
      ended = shell.run(set, Objects.requireNonNull(script).toString());
    } catch (Exception e) {
      throw new IllegalStateException("a command could not be run: %s".formatted(script), e);
    }
    told.append(ended.output());
    if (!status && ended.exitCode() != 0) {
      throw new Failed("script returned exit code %d".formatted(ended.exitCode()));
    }
    return named ? ended.exitCode() : 0;
  }
}
