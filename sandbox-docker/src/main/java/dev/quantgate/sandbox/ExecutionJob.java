package dev.quantgate.sandbox;

/**
 * One completion to execute and check. How the parts become programs is the sandbox's business.
 *
 * @param id the caller's name for the job, unique in a call
 * @param prelude imports put before everything, empty for the layout of openai/human-eval
 * @param prompt the problem's text: signature and docstring
 * @param completion what the model wrote behind it
 * @param test the problem's test: a program that defines {@code check(candidate)}
 * @param entryPoint the name of the function that {@code check} is given
 */
public record ExecutionJob(
    String id, String prelude, String prompt, String completion, String test, String entryPoint) {}
