import type { Finding } from './finding.ts';

interface OfServer {
  readonly node: string;
  readonly findings: readonly Finding[];
}

/** Findings of several servers as one list. What all of them have is said once. Any other names its servers. */
export function ofServers(servers: readonly OfServer[]): Finding[] {
  if (servers.length === 1) return servers.flatMap(({ findings }) => findings);
  const found = new Map<string, { finding: Finding; nodes: string[] }>();
  for (const { node, findings } of servers) {
    for (const finding of findings) {
      const same = JSON.stringify(finding);
      const known = found.get(same) ?? { finding, nodes: [] };
      known.nodes.push(node);
      found.set(same, known);
    }
  }
  return [...found.values()].map(({ finding, nodes }) => ({
    ...finding,
    what: `${nodes.length === servers.length ? 'Every primary' : nodes.join(', ')}: ${finding.what}`,
  }));
}
