/** As the name of a queue, and `*` stands for any characters. */
const PATTERN = /^[A-Za-z0-9*][A-Za-z0-9_.*-]{0,63}$/;

/** The most queues that one worker serves. */
export const MAX_SERVED = 1_000;

/** Whether a text is the name of a queue, or a pattern of names. */
export const isNameOrPattern = (text: string): boolean => PATTERN.test(text);

export const isPattern = (text: string): boolean => text.includes('*');

/** Whether the name is the text, or fits it as a pattern. Takes time in proportion to the lengths, whatever the pattern. */
export function matchesQueue(wanted: string, name: string): boolean {
  const [first = '', ...rest] = wanted.split('*');
  const last = rest.pop();
  if (last === undefined) return wanted === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/**
 * The queues that a list of names and patterns stands for: in the order of the list, those of a pattern by name, each once.
 *
 * @param existing names of all queues, sorted. Names in the list need not be among them.
 * @param kept if there are more than `most`: these stay, and those that the list names.
 */
export function servedQueues(
  wanted: readonly string[],
  existing: readonly string[],
  kept: ReadonlySet<string> = new Set(),
  most = MAX_SERVED,
): { queues: string[]; leftOut: number } {
  const named = new Set(wanted.filter((text) => !isPattern(text)));
  const all = new Set<string>();
  for (const text of wanted) {
    if (named.has(text)) all.add(text);
    else for (const name of existing) if (matchesQueue(text, name)) all.add(name);
  }
  const stays = (name: string) => named.has(name) || kept.has(name);
  let spare = most - [...all].filter(stays).length;
  const queues = [...all].filter((name) => {
    if (stays(name)) return true;
    spare -= 1;
    return spare >= 0;
  });
  return { queues, leftOut: all.size - queues.length };
}
