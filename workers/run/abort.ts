/** Why a running attempt was told to stop: with a success of the handler, this decides what follows. */
export type AbortCause = 'timeout' | 'cancelled' | 'shutdown' | 'lease-lost';

const MESSAGES: Readonly<Record<AbortCause, string>> = {
  timeout: 'The attempt took longer than its timeout',
  cancelled: 'The job was cancelled',
  shutdown: 'The worker is stopping',
  'lease-lost': 'The worker lost its lease; the job may run elsewhere',
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
