import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../../src/local/redis-settings.ts';
import { Link } from './link.ts';

/** Chooses the commands whose replies are to be lost. */
export type CommandFilter = (args: readonly string[]) => boolean;

/** What the network does now. */
export interface Weather {
  /** Every piece of data arrives this much later, ms. */
  delayMs: number;
  /** True: connections are accepted and nothing comes through, in either direction. */
  blackHole: boolean;
}

/** A network before a Redis on a loopback port that fails on demand. */
export class RedisProxy {
  readonly url: string;
  readonly weather: Weather = { delayMs: 0, blackHole: false };
  readonly #server: Server;
  readonly #upstreamPort: number;
  readonly #links = new Set<Link>();
  #doomed: { filter: CommandFilter; left: number } | undefined;
  #dropped = 0;

  private constructor(server: Server, url: string, upstreamPort: number) {
    this.#server = server;
    this.url = url;
    this.#upstreamPort = upstreamPort;
    server.on('connection', (socket) => this.#connect(socket));
  }

  /** @param redisUrl of a Redis on a loopback port. */
  static async listen(redisUrl: string): Promise<RedisProxy> {
    const upstream = new URL(redisUrl);
    const own = new URL(redisUrl);
    own.port = String(await freePort());
    const server = createServer();
    const proxy = new RedisProxy(server, own.href, Number(upstream.port));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(Number(own.port), upstream.hostname, resolve);
    });
    return proxy;
  }

  /** Replies that were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const link of this.#links) link.destroy();
  }

  blackHole(): void {
    this.weather.blackHole = true;
    for (const link of this.#links) link.weatherChanged();
  }

  delay(ms: number): void {
    this.weather.delayMs = ms;
  }

  /** Ends black hole and delay; what was held back arrives. Replies are still dropped as asked. */
  heal(): void {
    this.weather.blackHole = false;
    this.weather.delayMs = 0;
    for (const link of this.#links) link.weatherChanged();
  }

  /**
   * Of the next `count` commands that fit, executes each, and breaks the connection instead of passing on
   * the reply.
   */
  dropReplies(count: number, filter: CommandFilter): void {
    this.#doomed = { filter, left: count };
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(socket: Socket): void {
    const link = new Link(socket, this.#upstreamPort, this.weather, {
      isDoomed: (args) => {
        const doomed = this.#doomed;
        if (doomed === undefined || doomed.left === 0 || !doomed.filter(args)) return false;
        doomed.left -= 1;
        return true;
      },
      onDropped: () => {
        this.#dropped += 1;
      },
      onClosed: () => this.#links.delete(link),
    });
    this.#links.add(link);
  }
}
