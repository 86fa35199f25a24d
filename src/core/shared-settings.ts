import { hostname } from 'node:os';
import type { Observer } from '../observer.ts';
import type { Connection } from '../redis/connection.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { parseJson } from '../redis/parse-json.ts';
import { announceConfiguration, type OtherConfiguration } from './scripts/announce-configuration.ts';

/** Settings by their variables. */
export type SettingValues = Readonly<Record<string, number>>;

/** A process that has not renewed its announcement for this long counts as gone. */
const LIVE_MS = 60_000;
/** One renewal may be late or lost. */
const ANNOUNCE_EVERY_MS = LIVE_MS / 2;

interface Configuration {
  readonly service: string;
  readonly values: SettingValues;
}

/**
 * Compares the settings that all processes should share. Each process uses its own values, so different ones show only when
 * a job is kept too short or too long.
 */
export class SharedSettings {
  readonly #redis: Connection;
  readonly #key: string;
  readonly #observe: Observer;
  readonly #own: Configuration;
  #differences: readonly string[] = [];

  constructor(
    core: { readonly redis: Connection; readonly keySpace: KeySpace; readonly observe: Observer },
    service: 'API' | 'worker',
    values: SettingValues,
  ) {
    this.#redis = core.redis;
    this.#key = core.keySpace.configurations;
    this.#observe = core.observe;
    this.#own = { service, values };
  }

  /** One sentence for each value that another process has, as of the last pass. */
  get differences(): readonly string[] {
    return this.#differences;
  }

  /** Tells the others, and reports what is new; returns the ms until the next pass. */
  readonly run = async (): Promise<number> => {
    const others = await announceConfiguration(this.#redis, this.#key, {
      configuration: JSON.stringify(this.#own),
      host: hostname(),
      liveMs: LIVE_MS,
    });
    const known = new Set(this.#differences);
    this.#differences = [...new Set(others.flatMap((other) => differences(this.#own.values, other)))].sort();
    for (const text of this.#differences) {
      if (!known.has(text)) this.#observe({ kind: 'settings-differ', text });
    }
    return ANNOUNCE_EVERY_MS;
  };
}

function differences(own: SettingValues, { configuration, host }: OtherConfiguration): string[] {
  const other = parseJson(configuration);
  if (!isConfiguration(other)) return [];
  // Another release may have other settings.
  const shared = Object.entries(own).filter(([name]) => typeof other.values[name] === 'number');
  return shared
    .filter(([name, value]) => other.values[name] !== value)
    .map(
      ([name, value]) =>
        `${name} is ${value} here, and ${other.values[name]} in the ${other.service} on ${host}. Each process uses its own value: give all of them the same.`,
    );
}

function isConfiguration(value: unknown): value is Configuration {
  if (typeof value !== 'object' || value === null) return false;
  const { service, values } = value as Partial<Record<keyof Configuration, unknown>>;
  return typeof service === 'string' && typeof values === 'object' && values !== null;
}
