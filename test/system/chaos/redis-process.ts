import { type RedisOptions, type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { deliver } from './deliver.ts';

/** A Redis on a loopback port that keeps its address and its data over restarts. */
export class RedisProcess {
  #server: RedisServer;
  #restarting: Promise<void> = Promise.resolve();

  private constructor(server: RedisServer) {
    this.#server = server;
  }

  static async start(options: RedisOptions): Promise<RedisProcess> {
    return new RedisProcess(await startRedis(options));
  }

  get url(): string {
    return this.#server.url;
  }

  /** Ends it, in order or by force, and starts it again; resolves when it answers. One restart at a time. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#restarting = this.#restarting.then(() => this.#restart(signal));
    return this.#restarting;
  }

  async #restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (signal === 'SIGKILL') await this.#server.kill();
    else await this.#server.stop();
    this.#server = await this.#server.restart();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    deliver(this.#server.pid, signal);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}
