import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PATIENCE_MS } from '../helpers/patience.ts';
import type { Fault, Line, Op } from './protocol.ts';

/** A call that a driver answered with an error. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly fault: Fault;

  constructor(op: Op, fault: Fault) {
    super(`${op}: ${fault.code}: ${fault.message}`);
    this.fault = fault;
  }
}

export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly [member: string]: unknown;
}

/** The messages of a `follow`, as they come. */
export class Following {
  readonly messages: Message[] = [];
  /** null: it ended well. Absent: it goes on. */
  end: Fault | null | undefined;
  #wake: () => void = () => undefined;

  add(line: Extract<Line, { follow: number }>): void {
    if ('end' in line) this.end = line.end;
    else this.messages.push(line.message as Message);
    this.#wake();
  }

  /** The messages as soon as the check holds. */
  async until(check: (following: Following) => boolean, what: string): Promise<readonly Message[]> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!check(this)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`${what} did not come; the types so far: ${this.types.join()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.messages;
  }

  get types(): readonly string[] {
    return this.messages.map(({ type }) => type);
  }
}

/** A client behind the protocol of README.md. */
export class Driver {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, { op: Op; settle: (line: Line) => void; fail: (error: Error) => void }>();
  readonly #followings = new Map<number, Following>();
  #ops: readonly string[] = [];
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** @param command the program and its arguments */
  static async start([program, ...args]: readonly [string, ...string[]], env = {}): Promise<Driver> {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], ...env },
    });
    const driver = new Driver(child);
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (text) => driver.#read(JSON.parse(text) as Line));
    child.once('exit', (code) => driver.#failAll(new Error(`the driver ended with ${code}`)));
    await once(lines, 'line');
    return driver;
  }

  /** The calls that it knows. */
  get ops(): readonly string[] {
    return this.#ops;
  }

  knows(op: Op): boolean {
    return this.#ops.includes(op);
  }

  /** Sends a call and resolves with its value. Rejects with `CallFailed`. */
  call<T>(op: Op, args: object = {}): Promise<T> {
    return this.begin<T>(op, args).value;
  }

  /** As `call`, and tells the id of the call. */
  begin<T>(op: Op, args: object = {}): { readonly id: number; readonly value: Promise<T> } {
    this.#lastId += 1;
    const id = this.#lastId;
    const value = new Promise<T>((resolve, fail) => {
      const settle = (line: Line) =>
        'error' in line ? fail(new CallFailed(op, line.error)) : resolve((line as { ok: T }).ok);
      this.#open.set(id, { op, settle, fail });
    });
    // When the driver ends, nobody may be there to hear of it.
    value.catch(() => undefined);
    this.#process.stdin?.write(`${JSON.stringify({ id, op, args })}\n`);
    return { id, value };
  }

  /** The fault of a call that must fail. */
  faultOf(op: Op, args: object): Promise<Fault> {
    return this.failed(this.begin(op, args));
  }

  /** The fault of a call that has begun, and must fail. */
  async failed({ value }: { readonly value: Promise<unknown> }): Promise<Fault> {
    const answer = await value.catch((error: unknown) => error);
    if (answer instanceof CallFailed) return answer.fault;
    throw new Error(`the call was to fail, and gave ${JSON.stringify(answer)}`);
  }

  async follow(args: object): Promise<Following & { readonly call: number }> {
    const following = new Following();
    const id = this.#lastId + 1;
    this.#followings.set(id, following);
    await this.call('follow', args);
    return Object.assign(following, { call: id });
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await ended;
  }

  #read(line: Line): void {
    if ('hello' in line) this.#ops = line.ops;
    else if ('follow' in line) this.#followings.get(line.follow)?.add(line);
    else {
      this.#open.get(line.id)?.settle(line);
      this.#open.delete(line.id);
    }
  }

  #failAll(error: Error): void {
    for (const { fail } of this.#open.values()) fail(error);
    this.#open.clear();
  }
}
