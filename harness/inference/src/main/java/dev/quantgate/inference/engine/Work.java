package dev.quantgate.inference.engine;

/**
 * What a {@link Scheduler} has done since it was made.
 *
 * @param peakPages the most pages held at one time
 * @param promptTokens prompt tokens computed; a shared prefix counts once
 * @param promptNanos time spent on them; a mixed step's time is shared by rows
 * @param generatedTokens tokens generated
 * @param generationNanos time spent on them
 */
record Work(
    int peakPages,
    long promptTokens,
    long promptNanos,
    long generatedTokens,
    long generationNanos) {}
