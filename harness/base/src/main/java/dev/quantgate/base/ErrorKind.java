package dev.quantgate.base;

/** Whose matter a failure is, and so what a face says and does about it. */
public enum ErrorKind {
  /** Input, settings or files are not what they should be: the user changes something. */
  USER,

  /** The machine lacks or lost something: memory, disk, a device, Docker, the network. */
  MACHINE,

  /** Somebody asked that the work stop. What is done is kept; the same command continues it. */
  INTERRUPTED,

  /** The program is wrong. */
  DEFECT
}
