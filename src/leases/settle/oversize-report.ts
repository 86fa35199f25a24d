/** A report of a worker whose body is too large to be read. Of the body only the beginning and the lease are known. */
export class OversizeReport {
  /** Length of the body. */
  readonly bytes: number;
  /** Undefined when it is neither the first nor the last member of the body. */
  readonly lease: string | undefined;
  /** What the attempt failed with, where the report is of a failure. */
  readonly error: string;
  readonly progress: string;
  readonly log: string;

  constructor(bytes: number, lease: string | undefined, beginning: string) {
    this.bytes = bytes;
    this.lease = lease;
    this.error = `The report of the failure has ${bytes} bytes, which is too much to be read. It begins: ${beginning}`;
    this.progress = beginning;
    this.log = beginning;
  }
}
