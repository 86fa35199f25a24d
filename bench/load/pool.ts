import { HttpConnection } from './http.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Waiting {
  readonly request: Buffer;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Connections that share requests, for open loops: one that finds none free waits, and its clock runs on. */
export class HttpPool {
  readonly #free: HttpConnection[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #connections: HttpConnection[] = [];
  readonly #underWay = new Set<Waiting>();
  #fault: Error | undefined;

  static async open(port: number, connections: number): Promise<HttpPool> {
    const pool = new HttpPool();
    const one = () => HttpConnection.open(port, (error) => pool.#fail(error));
    const opened = await Promise.all(Array.from({ length: connections }, one));
    pool.#connections.push(...opened);
    pool.#free.push(...opened);
    return pool;
  }

  /** @throws {Error} when a connection breaks, for every request from then on. */
  send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) return reject(this.#fault);
      const waiting = { request, resolve, reject };
      this.#underWay.add(waiting);
      const connection = this.#free.pop();
      if (connection === undefined) this.#waiting.push(waiting);
      else this.#sendOn(connection, waiting);
    });
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #sendOn(connection: HttpConnection, waiting: Waiting): void {
    connection.send(waiting.request, (status, body) => {
      this.#underWay.delete(waiting);
      waiting.resolve({ status, body: body.toString() });
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(connection);
      else this.#sendOn(connection, next);
    });
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    for (const { reject } of this.#underWay) reject(error);
    this.#underWay.clear();
  }
}
