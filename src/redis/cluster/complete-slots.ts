import type { Redis } from 'ioredis';
import { type ToldNode, toldHost } from './told-host.ts';

/** The first and last slot of a range, and the nodes that serve it. */
type ToldRange = [first: number, last: number, ...nodes: ToldNode[]];

/**
 * Lets ioredis find nodes that a node tells without a host: they are at the host that was asked. ioredis would leave them out. A
 * node tells none when it has met no other node, or with `cluster-preferred-endpoint-type unknown-endpoint`.
 *
 * A node that knows no slots was emptied, or has left the Cluster. Its reply counts as an error, so that ioredis asks another
 * node; else it would give up all nodes. ioredis asks by a duplicate of its connection to the node.
 *
 * Source: https://redis.io/docs/latest/commands/cluster-slots/
 *
 * @param onError of that connection: ioredis drops its errors.
 */
export function completeSlots(node: Redis, onError: (error: Error) => void): void {
  const duplicate = node.duplicate.bind(node);
  node.duplicate = (override) => {
    const asking = duplicate(override);
    asking.on('error', onError);
    const send = asking.sendCommand.bind(asking);
    asking.sendCommand = (command, stream) => {
      if (command.name === 'cluster') {
        const { resolve } = command;
        command.resolve = (reply: ToldRange[]) => {
          if (reply.length === 0) command.reject(new Error("Cluster isn't ready: this node knows no slots."));
          else resolve(withHosts(reply, node.options.host ?? ''));
        };
      }
      return send(command, stream);
    };
    return asking;
  };
}

const withHosts = (ranges: readonly ToldRange[], asked: string): ToldRange[] =>
  ranges.map(([first, last, ...nodes]) => [
    first,
    last,
    ...nodes.map((node): ToldNode => {
      const [, port, ...rest] = node;
      return [Buffer.from(toldHost(node, asked)), port, ...rest];
    }),
  ]);
