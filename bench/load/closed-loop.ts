import { HttpConnection } from './http.ts';

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Sent again and again. */
  readonly request: Buffer;
  readonly expected: number;
}

export interface LoadResult {
  /** Requests that were answered as expected. */
  readonly count: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
}

/** Each connection sends its next request as soon as it has its answer. */
export class ClosedLoop {
  readonly #load: Load;
  readonly #connections: HttpConnection[] = [];
  #onFault: (error: Error) => void = () => {};

  private constructor(load: Load) {
    this.#load = load;
  }

  static async open(load: Load): Promise<ClosedLoop> {
    const loop = new ClosedLoop(load);
    for (let i = 0; i < load.connections; i += 1) {
      loop.#connections.push(await HttpConnection.open(load.port, (error) => loop.#onFault(error)));
    }
    return loop;
  }

  /** @throws {Error} on the first answer with another status than the expected one. */
  run(ms: number): Promise<LoadResult> {
    const { request, expected } = this.#load;
    return new Promise((resolve, reject) => {
      this.#onFault = reject;
      const start = performance.now();
      const deadline = start + ms;
      let count = 0;
      let open = this.#connections.length;
      const next = (connection: HttpConnection): void => {
        const now = performance.now();
        if (now < deadline) connection.send(request, (status, body) => take(connection, status, body));
        else if (--open === 0) resolve({ count, seconds: (now - start) / 1_000 });
      };
      const take = (connection: HttpConnection, status: number, body: Buffer): void => {
        if (status === expected) count += 1;
        else reject(new Error(`${status} instead of ${expected}: ${body}`));
        next(connection);
      };
      for (const connection of this.#connections) next(connection);
    });
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
