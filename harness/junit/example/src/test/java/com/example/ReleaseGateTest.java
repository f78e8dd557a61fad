package com.example;

import dev.quantgate.junit.AccuracyGate;
import dev.quantgate.junit.AccuracyGateTests;

/** The release is red when the candidate lost more than a point to the baseline. */
@AccuracyGate(
    baseline = "replay:answers/fp16",
    suites = {"starter-nli", "starter-exam"},
    margin = 1.0)
class ReleaseGateTest implements AccuracyGateTests {}
