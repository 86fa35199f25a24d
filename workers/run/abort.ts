/** Why a running attempt must stop. Unless the handler succeeds all the same, the cause decides the outcome. */
export type AbortCause = 'timeout' | 'cancelled' | 'shutdown' | 'suspected' | 'lease-lost' | 'uncaught';

const MESSAGES: Readonly<Record<AbortCause, string>> = {
  timeout: 'The attempt took longer than its timeout',
  cancelled: 'The job was cancelled',
  shutdown: 'The worker is stopping',
  suspected:
    'The worker process is replaced: an error was not caught, and nobody knows which attempt it comes from',
  'lease-lost': 'The worker lost its lease; the job may run elsewhere',
  uncaught: 'An error of this attempt was not caught',
};

/** The `reason` of a handler's signal. */
export class JobAborted extends Error {
  override readonly name = 'JobAborted';
  readonly abortCause: AbortCause;

  constructor(abortCause: AbortCause) {
    super(MESSAGES[abortCause]);
    this.abortCause = abortCause;
  }
}
