/** Exit codes of the command line. A shell adds 128 to the number of a signal, so that SIGINT is 130 and SIGPIPE 141. */
export const EXIT = {
  /** What was asked for is done; with a wait: the job has completed. */
  done: 0,
  /** The job failed, was cancelled, expired, or has not ended in the given time. */
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  /** The output cannot be written: EX_IOERR of sysexits.h. */
  unwritable: 74,
  interrupted: 130,
  /** The reader of the output has gone before the work was done. */
  brokenPipe: 141,
} as const;

/** An end with a message for people: what is wrong, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  /** The code of the problem with which the API refused; '' otherwise. */
  readonly code: string;

  constructor(exitCode: number, message: string, code = '') {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The command was written wrongly. */
export const usageError = (message: string): CliError => new CliError(EXIT.usage, message);
