/** Exit codes of the command line. A shell adds 128 to the number of a signal, so that SIGINT is 130. */
export const EXIT = {
  /** What was asked for is done; with a wait: the job has completed. */
  done: 0,
  /** The job failed, was cancelled, expired, or has not ended in the given time. */
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  interrupted: 130,
} as const;

/** An end with a message for people: what is wrong, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command was written wrongly. */
export const usageError = (message: string): CliError => new CliError(EXIT.usage, message);
