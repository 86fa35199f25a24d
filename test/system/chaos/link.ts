import { connect, type Socket } from 'node:net';
import { argumentsOf, FrameCutter, isPush } from './frames.ts';
import type { Weather } from './proxy.ts';

export interface LinkHooks {
  /** Asked once for every command; true: its reply is to be lost. */
  isDoomed(args: readonly string[]): boolean;
  onDropped(): void;
  onClosed(): void;
}

/** One connection through the proxy. */
export class Link {
  readonly #client: Socket;
  readonly #redis: Socket;
  readonly #weather: Weather;
  readonly #hooks: LinkHooks;
  readonly #requests = new FrameCutter();
  readonly #replies = new FrameCutter();
  /** Commands without a reply yet, in their order: whether the reply is to be lost. */
  readonly #open: boolean[] = [];
  readonly #lines: readonly Line[];
  #closed = 0;

  constructor(client: Socket, redisPort: number, weather: Weather, hooks: LinkHooks) {
    this.#client = client;
    this.#redis = connect(redisPort, '127.0.0.1');
    this.#weather = weather;
    this.#hooks = hooks;
    const toRedis = new Line(this.#redis, weather);
    const toClient = new Line(client, weather);
    this.#lines = [toRedis, toClient];
    for (const socket of [client, this.#redis]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.destroy());
      socket.on('close', () => this.#lost());
    }
    client.on('data', (chunk) => {
      for (const frame of this.#requests.push(chunk)) this.#open.push(hooks.isDoomed(argumentsOf(frame)));
      toRedis.send(chunk);
    });
    this.#redis.on('data', (chunk) => {
      for (const frame of this.#replies.push(chunk)) {
        const lost = !isPush(frame) && this.#open.shift() === true;
        if (lost) {
          hooks.onDropped();
          // What Redis said before goes through, as it would on a connection that breaks just now.
          toClient.end();
          this.#redis.destroy();
          return;
        }
        toClient.send(frame);
      }
    });
    this.weatherChanged();
  }

  weatherChanged(): void {
    for (const line of this.#lines) line.flush();
  }

  destroy(): void {
    this.#client.destroy();
    this.#redis.destroy();
  }

  /** In a black hole the other side does not hear that one side has gone. */
  #lost(): void {
    this.#closed += 1;
    if (this.#closed === 2) this.#hooks.onClosed();
    else if (!this.#weather.blackHole) this.destroy();
    else for (const line of this.#lines) line.end();
  }
}

/** One direction of a connection: keeps the order, and holds back what the weather does not let through. */
class Line {
  readonly #to: Socket;
  readonly #weather: Weather;
  readonly #held: { chunk: Buffer; due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ending = false;

  constructor(to: Socket, weather: Weather) {
    this.#to = to;
    this.#weather = weather;
  }

  send(chunk: Buffer): void {
    this.#held.push({ chunk, due: performance.now() + this.#weather.delayMs });
    this.flush();
  }

  /** Breaks the connection behind what is still to arrive. */
  end(): void {
    this.#ending = true;
    this.flush();
  }

  flush(): void {
    clearTimeout(this.#timer);
    if (this.#weather.blackHole) return;
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const wait = first.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), wait);
        return;
      }
      this.#held.shift();
      if (!this.#to.destroyed) this.#to.write(first.chunk);
    }
    if (this.#ending) this.#to.destroySoon();
  }
}
