import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Driver } from './driver.ts';
import { DRIVERS } from './drivers.ts';
import { OPTIONAL, type Op, REQUIRED } from './protocol.ts';

export interface Job {
  readonly id: string;
  readonly status: string;
  readonly [member: string]: unknown;
}

export interface Client {
  readonly driver: Driver;
  /** Submits a job and gives its id. */
  submit(task: string, payload?: unknown, options?: object): Promise<string>;
  /** Submits a job and waits for its result. */
  run(task: string, payload?: unknown, options?: object): Promise<unknown>;
}

type Scenario = (client: Client) => Promise<void>;

interface Title {
  (title: string, run: Scenario): void;
  /** Only for clients that have these calls. */
  needs(...ops: Op[]): (title: string, run: Scenario) => void;
}

const ALL_OPS: ReadonlySet<string> = new Set<string>([...REQUIRED, ...OPTIONAL]);

function clientOf(driver: Driver): Client {
  const submit = async (task: string, payload?: unknown, options?: object) =>
    (await driver.call<Job>('submit', { task, payload, options })).id;
  return {
    driver,
    submit,
    run: async (task, payload, options) =>
      driver.call('result', { id: await submit(task, payload, options) }),
  };
}

/** Runs the scenarios with the driver of each client, connected as `connection` says. */
export function withEachClient(connection: () => object, scenarios: (scenario: Title) => void): void {
  describe.each(DRIVERS)('the $name client', ({ command, lacks }) => {
    let driver: Driver;
    beforeAll(async () => {
      driver = await Driver.start(command);
      await driver.call('connect', connection());
    });
    afterAll(() => driver.stop());

    it('has the calls of the protocol, but for those that it is said to lack', () => {
      expect([...REQUIRED, ...OPTIONAL].filter((op) => !driver.knows(op))).toEqual(lacks);
      expect(driver.ops.filter((op) => !ALL_OPS.has(op))).toEqual([]);
    });

    const needs =
      (...ops: Op[]) =>
      (title: string, run: Scenario) => {
        if (ops.some((op) => lacks.includes(op))) return;
        it(title, async () => {
          // A scenario may have connected it to another service.
          await driver.call('connect', connection());
          await run(clientOf(driver));
        });
      };
    scenarios(Object.assign(needs(), { needs }));
  });
}
