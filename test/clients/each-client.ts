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
  readonly name: string;
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

function clientOf(name: string, driver: Driver): Client {
  const submit = async (task: string, payload?: unknown, options?: object) =>
    (await driver.call<Job>('submit', { task, payload, options })).id;
  return {
    name,
    driver,
    submit,
    run: async (task, payload, options) =>
      driver.call('result', { id: await submit(task, payload, options) }),
  };
}

/** Runs the scenarios with the driver of each client, connected as `connection` says. */
export function withEachClient(connection: () => object, scenarios: (scenario: Title) => void): void {
  describe.each(DRIVERS)('the $name client', ({ name, command, lacks }) => {
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
          await run(clientOf(name, driver));
        });
      };
    scenarios(Object.assign(needs(), { needs }));
  });
}

/** Lets all clients do the same at a time. The error of one says which client it was. */
export type All = <T>(act: (client: Client, index: number) => Promise<T>) => Promise<T[]>;

interface SharedTitle {
  (title: string, run: (all: All) => Promise<void>): void;
  /** Only with the clients that have these calls. */
  needs(...ops: Op[]): (title: string, run: (all: All) => Promise<void>) => void;
}

/** Runs each scenario once with all clients, which live through the same fault: to start the service again takes seconds. */
export function withAllClients(connection: () => object, scenarios: (scenario: SharedTitle) => void): void {
  let clients: readonly Client[];
  beforeAll(async () => {
    clients = await Promise.all(
      DRIVERS.map(async ({ name, command }) => clientOf(name, await Driver.start(command))),
    );
  });
  afterAll(() => Promise.all(clients.map(({ driver }) => driver.stop())));

  const needs =
    (...ops: Op[]) =>
    (title: string, run: (all: All) => Promise<void>) => {
      const able = DRIVERS.filter(({ lacks }) => !ops.some((op) => lacks.includes(op))).map(
        ({ name }) => name,
      );
      if (able.length === 0) return;
      it(`${title}: ${able.join(', ')}`, async () => {
        const all: All = (act) =>
          Promise.all(
            clients
              .filter(({ name }) => able.includes(name))
              .map((client, index) =>
                act(client, index).catch((cause: unknown) => {
                  throw new Error(`the ${client.name} client: ${String(cause)}`, { cause });
                }),
              ),
          );
        await all(({ driver }) => driver.call('connect', connection()));
        await run(all);
      });
    };
  scenarios(Object.assign(needs(), { needs }));
}
