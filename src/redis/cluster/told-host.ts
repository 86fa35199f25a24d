/** A node in a reply to CLUSTER SLOTS, of text or bytes. The details are names and values. */
export type ToldNode = readonly [host: unknown, port: unknown, id?: unknown, details?: readonly unknown[]];

/** Told with `cluster-preferred-endpoint-type hostname` of a node that has no name. */
export const NO_NAME = '?';

/** Where the node is: without a host at the one that was asked, without a name at its address. */
export function toldHost([host, , , details = []]: ToldNode, asked: string): string {
  const told = String(host ?? '');
  if (told !== NO_NAME) return told || asked;
  const texts = details.map(String);
  const at = texts.indexOf('ip');
  return (at < 0 ? undefined : texts[at + 1]) || asked;
}
