import { type RedisOptions, type RedisServer, startRedis } from '../../src/embedded/redis.ts';

/** A Redis on a loopback port that keeps its address and its data over restarts. */
export class RedisPart {
  #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
  }

  static async start(options: RedisOptions): Promise<RedisPart> {
    return new RedisPart(await startRedis(options));
  }

  get url(): string {
    return this.#server.url;
  }

  /** Ends it, in order or by force, and starts it again; resolves when it answers. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (signal === 'SIGKILL') await this.#server.kill();
    else await this.#server.stop();
    this.#server = await this.#server.restart();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#server.pid, signal);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}
