/** A message of a stream of Server-Sent Events. One without `data` only says where the stream is. */
export interface Frame {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

function frameOf(block: string): Frame {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const before = name === 'data' ? fields.get('data') : undefined;
    fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return { id: fields.get('id'), type: fields.get('event') ?? '', data: fields.get('data') ?? '' };
}

/**
 * The messages of a response as they come (HTML standard, 9.2).
 *
 * @param onBytes called for each piece that comes, heartbeats included
 */
export async function* framesOf(response: Response, onBytes: () => void): AsyncGenerator<Frame, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    const blocks = (rest + decoder.decode(value, { stream: true })).replaceAll('\r', '').split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks.map(frameOf);
  }
}
