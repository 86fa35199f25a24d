import { ClusterReader } from '../cluster/cluster-reader.ts';
import { isCluster } from '../cluster/slots.ts';
import { type ConnectOptions, connectForBlocking } from '../connect.ts';
import type { Connection } from '../connection.ts';
import { BlockingReader } from './blocking-reader.ts';
import type { StreamReader } from './stream-reader.ts';

/** A reader beside the connection for short commands, which ends its reads. */
export const openReader = (options: ConnectOptions, commands: Connection): StreamReader =>
  isCluster(commands)
    ? new ClusterReader(options, commands)
    : new BlockingReader(connectForBlocking(options), commands);
