import { ClusterReader } from '../cluster/cluster-reader.ts';
import { isCluster } from '../cluster/slots.ts';
import { type ConnectOptions, connectForBlocking } from '../connect.ts';
import type { Connection } from '../connection.ts';
import { BlockingReader } from './blocking-reader.ts';
import type { StreamReader } from './stream-reader.ts';

/** Most connections for blocking reads of a Cluster that one process opens. */
export const MOST_OPEN_READS = 64;

/**
 * A reader beside the connection for short commands, which ends its reads.
 *
 * @param mostOpen connections to a Cluster, where the process has several readers.
 */
export const openReader = (
  options: ConnectOptions,
  commands: Connection,
  mostOpen = MOST_OPEN_READS,
): StreamReader =>
  isCluster(commands)
    ? new ClusterReader(options, commands, mostOpen)
    : new BlockingReader(connectForBlocking(options), commands);
