package dev.quantgate.evaluation.record;

/**
 * That a suite's items were asked in random order until the comparison was decided. Such a run is
 * neither damaged nor whole: it has fewer items than were planned, or all if nothing was decided.
 *
 * @param planned items that would have been asked
 * @param largestCluster items of the largest cluster among the planned ones
 * @param items how many were asked, and a hash over their ids in the data's order: {@link
 *     RunFolder#items}
 */
public record Stopping(int planned, int largestCluster, String items) {}
