package dev.quantgate.inference;

import java.time.Duration;

/**
 * Memory taken and work done by a live model. No part of any result, only of its provenance.
 *
 * @param device where it runs, for people
 * @param weightBytes resident bytes of weights, as the engine keeps them
 * @param checkpointBytes bytes of the weights in the checkpoint's files
 * @param peakCacheBytes the most bytes of keys and values held at one time
 * @param loadTime from the call to the first possible request
 * @param promptTokens prompt tokens computed (a shared prefix counts once)
 * @param promptTime time spent on them
 * @param generatedTokens tokens generated
 * @param generationTime time spent on them
 */
public record Telemetry(
    String device,
    long weightBytes,
    long checkpointBytes,
    long peakCacheBytes,
    Duration loadTime,
    long promptTokens,
    Duration promptTime,
    long generatedTokens,
    Duration generationTime) {}
